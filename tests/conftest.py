"""What every test may use, and the rule that nothing is skipped where everything can run."""

import os

import pytest


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With NO_SKIP set, a skipped test fails the run: continuous integration can run everything."""
    if not os.environ.get("NO_SKIP"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", ())) if reporter is not None else 0
    if skipped and exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"NO_SKIP is set, and {skipped} tests were skipped.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
