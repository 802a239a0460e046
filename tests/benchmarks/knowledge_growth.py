"""How finding a past answer grows with their number: 10,000 to 1,000,000 entries.

    python -m tests.benchmarks.knowledge_growth [ENTRIES …]

Entries are made by a fixed seed, half of them Chinese and half English: matters (what is asked, in three wordings) at
invented places. Five kinds of questions: `exact` (typed as published), `slips` (a quarter of the words left out, one or
two slips of the pen, not in the name of the place, which would make it another place's), `reworded` (another wording of the same matter), `other place` and `other matter` (what no entry is
about, however near the nearest; a person must answer; most matters are asked about a place, or most places about a
matter, by some other entry). Places differ by a syllable, so this is harder than most knowledge bases in telling
neighbours apart, and easier in that the wordings are few. Each size is measured in a process
of its own. Waits are of one message at a time on one thread: by the clock, and by the processor time it took, which
tells what a machine without other work would do.
"""

import datetime as dt
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from bot.content import Content, read_content
from bot.corpus import Corpus, build_corpus
from bot.knowledge.entries import read_knowledge
from bot.matching import Matcher
from bot.models import EntryStatus, KnowledgeEntry

SIZES = (10_000, 30_000, 100_000, 1_000_000)
ASKED = 250
"""Questions of each kind."""
ROOT = Path(__file__).resolve().parents[2]

SAME_MATTERS = {
    "lost_something", "found_something", "dogs", "illegal_parking", "construction_noise", "office_hours", "event_permit",
    "night_bus", "school_zone", "towed_car", "appointments", "application_status",
}  # fmt: skip
"""Intents of the sample content that speak of what the entries speak of; the others stay beside the entries."""

EN_SYLLABLES = (
    "bran", "dell", "mor", "wick", "tham", "lorn", "ves", "hart", "quill", "ash", "pem", "stow", "gar", "lind", "oak",
    "rush", "tarn", "wyn", "corb", "fen", "holt", "kess", "marl", "nor", "ruth", "sed", "thorn", "ult", "weir", "yar",
)  # fmt: skip
EN_PLACES = ("Road", "Lane", "Bridge", "Park", "Square", "Market", "Station", "Library")
ZH_CHARACTERS = "澜汀柳岚槐溪榆屏桐浦芦杉岭渡棠梧洲坪桥泉枫茗岸砚荷堤樟坞苇汐"
ZH_PLACES = ("路", "街", "桥", "公园", "广场", "市场", "车站", "图书馆")
EN_MATTERS = [
    (["When does {} open in the morning?", "opening hours {}", "what time can I get into {}"], "It opens at {}."),
    (["Where can I park near {}?", "parking around {}", "is there somewhere to leave my car by {}"], "Level {} of the garage."),
    (["Who do I tell about a broken street lamp at {}?", "lamp not working {}", "report dark street light {}"], "Desk {} takes reports of lamps."),
    (["May I bring my dog to {}?", "are dogs allowed {}", "walking a dog at {}"], "Yes, on a lead, from {}."),
    (["How long will the road works at {} last?", "when do the road works end {}", "digging at {} until when"], "Until week {}."),
    (["Which bus stops at {}?", "bus to {}", "what line goes to {}"], "Line {} does."),
    (["Is there a public toilet at {}?", "toilets {}", "nearest restroom to {}"], "Yes, behind gate {}."),
    (["How do I book a stall at {}?", "rent a stall {}", "I would like to sell things at {}"], "Write to office {}."),
    (["Why is {} closed today?", "{} shut today why", "closure of {}"], "It is being cleaned until {}."),
    (["Where is the lost property office of {}?", "left my bag at {}", "lost something at {}"], "At counter {}."),
    (["Can a wheelchair get into {}?", "wheelchair access {}", "is there a ramp at {}"], "Yes, by entrance {}."),
    (["Who may put up posters at {}?", "permission for posters {}", "hang a poster at {}"], "Ask department {}."),
]  # fmt: skip
ZH_MATTERS = [
    (["{}早上几点开门？", "{}开放时间", "什么时候能进{}"], "早上{}点开门。"),
    (["{}附近哪里可以停车？", "去{}停车方便吗停哪", "{}旁边有没有停车场"], "停在{}号车库。"),
    (["{}的路灯坏了向谁反映？", "{}路灯不亮报修", "{}晚上黑灯坏了找谁"], "由{}号窗口受理路灯报修。"),
    (["可以带狗进{}吗？", "{}能遛狗吗", "{}让不让带宠物犬"], "牵绳可以，{}点以后。"),
    (["{}施工要到什么时候？", "{}修路几时修完", "{}挖路还要多久"], "到第{}周结束。"),
    (["哪路公交车到{}？", "去{}坐几路车", "{}有什么公交"], "乘{}路。"),
    (["{}有公共厕所吗？", "{}洗手间在哪", "{}附近上厕所"], "有，在{}号门后面。"),
    (["怎么预订{}的摊位？", "{}租个摊子", "想在{}摆摊卖东西"], "向{}号办公室申请。"),
    (["{}今天为什么关闭？", "{}今天怎么不开", "{}关了什么原因"], "清洁保养，到{}点。"),
    (["{}的失物招领处在哪里？", "在{}丢了包去哪找", "东西落在{}了"], "在{}号柜台。"),
    (["轮椅能进{}吗？", "{}有无障碍通道吗", "{}有没有坡道"], "可以，走{}号入口。"),
    (["在{}张贴海报要谁同意？", "{}贴海报审批", "想在{}挂个海报"], "请问{}科。"),
]  # fmt: skip


def place(number: int, chinese: bool) -> str:
    """Return the name of one of very many places."""
    parts, kinds = (tuple(ZH_CHARACTERS), ZH_PLACES) if chinese else (EN_SYLLABLES, EN_PLACES)
    number, kind = divmod(number, len(kinds))
    name = []
    for _ in range(3):
        number, at = divmod(number, len(parts))
        name.append(parts[at])
    return "".join(name) + kinds[kind] if chinese else f"{''.join(name).capitalize()} {kinds[kind]}"


def matters(count: int) -> Iterator[tuple[int, bool, int, str]]:
    """Yield row, whether it is Chinese, the matter and the place of `count` entries, in an order of a fixed seed."""
    half = count // 2
    rng = random.Random(20261124)
    for chinese in (True, False):
        space = len(ZH_MATTERS) * len(ZH_PLACES) * len(ZH_CHARACTERS) ** 3
        for row, number in enumerate(rng.sample(range(space), half)):
            yield (
                2 * row + chinese,
                chinese,
                number % len(ZH_MATTERS),
                place(number // len(ZH_MATTERS), chinese),
            )


def entry(row: int, chinese: bool, matter: int, where: str) -> KnowledgeEntry:
    """Return one published entry."""
    wordings, answer = (ZH_MATTERS if chinese else EN_MATTERS)[matter]
    return KnowledgeEntry(
        id=f"k{row}",
        question=wordings[0].format(where),
        answer=f"{where}{'：' if chinese else ': '}{answer.format(row % 97)}",
        language="zh-Hans" if chinese else "en",
        status=EntryStatus.PUBLISHED,
        date=dt.date(2026, 1, 1 + row % 28),
    )


def slipped(text: str, where: str, rng: random.Random) -> str:
    """Return a question with a quarter of its words left out and one or two slips of the pen, not in the place."""
    chinese = not text.isascii()
    before, after = (list(part) if chinese else part.split() for part in text.split(where))
    parts = [[word for word in part if rng.random() > 0.25] for part in (before, after)]
    space = "" if chinese else " "
    texts = [space.join(part) for part in parts]
    for _ in range(rng.randint(1, 2)):
        longer = int(len(texts[1]) > len(texts[0]))
        at = rng.randrange(max(1, len(texts[longer]) - 1))
        said = texts[longer]
        texts[longer] = said[:at] + said[at + 1 : at + 2] + said[at : at + 1] + said[at + 2 :]
    return space.join([texts[0], where, texts[1]])


def questions(count: int) -> list[tuple[str, str, str | None]]:
    """Return kind, question and the key of the entry that answers it; None where none does."""
    rng = random.Random(7)
    rows = list(matters(count))
    taken = {(chinese, matter, where) for _, chinese, matter, where in rows}
    found: list[tuple[str, str, str | None]] = []
    for row, chinese, matter, where in rng.sample(rows, ASKED):
        wordings = (ZH_MATTERS if chinese else EN_MATTERS)[matter][0]
        asked, key = wordings[0].format(where), f"knowledge:k{row}"
        found += [("exact", asked, key), ("slips", slipped(asked, where, rng), key)]
        found.append(("reworded", wordings[rng.randint(1, 2)].format(where), key))
    for kind in ("other place", "other matter"):
        absent: list[tuple[str, str, str | None]] = []
        while len(absent) < ASKED:
            _, chinese, matter, where = rng.choice(rows)
            if kind == "other matter":
                matter = rng.randrange(len(ZH_MATTERS))
            else:
                where = place(rng.randrange(len(ZH_PLACES) * len(ZH_CHARACTERS) ** 3), chinese)
            if (chinese, matter, where) not in taken:
                wordings = (ZH_MATTERS if chinese else EN_MATTERS)[matter][0]
                absent.append((kind, wordings[rng.randint(0, 2)].format(where), None))
        found += absent
    rng.shuffle(found)
    return found


def memory(name: str) -> int:
    """Return a figure of /proc/self/status in MB: `VmRSS`, or `VmHWM` for the most there was."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) // 1024
    return 0


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what the work gives and the seconds it took."""
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def at_share(values: list[float], share: float) -> float:
    """Return the value that `share` of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(count: int) -> dict[str, Any]:
    """Measure one size; run in a fresh process."""
    asked = questions(count)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "entries.jsonl"
        with file.open("wb") as lines:
            for made in matters(count):
                row = entry(*made)
                lines.write(
                    orjson.dumps(
                        {
                            "id": row.id,
                            "question": row.question,
                            "answer": row.answer,
                            "date": row.date,
                            "language": row.language,
                        }
                    )
                    + b"\n"
                )
        gc.collect()
        blank = memory("VmRSS")
        (entries, _), reading = timed(lambda: read_knowledge([file]))
    gc.collect()
    read, read_peak = memory("VmRSS"), memory("VmHWM")
    product: Content = read_content([ROOT / "intents"])
    product = replace(product, intents={i: o for i, o in product.intents.items() if i not in SAME_MATTERS})
    before = build_corpus(product)
    content = replace(product, entries={one.id: one for one in entries})
    gc.collect()
    start = memory("VmRSS")
    effort = time.process_time()
    corpus, building = timed(lambda: build_corpus(content, before, quick=True))
    effort = time.process_time() - effort
    peak = memory("VmHWM")
    gc.collect()
    added = memory("VmRSS") - start
    _, versioning = timed(lambda: content.version)
    new = entry(0, True, 0, "新开的测试路")
    changed, publishing = timed(
        lambda: build_corpus(content.with_entries([replace(new, id="new")]), corpus, quick=True)
    )
    if not changed.matcher.rank(new.question).answer:
        raise SystemExit("a published entry is not found")
    return {
        "entries": count,
        "read_s": reading,
        "read_mb": read - blank,
        "read_peak_mb": read_peak - blank,
        "build_s": building,
        "build_cpu_s": effort,
        "added_mb": added,
        "build_peak_mb": max(0, peak - max(start, read_peak)),
        "version_s": versioning,
        "publish_s": publishing,
        **outcomes(corpus, asked),
    }


def outcomes(corpus: Corpus, asked: list[tuple[str, str, str | None]]) -> dict[str, Any]:
    """Return shares of the kinds of questions, and the waits."""
    matcher: Matcher = corpus.matcher
    waits: list[float] = []
    efforts: list[float] = []
    kinds: dict[str, list[tuple[bool, bool, bool]]] = {}
    for _, text, _ in asked[:20]:
        matcher.rank(text + " warm")
    for kind, text, expect in asked:
        start, effort = time.perf_counter(), time.thread_time()
        ranking = matcher.rank(text)
        waits.append((time.perf_counter() - start) * 1000)
        efforts.append((time.thread_time() - effort) * 1000)
        keys = [candidate.key for candidate in ranking.candidates]
        kinds.setdefault(kind, []).append(
            (
                keys[:1] == [expect],
                ranking.answer,
                expect in keys[: ranking.offer] if ranking.offer else False,
            )
        )
    shares = {
        kind: {
            "first": sum(right for right, _, _ in rows) / len(rows),
            "answered_rightly": sum(right and answered for right, answered, _ in rows) / len(rows),
            "answered_wrongly": sum(answered and not right for right, answered, _ in rows) / len(rows),
            "offered": sum(offered for _, _, offered in rows) / len(rows),
        }
        for kind, rows in sorted(kinds.items())
    }
    return {
        "ms": {share: at_share(waits, share) for share in (0.5, 0.99)},
        "cpu_ms": {share: at_share(efforts, share) for share in (0.5, 0.99)},
        "kinds": shares,
    }


def table(found: list[dict[str, Any]]) -> str:
    """Return the measurements as tables of a page."""
    lines = [
        "| entries | recall@1 slips · reworded | p50 / p99 ms by the clock | p50 / p99 ms of processor | build, clock / processor | memory added (peak while building) | a new entry is live after |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in found:
        kinds, ms, cpu = one["kinds"], list(one["ms"].values()), list(one["cpu_ms"].values())
        lines.append(
            f"| {one['entries']:,} | {kinds['slips']['first']:.3f} · {kinds['reworded']['first']:.3f} "
            f"| {ms[0]:.1f} / {ms[1]:.1f} | {cpu[0]:.1f} / {cpu[1]:.1f} | {one['build_s']:.1f} / {one['build_cpu_s']:.1f} s "
            f"| {one['added_mb']} MB (+{one['build_peak_mb']} MB) | {one['publish_s']:.2f} s |"
        )
    lines += [
        "",
        "| entries | exact: answered | slips: answered rightly · wrongly · offered | reworded: answered rightly · wrongly · offered | answered all the same: other place · other matter |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        cells = [f"{one['entries']:,}", f"{one['kinds']['exact']['answered_rightly']:.3f}"]
        for kind in ("slips", "reworded"):
            shares = one["kinds"][kind]
            cells.append(
                f"{shares['answered_rightly']:.3f} · {shares['answered_wrongly']:.3f} · {shares['offered']:.3f}"
            )
        wrongly = [one["kinds"][kind]["answered_wrongly"] for kind in ("other place", "other matter")]
        cells.append(" · ".join(f"{share:.3f}" for share in wrongly))
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| entries | reading the file | memory of the entries (peak while reading) | version |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {one['entries']:,} | {one['read_s']:.1f} s | {one['read_mb']} MB ({one['read_peak_mb']} MB) | {one['version_s']:.1f} s |"
        for one in found
    ]
    return "\n".join(lines)


def main(data: Path | None, sizes: tuple[int, ...] = SIZES) -> None:
    """Print the growth; `data` is not needed, since the entries are made here."""
    found = []
    for size in sizes:
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.knowledge_growth", "--one", str(size)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found.append(json.loads(done.stdout))
        print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    print(table(found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]))))
    else:
        main(None, tuple(map(int, sys.argv[1:])) or SIZES)
