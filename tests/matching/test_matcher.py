"""What a message means, and how sure that is."""

import math
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.matching import Item, Matcher, MatchPolicy, Ranking, fit

ANY_TEXT = st.one_of(
    st.text(max_size=200),
    st.binary(max_size=200).map(lambda data: data.decode("utf-8", "surrogateescape")),
    st.lists(st.sampled_from(["护照", "丢", "passport", "lost", "!!", "１２０", "\u202e", " ", "怎么"])).map(
        "".join
    ),
)


def first(ranking: Ranking) -> str | None:
    return ranking.candidates[0].key if ranking.candidates else None


def sound(ranking: Ranking, limit: int = 5) -> bool:
    values = [candidate.confidence for candidate in ranking.candidates]
    return (
        len(values) <= limit
        and all(math.isfinite(value) and 0 <= value <= 1 for value in values)
        and values == sorted(values, reverse=True)
        and len({c.key for c in ranking.candidates}) == len(values)
        and 0 <= ranking.offer <= min(3, len(values))
        and not (ranking.answer and (ranking.offer or not values))
    )


def test_every_example_is_answered_with_its_own_item(matcher: Matcher, items: tuple[Item, ...]) -> None:
    for item in items:
        for example in item.examples:
            ranking = matcher.rank(example)
            assert ranking.exact
            assert ranking.answer
            assert first(ranking) == item.key


@pytest.mark.parametrize(
    "said",
    [
        "身份證丟了怎麼補",
        "身份证丢了怎么补？？",
        "  身份证丢了 怎么补 ",
        "身份\u200b证丢了怎么补",
        "HOW DO I REPLACE A LOST ID CARD",
        "Ｈｏｗ ｄｏ Ｉ ｒｅｐｌａｃｅ ａ ｌｏｓｔ ＩＤ ｃａｒｄ？",
        "How do I replace a lsot ID card?",
    ],
)
def test_writing_width_case_spacing_and_slips_do_not_hide_a_phrase(matcher: Matcher, said: str) -> None:
    ranking = matcher.rank(said)
    assert first(ranking) == "intent:id_lost"
    assert ranking.answer


def test_traditional_and_simplified_writing_get_the_same_ranking(matcher: Matcher) -> None:
    assert matcher.rank("我的護照過期了要去哪裡換") == matcher.rank("我的护照过期了要去哪里换")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("想出国，护照得花多少", "intent:passport"),
        ("我的 ID card 丢了", "intent:id_lost"),
        ("how much does a pasport cost", "intent:passport"),
        ("隔壁放音乐吵死了", "intent:noise"),
        ("does my puppy have to be registered", "intent:dog"),
        ("哪个浴场有救生员", "knowledge:beach"),
        ("is harbour road shut during the lantern fair", "knowledge:fair"),
        ("货车三米五能过澜江大桥吗", "knowledge:bridge"),
    ],
)
def test_other_words_find_the_item_they_mean(matcher: Matcher, said: str, meant: str) -> None:
    assert first(matcher.rank(said)) == meant


@pytest.mark.parametrize("said", ["", "   ", "😀😀", "?!", "\x00\x01", "\ud800", "qqqq zzzz"])
def test_without_any_evidence_a_person_decides(matcher: Matcher, said: str) -> None:
    ranking = matcher.rank(said)
    assert not ranking.answer
    assert ranking.offer == 0


@pytest.mark.parametrize("said", ["我要见局长", "Tell me a joke!"])
def test_an_outside_example_is_neither_answered_nor_offered(matcher: Matcher, said: str) -> None:
    ranking = matcher.rank(said)
    assert not ranking.answer
    assert ranking.offer == 0


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT)
def test_any_text_gets_a_sound_ranking(matcher: Matcher, text: str) -> None:
    assert sound(matcher.rank(text))


@settings(max_examples=30, deadline=None)
@given(ANY_TEXT, st.integers(0, 8))
def test_the_limit_only_cuts_the_list(matcher: Matcher, text: str, limit: int) -> None:
    ranking = matcher.rank(text, limit)
    assert sound(ranking, limit)
    assert ranking.candidates == matcher.rank(text, 8).candidates[:limit]


def test_the_same_content_fitted_twice_gives_the_same_figures(items: tuple[Item, ...]) -> None:
    one, two = (fit(items, (), MatchPolicy()) for _ in range(2))
    assert one.answer_threshold == two.answer_threshold
    for said in ("护照", "lost card at night", "在哪办狗证"):
        assert one.rank(said) == two.rank(said)


def test_a_message_of_a_hundred_thousand_characters_is_ranked_in_bounded_time(matcher: Matcher) -> None:
    start = time.perf_counter()
    for text in ("护照" * 50_000, "passport " * 12_000, "a\u0301" * 50_000, "é" * 100_000, "1" * 100_000):
        assert sound(matcher.rank(text))
    assert time.perf_counter() - start < 10


def test_a_stricter_policy_never_answers_more_readily(items: tuple[Item, ...]) -> None:
    thresholds = [
        fit(items, (), MatchPolicy(target_precision=goal)).answer_threshold
        for goal in (0.7, 0.85, 0.95, 0.99)
    ]
    assert thresholds == sorted(thresholds)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(ANY_TEXT, max_size=3), st.lists(ANY_TEXT, max_size=1), st.lists(ANY_TEXT, max_size=2)
        ),
        max_size=6,
    ),
    st.lists(ANY_TEXT, max_size=3),
    ANY_TEXT,
)
def test_any_content_can_be_fitted(
    texts: list[tuple[list[str], list[str], list[str]]], outside: list[str], said: str
) -> None:
    content = [
        Item(key=f"intent:{n}", examples=tuple(e), titles=tuple(t), answers=tuple(a))
        for n, (e, t, a) in enumerate(texts)
    ]
    fitted = fit(content, outside, MatchPolicy())
    for text in (said, *(example for item in content for example in item.examples)):
        assert sound(fitted.rank(text))


def test_no_items_at_all_leave_everything_to_a_person() -> None:
    fitted = fit([], [], MatchPolicy())
    assert fitted.rank("护照怎么办") == Ranking((), False, False, 0)


def test_one_item_with_one_example_answers_that_example() -> None:
    fitted = fit([Item(key="intent:only", examples=("怎么办护照",))], [], MatchPolicy())
    assert fitted.rank("怎么办护照").answer
    assert not fitted.rank("今天天气怎么样").answer


def test_an_example_of_two_items_is_offered_as_a_choice_between_them() -> None:
    items = [
        Item(key="intent:a", examples=("证件丢了怎么办", "身份证丢了")),
        Item(key="intent:b", examples=("证件丢了怎么办", "护照丢了")),
        Item(key="intent:c", examples=("怎么交罚款",)),
    ]
    ranking = fit(items, [], MatchPolicy()).rank("证件丢了怎么办")
    assert not ranking.answer
    assert ranking.offer >= 2
    assert {candidate.key for candidate in ranking.candidates[:2]} == {"intent:a", "intent:b"}


def test_an_item_without_examples_is_found_by_its_title_and_answer() -> None:
    items = [
        Item(key="intent:a", examples=(), titles=("烟花燃放规定",), answers=("三环以内全年禁放烟花爆竹。",)),
        Item(key="intent:b", examples=("怎么交罚款", "罚款在哪交")),
    ]
    assert first(fit(items, [], MatchPolicy()).rank("哪里能放烟花")) == "intent:a"


def test_phrases_that_differ_in_a_number_are_not_the_same_phrase() -> None:
    items = [
        Item(key="intent:a", examples=("办理12号公告里的事项怎么走流程",)),
        Item(key="intent:b", examples=("家里的狗丢了",)),
    ]
    assert not fit(items, [], MatchPolicy()).rank("办理13号公告里的事项怎么走流程").exact


def test_thousands_of_items_are_fitted_and_ranked_in_bounded_time() -> None:
    items = [
        Item(key=f"knowledge:{n}", examples=(f"notice {n} about street {n % 97} and gate {n % 89}",))
        for n in range(5000)
    ]
    start = time.perf_counter()
    fitted = fit(items, [], MatchPolicy())
    assert first(fitted.rank("notice 4711 about street 55 and gate 83")) == "knowledge:4711"
    assert time.perf_counter() - start < 60


def test_a_matcher_answers_while_another_is_fitted(matcher: Matcher, items: tuple[Item, ...]) -> None:
    before = matcher.rank("护照多少钱")
    thread = threading.Thread(target=fit, args=(items, [], MatchPolicy()))
    thread.start()
    while thread.is_alive():
        assert matcher.rank("护照多少钱") == before
    thread.join()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("hw 2 renew pasport sir", "intent:passport"),
        ("wat is d fee 4 passport plz", "intent:passport"),
        ("my id card gt stolen pls hlp sir", "intent:id_lost"),
        ("whr 2 pay traffic fine sirji", "intent:fine"),
    ],
)
def test_chat_spelling_and_courtesies_do_not_hide_what_is_asked(
    matcher: Matcher, said: str, meant: str
) -> None:
    assert first(matcher.rank(said)) == meant


def test_an_everyday_word_is_understood_by_another_for_the_same_thing() -> None:
    shop = fit(
        [
            Item(key="intent:refund", examples=("I want a refund", "refund not received", "refund status")),
            Item(key="intent:delivery", examples=("delivery date", "track my delivery", "delivery is late")),
            Item(key="intent:size", examples=("which size fits", "size chart", "dimensions of the bed")),
        ],
        (),
        MatchPolicy(),
    )
    assert first(shop.rank("give me my money back")) == "intent:refund"
    assert first(shop.rank("my parcel has not been shipped")) == "intent:delivery"
    assert first(shop.rank("how many inches is it")) == "intent:size"


def test_an_intent_without_a_title_is_known_by_the_words_of_its_id() -> None:
    bare = fit(
        [
            Item(
                key="intent:lost_property", examples=("I left my umbrella on the bus", "somebody took my bag")
            ),
            Item(key="intent:noise_complaint", examples=("music all night", "they drill at dawn")),
            Item(key="intent:opening_hours", examples=("are you there on sunday", "when can I come")),
        ],
        (),
        MatchPolicy(),
    )
    assert first(bare.rank("lost property")) == "intent:lost_property"
    assert first(bare.rank("complaint")) == "intent:noise_complaint"
