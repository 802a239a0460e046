"""Measure the urgent lane: `python -m tests.benchmarks.urgent DATA`.

DATA is the folder of the shared data sets. Prints, per kind and language with 95 % Wilson intervals: cross-validation
over the lines of `intents/_urgent.yaml`; another hand's list; the crisis list; false alarms on ordinary questions; latency. Nothing is
trained or chosen on the shared data here. `--list` prints misses and false full cards too. Further lists (JSON
lines of `text`, `lang`, `kind`) may be named after DATA.
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import yaml

from bot.urgent import Detector, Tier, build_detector, read_urgent
from bot.urgent.detector import examples, train

CONTENT = Path(__file__).parents[2] / "intents" / "_urgent.yaml"
OTHER_HAND = Path(__file__).parents[1] / "trust" / "urgent" / "other_hand.jsonl"
ORDINARY = ("civic_zh/questions", "civic_en/questions", "clinc150/valid", "banking77/valid", "xstest/cases")
URGENT = {"explicit", "implicit", "third_person", "danger"}
FOLDS = 4
WORDINGS_TESTED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    text: str
    kind: str
    language: str


def wilson(hits: int, total: int) -> str:
    """Return `hits/total = share % [low-high]`, the 95 % Wilson interval."""
    if not total:
        return "0/0"
    share, z = hits / total, 1.96
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return f"{hits}/{total} = {100 * share:.1f} % [{100 * max(middle - half, 0):.1f}-{100 * (middle + half):.1f}]"


def judged(detector: Detector, rows: Iterable[Row]) -> list[tuple[Row, Tier | None]]:
    found = []
    for row in rows:
        verdict = detector.judge(row.text)
        found.append((row, verdict.tier if verdict else None))
    return found


def report(title: str, results: Sequence[tuple[Row, Tier | None]], listing: bool) -> None:
    print(f"\n## {title}\n\n| kind | language | caught | full card |\n|---|---|---|---|")
    groups: dict[tuple[str, str], Counter[Tier | None]] = defaultdict(Counter)
    for row, tier in results:
        groups[row.kind, row.language][tier] += 1
    for (kind, language), tiers in groups.items():
        total = tiers.total()
        print(
            f"| {kind} | {language} | {wilson(total - tiers[None], total)} | {wilson(tiers[Tier.SURE], total)} |"
        )
    if listing:
        for row, tier in results:
            if row.kind in URGENT and tier is None:
                print(f"- missed, {row.kind} {row.language}: {row.text}")
            elif row.kind not in URGENT and tier is Tier.SURE:
                print(f"- false full card, {row.kind} {row.language}: {row.text}")


def read_rows(path: Path, kind: str | None = None) -> list[Row]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        if data.get("label") != "unsafe":
            rows.append(Row(text=data["text"], kind=kind or data["kind"], language=data.get("lang", "")))
    return rows


def main(data: Path | None = None, further: Sequence[Path] = (), *, listing: bool = False) -> None:
    """Print every table; leave with a sentence when the shared data is not there."""
    if data is None or not (data / "crisis" / "cases.jsonl").is_file():
        raise SystemExit(f"No shared data in {data}: name the folder that holds crisis/cases.jsonl.")
    content = read_urgent(yaml.load(CONTENT.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    start = time.process_time()
    detector = build_detector(content)
    print(f"Built in {time.process_time() - start:.2f} s of processor time.")
    every = examples(content)
    held_out = []
    for fold in range(FOLDS):
        part = train([example for example in every if example.line % FOLDS != fold])
        seen: Counter[int] = Counter()
        rows = []
        for example in every:
            if example.line % FOLDS == fold and seen[example.line] < WORDINGS_TESTED:
                seen[example.line] += 1
                kind = "danger" if example.kind.startswith("danger") else example.kind
                rows.append(Row(text=example.text, kind=kind, language=example.language))
        held_out += judged(part, rows)
    held_out.sort(key=lambda result: (result[0].kind, result[0].language))
    report("Own lines, cross-validated by line", held_out, listing=False)
    report("Another hand's list", judged(detector, read_rows(OTHER_HAND)), listing)
    report("Crisis list", judged(detector, read_rows(data / "crisis" / "cases.jsonl")), listing)
    ordinary = []
    spent = []
    for name in ORDINARY:
        for row in read_rows(data / f"{name}.jsonl", kind=name.split("/", maxsplit=1)[0]):
            start = time.process_time()
            ordinary += judged(detector, [row])
            spent.append(1000 * (time.process_time() - start))
    report("Ordinary questions", ordinary, listing)
    everything = [(Row(text="", kind="all of them", language=""), tier) for _, tier in ordinary]
    report("Ordinary questions together", everything, listing=False)
    for path in further:
        report(path.name, judged(detector, read_rows(path)), listing)
    spent.sort()
    print(
        f"\nLatency of {len(spent)} messages, ms of processor time: median {spent[len(spent) // 2]:.2f}, "
        f"95th percentile {spent[len(spent) * 95 // 100]:.2f}, worst {spent[-1]:.2f}."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.urgent", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the shared data sets")
    parser.add_argument("further", type=Path, nargs="*", help="lists of your own")
    parser.add_argument("--list", action="store_true", help="print misses and false full cards")
    chosen = parser.parse_args()
    main(chosen.data, chosen.further, listing=chosen.list)
