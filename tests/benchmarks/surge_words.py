"""Many wordings of one event: how it is asked about where it happens."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import opencc

Parts = tuple[tuple[str, ...], ...]

OPENINGS_ZH = ("", "", "请问", "你好，", "想问一下", "麻烦问一下，", "大家都在问，", "您好请问")
OPENINGS_EN = ("", "", "Hi, ", "Hello, ", "Excuse me, ", "Please tell me, ")

KINDS: dict[tuple[str, str], Parts] = {
    ("zh", "power"): (
        OPENINGS_ZH,
        ("{}区", "{}", "我们{}区", "{}区这边", "{}这一片", "我住{}，", "整个{}区", "{}区好多小区"),
        ("停电了", "没电了", "停电", "大面积停电", "又停电了", "突然停电了", "断电了", "全都没电"),
        ("", "，什么时候恢复", "，几点能来电", "，怎么回事", "，是什么原因", "，有没有通知", "，要停多久", "，是检修吗", "，多久能修好", "，什么时候来电"),
        ("", "", "？", "？谢谢", "，孩子要写作业", "，冰箱里的东西要坏了", "，路灯也灭了", "，家里都黑了", "，打电话一直没人接"),
    ),
    ("zh", "road"): (
        OPENINGS_ZH,
        ("{}大道", "{}大道那边", "我每天走的{}大道", "上班要走的{}大道"),
        ("封路了", "封闭了", "不让走", "交通管制", "封了", "过不去"),
        ("", "，什么时候能通", "，怎么绕行", "，为什么", "，封到几点", "，有没有通知", "，是施工吗"),
        ("", "？", "？谢谢", "，赶着上班", "，导航也没说", "，接孩子要迟到了"),
    ),
    ("zh", "metro"): (
        OPENINGS_ZH,
        ("地铁{}号线", "{}号线", "{}号线地铁"),
        ("停运了", "停了", "故障了", "停在半路", "信号故障"),
        ("", "，什么时候恢复", "，要停多久", "，怎么回事", "，还开吗"),
        ("", "？", "？谢谢", "，上班要迟到了", "，站台上好多人"),
    ),
    ("zh", "scam"): (
        OPENINGS_ZH,
        ("收到短信说{}", "手机短信说{}", "有个短信说{}", "好多人收到短信说{}"),
        ("停用了", "要重新认证", "失效了", "过期了"),
        ("，让点链接", "，带个网址", "，要填银行卡", ""),
        ("，是诈骗吗", "，是真的吗", "，是不是骗子", "，能信吗？", "，官方发的吗"),
    ),
    ("en", "power"): (
        OPENINGS_EN,
        ("no power in {}", "the power is out in {}", "there is a power cut in {}", "{} has no electricity", "power outage in {}", "{} blackout",
         "we lost power in {}", "the electricity in {} is gone", "all of {} is without power"),
        ("", ", when will it be back", ", what happened", ", how long will it take", ", is it planned", ", what is the reason",
         ", is anyone fixing it", ", was there a notice", ", until when"),
        ("", "?", "? thanks", ", my kids have homework", ", the fridge is warming up", ", the street lights are off too", ", the lift is stuck"),
    ),
    ("en", "road"): (
        OPENINGS_EN,
        ("{} Avenue is closed", "{} Avenue is blocked", "police closed {} Avenue", "there is a road closure on {} Avenue", "can't get through {} Avenue",
         "{} Avenue is shut"),
        ("", ", when does it reopen", ", what is the detour", ", why", ", until when", ", is it roadworks", ", was it announced"),
        ("", "?", "? thanks", ", I am late for work", ", the satnav knows nothing"),
    ),
    ("en", "metro"): (
        OPENINGS_EN,
        ("metro line {} has stopped", "line {} is not running", "metro line {} is closed", "stuck on line {}", "signal failure on line {}"),
        ("", ", when does it run again", ", how long", ", what happened", ", is it running today"),
        ("", "?", "? thanks", ", I am late for work"),
    ),
    ("en", "scam"): (
        OPENINGS_EN,
        ("got a text about {}", "a text message about {}", "SMS about {}", "everyone gets a text about {}"),
        ("", " with a link", " that wants my card number", " asking me to click a link"),
        (", is it a scam", ", is it genuine", ", is that fraud", ", can I trust it?", ", scam?"),
    ),
}  # fmt: skip
"""By language and kind: what wordings are put together of; {} is where, or what about."""

WHERE: dict[tuple[str, str], tuple[str, ...]] = {
    ("zh", "power"): ("北岸", "南岸", "北安", "云溪", "青山", "青石"),
    ("zh", "road"): ("澜江", "澜湖", "望江", "望湖", "青禾", "青河"),
    ("zh", "metro"): ("3", "5", "13", "15"),
    ("zh", "scam"): ("ETC", "医保卡", "积分"),
    ("en", "power"): ("Northbank", "Southbank", "Northgate", "Southgate", "Yunxi", "Yunshan"),
    ("en", "road"): ("Lanjiang", "Lanhu", "Wangjiang", "Wanghu", "Qinghe", "Qingshan"),
    ("en", "metro"): ("3", "5", "13", "15"),
    ("en", "scam"): ("an unpaid toll", "my health insurance", "expiring points"),
}
"""Chosen to be easily mixed up."""
TRADITIONAL = 0.15
"""Share of the Chinese wordings that are in traditional characters."""


@dataclass(frozen=True, slots=True)
class Event:
    """What many ask about at once."""

    language: str
    kind: str
    where: str


def events(language: str) -> list[Event]:
    """Return every event of a language, siblings beside one another."""
    return [
        Event(spoken, kind, where)
        for (spoken, kind), places in WHERE.items()
        if spoken == language
        for where in places
    ]


def wordings(event: Event, seed: int = 5) -> Iterator[str]:
    """Yield different wordings of an event, in random order, over and over."""
    chance = random.Random(f"{seed} {event}")
    parts = KINDS[event.language, event.kind]
    every = sorted({"".join(chosen).format(event.where) for chosen in product(*parts)})
    traditional = opencc.OpenCC("s2tw")
    while True:
        chance.shuffle(every)
        for words in every:
            yield traditional.convert(words) if chance.random() < TRADITIONAL else words
