"""How many connections a process may hold."""

import resource

import pytest

from bot.limits import raise_file_limit


class Limits:
    """What the system allows, as a test says."""

    def __init__(self, soft: int, hard: int) -> None:
        self.now = (soft, hard)

    def getrlimit(self, _: int) -> tuple[int, int]:
        return self.now

    def setrlimit(self, _: int, limits: tuple[int, int]) -> None:
        self.now = limits


@pytest.mark.parametrize(("soft", "hard", "raised"), [
    (1024, 524_288, 65_536),
    (1024, 4096, 4096),
    (1024, resource.RLIM_INFINITY, 65_536),
    (100_000, 524_288, 100_000),
])  # fmt: skip
def test_the_limit_is_raised_as_far_as_is_allowed_and_never_lowered(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: int
) -> None:
    limits = Limits(soft, hard)
    monkeypatch.setattr(resource, "getrlimit", limits.getrlimit)
    monkeypatch.setattr(resource, "setrlimit", limits.setrlimit)
    assert raise_file_limit() == raised
    assert limits.now == (raised, hard)


def test_a_system_that_allows_too_little_is_named_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(256, 1024)
    monkeypatch.setattr(resource, "getrlimit", limits.getrlimit)
    monkeypatch.setattr(resource, "setrlimit", limits.setrlimit)
    raise_file_limit()
    assert "may hold few connections" in caplog.text
