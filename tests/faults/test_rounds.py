"""A few rounds of load and faults on each engine; `make soak` runs many more."""

from pathlib import Path

import pytest

from tests.faults.clustered import clustered
from tests.faults.embedded import embedded
from tests.faults.rounds import Size, run

SMALL = Size(pages=6, chats=3, hurt_within=0.8)


@pytest.mark.timeout(180)
async def test_nothing_is_lost_or_doubled_when_a_desk_is_killed_under_load(tmp_path: Path) -> None:
    async with embedded(tmp_path) as site:
        report = await run(site, seed=5, rounds=2, size=SMALL)
    assert not report.findings, "\n".join(report.lines())
    assert report.questions > 15
    assert report.answers > 0


@pytest.mark.timeout(240)
async def test_nothing_is_lost_or_doubled_when_one_of_two_desks_or_their_database_is_killed(
    tmp_path: Path,
) -> None:
    async with clustered(tmp_path) as site:
        report = await run(site, seed=5, rounds=2, size=SMALL)
    assert not report.findings, "\n".join(report.lines())
    assert report.questions > 15
    assert report.answers > 0
