"""Whether two reports are about one event: what happened, where, which number, which day. Names decide, not wording."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from bot.matching.analysis import LONGEST_TEXT, chinese_ideas, english_ideas
from bot.matching.english import COMMON, STOP, stem
from bot.text import fold

ALIKE = 0.5
"""Reports this alike, from 0 to 1, are about one event. Chosen on half of the written reports, judged on the other:
`python -m tests.benchmarks joining`."""


@dataclass(frozen=True, slots=True)
class Gist:
    """What a report is about, for comparison with others."""

    chinese: bool
    kinds: frozenset[str]
    """What sort of event: lines of `events.txt`, here and below."""
    about: frozenset[str]
    """What it is about that is no event by itself: a service, a thing."""
    wrong: frozenset[str]
    """What is wrong with that: a fraud, a rumour, a fault."""
    names: frozenset[str]
    """Words, or pairs of Chinese characters, that no list knows: most are names."""
    places: frozenset[str]
    """Names of roads, bridges, schools …, with what they are."""
    numbers: frozenset[str]
    """Numbers that tell things apart, with what they count: `3号线`, `bus 12`."""
    days: frozenset[int]
    """Days it speaks of, as ordinals of the calendar."""
    words: frozenset[str]
    """What else it says that some list knows."""
    asked: frozenset[str]
    """What is asked of it."""
    personal: bool
    """It is about the writer's own affair, which is nobody else's."""

    points: frozenset[str]
    """Points of the compass it speaks of, in English, where they stand by themselves."""

    @property
    def named(self) -> frozenset[str]:
        """What tells it from other events of its kind."""
        return self.names | self.places | self.numbers

    @property
    def subject(self) -> frozenset[str]:
        """What it speaks of beside the place."""
        return frozenset(
            word for word in self.names | self.words if not any(word in place for place in self.places)
        )

    @property
    def placed(self) -> bool:
        """Whether it says where, or which of those that are counted."""
        return bool(self.places or self.numbers)

    @property
    def occasion(self) -> frozenset[str]:
        """The occasion it is about."""
        return frozenset(kind for kind in self.about if kind.startswith("*"))

    @property
    def comparable(self) -> bool:
        """Whether any other report could be found to be about the same."""
        if self.personal:
            return False
        return bool(self.kinds or self.about or (self.subject and (self.wrong or self.placed)))


def gist(text: str, day: dt.date, own_names: Collection[str] = ()) -> Gist:
    """Return what a report written on `day` is about; `own_names` are the desk's, which everybody mentions."""
    text = fold(text[: LONGEST_TEXT * 4])[:LONGEST_TEXT]
    for name in own_names:
        text = text.replace(name, "，")
    personal = bool(_OWN_AFFAIR.search(text))
    days = _days(text, day)
    numbers, text = _numbers(text)
    parts = _Parts()
    runs = _HAN_RUN.findall(text)
    for run in runs:
        _read_chinese(run, parts)
    words = _WORD.findall(_HAN_RUN.sub(" . ", text))
    _read_english(words, parts)
    return Gist(
        chinese=bool(runs),
        kinds=frozenset(kind for kind in parts.kinds if kind[0] not in "*%!~"),
        about=frozenset(kind for kind in parts.kinds if kind[0] in "*%"),
        wrong=frozenset(kind for kind in parts.kinds if kind.startswith("!")),
        names=frozenset(parts.names),
        places=frozenset(parts.places),
        numbers=numbers,
        days=days,
        words=frozenset(parts.words),
        asked=frozenset(kind for kind in parts.kinds if kind.startswith("~")),
        personal=personal,
        points=frozenset(_POINTS[word] for word in words if word in _POINTS),
    )


def likeness(one: Gist, other: Gist) -> float:
    """Return how alike two reports are, from 0 (another event, or no telling) to 1."""
    if one.chinese is not other.chinese or one.personal or other.personal or apart(one, other):
        return 0.0
    if not (_same_trouble(one, other) and _same_one(one, other)):
        return 0.0
    shared = sum(weight * len(left & right) for left, right, weight in _weighed(one, other))
    whole = sum(weight * (len(left) + len(right)) for left, right, weight in _weighed(one, other))
    return 2 * shared / whole


def _same_trouble(one: Gist, other: Gist) -> bool:
    """Tell whether the same happened in both reports, as far as the lists know such things."""
    if one.kinds & other.kinds:
        return True
    about, wrong = one.about & other.about, one.wrong & other.wrong
    where = one.places & other.places or one.numbers & other.numbers
    if about:
        return bool(wrong or (where and (one.kinds or one.wrong) and (other.kinds or other.wrong)))
    shared = one.subject & other.subject
    if len(shared) * 2 < min(len(one.subject), len(other.subject)) or not shared:
        return False
    listed = (one.kinds | one.about, other.kinds | other.about)
    if all(listed):
        return False
    return bool(where) or (bool(wrong) and not any(listed))


def _same_one(one: Gist, other: Gist) -> bool:
    """Tell whether it happened at the same place, or is something that happens everywhere at once."""
    if one.occasion & other.occasion or one.places & other.places or one.numbers & other.numbers:
        return True
    shared = one.names & other.names
    if one.placed and other.placed:
        return False
    if one.placed or other.placed:
        # The name of the one's place, said without what it is: "Eastgate" for "the Eastgate tunnel".
        places = one.places | other.places
        return any(name in place for name in shared for place in places)
    if shared:
        # A word that no list knows may be no name: then the names are among those that are not shared.
        return not _contradict(one.names, other.names)
    everywhere = not any(kind.startswith("@") for kind in one.kinds | other.kinds)
    return everywhere and one.about == other.about and not (one.names and other.names)


def _weighed(one: Gist, other: Gist) -> tuple[tuple[frozenset[str], frozenset[str], float], ...]:
    return (
        (one.kinds, other.kinds, 2.0),
        (one.about, other.about, 2.0),
        (one.wrong, other.wrong, 1.0),
        (one.places, other.places, 1.5),
        (one.numbers, other.numbers, 1.5),
        (one.names, other.names, 1.0),
        (one.asked, other.asked, 0.5),
        (one.words, other.words, 0.3),
    )


def apart(one: Gist, other: Gist) -> bool:
    """Tell whether places, numbers, days or points of the compass say that these are two events."""
    return (
        _contradict(one.about, other.about)
        or _contradict(one.places, other.places)
        or _contradict(one.numbers, other.numbers)
        or bool(one.days and other.days and not one.days & other.days)
        or _contradict(one.points, other.points)
        or _opposite(one, other)
    )


def _contradict(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether each has what the other lacks: more of the same is no contradiction."""
    return bool(one - other) and bool(other - one)


_COMPASS = "东西南北上下"
_COMPASS_HAN = frozenset("东西南北中")
_POINTS = {
    word: point
    for point in ("north", "south", "east", "west")
    for word in (point, f"{point}ern", f"{point}bound")
}
_ENGLISH_COMPASS = ("north", "south", "east", "west", "upper", "lower")


def _opposite(one: Gist, other: Gist) -> bool:
    mine, theirs = one.names - other.names, other.names - one.names
    turned = {form for name in mine for form in _without_compass(name)}
    return any(form in turned for name in theirs for form in _without_compass(name))


def _without_compass(name: str) -> Iterable[str]:
    if name.isascii():
        for point in _ENGLISH_COMPASS:
            if name.startswith(point) and len(name) > len(point):
                yield "*" + name[len(point) :]
        return
    for place, character in enumerate(name):
        if character in _COMPASS:
            yield name[:place] + "*" + name[place + 1 :]


# --- numbers and days -------------------------------------------------------------------------------------

_HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
_WORD = re.compile(r"[a-z][a-z'’]*|\.|,|\d+")
_HAN_FIGURE = {
    "零": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
}
_ENGLISH_FIGURE = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 1
    )
}
_COUNTED = re.compile(
    r"(?P<n>\d+|[一二三四五六七八九十]{1,3})(?P<what>号线|号楼|栋|期|路(?:公交车?|公车|车)?(?![\u4e00-\u9fff]?口))"
)
_COUNTED_AFTER = re.compile(
    r"\b(?P<what>metro line|metro|line|bus|route|building|block|gate|exit|platform|phase)(?: (?:no\.?|number))? ?(?P<n>\d+|"
    + "|".join(_ENGLISH_FIGURE)
    + r")\b|\b(?:number |no\.? ?)?(?P<n2>\d+)(?:st|nd|rd|th)? (?P<what2>metro line|line|bus|route)\b"
)
_LONG = re.compile(r"(?<![\d.])\d{5,}(?!\d)")


def _numbers(text: str) -> tuple[frozenset[str], str]:
    """Return the numbers that tell things apart, and the text without them."""
    found = set()

    def chinese(match: re.Match[str]) -> str:
        what = match["what"]
        kind = "路" if what.startswith("路") else what
        if kind == "路" and not match["n"].isdigit():
            return match[0]
        found.add(f"{_value(match['n'])}{kind}")
        return {"号线": "号线", "路": "公交"}.get(kind, "，")

    def english(match: re.Match[str]) -> str:
        what = match["what"] or match["what2"]
        figure = match["n"] or match["n2"]
        kind = {"metro line": "line", "metro": "line", "route": "bus"}.get(what, what)
        found.add(f"{kind} {_ENGLISH_FIGURE.get(figure, figure)}")
        return {"line": " metro ", "bus": " bus "}.get(kind, " ")

    text = _COUNTED.sub(chinese, text)
    text = _COUNTED_AFTER.sub(english, text)
    found.update(_LONG.findall(text))
    return frozenset(found), _LONG.sub(" ", text)


def _value(figures: str) -> int:
    if figures.isdigit():
        return int(figures)
    tens, ten, ones = figures.rpartition("十")
    if not ten:
        return int("".join(str(_HAN_FIGURE[figure]) for figure in figures))
    return (_HAN_FIGURE.get(tens, 1) if tens else 1) * 10 + (_HAN_FIGURE.get(ones, 0) if ones else 0)


_RELATIVE = re.compile(
    "(?P<before>前天|前晚)|(?P<yesterday>昨天|昨晚|昨日|昨夜|yesterday|last night)|(?P<tomorrow>明天|明晚|明早|tomorrow)"
    "|(?P<after>后天)|(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])|(?P<named>monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
)
_SHIFT = {"before": -2, "yesterday": -1, "tomorrow": 1, "after": 2}
_NAMED = {
    name: n
    for n, name in enumerate(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
}


def _days(text: str, day: dt.date) -> frozenset[int]:
    """Return the days a text speaks of, seen from the day it was written; "today" is said of what went on for days."""
    found = set()
    for match in _RELATIVE.finditer(text):
        assert match.lastgroup is not None  # noqa: S101 (every branch is a group)
        if match.lastgroup in _SHIFT:
            found.add(day.toordinal() + _SHIFT[match.lastgroup])
            continue
        said = match[match.lastgroup]
        weekday = (
            _NAMED[said] if said in _NAMED else "一二三四五六日天".index(said) % 7 if said != "天" else 6
        )
        found.add(day.toordinal() + (weekday - day.weekday()) % 7)
    return frozenset(found)


# --- the writer's own affair ------------------------------------------------------------------------------

_OWN_AFFAIR = re.compile(
    r"我的?(?:居住证|身份证|护照|驾照|驾驶证|签证|户口|申请|案子|案件|报案|报的案|预约单|回执|罚单|违章|车被|电动车被|钱包|包|手机(?!收)|订单|押金)"
    r"|我(?:妈|爸|家人|儿子|女儿|老婆|老公|爷爷|奶奶)的|我(?:报|丢|掉|捡|买|卖|租|办|上周|上个月|昨天报|被骗|被打|被罚|转了)"
    r"|(?:回执|受理|申请|案件|订单|快递单)(?:编)?号\D{0,3}\d"
    r"|被骗了|亏了|丢在|落在|忘在|点进去了怎么办|填了卡号"
    r"|\b(?:my|our) (?:residence|passport|visa|id|application|case|licence|license|permit|report|appeal|complaint|appointment|wallet|bag"
    r"|car|e-?bike|bike|deposit|landlord|order|boss|dog|cat)\b"
    r"|\bi (?:lost|left|filed|reported|applied|found|was (?:cheated|robbed|fined)|got a (?:fine|ticket|parking))\b"
    r"|\b(?:application|receipt|reference|case|order) (?:number|no)\b"
)

# --- words ------------------------------------------------------------------------------------------------


class _Parts:
    """What was found so far."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.names: set[str] = set()
        self.places: set[str] = set()
        self.words: set[str] = set()


_FUNCTION = frozenset(
    "的了吗呢啊吧么是在有和与就都也还要会能可我你他她它们这那个一不怎样请问想把被到给让去来得着过很太好又再没说叫从往对为以及或但而且只已其么呀哦哈嘛啦哇"
)
_PLACE_ENDS = tuple(
    sorted(
        [
            "大道",
            "大街",
            "路口",
            "路",
            "街",
            "巷",
            "弄",
            "大桥",
            "桥",
            "隧道",
            "下穿",
            "立交",
            "高架",
            "高速",
            "广场",
            "公园",
            "花园",
            "家园",
            "小区",
            "小学",
            "中学",
            "大学",
            "学院",
            "幼儿园",
            "医院",
            "商场",
            "市场",
            "超市",
            "体育馆",
            "体育场",
            "中心",
            "机场",
            "车站",
            "火车站",
            "码头",
            "水库",
            "新村",
            "里",
            "苑",
            "城",
            "大厦",
            "大楼",
            "酒店",
            "影院",
        ],
        key=len,
        reverse=True,
    )
)
_SAME_END = {"路口": "路", "大桥": "桥", "下穿": "隧道", "立交": "立交", "大街": "街"}
_ADMINISTRATIVE = re.compile("(?:区|镇|乡|村|县|市|街道|片区|一带)$")
_ENGLISH_ENDS = {
    "road": "road", "rd": "road", "street": "street", "st": "street", "avenue": "avenue", "ave": "avenue", "lane": "lane", "bridge": "bridge",
    "tunnel": "tunnel", "underpass": "tunnel", "flyover": "flyover", "square": "square", "park": "park", "garden": "garden", "gardens": "garden",
    "court": "court", "school": "school", "kindergarten": "kindergarten", "nursery": "kindergarten", "hospital": "hospital", "mall": "mall",
    "market": "market", "stadium": "stadium", "airport": "airport", "university": "university", "college": "college", "estate": "estate",
    "zone": "zone", "centre": "centre", "center": "centre", "tower": "tower", "plaza": "plaza", "boulevard": "boulevard", "drive": "drive", "highway": "highway", "expressway": "expressway",
}  # fmt: skip


_KINDS_OF_PLACE = frozenset(
    {"primary", "middle", "high", "secondary", "main", "international", "city", "public"}
)
"""Words between the name of a place and what it is."""


def _read_chinese(run: str, parts: _Parts) -> None:
    lists = _chinese_lists()
    for piece in _without_kinds(run, parts).split():
        start, unknown, known = 0, "", ""
        while start < len(piece):
            size = lists.longest(piece, start)
            ending = next((end for end in _PLACE_ENDS if piece.startswith(end, start)), "")
            if (len(unknown) > 1 or unknown in _COMPASS_HAN or known) and ending and len(ending) >= size:
                _add_place(unknown or known, ending, parts)
                start += len(ending)
                known = ""
            elif size == 0 and piece[start] not in _FUNCTION:
                unknown += piece[start]
                start += 1
                continue
            else:
                _add_unknown(unknown, parts)
                term = piece[start : start + size]
                known = "" if term in lists.everyday else term
                if known:
                    parts.words.add(known)
                start += max(size, 1)
            unknown = ""
        _add_unknown(unknown, parts)


def _without_kinds(run: str, parts: _Parts) -> str:
    """Note the kinds of event a run names, and return it with spaces in their place."""
    kinds, longest = _chinese_lists().kinds, _chinese_lists().longest_kind
    left, start = [], 0
    while start < len(run):
        most = min(longest.get(run[start], 0), len(run) - start)
        size = next((size for size in range(most, 1, -1) if run[start : start + size] in kinds), 0)
        if size:
            parts.kinds.update(kinds[run[start : start + size]])
        left.append(" " if size else run[start])
        start += max(size, 1)
    return "".join(left)


def _add_unknown(unknown: str, parts: _Parts) -> None:
    for end in _PLACE_ENDS:
        if unknown.endswith(end) and len(unknown) > len(end):
            _add_place(unknown[: -len(end)], end, parts)
            return
    name = _ADMINISTRATIVE.sub("", unknown) if len(unknown) > 2 else unknown
    if name != unknown:
        parts.names.add(name[-2:])  # whatever else it means, this is a district
    _add_pairs(name, parts)


def _add_pairs(name: str, parts: _Parts) -> None:
    common = _listed("common.txt", "zh")
    for pair in (a + b for a, b in pairwise(name)):
        (parts.words if pair in common else parts.names).add(pair)


def _add_place(name: str, ending: str, parts: _Parts) -> None:
    name = name[-4:]
    parts.places.add(name[-2:] + _SAME_END.get(ending, ending))
    _add_pairs(name, parts)


def _read_english(tokens: list[str], parts: _Parts) -> None:
    lists = _english_lists()
    words = [token.replace("’", "'").removesuffix("'s").replace("'", "") for token in tokens]
    stems = [stem(word) if word.isalpha() else word for word in words]
    covered = [False] * len(words)
    for start in range(len(words)):
        for size in range(min(4, len(words) - start), 0, -1):
            kinds = lists.kinds.get(tuple(stems[start : start + size]))
            if kinds and not covered[start]:
                parts.kinds.update(kinds)
                covered[start : start + size] = [True] * size
                break
    for place, (word, root) in enumerate(zip(words, stems, strict=True)):
        ending = _ENGLISH_ENDS.get(word)
        if ending is not None:
            name = next((each for each in reversed(words[:place]) if each not in _KINDS_OF_PLACE), "")
            if name.isalpha() and name not in lists.unnamed and not lists.is_kind(name):
                parts.places.add(f"{name} {ending}")
        elif not covered[place] and word.isalpha() and word not in lists.nameless:
            if (root,) in english_ideas():
                parts.words.add(root)
            elif len(word) > 2:
                parts.names.add(word)


@dataclass(frozen=True, slots=True)
class _Chinese:
    kinds: dict[str, frozenset[str]]
    everyday: frozenset[str]
    longest_kind: dict[str, int]
    longest_known: dict[str, int]
    known: frozenset[str]

    def longest(self, run: str, start: int) -> int:
        """Return the length of the longest known term that begins there; 0 for none."""
        most = min(self.longest_known.get(run[start], 0), len(run) - start)
        return next((size for size in range(most, 0, -1) if run[start : start + size] in self.known), 0)


@dataclass(frozen=True, slots=True)
class _English:
    kinds: dict[tuple[str, ...], frozenset[str]]
    unnamed: frozenset[str]
    """Words that are no name before the word for a place."""
    nameless: frozenset[str]
    """Words that are no name anywhere."""

    def is_kind(self, word: str) -> bool:
        return (stem(word),) in self.kinds


_MARKS = "@*%!~"


@cache
def _events() -> list[tuple[str, list[str], list[str]]]:
    """Return the name of each kind, with the mark its line begins with, and its terms in both languages."""
    events = []
    for number, line in enumerate(_lines("events.txt")):
        english, chinese = line.lstrip(_MARKS).split("|")
        mark = line[0] if line[0] in _MARKS else ""
        events.append((f"{mark}{number}", _terms(english), _terms(chinese)))
    return events


def _terms(half: str) -> list[str]:
    return [fold(term.strip()) for term in half.split(";") if term.strip()]


def _lines(name: str) -> list[str]:
    text = files("bot.matching").joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def _listed(file: str, language: str) -> frozenset[str]:
    return frozenset(
        fold(word) for line in _lines(file) if line.startswith(language) for word in line.split()[1:]
    )


@cache
def _chinese_lists() -> _Chinese:
    kinds: dict[str, set[str]] = {}
    for name, _, terms in _events():
        for term in terms:
            if not term.isascii():
                kinds.setdefault(term, set()).add(name)
    # One character of the thesaurus is too often a part of a name.
    known = _listed("everyday.txt", "zh") | {term for term in chinese_ideas() if len(term) > 1}
    return _Chinese(
        kinds={term: frozenset(found) for term, found in kinds.items()},
        everyday=_listed("everyday.txt", "zh"),
        longest_kind=_longest(kinds),
        longest_known=_longest(known),
        known=known,
    )


def _longest(terms: Iterable[str]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for term in terms:
        longest[term[0]] = max(longest.get(term[0], 0), len(term))
    return longest


@cache
def _english_lists() -> _English:
    kinds: dict[tuple[str, ...], set[str]] = {}
    for name, english, chinese in _events():
        for term in (*english, *(term for term in chinese if term.isascii())):
            stems = tuple(stem(word.replace("'", "")) for word in term.split())
            kinds.setdefault(stems, set()).add(name)
    unnamed = STOP | _listed("everyday.txt", "en")
    return _English({stems: frozenset(found) for stems, found in kinds.items()}, unnamed, unnamed | COMMON)
