"""Which inquiries come together: precision and recall of joining on written reports, and what a comparison costs.

    python -m tests.benchmarks joining

`reports/chosen_*.yaml` are what the reading of reports and its threshold were chosen on; `reports/judged_*.yaml` only
judge. The reports of a file arrive one after another in random order, among questions that belong to no event, and each
joins or opens a situation as at the desk. A join is right when whoever opened the situation reported the same event;
recall is the share of right joins among the reports of events that had a situation already.

A scripted surge follows: events of four kinds at places that are easily mixed up, all at once, in generated wordings
(`surge_words.py`), among the questions that belong to none.
"""

import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import yaml

from bot.content import read_content
from bot.matching.near import Gist, gist
from bot.matching.nearest import Groups
from bot.models import OLDEST_NAMED
from bot.privacy import screen
from tests.benchmarks.surge_words import events, wordings

REPORTS = Path(__file__).with_name("reports")
DAY = dt.date(2026, 11, 25)
SHUFFLES = 50
SURGE = 250
"""Reports of each event."""
STANDING = 10_000
CONTENT = Path(__file__).resolve().parents[2] / "intents"


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody wrote, and which event it is about; one of its own when it is about none."""

    text: str
    event: str
    gist: Gist | None


def reports(name: str, own_names: Sequence[str]) -> list[Report]:
    """Return the reports of a file."""
    read = yaml.safe_load((REPORTS / f"{name}.yaml").read_text(encoding="utf-8"))
    told = [
        (event["id"], text)
        for family in read["families"]
        for event in family["events"]
        for text in event["wordings"]
    ]
    told += [(f"alone {number}", text) for number, text in enumerate(read["alone"])]
    return [Report(text, event, _compared(text, own_names)) for event, text in told]


def _compared(text: str, own_names: Sequence[str]) -> Gist | None:
    found = gist(text, DAY, own_names)
    return found if found.comparable and not screen(text) else None


@dataclass(slots=True)
class Counts:
    """What came of reports in one or many orders."""

    joins: int = 0
    right: int = 0
    possible: int = 0
    situations: int = 0
    events: int = 0
    wrong: int = 0


def arrive(
    told: Sequence[Report], counts: Counts, situations: Counter[str] | None = None
) -> set[tuple[str, str]]:
    """Let the reports arrive in this order; return the wrong joins, and count the situations of each event."""
    groups, opened_by, known = Groups(), {}, set()
    wrong = set()
    for number, report in enumerate(told):
        counts.possible += report.event in known
        near = None if report.gist is None else groups.nearest(report.gist, lambda _: True)
        if near is None:
            name = str(number)
            opened_by[name] = report
            known.add(report.event)
            counts.situations += 1
            if situations is not None:
                situations[report.event] += 1
        else:
            name = near
            counts.joins += 1
            counts.right += opened_by[near].event == report.event
            if opened_by[near].event != report.event:
                wrong.add((report.text, opened_by[near].text))
        if report.gist is not None and len(groups.members(name)) < OLDEST_NAMED:
            groups.add(name, str(number), report.gist)
    counts.events += len(known)
    return wrong


def measure(name: str, own_names: Sequence[str]) -> None:
    """Print what joining makes of a file."""
    told, counts, wrong = reports(name, own_names), Counts(), set()
    for seed in range(SHUFFLES):
        order = list(told)
        random.Random(seed).shuffle(order)
        wrong |= arrive(order, counts)
    print(
        f"{name:<10} {len(told):4} reports  precision {counts.right / counts.joins:.4f}  "
        f"recall {counts.right / counts.possible:.3f}  situations {counts.situations / SHUFFLES:.1f} for "
        f"{counts.events / SHUFFLES:.0f} events"
    )
    for text, opened in sorted(wrong)[:5]:
        print(f"           wrong: {text}  ← {opened}")


def surge(language: str, own_names: Sequence[str]) -> None:
    """Print what joining makes of many events at once, each told in many wordings."""
    told = [each for each in reports(f"judged_{language}", own_names) if each.event.startswith("alone")]
    told += [each for each in reports(f"chosen_{language}", own_names) if each.event.startswith("alone")]
    told = [Report(each.text, f"alone {number}", each.gist) for number, each in enumerate(told)]
    for event in events(language):
        for text in islice(wordings(event), SURGE):
            told.append(Report(text, str(event), _compared(text, own_names)))
    counts, wrong, opened = Counts(), set(), Counter[str]()
    for seed in range(3):
        order = list(told)
        random.Random(seed).shuffle(order)
        wrong |= arrive(order, counts, opened)
    most = max((number / 3, event) for event, number in opened.items() if not event.startswith("alone"))
    print(
        f"surge {language}: {len(events(language))} events at once, {SURGE} reports each: precision "
        f"{counts.right / counts.joins:.4f}  recall {counts.right / counts.possible:.4f}  situations for one event: "
        f"{sum(number for event, number in opened.items() if not event.startswith('alone')) / 3 / len(events(language)):.2f}"
        f" on average, at most {most[0]:.1f} ({most[1]})"
    )
    for text, by in sorted(wrong)[:5]:
        print(f"           wrong: {text}  ← {by}")


def cost(own_names: Sequence[str]) -> None:
    """Print what reading and comparing one report costs among many open situations."""
    place = random.Random(0)
    groups = Groups()
    for number in range(STANDING):
        street = "".join(chr(place.randrange(0x4E00, 0x9FA5)) for _ in range(2))
        for member in range(1 + number % OLDEST_NAMED):
            groups.add(str(number), str(member), gist(f"{street}路停电了，什么时候来电", DAY, own_names))
    told = [report for name in ("judged_zh", "judged_en") for report in reports(name, own_names)]
    read, compared = [], []
    for report in told:
        begun = time.perf_counter()
        found = gist(report.text, DAY, own_names)
        read.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        groups.nearest(found, lambda _: True)
        compared.append(time.perf_counter() - begun)
    for what, took in (("reading", sorted(read)), (f"comparing with {STANDING:,} open", sorted(compared))):
        middle, slow = took[len(took) // 2], took[int(len(took) * 0.99)]
        print(f"{what:<30} median {middle * 1e3:.3f} ms  p99 {slow * 1e3:.3f} ms")


def main(_data: Path | None) -> None:
    """Print the figures."""
    own_names = read_content([CONTENT], []).own_names
    for name in ("chosen_zh", "chosen_en", "judged_zh", "judged_en"):
        measure(name, own_names)
    for language in ("zh", "en"):
        surge(language, own_names)
    cost(own_names)
