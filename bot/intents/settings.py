"""What `_desk.yaml` says: the desk's name, its policy, lanes, hours and retention."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.errors import Fault
from bot.intents.catalog import read_date, unknown_keys
from bot.intents.lanes import ALWAYS, lanes_digest, read_agreement, read_lanes, read_personal, read_restricted
from bot.intents.located import Document, Step
from bot.intents.texts import Text, read_text

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]|24):([0-5]\d)\Z")


SecondFactorRule = Literal["optional", "required"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How sure the desk must be."""

    target_precision: float = 0.90
    """Share of direct answers that must be right."""
    offer_precision: float = 0.50
    """Share of option lists that must hold the right target."""
    outside_share: float = 0.35
    """Share of questions that belong to staff; precision means nothing without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is kept."""

    exchange_minutes: int = 60
    answered_days: int = 7
    """Days after which an answered inquiry is closed."""
    waiting_days: int = 14
    """Days after which one that waits for the citizen is closed."""
    open_warning_days: int = 60
    """Days after which staff are warned that an inquiry is still open."""
    open_days: int = 90
    """Days after which an inquiry is closed, whatever its state."""
    closed_days: int = 30
    crisis_days: int = 7
    message_ids_hours: int = 48
    audit_days: int = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """When opening situations without doing anything about them is shown to whoever supervises."""

    most_left: int = 10
    """So many may be opened and left within the time; more are shown."""
    within_minutes: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How staff are told of an urgent situation until one of them takes note."""

    again_after_minutes: tuple[int, ...] = (2, 5, 10)
    """After the alarm was raised; each time it goes to more people."""
    on_duty: tuple[str, ...] = ()
    """Accounts that are told first; none: all whose role is staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When staff are there, in the desk's time zone."""

    spans: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """By weekday (0 is Monday): spans in minutes after midnight."""
    holidays: tuple[dt.date, ...] = ()

    def on_duty(self, local: dt.datetime) -> bool:
        """Tell whether somebody is there at this local time; a desk without hours never claims it."""
        minute = local.hour * 60 + local.minute
        return local.date() not in self.holidays and any(
            start <= minute < end for start, end in self.spans.get(local.weekday(), ())
        )

    def opens_at(self, local: dt.datetime) -> dt.datetime | None:
        """Return the next local time somebody comes in, within a month; None when hours are not stated."""
        for days in range(32):
            day = (local + dt.timedelta(days=days)).date()
            if day in self.holidays:
                continue
            for start, _ in self.spans.get(day.weekday(), ()):
                opening = dt.datetime.combine(day, dt.time(start // 60, start % 60), tzinfo=local.tzinfo)
                if opening > local:
                    return opening
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """The whole of `_desk.yaml`, with a default for everything."""

    name: Text = field(default_factory=lambda: {"en": "Inquiry Desk", "zh": "咨询台", "zh-Hant": "諮詢台"})
    agency: Text = field(default_factory=lambda: {"en": "the agency", "zh": "本机构", "zh-Hant": "本機構"})
    topics: tuple[str, ...] = ()
    policy: Policy = Policy()
    publish_needs: int = 2
    lanes: Mapping[str, Text] = field(default_factory=lambda: dict(ALWAYS))
    restricted_lanes: frozenset[str] = frozenset()
    """Lanes that only accounts named for them may see anything of."""
    personal_lanes: frozenset[str] = frozenset()
    """Lanes of people's own affairs: no inquiry there joins another by itself."""
    join: bool = True
    """Whether new inquiries join an open situation in nearly the same words."""
    lanes_agreed_by: tuple[str, ...] = ()
    """Who agreed to the lanes as they stand; none: nobody has."""
    second_factor: SecondFactorRule = "optional"
    """Whether people at the console must show a code beside their password."""
    hours: Hours = Hours()
    retention: Retention = Retention()
    watch: Watch = Watch()
    paging: Paging = Paging()
    claim_minutes: int = 20
    takeover_minutes: int = 30

    @property
    def lanes_joined(self) -> frozenset[str]:
        """The lanes in which inquiries about one event come together."""
        apart = self.restricted_lanes | self.personal_lanes | {"urgent"}
        return frozenset(self.lanes).difference(apart) if self.join else frozenset()


_KEYS = {
    "desk", "policy", "publish_needs", "lanes", "lanes_agreed", "hours", "holidays", "retention", "second_factor", "watch", "paging", "claim_minutes", "takeover_minutes", "join",
}  # fmt: skip


def read_desk(document: Document) -> DeskSettings:
    """Read the settings; faults are noted in the document, and what cannot be read keeps its default."""
    data = document.data
    if data is None:
        return DeskSettings()
    if not isinstance(data, Mapping):
        document.fault("must be a map of settings such as `publish_needs: 2`")
        return DeskSettings()
    unknown_keys(document, data, _KEYS)
    default = DeskSettings()
    desk = _map(document, data.get("desk"), "desk")
    unknown_keys(document, desk, {"name", "agency", "topics"}, "desk")
    topics = desk.get("topics") or []
    if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        document.fault("must be a list of intent ids", "desk", "topics")
        topics = []
    lanes = read_lanes(document, data.get("lanes")) or default.lanes
    restricted = read_restricted(document, data.get("lanes"))
    return DeskSettings(
        name=read_text(document, desk.get("name"), "desk", "name", required=False) or default.name,
        agency=read_text(document, desk.get("agency"), "desk", "agency", required=False) or default.agency,
        topics=tuple(topics),
        policy=_policy(document, _map(document, data.get("policy"), "policy")),
        publish_needs=_number(document, data.get("publish_needs"), 2, 1, 5, "publish_needs"),
        lanes=lanes,
        restricted_lanes=restricted,
        personal_lanes=read_personal(document, data.get("lanes")),
        join=_switch(document, data.get("join"), True, "join"),
        lanes_agreed_by=read_agreement(document, data.get("lanes_agreed"), lanes_digest(lanes, restricted)),
        second_factor=_second_factor(document, data.get("second_factor")),
        hours=_hours(document, data.get("hours"), data.get("holidays")),
        retention=_retention(document, _map(document, data.get("retention"), "retention")),
        watch=_watch(document, _map(document, data.get("watch"), "watch")),
        paging=_paging(document, _map(document, data.get("paging"), "paging")),
        claim_minutes=_number(document, data.get("claim_minutes"), 20, 1, 24 * 60, "claim_minutes"),
        takeover_minutes=_number(document, data.get("takeover_minutes"), 30, 1, 24 * 60, "takeover_minutes"),
    )


def _policy(document: Document, data: Mapping[str, Any]) -> Policy:
    unknown_keys(document, data, {"target_precision", "offer_precision", "outside_share"}, "policy")
    default = Policy()
    return Policy(
        target_precision=_share(document, data, "target_precision", default.target_precision, 0.5, 0.999),
        offer_precision=_share(document, data, "offer_precision", default.offer_precision, 0.05, 0.99),
        outside_share=_share(document, data, "outside_share", default.outside_share, 0.0, 0.95),
    )


def _share(
    document: Document, data: Mapping[str, Any], key: str, default: float, low: float, high: float
) -> float:
    value = data.get(key, default)
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    document.fault(f"{key} is {value!r}; write a share from {low} to {high}", "policy", key)
    return default


def _retention(document: Document, data: Mapping[str, Any]) -> Retention:
    default = Retention()
    bounds = {
        "exchange_minutes": (5, 24 * 60), "answered_days": (1, 90), "waiting_days": (1, 90), "open_warning_days": (1, 365),
        "open_days": (1, 365), "closed_days": (1, 365), "crisis_days": (1, 90),
        "message_ids_hours": (1, 24 * 30), "audit_days": (30, 3650),
    }  # fmt: skip
    unknown_keys(document, data, set(bounds), "retention")
    return Retention(
        **{
            key: _number(document, data.get(key), getattr(default, key), low, high, "retention", key)
            for key, (low, high) in bounds.items()
        }
    )


def _watch(document: Document, data: Mapping[str, Any]) -> Watch:
    default = Watch()
    bounds = {"most_left": (1, 1000), "within_minutes": (5, 24 * 60)}
    unknown_keys(document, data, set(bounds), "watch")
    return Watch(
        **{
            key: _number(document, data.get(key), getattr(default, key), low, high, "watch", key)
            for key, (low, high) in bounds.items()
        }
    )


def _paging(document: Document, data: Mapping[str, Any]) -> Paging:
    default = Paging()
    unknown_keys(document, data, {"again_after_minutes", "on_duty"}, "paging")
    minutes = data.get("again_after_minutes", list(default.again_after_minutes))
    whole = isinstance(minutes, list) and all(type(each) is int and 1 <= each <= 120 for each in minutes)
    if not whole or not minutes or sorted(set(minutes)) != minutes:
        document.fault(
            "must be minutes from 1 to 120, each later than the one before, such as [2, 5, 10]",
            "paging",
            "again_after_minutes",
        )
        minutes = default.again_after_minutes
    names = data.get("on_duty") or []
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        document.fault("must be a list of the names of accounts", "paging", "on_duty")
        names = []
    return Paging(again_after_minutes=tuple(minutes), on_duty=tuple(names))


def _second_factor(document: Document, value: Any) -> SecondFactorRule:
    if value == "required":
        return "required"
    if value not in (None, "optional"):
        document.fault(f"is {value!r}; write optional or required", "second_factor")
    return "optional"


def unready(desk: DeskSettings, where: str) -> tuple[Fault, ...]:
    """Return what `check --release` says of settings that are fit to try the desk with, and not to serve citizens."""
    found = []
    if desk.second_factor != "required":
        found.append(
            "second_factor is not required; before citizens rely on the desk, write `second_factor: required`"
        )
    if desk.publish_needs < 2:
        found.append(
            "publish_needs is 1, so that one person alone can publish; write `publish_needs: 2` or more"
        )
    if not desk.lanes_agreed_by:
        digest = lanes_digest(desk.lanes, desk.restricted_lanes)
        found.append(
            "nobody has agreed to the lanes; let two people read them and write their names: "
            f"`lanes_agreed: {{as: {digest}, by: [one, another]}}`"
        )
    return tuple(Fault(where=where, sentence=sentence) for sentence in found)


def _hours(document: Document, value: Any, holidays: Any) -> Hours:
    data = dict(_map(document, value, "hours"))
    at: tuple[Step, ...] = ("holidays",)
    if "holidays" in data:
        holidays, at = data.pop("holidays"), ("hours", "holidays")
    unknown_keys(document, data, set(WEEKDAYS), "hours")
    spans: dict[int, tuple[tuple[int, int], ...]] = {}
    for number, day in enumerate(WEEKDAYS):
        listed = data.get(day) or []
        if not isinstance(listed, list):
            document.fault('must be a list of spans such as ["09:00-12:00", "13:30-17:30"]', "hours", day)
            continue
        found = []
        for index, span in enumerate(listed):
            match = _SPAN.match(str(span))
            start, end = (
                (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (0, 0)
            )
            if start < end <= 24 * 60:
                found.append((start, end))
            else:
                document.fault(f'is {span!r}; write a span such as "09:00-12:00"', "hours", day, index)
        spans[number] = tuple(sorted(found))
    days = holidays or []
    if not isinstance(days, list):
        document.fault("must be a list of days such as 2027-01-01", *at)
        days = []
    read = (read_date(document, day, *at, index) for index, day in enumerate(days))
    return Hours(spans=spans, holidays=tuple(sorted({day for day in read if day is not None})))


def _map(document: Document, value: Any, *steps: Step) -> Mapping[str, Any]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    document.fault("must be a map of settings", *steps)
    return {}


def _switch(document: Document, value: Any, default: bool, *steps: Step) -> bool:
    if value is None or isinstance(value, bool):
        return default if value is None else value
    document.fault(f"is {value!r}; write true or false", *steps)
    return default


def _number(document: Document, value: Any, default: int, low: int, high: int, *steps: Step) -> int:
    if value is None:
        return default
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    document.fault(f"is {value!r}; write a whole number from {low} to {high}", *steps)
    return default
