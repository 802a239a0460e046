"""The router alone on the public sets and the civic ones: `python -m tests.benchmarks router --data PATH`.

Fits on training rows (or a civic set's content) only and reports validation rows: development figures. The published
test parts are not used. `with typos`: one or two random character edits in every message, by a fixed seed. With
`--encoder DIR` before the name, the sentence encoder in that folder joins (English sets only, for an English one).
"""

import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.encoder import open_encoder
from bot.evaluate import HANDOFF, Question, Report, evaluate
from bot.matching import MatchPolicy, Meanings, fit
from tests.benchmarks import contents

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One line of the table."""

    title: str
    set_name: str
    target_precision: float
    most: int | None = None
    outside: bool = True
    typos: bool = False


TRIALS = (
    Trial(title="CLINC150, 100 examples an intent", set_name="clinc150", target_precision=0.92),
    Trial(
        title="CLINC150, 10 examples, no outside",
        set_name="clinc150",
        target_precision=0.92,
        most=10,
        outside=False,
    ),
    Trial(title="BANKING77, near misses", set_name="banking77", target_precision=0.92),
    Trial(title="BANKING77, with typos", set_name="banking77", target_precision=0.92, typos=True),
    Trial(title="HWU64", set_name="hwu64", target_precision=0.92),
    Trial(title="civic_zh (weights learned on it)", set_name="civic_zh", target_precision=0.85),
    Trial(title="civic_en (weights learned on it)", set_name="civic_en", target_precision=0.85),
)


def main(data: Path | None = None) -> None:
    """Print the table; `data` is the folder of the benchmark data."""
    if data is None:
        raise SystemExit("The benchmark data is not there; name its folder with --data PATH.")
    print(
        "| set | target | first choice right | AUROC | answered rightly, of answerable | helped | wrong, of all "
        "| not answered, of outside | joint | covered at 0.98 | ms mean / p99 | fit s |"
    )
    print("|---" * 12 + "|")
    folder = os.environ.get("ENCODER_DIR")
    meanings = Meanings(open_encoder(Path(folder))) if folder else None
    fitted: tuple[tuple[str, int | None], object, float] | None = None
    for trial in TRIALS:
        content = (
            contents.civic(trial.set_name)
            if trial.set_name.startswith("civic")
            else contents.public(trial.set_name, trial.most)
        )
        key = (trial.set_name, trial.most)
        if fitted is None or fitted[0] != key:
            begun = time.perf_counter()
            policy = MatchPolicy(target_precision=trial.target_precision)
            outside = content.outside if trial.outside else ()
            matcher = fit(content.items, outside, policy, meanings=meanings)
            fitted = (key, matcher, time.perf_counter() - begun)
        _, matcher, seconds = fitted
        questions = [Question(text=q.text, expect=q.expect or HANDOFF) for q in content.questions]
        if trial.typos:
            questions = [
                replace(each, text=slipped(each.text, place)) for place, each in enumerate(questions)
            ]
        print(_row(trial, evaluate(matcher, questions), seconds), flush=True)


def slipped(text: str, seed: int) -> str:
    """Return `text` with one or two random character edits, the same for the same seed."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 2)):
        place = rng.randrange(max(1, len(text)))
        kind = rng.choice(("drop", "double", "swap", "other"))
        if kind == "drop":
            text = text[:place] + text[place + 1 :]
        elif kind == "double":
            text = text[: place + 1] + text[place:]
        elif kind == "swap":
            text = text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]
        else:
            text = text[:place] + rng.choice(LETTERS) + text[place + 1 :]
    return text


def _row(trial: Trial, report: Report, seconds: float) -> str:
    shares: Sequence[float | None] = (
        report.in_scope_accuracy,
        report.auroc,
        report.in_scope_answered_correctly,
        report.helped,
        report.wrong,
        report.handoff_recall,
        report.joint,
        report.coverage_at_precision["0.98"],
    )
    told = " | ".join("–" if share is None else f"{share:.3f}" for share in shares)
    latency = report.latency_ms
    return (
        f"| {trial.title} ({report.in_scope} + {report.outside}) | {trial.target_precision:g} | {told} "
        f"| {latency.mean:.1f} / {latency.p99:.1f} | {seconds:.1f} |"
    )
