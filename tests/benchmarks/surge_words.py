"""Many wordings of one event: how a power cut in one district is asked about."""

import random
from collections.abc import Iterator
from itertools import product

import opencc

CHINESE = (
    ("", "", "请问", "你好，", "想问一下", "麻烦问一下，", "大家都在问，", "您好请问"),
    ("北岸区", "北岸", "我们北岸区", "北岸区这边", "北岸这一片", "我住北岸，", "整个北岸区", "北岸区好多小区"),
    ("停电了", "没电了", "停电", "大面积停电", "又停电了", "突然停电了", "断电了", "全都没电"),
    ("", "，什么时候恢复", "，几点能来电", "，怎么回事", "，是什么原因", "，有没有通知", "，要停多久", "，是检修吗", "，多久能修好", "，什么时候来电"),
    ("", "", "？", "？谢谢", "，孩子要写作业", "，冰箱里的东西要坏了", "，路灯也灭了", "，家里都黑了", "，打电话一直没人接"),
)  # fmt: skip
ENGLISH = (
    ("", "", "Hi, ", "Hello, ", "Excuse me, ", "Please tell me, "),
    ("no power in Northbank", "the power is out in Northbank", "there is a power cut in Northbank", "Northbank has no electricity",
     "power outage in Northbank", "Northbank blackout", "we lost power in northbank", "the electricity in Northbank is gone",
     "all of Northbank is without power"),
    ("", ", when will it be back", ", what happened", ", how long will it take", ", is it planned", ", what is the reason", ", is anyone fixing it",
     ", was there a notice", ", until when"),
    ("", "?", "? thanks", ", my kids have homework", ", the fridge is warming up", ", the street lights are off too", ", the lift is stuck"),
)  # fmt: skip
TRADITIONAL = 0.15
"""Share of the Chinese wordings that are in traditional characters."""


def wordings(language: str, seed: int = 5) -> Iterator[str]:
    """Yield different wordings, in random order, over and over."""
    chance = random.Random(seed)
    parts = CHINESE if language == "zh" else ENGLISH
    every = sorted({"".join(chosen) for chosen in product(*parts)})
    traditional = opencc.OpenCC("s2tw")
    while True:
        chance.shuffle(every)
        for words in every:
            yield traditional.convert(words) if language == "zh" and chance.random() < TRADITIONAL else words
