"""Past answers too many to fit: found by an index, judged as a small content is."""

import dataclasses
import time

import numpy as np
import pytest

from bot.matching import Archive, Item, Matcher, MatchPolicy, fit
from bot.matching.analysis import analyse
from bot.matching.evidence import FIGURES, NAMES, Space, read
from bot.matching.index import Index, terms
from bot.matching.weighing import Few, Texts, Weights


@dataclasses.dataclass(frozen=True)
class Entry:
    id: str
    question: str
    answer: str


PLACES = [
    *("码头路", "钟楼街", "北湖", "柳园", "石桥", "南渡口", "松岭", "梅园里"),
    *("Harbour Road", "Mill Lane", "Castle Hill", "Orchard Street", "Temple Square", "Station Yard"),
]
MATTERS = [
    ("晚上几点关门", "每天晚上十点关门。"),
    ("可以遛狗吗", "牵绳可以，请带好清洁袋。"),
    ("停车怎么收费", "每小时四元，夜间免费。"),
    ("修路到什么时候", "施工到月底结束，请绕行。"),
    ("When does the gate at {} close?", "It closes at ten in the evening."),
    ("May I walk my dog at {}?", "Yes, on a lead."),
    ("What does parking at {} cost?", "Four yuan an hour, free at night."),
    ("How long are the road works at {}?", "Until the end of the month."),
]
ENTRIES = tuple(
    Entry(
        f"e{at}-{number}",
        question.format(place) if "{}" in question else place + question,
        f"{place}: {answer}",
    )
    for at, place in enumerate(PLACES)
    for number, (question, answer) in enumerate(MATTERS)
    if ("{}" in question) == place.isascii()
)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(ENTRIES)


@pytest.fixture(scope="module")
def both(matcher: Matcher, archive: Archive) -> Matcher:
    return matcher.beside(archive)


def test_evidence_is_that_of_a_whole_content() -> None:
    entries = (*ENTRIES[::3], Entry("mixed", "哪里可以 parking", "Ask at the gate."))
    items = [Item(key=f"knowledge:{e.id}", examples=(e.question,), answers=(e.answer,)) for e in entries]
    space = Space(read(items))
    texts = [Texts(analyse(e.question), analyse(e.answer)) for e in entries]
    few = Few(range(len(texts)), texts, Weights(texts, least=1))
    compared = [at for at, name in enumerate(NAMES) if "classified" not in name]
    for said in ("钟楼街晚上几点关门", "北湖能不能遛狗啊", "cost of parking, Mill Lane zzz", "parking 收费"):
        analysis = analyse(said)
        _, whole = space.evidence([analysis])
        _, some = few.evidence([analysis])
        for at in compared:
            np.testing.assert_allclose(some[0, :, at], whole[0, :, at], atol=1e-4, err_msg=NAMES[at])
        assert few.unknown_share(analysis, "words") == space.unknown_share(analysis, "words")
    assert len(compared) == len(NAMES) - 4
    assert len(FIGURES) < len(NAMES)


def test_every_question_is_answered_at_once_however_it_is_typed(both: Matcher) -> None:
    for entry in ENTRIES:
        for said in (entry.question, f"  {entry.question.upper()}？！ "):
            ranking = both.rank(said)
            assert (ranking.exact, ranking.answer) == (True, True)
            assert ranking.candidates[0].key == f"knowledge:{entry.id}"


def test_a_slip_of_the_pen_and_traditional_writing_hide_nothing(both: Matcher) -> None:
    for said, meant in (
        ("What does parkign at Castle Hill cost?", "What does parking at Castle Hill cost?"),
        ("鐘樓街晚上幾點關門", "钟楼街晚上几点关门"),
    ):
        ranking = both.rank(said)
        assert ranking.answer
        assert ranking.candidates[0].key == next(f"knowledge:{e.id}" for e in ENTRIES if e.question == meant)


def test_other_words_find_the_entry(both: Matcher) -> None:
    for said, meant in (
        ("price for parking a car near temple square", "What does parking at Temple Square cost?"),
        ("松岭那边要修路修到几时", "松岭修路到什么时候"),
    ):
        found = [candidate.key for candidate in both.rank(said).candidates[:3]]
        assert next(f"knowledge:{e.id}" for e in ENTRIES if e.question == meant) in found


def test_what_shares_nothing_finds_nothing(matcher: Matcher, both: Matcher) -> None:
    for said in ("", "???", "qqqq wwww", "𠮷𠮷"):
        assert not both.rank(said).answer
    assert both.rank("qqqq wwww") == matcher.rank("qqqq wwww")


def test_intents_are_found_beside_an_archive(both: Matcher, items: tuple[Item, ...]) -> None:
    for item in items:
        for example in item.examples:
            assert both.rank(example).candidates[0].key == item.key


def test_an_entry_that_has_gone_is_not_said(matcher: Matcher, archive: Archive) -> None:
    without = matcher.beside(archive, {0})
    assert ENTRIES[0].question not in {c.key for c in without.rank(ENTRIES[0].question).candidates}
    assert f"knowledge:{ENTRIES[0].id}" not in {c.key for c in without.rank(ENTRIES[0].question).candidates}
    assert without.rank(ENTRIES[1].question).answer


def test_an_entry_that_came_later_is_found_and_weighed_as_the_others_are(
    matcher: Matcher, archive: Archive
) -> None:
    half = ENTRIES[: len(ENTRIES) // 2]
    late = matcher.beside(archive, set(range(len(half))), half)
    both = matcher.beside(archive)
    for said in (ENTRIES[0].question, "钟楼街夜里停车收钱吗", "price of parking near temple square"):
        one, two = late.rank(said), both.rank(said)
        assert [c.key for c in one.candidates[:2]] == [c.key for c in two.candidates[:2]]
        np.testing.assert_allclose(one.candidates[0].confidence, two.candidates[0].confidence, atol=0.02)


def test_an_outside_example_that_an_entry_answers_is_outside_no_more(
    items: tuple[Item, ...], archive: Archive
) -> None:
    fitted = fit(items, (ENTRIES[0].question, "我要投诉局长"), MatchPolicy())
    assert not fitted.rank(ENTRIES[0].question).answer
    assert fitted.beside(archive).rank(ENTRIES[0].question).answer
    assert not fitted.beside(archive, {0}).rank(ENTRIES[0].question).answer
    assert not fitted.beside(archive).rank("我要投诉局长").answer


def test_an_archive_alone_answers(archive: Archive) -> None:
    assert fit([], [], MatchPolicy()).beside(archive).rank(ENTRIES[5].question).answer


def test_the_matcher_beside_is_not_changed(matcher: Matcher, archive: Archive) -> None:
    before = matcher.rank("护照丢了")
    matcher.beside(archive)
    assert matcher.rank("护照丢了") == before
    assert not matcher.rank(ENTRIES[0].question).exact


def test_the_same_entries_give_the_same_rankings(matcher: Matcher, archive: Archive) -> None:
    again, both = matcher.beside(Archive(ENTRIES)), matcher.beside(archive)
    for said in ("parking at the station", "北湖停车"):
        one, two = again.rank(said), both.rank(said)
        assert [c.key for c in one.candidates] == [c.key for c in two.candidates]
        np.testing.assert_allclose(
            [c.confidence for c in one.candidates], [c.confidence for c in two.candidates], atol=1e-6
        )


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (Entry("a", "一", "二"),),
        (Entry("a", "???", "!!!"), Entry("b", "???", "!!!")),
        tuple(Entry(f"r{n}", "同一个问题", "答") for n in range(60)),
        (Entry("long", "护照 passport " * 9000, "x" * 100_000),),
    ],
)
def test_odd_entries_break_nothing(matcher: Matcher, entries: tuple[Entry, ...]) -> None:
    both = matcher.beside(Archive(entries))
    for said in ("护照丢了", "???", "同一个问题", "x" * 100_000, "same word " * 5000, "\ud800\x00"):
        start = time.perf_counter()
        assert len(both.rank(said).candidates) <= 5
        assert time.perf_counter() - start < 5


def test_a_question_of_several_entries_is_not_answered_with_one(matcher: Matcher) -> None:
    both = matcher.beside(Archive([Entry("a", "几点开门", "九点"), Entry("b", "几点开门？", "十点")]))
    ranking = both.rank("几点开门")
    assert not ranking.answer
    assert {c.key for c in ranking.candidates[:2]} == {"knowledge:a", "knowledge:b"}


def test_terms_are_words_and_of_chinese_characters_and_pairs() -> None:
    assert terms("renew my visa") == "renew my visa"
    assert terms("办visa难") == "办 visa 难"
    assert terms("居住证") == "居 住 证 居住 住证"


def test_the_index_finds_the_row_of_a_question() -> None:
    index = Index(ENTRIES)
    for row, entry in enumerate(ENTRIES):
        assert index.search(analyse(entry.question).text, 3)[0][1] == row
        assert index.same(index.phrase(row)) == [row]
    assert index.knows("closes")
    assert not index.knows("helicopter")
    assert index.search("！", 3) == []


def test_what_speaks_for_an_archived_entry_can_be_told(both: Matcher) -> None:
    said = "松岭那边要修路修到几时"
    keys = [candidate.key for candidate in both.rank(said).candidates]
    found = both.evidence(said, [*keys, "knowledge:nobody"])
    archived = [key for key in keys if key.startswith("knowledge:e")]
    assert archived
    assert set(archived) <= set(found.of) <= set(keys)
    assert found.of[archived[0]]["words"] > 0


def test_another_share_of_outside_messages_moves_the_archive_too(both: Matcher) -> None:
    said = "price for parking a car near temple square"
    none, many = (both.at_share(share).rank(said).candidates[0].confidence for share in (0.0, 0.8))
    assert none >= many
    assert both.at_share(both.policy.outside_share).rank(said) == both.rank(said)
