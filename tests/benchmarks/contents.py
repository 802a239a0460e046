"""Contents with labelled questions, for measuring the router and for learning its weights.

They are read from a data folder beside the project (`DESK_DATA`, by default ../shared/data); nothing of it is
shipped. `civic(name)` reads a whole set; `draw(...)` cuts a small deployment out of a large public set.
"""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from bot.matching import Item

DATA = Path(os.environ.get("DESK_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
OWN = Path(__file__).parent / "contents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One labelled question; `expect` is an item's key, None where a person must answer."""

    text: str
    expect: str | None
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Items, outside examples, and questions to measure with."""

    name: str
    items: tuple[Item, ...]
    questions: tuple[Question, ...]
    outside: tuple[str, ...] = ()
    weight: float = 1.0


def lines(path: Path) -> list[dict[str, str]]:
    """Return the records of a JSON Lines file; say what is missing when it is not there."""
    if not path.exists():
        raise SystemExit(f"{path} is not there; set DESK_DATA to the folder that holds the benchmark data")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def civic(name: str) -> Content:
    """Return the civic set `name`: intents and past answers, with questions that need a person among them."""
    folder = DATA / name
    intents = yaml.safe_load((folder / "intents.yaml").read_text(encoding="utf-8"))["intents"]
    return _content(name, intents, lines(folder / "knowledge.jsonl"), lines(folder / "questions.jsonl"))


def own() -> list[Content]:
    """Return the small civic contents written for this project."""
    found = []
    for path in sorted(OWN.glob("*.yaml")):
        whole = yaml.safe_load(path.read_text(encoding="utf-8"))
        found.append(_content(path.stem, whole["intents"], whole["knowledge"], whole["questions"]))
    return found


def _content(
    name: str, intents: list[dict[str, Any]], entries: list[dict[str, str]], questions: list[dict[str, str]]
) -> Content:
    items = [
        Item(
            key=f"intent:{i['id']}",
            examples=tuple(i["examples"]),
            titles=(i["title"],),
            answers=(i["answer"],),
        )
        for i in intents
    ]
    items += [
        Item(key=f"knowledge:{e['id']}", examples=(e["question"],), answers=(e["answer"],)) for e in entries
    ]
    asked = tuple(
        Question(
            text=str(q["text"]),
            expect=None if q["expect"] == "handoff" else q["expect"],
            kind=q.get("kind", ""),
        )
        for q in questions
    )
    return Content(name=name, items=tuple(items), questions=asked)


def public(name: str, most: int | None = None) -> Content:
    """Return a public set whole: its training rows as examples, its validation rows as questions."""
    examples: dict[str, list[str]] = defaultdict(list)
    outside: list[str] = []
    for row in lines(DATA / name / "train.jsonl"):
        if row["intent"] is None:
            outside.append(row["text"])
        elif most is None or len(examples[row["intent"]]) < most:
            examples[row["intent"]].append(row["text"])
    items = tuple(Item(key=f"intent:{key}", examples=tuple(texts)) for key, texts in examples.items())
    questions = tuple(
        Question(
            text=r["text"],
            expect=r["intent"] and f"intent:{r['intent']}",
            kind=r.get("kind", "in" if r["intent"] else "out"),
        )
        for r in lines(DATA / name / "valid.jsonl")
    )
    return Content(name=name, items=items, questions=questions, outside=tuple(outside))


def draw(name: str, seed: int, weight: float = 0.15) -> Content:
    """Return a small deployment cut out of the training rows of a public set.

    Sizes, the number of examples, titles, single-question entries with an "answer" of further utterances, and
    how much lies outside all vary with `seed`.
    """
    rng = random.Random(f"{name} {seed}")
    by_intent: dict[str, list[str]] = defaultdict(list)
    for row in lines(DATA / name / "train.jsonl"):
        if row["intent"]:
            by_intent[row["intent"]].append(row["text"])
    names = sorted(by_intent)
    rng.shuffle(names)
    inside = names[: rng.randint(12, min(60, len(names) - 8))]
    beyond = names[len(inside) : len(inside) + rng.randint(6, 20)]
    most, answers, titles = rng.choice([4, 6, 8, 8, 12, 20]), rng.random() < 0.6, rng.random() < 0.4
    items: list[Item] = []
    questions: list[Question] = []
    for intent in inside:
        texts = by_intent[intent][:]
        rng.shuffle(texts)
        entry = rng.random() < 0.4 and answers
        count = 1 if entry else most
        told = rng.randint(1, 3) if answers else 0
        key = f"{'knowledge' if entry else 'intent'}:{intent}"
        items.append(
            Item(
                key=key,
                examples=tuple(texts[:count]),
                titles=(intent.replace("_", " "),) if titles and not entry else (),
                answers=(" ".join(texts[count : count + told]),) if told else (),
            )
        )
        questions += [Question(text=t, expect=key) for t in texts[count + told : count + told + 6]]
    for intent in beyond:
        texts = by_intent[intent][:]
        rng.shuffle(texts)
        questions += [Question(text=t, expect=None, kind="near_miss") for t in texts[:7]]
    return Content(name=f"{name}-{seed}", items=tuple(items), questions=tuple(questions), weight=weight)


def middling(name: str, seed: int, weight: float = 0.15) -> Content:
    """Return most intents of a public set with ten training rows each: many intents, few examples, nothing else."""
    rng = random.Random(f"{name} middling {seed}")
    by_intent: dict[str, list[str]] = defaultdict(list)
    for row in lines(DATA / name / "train.jsonl"):
        if row["intent"]:
            by_intent[row["intent"]].append(row["text"])
    names = sorted(by_intent)
    rng.shuffle(names)
    inside = names[: round(len(names) * rng.uniform(0.7, 1))]
    items = tuple(Item(key=f"intent:{intent}", examples=tuple(by_intent[intent][:10])) for intent in inside)
    questions = [
        Question(text=text, expect=f"intent:{intent}" if intent in inside else None, kind="near_miss")
        for intent in names
        for text in rng.sample(by_intent[intent][10:], 5)
    ]
    return Content(name=f"{name}-middling-{seed}", items=items, questions=tuple(questions), weight=weight)


def part(content: Content, seed: int, share: float = 0.7, weight: float = 0.3) -> Content:
    """Return `content` with some targets taken out, whose questions then belong to a person, and fewer examples."""
    rng = random.Random(f"{content.name} part {seed}")
    kept: list[Item] = []
    for item in content.items:
        if rng.random() < share:
            examples = list(item.examples)
            rng.shuffle(examples)
            kept.append(
                replace(item, examples=tuple(examples[: max(1, round(len(examples) * rng.uniform(0.4, 1)))]))
            )
    keys = {item.key for item in kept}
    questions = tuple(
        q if q.expect in keys else replace(q, expect=None, kind=q.kind if q.expect is None else "near_miss")
        for q in content.questions
    )
    return replace(
        content, name=f"{content.name}/{seed}", items=tuple(kept), questions=questions, weight=weight
    )
