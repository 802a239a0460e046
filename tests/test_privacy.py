"""What looks like personal data, kind by kind; and what does not, above all in the product's own content."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content import read_content
from bot.privacy import Kind, mask, screen

ROOT = Path(__file__).resolve().parent.parent

FOUND = {
    Kind.PHONE: {
        "电话13800138000，谢谢": "13800138000",
        "手机１３８ ００１３ ８０００": "１３８ ００１３ ８０００",
        "一三八零零一三八零零零是我的号": "一三八零零一三八零零零",
        "+86 138-0013-8000": "+86 138-0013-8000",
        "打座机010-88886666": "010-88886666",
        "call me on +44 20 7946 0958 please": "+44 20 7946 0958",
        "my number is 5551234567": "5551234567",
        "555-123-4567 is mine": "555-123-4567",
        "電話號碼是91234567": "91234567",
    },
    Kind.ID_NUMBER: {
        "身份证11010519491231002X": "11010519491231002X",
        "１１０１０５ １９４９１２３１ ００２Ｘ": "１１０１０５ １９４９１２３１ ００２Ｘ",
        "身份证号是110105194912310021，帮我查": "110105194912310021",
        "老证130503670401001": "130503670401001",
        "护照E12345678到期": "E12345678",
        "passport number is 561234567": "561234567",
        "港澳通行证C12345678": "C12345678",
        "台胞證 12345678": "12345678",
        "A123456(3)": "A123456(3)",
        "身分證 A123456789": "A123456789",
    },
    Kind.CARD: {
        "卡号6222021234567890128": "6222021234567890128",
        "my card 4111 1111 1111 1111": "4111 1111 1111 1111",
        "American Express 378282246310005": "378282246310005",
    },
    Kind.PLATE: {
        "京A12345违停": "京A12345",
        "滬A·D12345": "滬A·D12345",
        "新能源粤BF12345": "粤BF12345",
        "粤B8888学": "粤B8888学",
    },
    Kind.EMAIL: {
        "写信到li.jie@example.com吧": "li.jie@example.com",
        "ｌｊ＠ｅｘａｍｐｌｅ．ｃｏｍ": "ｌｊ＠ｅｘａｍｐｌｅ．ｃｏｍ",
    },
    Kind.NAME: {
        "我叫张伟，想问居住证": "张伟",
        "我叫王小明想问一下": "王小明",
        "免贵姓李，": "李",
        "张先生您好": "张先生",
        "王小明女士来过": "王小明女士",
        "王警官告诉我": "王警官",
        "姓名：韓梅梅": "韓梅梅",
        "叫张三的人打我": "张三",
        "My name is Li Jie and I ask": "Li Jie",
        "my name is john smith.": "john smith",
        "I spoke to Mr Brown": "Mr Brown",
        "Officer Li was rude": "Officer Li",
    },
    Kind.ADDRESS: {
        "住在人民路12号3栋502室": "人民路12号3栋502室",
        "人民路十二号": "人民路十二号",
        "阳光小区3号楼2单元501": "阳光小区3号楼2单元501",
        "幸福花園12棟302室": "幸福花園12棟302室",
        "I live at 12 Example Road, flat 3": "12 Example Road, flat 3",
        "12 High Street": "12 High Street",
        "Room 302, Building 5": "Room 302, Building 5",
    },
    Kind.ACCOUNT: {
        "加我微信：abc123": "abc123",
        "微信号 lantingli": "lantingli",
        "my WeChat is lijie_88": "lijie_88",
        "qq号是12345678": "12345678",
        "telegram @lijie": "@lijie",
    },
}

NOTHING = (
    "拨打110、119、120、122或12345，心理援助12356，短信12110010",
    "银行客服95588，公司400-820-8820，toll-free 1-800-273-8255",
    "订单号202611251234567890，快递SF1234567890123",
    "参考号7KQ2-M9XA，2026年3月1号，2026-11-25 13:00",
    "地铁12号线，3号窗口，G4高速120公里处，第91条",
    "我叫不到车怎么办，我叫外卖被骗了，我叫高利贷逼债",
    "谢谢先生，任何女士，一周后，课程老师，高中老师，对方律师，分钟",
    "澜汀市派出所户政窗口，人民路派出所",
    "my name is wrong on my card; my name is spelled wrong; my name is not on it",
    "a 2 way street, 30 minutes by road, the main street, the depot on Mill Road, 7 am",
    "wechat mini-programme, officer complaint, Miss out",
    "3.13800138000159",
    "1 2 3 4 5 6 7 8",
)


@pytest.mark.parametrize(
    ("kind", "text", "what"),
    [(kind, text, what) for kind, texts in FOUND.items() for text, what in texts.items()],
)
def test_what_looks_like_personal_data_is_found_where_it_stands(kind: Kind, text: str, what: str) -> None:
    assert [(found.kind, text[found.start : found.end]) for found in screen(text)] == [(kind, what)]


@pytest.mark.parametrize("text", NOTHING)
def test_public_numbers_and_ordinary_words_are_nobodys_data(text: str) -> None:
    assert [text[found.start : found.end] for found in screen(text)] == []


def test_no_word_of_the_shipped_content_is_taken_for_personal_data() -> None:
    content = read_content([ROOT / "intents"], [ROOT / "knowledge"])
    texts = [
        *(
            text
            for intent in content.intents.values()
            for text in (*intent.title.values(), *intent.answer.values())
        ),
        *(
            text
            for intent in content.intents.values()
            for text in (*intent.phrases(), *intent.matches, *intent.rejects)
        ),
        *(text for entry in content.entries.values() for text in (entry.question, entry.answer)),
        *content.outside,
        *(text for sentence in content.phrases.sentences.values() for text in sentence.values()),
    ]
    assert len(texts) > 3000
    assert [text for text in texts if screen(text)] == []


def test_several_findings_come_in_order_and_never_overlap() -> None:
    text = "我叫张伟，电话13800138000，身份证11010519491231002X，邮箱13800138000@example.com"
    found = screen(text)
    assert [each.kind for each in found] == [Kind.NAME, Kind.PHONE, Kind.ID_NUMBER, Kind.EMAIL]
    assert all(first.end <= second.start for first, second in pairwise(found))


def test_masking_leaves_the_first_and_last_figure_of_id_and_card_numbers_alone() -> None:
    assert mask("身份证 11010519491231002X，卡4111 1111 1111 1111，电话13800138000") == (
        "身份证 1****************X，卡4*** **** **** ***1，电话13800138000"
    )


def test_masking_twice_is_masking_once() -> None:
    once = mask("护照E12345678，Ａ１２３４５６（３）")
    assert mask(once) == once != "护照E12345678，Ａ１２３４５６（３）"


def test_text_without_such_numbers_is_left_as_it_is() -> None:
    assert mask("人民路12号，电话13800138000") == "人民路12号，电话13800138000"


@given(st.text(max_size=300))
def test_any_text_can_be_screened(text: str) -> None:
    for found in screen(text):
        assert 0 <= found.start < found.end <= len(text)
    assert len(mask(text)) == len(text)


@pytest.mark.parametrize(
    "unit", ["1", "1 ", "a@", "A-", "flat 1, ", "路1", "王", "微信", "name: ", "12 Ab ", "护照 "]
)
def test_a_long_hostile_text_takes_no_time(unit: str) -> None:
    started = time.perf_counter()
    screen(unit * (4000 // len(unit)))
    assert time.perf_counter() - started < 2.0
