"""A small bilingual content to try the matcher on."""

import pytest

from bot.matching import Item, Matcher, MatchPolicy, fit

ITEMS = (
    Item(
        key="intent:passport",
        examples=(
            "怎么办护照",
            "办护照要多少钱",
            "第一次申请护照带什么材料",
            "How do I apply for a passport?",
            "passport fee",
            "What do I bring for a new passport?",
        ),
        titles=("办理护照", "Apply for a passport"),
        answers=(
            "在出入境大厅办理，费用一百二十元，七个工作日。",
            "Apply at the exit-entry hall; it costs 120 yuan and takes seven days.",
        ),
    ),
    Item(
        key="intent:id_lost",
        examples=(
            "身份证丢了怎么补",
            "身份证不见了在哪挂失",
            "补办身份证多少钱",
            "I lost my identity card",
            "How do I replace a lost ID card?",
            "my id card was stolen",
        ),
        titles=("身份证补领", "Replace an identity card"),
        answers=(
            "带户口簿到任一派出所户政窗口补领，工本费四十元。",
            "Go to any police station's household window; it costs 40 yuan.",
        ),
    ),
    Item(
        key="intent:noise",
        examples=(
            "邻居半夜太吵了",
            "楼下广场舞扰民",
            "噪音找谁投诉",
            "My neighbours are too loud at night",
            "Who do I call about noise?",
            "loud music next door",
        ),
        titles=("噪音扰民", "Noise nuisance"),
        answers=(
            "夜间十点后吵闹请拨打110，民警到场劝阻。",
            "After ten at night call 110 and a patrol will come.",
        ),
    ),
    Item(
        key="intent:dog",
        examples=(
            "养狗要办证吗",
            "狗证怎么办",
            "哪些狗不能养",
            "Do I need a dog licence?",
            "register my dog",
            "which breeds are banned",
        ),
        titles=("养犬登记", "Dog licence"),
        answers=(
            "三个月以上的犬只应当登记，带免疫证明。",
            "Dogs older than three months must be registered; bring proof of vaccination.",
        ),
    ),
    Item(
        key="intent:fine",
        examples=(
            "违章怎么查",
            "交通罚款在哪里交",
            "对罚单不服怎么办",
            "How do I pay a traffic fine?",
            "where can I see my violations",
            "contest a ticket",
        ),
        titles=("交通违法", "Traffic fines"),
        answers=("十五日内缴清罚款，可申请复议。", "Pay within fifteen days, or ask for a review."),
    ),
    Item(
        key="knowledge:bridge",
        examples=("澜江大桥限高多少",),
        answers=("引桥限高三米二，超高货车请走环城高速。",),
    ),
    Item(
        key="knowledge:beach",
        examples=("海边哪里可以游泳",),
        answers=("只有月牙湾浴场开放，九点到十八点有救生员。",),
    ),
    Item(
        key="knowledge:fair",
        examples=("Which roads close for the lantern fair?",),
        answers=("Harbour Road is closed from noon to midnight; buses stop at the Drum Tower.",),
    ),
)


@pytest.fixture(scope="session")
def items() -> tuple[Item, ...]:
    return ITEMS


@pytest.fixture(scope="session")
def matcher() -> Matcher:
    return fit(ITEMS, ("我要见局长", "tell me a joke"), MatchPolicy())
