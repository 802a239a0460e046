"""`python -m tests.faults --rounds 200 [--engine tinydb|postgres]`: many rounds, with progress and a report."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.clustered import clustered
from tests.faults.embedded import embedded
from tests.faults.rounds import Report, Size, run


async def soak(engine: str, rounds: int, seed: int, minutes: float | None) -> Report:
    """Run the rounds on one engine."""
    until = None if minutes is None else time.monotonic() + minutes * 60
    with tempfile.TemporaryDirectory(prefix="desk-faults-") as made:
        opened = embedded if engine == "tinydb" else clustered
        async with opened(Path(made)) as site:
            return await run(site, seed, rounds, Size(), tell=_progress, until=until)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Run what the command line asks for; return 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--engine", choices=["tinydb", "postgres"], action="append")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, help="begin no round after so many minutes on an engine")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report there, too")
    chosen = parser.parse_args()
    reports = [
        asyncio.run(soak(engine, chosen.rounds, chosen.seed, chosen.minutes))
        for engine in chosen.engine or ["tinydb", "postgres"]
    ]
    said = "\n".join(line for report in reports for line in report.lines())
    print(said)
    if chosen.report is not None:
        chosen.report.write_text(said + "\n")
    return 1 if any(report.findings for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
