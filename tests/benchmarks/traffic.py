"""Small deployments with traffic as it really comes, simulated out of public rows.

Twenty to sixty intents of very uneven size, and messages of which most belong to none of them: intents of the same set
that the content lacks (near), other sets (far), greetings and scraps. In scope and out alike are mistyped, chopped to a
few words, wrapped in several sentences, and written as people chat in India. Everything follows from a seed.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.matching import Item
from tests.benchmarks.contents import DATA, Content, Question, lines

SETS = ("clinc150", "banking77", "hwu64")
TRAFFIC = 800
"""Messages a deployment is asked at most."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SMALL_WORDS = frozenset(
    """a an the is are am was be been to of in on at for do does did can could will would should i me my you your it this
    that please and or if so what how when where who why there with from have has had want need get know tell""".split()  # noqa: SIM905 - a list this long reads better as text
)
CHAT = {
    "please": ("pls", "plz", "kindly"),
    "what": ("wat", "wht", "what"),
    "you": ("u", "you"),
    "your": ("ur", "your"),
    "are": ("r", "are"),
    "how": ("hw", "how"),
    "when": ("whn", "when"),
    "the": ("d", "the", "da"),
    "because": ("bcoz", "cuz"),
    "and": ("n", "and", "&"),
    "for": ("4", "for"),
    "to": ("2", "to"),
    "have": ("hv", "have"),
    "is": ("iz", "is"),
    "want": ("wnt", "want"),
    "message": ("msg",),
    "thanks": ("thx", "tnx"),
    "my": ("mah", "my"),
    "need": ("need", "needing", "require"),
    "know": ("knw", "know"),
    "don't": ("dont", "dnt"),
    "not": ("nt", "not"),
    "tell": ("tel", "tell"),
    "about": ("abt", "about"),
    "number": ("no.", "num"),
}
BEFORE = (
    "hi",
    "hello sir",
    "sir",
    "dear sir",
    "good morning",
    "hi team",
    "pls help",
    "kindly help",
    "one doubt",
    "hello mam",
    "actually",
    "hey",
    "i am having one doubt.",
    "i had called yesterday also.",
    "nobody is replying.",
    "same issue again and again.",
    "i am a new customer.",
    "i have been waiting since two days.",
    "my friend told me to ask here.",
    "sorry for disturbing.",
)
AFTER = (
    "sir",
    "pls",
    "pls reply",
    "kindly do the needful",
    "only",
    "na",
    "yaar",
    "asap",
    "thank you",
    "pls tell fast",
    "kindly revert",
    "please do reply soon.",
    "waiting for your reply.",
    "i am not getting any response.",
    "what to do now",
    "its very urgent",
    "let me know the same",
)
SCRAPS = tuple(
    """hi|hello|hello sir|good morning|ok|okay thanks|thank you so much|yes|no|hmm|what|how|when|help|ok sir|call me
    |are you there|who are you|nice|great|very bad|why|how much|i need help|talk to a person|call me back pls|no reply
    |hello anyone there|bye|same|tell me|details|more info|yes please|not working|why not|ok done|i dont know|what is this
    |price|my number is 98 two four|mumbai|tomorrow|now|9845|still waiting|which one|both|first one|other|cancel
    |send me|share details|whats app number|can i talk to someone|how many days|how long|is it free|is it possible
    |do you have any offer|where are you located|your office address|any discount|worst service|i will complain
    |good job|love you|are you a robot|what can you do|tell me a joke|happy diwali|same to you""".replace(
        "\n", ""
    ).split("|")
)


@cache
def _rows(name: str, part: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((row["text"], row["intent"]) for row in lines(DATA / name / f"{part}.jsonl"))


@cache
def _slips() -> dict[str, list[str]]:
    """Return how words are often misspelled."""
    found: dict[str, list[str]] = defaultdict(list)
    path = Path(DATA) / "typo" / "codespell_dictionary.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        wrong, _, right = line.partition("->")
        for word in right.split(","):
            if word.strip() and wrong.isalpha():
                found[word.strip().lower()].append(wrong.lower())
    return found


def deployment(name: str, seed: int, *, traffic: str = "valid", weight: float = 0.15) -> Content:
    """Return a small deployment of the set `name`, its examples training rows, its messages rows of `traffic`.

    With `traffic` "train" (to learn from), messages are training rows that are no examples.
    """
    rng = random.Random(f"real {name} {seed} {traffic}")
    by_intent: dict[str, list[str]] = defaultdict(list)
    for text, intent in _rows(name, "train"):
        if intent:
            by_intent[intent].append(text)
    names = sorted(by_intent)
    rng.shuffle(names)
    inside = names[: rng.randint(20, min(60, round(len(names) * 0.7)))]
    sizes = _sizes(len(inside), rng)
    left: dict[str, list[str]] = {}
    items = []
    for intent, size in zip(inside, sizes, strict=True):
        texts = by_intent[intent][:]
        rng.shuffle(texts)
        examples = [short(text, rng) if rng.random() < 0.2 else text for text in texts[:size]]
        items.append(Item(key=f"intent:{intent}", examples=tuple(dict.fromkeys(examples))))
        left[intent] = texts[size:]
    near = [intent for intent in names if intent not in left]
    if traffic == "train":
        asked = [(text, intent) for intent in inside for text in left[intent][:30]]
        beyond = [text for intent in near for text in by_intent[intent][:30]]
    else:
        asked = [(text, intent) for text, intent in _rows(name, "valid") if intent in left]
        beyond = [text for text, intent in _rows(name, "valid") if intent not in left]
    far = [
        text
        for other in SETS
        if other != name
        for text, intent in _rows(other, traffic)
        if traffic == "train" or intent or other == "clinc150"
    ]
    share = rng.uniform(0.55, 0.75)
    questions = _messages(asked, beyond, far, share, dict(zip(inside, sizes, strict=True)), items, rng)
    return Content(name=f"{name}-real-{seed}", items=tuple(items), questions=tuple(questions), weight=weight)


def _sizes(count: int, rng: random.Random) -> list[int]:
    """Return numbers of examples: a few intents have most of them, many have three or four."""
    total = rng.randint(300, 600)
    raw = [rng.lognormvariate(0, 1.0) for _ in range(count)]
    scale = total / sum(raw)
    return [max(3, min(60, round(value * scale))) for value in raw]


def _messages(
    asked: list[tuple[str, str]],
    near: list[str],
    far: list[str],
    share: float,
    sizes: dict[str, int],
    items: list[Item],
    rng: random.Random,
) -> list[Question]:
    """Return the traffic, mixed: `share` of it outside, of which more than half is near."""
    inside = min(len(asked), round(TRAFFIC * (1 - share)))
    # What has more examples is asked more often, though not in proportion.
    keyed = sorted(asked, key=lambda pair: rng.random() ** (1 / sizes[pair[1]] ** 0.5), reverse=True)
    questions = [
        Question(text=noisy(text, rng), expect=f"intent:{intent}", kind="in")
        for text, intent in keyed[:inside]
    ]
    outside = round(inside * share / (1 - share))
    scraps = round(outside * rng.uniform(0.08, 0.2))
    close = min(len(near), round((outside - scraps) * rng.uniform(0.5, 0.8)))
    questions += [
        Question(text=noisy(text, rng), expect=None, kind="near")
        for text in _nearest(near, items, close, rng)
    ]
    questions += [
        Question(text=noisy(text, rng), expect=None, kind="far")
        for text in rng.sample(far, max(0, outside - scraps - close))
    ]
    questions += [
        Question(text=mistyped(rng.choice(SCRAPS).strip(), 0.1, rng), expect=None, kind="scrap")
        for _ in range(scraps)
    ]
    rng.shuffle(questions)
    return questions


def _nearest(texts: list[str], items: list[Item], count: int, rng: random.Random) -> list[str]:
    """Return `count` of `texts`, those that share words with the content the likelier."""
    if count >= len(texts):
        return texts
    examples = [text for item in items for text in item.examples]
    reader = TfidfVectorizer(sublinear_tf=True).fit([*examples, *texts])
    like = np.asarray((reader.transform(texts) @ reader.transform(examples).T).max(axis=1).todense()).ravel()
    order = sorted(
        range(len(texts)), key=lambda at: rng.random() ** (1 / (0.05 + float(like[at]))), reverse=True
    )
    return [texts[at] for at in order[:count]]


def noisy(text: str, rng: random.Random) -> str:
    """Return `text` as somebody in a hurry writes it: chopped, wrapped, in chat spelling, mistyped; or as it was."""
    if rng.random() < 0.25:
        text = short(text, rng)
    if rng.random() < 0.5:
        text = chatty(text, rng)
    if rng.random() < 0.2:
        text = f"{rng.choice(BEFORE)} {text}"
    if rng.random() < 0.2:
        text = f"{text} {rng.choice(AFTER)}"
    return mistyped(text, 0.08 if rng.random() < 0.6 else 0, rng)


def short(text: str, rng: random.Random) -> str:
    """Return a few telling words of `text`, in order."""
    words = re.findall(r"[\w']+", text)
    telling = [at for at, word in enumerate(words) if word.lower() not in SMALL_WORDS] or list(
        range(len(words))
    )
    kept = set(rng.sample(telling, min(len(telling), rng.choice((1, 2, 2, 3, 3, 4)))))
    return " ".join(word for at, word in enumerate(words) if at in kept)


def chatty(text: str, rng: random.Random) -> str:
    """Return `text` with articles left out and words as they are spelled in chats."""
    words = []
    for word in text.split():
        plain = word.lower().strip("?.,!")
        if plain in {"a", "an", "the"} and rng.random() < 0.6:
            continue
        if plain in {"is", "am", "are", "do", "does"} and rng.random() < 0.25:
            continue
        words.append(rng.choice(CHAT[plain]) if plain in CHAT and rng.random() < 0.5 else word)
    text = " ".join(words)
    return text.rstrip("?.") if rng.random() < 0.6 else text


def mistyped(text: str, rate: float, rng: random.Random) -> str:
    """Return `text` with about `rate` of its longer words misspelled: as people often do, or by a slip of a finger."""
    words = text.split()
    for at, word in enumerate(words):
        if len(word) < 4 or rng.random() >= rate * 1.5:
            continue
        known = _slips().get(word.lower())
        words[at] = rng.choice(known) if known and rng.random() < 0.6 else _slipped(word, rng)
    return " ".join(words)


def _slipped(word: str, rng: random.Random) -> str:
    place = rng.randrange(len(word) - 1)
    match rng.choice(("drop", "double", "swap", "other")):
        case "drop":
            return word[:place] + word[place + 1 :]
        case "double":
            return word[: place + 1] + word[place:]
        case "swap":
            return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        case _:
            return word[:place] + rng.choice(LETTERS) + word[place + 1 :]
