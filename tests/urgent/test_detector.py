"""The detector on words of its own tests; figures on lists are in the benchmark."""

import random
import time
from collections.abc import Callable

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.urgent import Detector, Tier, UrgentContent, build_detector

CRISIS = [
    "我不想活了，真的撑不下去",
    "我打算今晚结束自己的生命",
    "遗书写好了，对不起大家",
    "我把药都吃了，一整瓶",
    "I am going to kill myself tonight",
    "I want to die and I have a plan",
    "I took all my pills, I don't want to wake up",
]
IMPLICIT = [
    "没有我，家里人会过得更轻松",
    "谢谢你们这些年，我先走了，下辈子再见",
    "真希望睡着以后再也不用醒来",
    "everyone would be better off without me",
    "I can't do this any more, goodbye everyone",
    "I just want to fall asleep and never wake up",
]
ABOUT_OTHERS = [
    "我室友说她不想活了，把自己锁在房间里",
    "有个男孩站在天台边上要往下跳",
    "my brother texted goodbye and turned off his phone, I think he wants to kill himself",
    "a woman is standing on the ledge and says she will jump",
]
DANGER = [
    ("厨房着火了，火越来越大", "fire"),
    ("家里煤气泄漏，味道很重", "fire"),
    ("有人拿着刀在砸我家的门", "police"),
    ("孩子在公园走丢了，到处找不到", "police"),
    ("我爸突然倒地叫不醒", "ambulance"),
    ("路口出车祸了，司机受伤流血", "traffic"),
    ("the building is on fire and people are inside", "fire"),
    ("a man with a knife is trying to get into my flat", "police"),
    ("my mother collapsed and is not breathing", "ambulance"),
    ("a cyclist was hit by a car and isn't moving", "traffic"),
]
HARMLESS = [
    "笑死我了，这个视频太好笑",
    "今天热死了，大厅有空调吗",
    "作业多得要死",
    "手机死机了，小程序打不开",
    "父亲去世了，户口怎么注销",
    "死亡证明在哪里开",
    "灭火器多久年检一次",
    "身份证丢了怎么补办",
    "江边可以钓鱼吗",
    "this traffic is killing me",
    "I'm dying to see the fireworks",
    "my phone died, where can I charge it",
    "where do I get a copy of a death certificate",
    "how do I renew my passport",
    "can I take wedding photos on the bridge",
]
CITIZENS_WHO_CRITICISE = [
    "你们派出所不作为，我要曝光",
    "我们居民想联名请愿反对建变电站，材料交到哪里",
    "我是记者，想采访这次拆迁的居民",
    "对罚款不服，我要去信访",
    "明天想组织游行，怎么申请",
    "the police lied to the public and the mayor should resign",
    "I'm a journalist and I want the crime figures you are hiding",
    "we are organising a protest against the demolition, who do we notify",
]


@pytest.mark.parametrize("text", CRISIS)
def test_plain_words_of_wanting_to_die_get_the_full_card(detector: Detector, text: str) -> None:
    verdict = detector.judge(text)
    assert verdict is not None
    assert (verdict.kind, verdict.tier, verdict.about_other) == ("crisis", Tier.SURE, False)


@pytest.mark.parametrize("text", IMPLICIT)
def test_a_farewell_without_a_plain_word_is_caught(detector: Detector, text: str) -> None:
    verdict = detector.judge(text)
    assert verdict is not None
    assert verdict.kind == "crisis"


@pytest.mark.parametrize("text", ABOUT_OTHERS)
def test_a_report_about_another_person_gets_its_own_card(detector: Detector, text: str) -> None:
    verdict = detector.judge(text)
    assert verdict is not None
    assert (verdict.kind, verdict.tier, verdict.about_other) == ("crisis", Tier.SURE, True)


@pytest.mark.parametrize(("text", "service"), DANGER)
def test_danger_now_gets_the_full_card_and_the_right_number_first(
    detector: Detector, text: str, service: str
) -> None:
    verdict = detector.judge(text)
    assert verdict is not None
    assert (verdict.kind, verdict.tier, verdict.service) == ("danger", Tier.SURE, service)


@pytest.mark.parametrize("text", HARMLESS)
def test_everyday_words_raise_nothing(detector: Detector, text: str) -> None:
    assert detector.judge(text) is None


@pytest.mark.parametrize("text", CITIZENS_WHO_CRITICISE)
def test_criticism_petition_and_journalism_are_never_urgent(detector: Detector, text: str) -> None:
    assert detector.judge(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "网上说昨天有人跳桥，是真的吗",
        "预防自杀的讲座什么时候办",
        "I am writing an essay on suicide prevention",
    ],
)
def test_a_question_about_the_news_gets_no_full_card(detector: Detector, text: str) -> None:
    verdict = detector.judge(text)
    assert verdict is None or verdict.tier is Tier.POSSIBLE


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        ("我想自杀", "我想紫砂"),
        ("我想自杀", "我想自sha"),
        ("我想自杀", "wo xiang zi sha"),
        ("我想自杀", "我想自*杀"),
        ("我不想活了", "我bu想活了"),
        ("我不想活了", "我不想火了"),
        ("我不想活了", "我不.想.活.了"),
        ("我真的想死", "我真的想4"),
        ("i want to kill myself", "i want to k1ll myself"),
        ("i want to kill myself", "i want to k*ll myself"),
        ("i want to kill myself", "i wanna unalive myself"),
        ("i am going to kill myself", "im gonna kms"),
        ("i want to die", "i want to d.i.e"),
        ("i want to die", "I WANT TO DIEEEEE"),
    ],
)
def test_a_disguise_changes_nothing(detector: Detector, plain: str, other: str) -> None:
    assert detector.judge(other) == detector.judge(plain)


_TO_TRADITIONAL = opencc.OpenCC("s2t")
_VARIANTS: dict[str, Callable[[str, random.Random], str]] = {
    "traditional characters": lambda text, dice: str(_TO_TRADITIONAL.convert(text)),
    "full width": lambda text, dice: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "zero width": lambda text, dice: "".join(c + dice.choice("\u200b\u200d\ufeff") for c in text),
    "emoji": lambda text, dice: dice.choice("😭💔🙏") + text + dice.choice("😭💔🙏") * 3,
    "upper case": lambda text, dice: text.upper(),
    "spaces": lambda text, dice: "  ".join(text.split()) if text.isascii() else " ".join(text),
    "question first": lambda text, dice: (
        ("How do I renew my residence permit? " if text.isascii() else "请问居住证怎么续签？") + text
    ),
    "greeting first": lambda text, dice: ("Hello there. " if text.isascii() else "你好。\n") + text,
    "thanks after": lambda text, dice: text + (". Thank you." if text.isascii() else "。谢谢。"),
}
_EVERY_URGENT = [*CRISIS, *ABOUT_OTHERS, *(text for text, _ in DANGER)]


@settings(max_examples=250, deadline=None)
@given(
    text=st.sampled_from(_EVERY_URGENT),
    steps=st.lists(st.sampled_from(sorted(_VARIANTS)), min_size=1, max_size=3, unique=True),
    seed=st.integers(0, 9),
)
def test_the_verdict_survives_how_a_message_is_written(
    detector: Detector, text: str, steps: list[str], seed: int
) -> None:
    written = text
    for step in steps:
        written = _VARIANTS[step](written, random.Random(seed))
    plain, other = detector.judge(text), detector.judge(written)
    assert plain is not None
    assert other is not None
    assert (other.kind, other.tier) == (plain.kind, plain.tier)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
def test_any_string_at_all_is_judged(detector: Detector, text: str) -> None:
    detector.judge(text)


@pytest.mark.parametrize("text", ["", " ", "?", "。", "\x00", "我", "😭", "a" * 7, "\ud800"])
def test_next_to_nothing_is_nothing(detector: Detector, text: str) -> None:
    assert detector.judge(text) is None


@pytest.mark.parametrize(
    "unit", ["我不想活了，请问", "a", "d.i.e.", "*", "１", "我*", "ha ", "i want to die. ", "\n", "́"]
)
def test_a_hundred_thousand_characters_take_bounded_time(detector: Detector, unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    detector.judge(text)
    spent = []
    for _ in range(3):
        start = time.process_time()
        detector.judge(text)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.1  # half that on an idle machine


def test_an_ordinary_message_takes_two_milliseconds_at_most(detector: Detector) -> None:
    texts = [*HARMLESS, *CRISIS, *ABOUT_OTHERS]
    for text in texts:
        detector.judge(text)
    start = time.process_time()
    for text in texts:
        detector.judge(text)
    assert (time.process_time() - start) / len(texts) < 0.002


def test_the_same_content_gives_the_same_detector(content: UrgentContent, detector: Detector) -> None:
    again = build_detector(content)
    texts = [*_EVERY_URGENT, *IMPLICIT, *HARMLESS]
    assert [again.judge(text) for text in texts] == [detector.judge(text) for text in texts]
