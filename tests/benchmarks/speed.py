"""What a message costs beside 15,000 examples and 10,000 past answers: `python -m tests.benchmarks speed --data PATH`.

The intents are CLINC150's training rows, the past answers are put together by a fixed seed from rows of BANKING77 and
HWU64; the messages are CLINC150's validation rows, asked one at a time on one thread, as `python -m bot eval` asks
them. One message in eight is also put to a plain scikit-learn pipeline and to a whole scan by rapidfuzz, right after,
so that the ratios hold on a busy machine too; processor time is given beside the clock for the same reason.
"""

import datetime as dt
import json
import random
import resource
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from bot.content import Content, read_content
from bot.corpus import Corpus, build_corpus
from bot.evaluate import Latency, latency
from bot.matching.parts import SURE
from bot.measure import STEPS
from bot.models import Address, IncomingMessage
from bot.router import ConversationState, route
from tests.benchmarks import contents

ENTRIES = 10_000
WARM = 50
COMPARED = 8
"""One message in so many is put to the others, which are slow."""


def entries(count: int = ENTRIES, seed: int = 1) -> list[dict[str, str]]:
    """Return past answers: a row as the question, two more of its intent as what was answered."""
    rng = random.Random(seed)
    rows: dict[str, list[str]] = defaultdict(list)
    for name in ("banking77", "hwu64"):
        for row in contents.lines(contents.DATA / name / "train.jsonl"):
            if row["intent"]:
                rows[f"{name} {row['intent']}"].append(row["text"])
    questions = [(key, text) for key in sorted(rows) for text in rows[key]]
    rng.shuffle(questions)
    return [
        {
            "id": f"past-{number}",
            "question": text,
            "answer": " ".join(rng.sample(rows[key], 2)),
            "date": "2026-01-01",
            "url": f"https://lanting.example/{number}",
            "language": "en",
        }
        for number, (key, text) in enumerate(questions[:count])
    ]


def written(folder: Path, made: Sequence[dict[str, str]]) -> Content:
    """Write the content as maintainers would, and read it."""
    clinc = contents.public("clinc150")
    intents = [
        {
            "id": item.key.removeprefix("intent:"),
            "title": {"en": item.key.removeprefix("intent:").replace("_", " ")},
            "examples": {"en": list(item.examples)},
            "answer": {"en": "Please see the page on this."},
        }
        for item in clinc.items
    ]
    (folder / "intents").mkdir()
    (folder / "intents" / "all.yaml").write_text(json.dumps({"intents": intents}), "utf-8")
    (folder / "intents" / "_outside.yaml").write_text(
        json.dumps({"outside": {"en": list(clinc.outside)}}), "utf-8"
    )
    knowledge = folder / "knowledge.jsonl"
    knowledge.write_text("".join(json.dumps(entry) + "\n" for entry in made), "utf-8")
    return read_content([folder / "intents"], [knowledge])


def plain(content: Content) -> Callable[[str], Any]:
    """Return the scores of a plain pipeline: TF-IDF of words and characters, and a linear classifier."""
    rows = [(phrase, intent.key) for intent in content.intents.values() for phrase in intent.phrases()]
    pipeline = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        ),
        LinearSVC(max_iter=2, random_state=0),
    )
    with warnings.catch_warnings(action="ignore"):  # two passes: what it says does not matter here
        pipeline.fit([text for text, _ in rows], [key for _, key in rows])
    return lambda text: pipeline.decision_function([text])


def timed(work: Callable[[str], object], text: str) -> tuple[float, float]:
    """Return milliseconds by the clock and of the processor."""
    clock, effort = time.perf_counter(), time.thread_time()
    work(text)
    return (time.perf_counter() - clock) * 1000, (time.thread_time() - effort) * 1000


def main(data: Path | None = None) -> None:
    """Print the tables; `data` is the folder of the benchmark data."""
    if data is None:
        raise SystemExit("The benchmark data is not there; name its folder with --data PATH.")
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        content = written(Path(folder), entries())
        clock, effort = time.perf_counter(), time.process_time()
        corpus = build_corpus(content)
        clock, effort = time.perf_counter() - clock, time.process_time() - effort
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"fit, urgent lane and all: {clock:.1f} s by the clock, {effort:.1f} s of the processor")
        print(f"peak memory after the fit: {peak:.0f} MB\n")
        _serve(content, corpus)


def _serve(content: Content, corpus: Corpus) -> None:
    texts = [question.text for question in contents.public("clinc150").questions]
    random.Random(0).shuffle(texts)
    phrases = [phrase for intent in content.intents.values() for phrase in intent.phrases()]
    phrases += [entry.question for entry in content.entries.values()]
    now = dt.datetime.now(dt.UTC)
    first = corpus.matcher.parts[0]
    kinds: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def asked(text: str) -> object:
        address = Address(channel="console", chat="speed")
        message = IncomingMessage(id="speed", address=address, text=text, received_at=now)
        return route(message, ConversationState(), corpus, STEPS)

    for text in texts[:WARM]:
        asked(text)
    others: dict[str, Callable[[str], object]] = {
        "of it, the urgent lane": corpus.urgent.judge,
        "scikit-learn, transform + decision_function": plain(content),
        "rapidfuzz.ratio, whole scan": lambda text: process.extractOne(text, phrases, scorer=fuzz.ratio),
    }
    for place, text in enumerate(texts):
        whole = timed(asked, text)
        judged = first.judge(text)
        kinds["all messages"].append(whole)
        kinds["decided lean" if judged and judged.first >= SURE else "with all evidence"].append(whole)
        if place % COMPARED == 0:
            for name, other in others.items():
                kinds[name].append(timed(other, text))
    print(f"decided lean: {len(kinds['decided lean']) / len(texts):.3f} of {len(texts)} messages\n")
    print("| | clock: mean / p50 / p99 ms | processor: mean / p50 / p99 ms | mean, of scikit-learn's |")
    print("|---|---|---|---|")
    beside = latency([effort for _, effort in kinds["scikit-learn, transform + decision_function"]]).mean
    for kind, times in kinds.items():
        clock, effort = (latency([pair[at] for pair in times]) for at in (0, 1))
        print(f"| {kind} | {_told(clock)} | {_told(effort)} | {effort.mean / beside:.2f} |")


def _told(waits: Latency) -> str:
    return f"{waits.mean:.2f} / {waits.p50:.2f} / {waits.p99:.2f}"
