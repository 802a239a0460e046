"""Two reports of one event, and two that only look like it."""

import datetime as dt

import pytest

from bot.matching.near import ALIKE, Gist, gist, likeness
from bot.matching.nearest import Groups

DAY = dt.date(2026, 11, 25)


def read(text: str, day: dt.date = DAY) -> Gist:
    return gist(text, day, ("澜汀平安", "lanting safety"))


def alike(one: str, other: str) -> float:
    return likeness(read(one), read(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("北岸区停电了，什么时候能来电？", "北岸怎么没电了啊，一下子全黑了"),
        ("北岸区停电了", "北岸區停電了，請問何時恢復？"),
        ("澜江大道为什么封路了", "导航说澜江大道封闭，是真的吗"),
        ("地铁3号线停运了吗", "三号线什么时候恢复运营"),
        ("收到短信说我的ETC失效了要点链接，是诈骗吗", "ETC认证过期的短信是真的吗"),
        ("文华路和望江路路口红绿灯坏了", "望江路文华路口信号灯坏了，好乱"),
        ("澜汀平安登不进去，一直转圈", "你们的小程序是不是崩了，登录不了"),
        ("The power is out in Northbank, when will it be back?", "northbank has no power again!!"),
        ("Why is Lanjiang Avenue closed?", "Lanjiang Ave is blocked, how do I get round it"),
        ("Is metro line 3 closed?", "Is line three of the metro running today?"),
        ("the app won't let me sign in, says system busy", "Lanting Safety login fails every time"),
        ("Is the Eastgate underpass flooded?", "deep water in the eastgate tunnel"),
    ],
)
def test_reports_of_one_event_are_alike(one: str, other: str) -> None:
    assert alike(one, other) >= ALIKE
    assert alike(one, other) == alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("北岸区停电了，什么时候来电", "南岸区停电了，什么时候来电"),
        ("北岸区停电了，什么时候来电", "停电了，什么时候来电"),
        ("停电了，什么时候来电", "怎么停电了，什么时候来电"),
        ("锦绣花园停水了", "锦绣花园停电了"),
        ("青禾路封了，怎么绕行", "青禾桥封了，怎么绕行"),
        ("文华路和望江路路口红绿灯坏了", "文华路和建业路路口红绿灯坏了"),
        ("地铁3号线停运了吗", "地铁5号线停运了吗"),
        ("12路公交车改道了吗", "21路公交车改道了吗"),
        ("周六奥体中心演唱会交通管制吗", "周日奥体中心演唱会交通管制吗"),
        ("ETC失效的短信是真的吗", "ETC怎么办理"),
        ("我的申请编号20267788，到哪一步了", "我的申请编号20269911，到哪一步了"),
        ("我的居住证申请三周了没消息", "我的居住证申请三周了没消息"),
        ("The power is out in Northbank", "The power is out in Southbank"),
        ("Is metro line 3 closed?", "Is metro line 5 closed?"),
        ("Is Qinghe Bridge closed?", "Is Qinghe Road closed?"),
        ("Lanting Safety login fails", "paying in Lanting Safety fails"),
        ("my application number 20267788, any news", "my application number 20269911, any news"),
        ("I lost my wallet on the bus", "I lost my wallet on the bus"),
        ("The power is out in Northbank", "北岸区停电了"),
        ("", ""),
        ("你好", "你好"),
    ],
)
def test_what_may_be_another_event_is_not_alike(one: str, other: str) -> None:
    assert alike(one, other) < ALIKE


def test_yesterday_of_today_is_today_of_yesterday() -> None:
    said_then = read("云溪镇明天停电吗", DAY - dt.timedelta(days=1))
    assert likeness(said_then, read("云溪镇明天停电吗")) == 0.0
    assert likeness(said_then, read("云溪镇停电吗")) >= ALIKE


def test_a_group_is_found_among_ten_thousand_and_no_sibling_of_it() -> None:
    groups = Groups()
    letters = [chr(0x5000 + number * 7) for number in range(100)]
    for number in range(10_000):
        name = letters[number // 100] + letters[number % 100]
        groups.add(f"s{number}", "R", read(f"{name}路停电了，什么时候来电"))
    wanted = letters[12] + letters[34]
    found = groups.nearest(read(f"{wanted}路怎么没电了"), lambda _: True)
    assert found == "s1234"
    assert groups.nearest(read(f"{wanted}桥怎么没电了"), lambda _: True) is None
    assert groups.nearest(read(f"{wanted}路怎么没电了"), lambda group: group != "s1234") is None


def test_one_member_that_is_apart_keeps_a_report_out() -> None:
    groups = Groups()
    groups.add("s", "1", read("文华路红绿灯坏了"))
    groups.add("s", "2", read("文华路和望江路路口红绿灯坏了"))
    assert groups.nearest(read("文华路红绿灯坏了"), lambda _: True) == "s"
    assert groups.nearest(read("文华路和建业路路口红绿灯坏了"), lambda _: True) is None


def test_a_group_that_goes_leaves_nothing_behind() -> None:
    groups = Groups()
    groups.add("s", "1", read("北岸区停电了"))
    groups.add("s", "2", read("北岸怎么没电了"))
    groups.put("s", {"2": read("北岸怎么没电了")})
    assert set(groups.members("s")) == {"2"}
    groups.drop("s")
    assert "s" not in groups
    assert len(groups) == 0
    assert groups.nearest(read("北岸区停电了"), lambda _: True) is None
