"""How times, references and what people wrote look on a page."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot.privacy import Finding, Kind

_UNSEEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
    # A joiner after an emoji makes one picture of two; anywhere else it hides.
    "|(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d"
)


def reveal(text: str) -> Markup:
    """Return what somebody wrote, inert, with characters nobody sees or that turn the line round made visible."""
    shown = Markup()
    end = 0
    for found in _UNSEEN.finditer(text):
        shown += text[end : found.start()]
        code = f"U+{ord(found[0]):04X}"
        name = unicodedata.name(found[0], "control")
        shown += Markup('<span class="unseen" dir="ltr" title="{}">{}</span>').format(name, code)
        end = found.end()
    return shown + text[end:]


def marked(text: str, findings: Iterable[Finding], name: Callable[[Kind], str]) -> Markup:
    """Return what somebody wrote as `reveal` does, with what looks like personal data marked and named."""
    shown = Markup()
    end = 0
    for found in findings:
        shown += reveal(text[end : found.start])
        shown += Markup('<mark title="{}">{}</mark>').format(
            name(found.kind), reveal(text[found.start : found.end])
        )
        end = found.end
    return shown + reveal(text[end:])


def visible(text: str) -> str:
    """Return a title with the codes of characters nobody sees in their place: for attributes and within sentences."""
    return _UNSEEN.sub(lambda found: f"U+{ord(found[0]):04X}", text)


def age(since: datetime, now: datetime, say: Callable[..., str]) -> str:
    """Return how long ago, in one unit: minutes, hours or days."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 1:
        return say("staff.age.now")
    if minutes < 60:
        return say("staff.age.minutes", n=minutes)
    if minutes < 48 * 60:
        return say("staff.age.hours", n=minutes // 60)
    return say("staff.age.days", n=minutes // (24 * 60))


def local_time(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return the time of day, with the date unless it is today, as the desk's clock shows it."""
    here, today = at.astimezone(zone), now.astimezone(zone)
    if here.date() == today.date():
        return f"{here:%H:%M}"
    if here.year == today.year:
        return f"{here:%m-%d %H:%M}"
    return f"{here:%Y-%m-%d %H:%M}"
