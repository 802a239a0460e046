"""Where a request came from, and how times and words look."""

import datetime as dt
from ipaddress import ip_network
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.staff import edge, show
from bot.staff.pages import sayer

NOW = dt.datetime(2026, 11, 24, 2, 0, tzinfo=dt.UTC)
PROXIES = [ip_network("10.0.0.0/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("198.51.100.7", None, "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # not a proxy of ours: it may say what it likes
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ],
)
def test_attempts_are_counted_by_whoever_a_trusted_proxy_names(
    peer: str, forwarded: str | None, counted: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/staff", headers=headers).clone(remote=peer)
    assert edge.client(request, PROXIES) == counted


@pytest.mark.parametrize(
    ("minutes", "english", "chinese"),
    [(-5, "now", "刚刚"), (0, "now", "刚刚"), (59, "59 min", "59分钟"), (60, "1 h", "1小时"), (2879, "47 h", "47小时"),
     (2880, "2 d", "2天")],
)  # fmt: skip
def test_ages_are_said_in_one_unit(minutes: int, english: str, chinese: str) -> None:
    since = NOW - dt.timedelta(minutes=minutes)
    assert show.age(since, NOW, sayer("en")) == english
    assert show.age(since, NOW, sayer("zh-Hans")) == chinese


def test_times_are_the_desks_own_with_a_date_when_it_is_another_day() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert show.local_time(NOW, zone, NOW) == "10:00"
    assert show.local_time(NOW - dt.timedelta(hours=11), zone, NOW) == "11-23 23:00"
    assert show.local_time(NOW - dt.timedelta(days=400), zone, NOW) == "2025-10-20 10:00"


def test_words_are_escaped_and_line_ends_kept() -> None:
    shown = show.reveal("<b>a</b>\n\tb\u2066c\u200d")
    assert str(shown).startswith("&lt;b&gt;a&lt;/b&gt;\n\tb<span")
    assert "U+2066" in shown
    assert "U+200D" in shown
    assert show.reveal("\U0001f469\u200d\U0001f467") == "\U0001f469\u200d\U0001f467"
