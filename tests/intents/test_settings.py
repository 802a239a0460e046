"""What `_desk.yaml` says, and when somebody is there."""

import datetime as dt
import re
from pathlib import Path

import pytest

from bot.intents.located import Document, read_yaml
from bot.intents.settings import (
    DeskSettings,
    Hours,
    Paging,
    Policy,
    Retention,
    Watch,
    read_desk,
    unready,
)


def read(folder: Path, text: str) -> tuple[DeskSettings, list[str]]:
    path = folder / "_desk.yaml"
    path.write_text(text, encoding="utf-8")
    document: Document = read_yaml(path)
    settings = read_desk(document)
    return settings, [str(fault).removeprefix(f"{path}:") for fault in document.faults]


def test_everything_has_a_default(tmp_path: Path) -> None:
    settings, faults = read(tmp_path, "")
    assert faults == []
    assert settings == DeskSettings()
    assert (settings.publish_needs, settings.retention, settings.policy) == (2, Retention(), Policy())


@pytest.mark.parametrize(("text", "fault"), [
    ("publish_needs: 0", "1:16: is 0; write a whole number from 1 to 5"),
    ("publish_needs: two", "1:16: is 'two'; write a whole number from 1 to 5"),
    ("publish_needs: true", "1:16: is True; write a whole number from 1 to 5"),
    ("policy: {target_precision: 2}", "1:28: target_precision is 2; write a share from 0.5 to 0.999"),
    ("policy: {target_precision: .nan}", "1:28: target_precision is nan; write a share from 0.5 to 0.999"),
    ("policy: 0.9", "1:9: must be a map of settings"),
    ("retention: {closed_days: 1000}", "1:26: is 1000; write a whole number from 1 to 365"),
    ("claim_minutes: -1", "1:16: is -1; write a whole number from 1 to 1440"),
    ("lanes: {a: b}", "1:1: must be a list of lanes, each with id and title"),
    ("lanes: [{title: A}]", "1:9: must have an id (small letters, digits, _ and -) and a title"),
    ("lanes: [{id: a}]", "1:9: title is missing; write it, plain or by language ({en: …, zh: …})"),
    ("lanes: [{id: a, title: A, restricted: 1}]", "1:39: is 1; write true or false"),
    ("lanes: [{id: urgent, title: A, restricted: true}]", "1:44: cannot be true for 'urgent': everybody on duty must see what is in it; take the line out"),
    ("second_factor: always", "1:16: is 'always'; write optional or required"),
    ("hours: {mon: 9-5}", '1:14: must be a list of spans such as ["09:00-12:00", "13:30-17:30"]'),
    ("hours: {mon: ['9-5']}", '1:15: is \'9-5\'; write a span such as "09:00-12:00"'),
    ("hours: {mon: ['12:00-09:00']}", '1:15: is \'12:00-09:00\'; write a span such as "09:00-12:00"'),
    ("hours: {mon: ['09:00-24:30']}", '1:15: is \'09:00-24:30\'; write a span such as "09:00-12:00"'),
    ("holidays: 2026-01-01", "1:11: must be a list of days such as 2027-01-01"),
    ("holidays: [never]", "1:12: is 'never'; write a day such as 2026-03-01"),
    ("desk: {topics: a}", "1:16: must be a list of intent ids"),
    ("desk: {name: {fr: X}}", "1:19: has the language 'fr'; the desk speaks zh, zh-Hans, zh-Hant, en"),
    ("watch: {most_left: 0}", "1:20: is 0; write a whole number from 1 to 1000"),
    ("paging: {again_after_minutes: 2}", "1:31: must be minutes from 1 to 120, each later than the one before, such as [2, 5, 10]"),
    ("paging: {again_after_minutes: [5, 2]}", "1:10: must be minutes from 1 to 120, each later than the one before, such as [2, 5, 10]"),
    ("paging: {again_after_minutes: []}", "1:10: must be minutes from 1 to 120, each later than the one before, such as [2, 5, 10]"),
    ("paging: {on_duty: Lin}", "1:19: must be a list of the names of accounts"),
    ("[a]", "1:1: must be a map of settings such as `publish_needs: 2`"),
    ("hour: {}", "1:1: unknown key 'hour'; did you mean 'hours'?"),
    ("hours: {monday: []}", "1:9: unknown key 'monday'; nothing reads it"),
])  # fmt: skip
def test_each_mistake_names_its_place_and_its_remedy(tmp_path: Path, text: str, fault: str) -> None:
    settings, faults = read(tmp_path, text)
    assert faults == [fault]
    assert isinstance(settings, DeskSettings)


def test_the_lanes_a_person_needs_are_always_there(tmp_path: Path) -> None:
    settings, _ = read(tmp_path, "lanes: [{id: a, title: A}, {id: general, title: Rest}]")
    assert list(settings.lanes) == ["a", "general", "urgent"]
    assert settings.lanes["general"] == {"": "Rest"}


SHANGHAI = dt.timezone(dt.timedelta(hours=8))
HOURS = Hours(
    spans={0: ((540, 720), (810, 1050)), 1: ((0, 360), (1320, 1440))}, holidays=(dt.date(2026, 11, 30),)
)


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """Return a time in November 2026; the 23rd is a Monday."""
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(("moment", "there"), [
    (at(23, 9), True), (at(23, 8, 59), False), (at(23, 11, 59), True), (at(23, 12), False), (at(23, 14), True),
    (at(24, 0), True), (at(24, 23, 59), True), (at(24, 12), False), (at(25, 10), False), (at(30, 10), False),
])  # fmt: skip
def test_somebody_is_there_within_the_hours_and_not_on_holidays(moment: dt.datetime, there: bool) -> None:
    assert HOURS.on_duty(moment) is there


@pytest.mark.parametrize(("moment", "opens"), [
    (at(23, 8), at(23, 9)), (at(23, 9), at(23, 13, 30)), (at(23, 18), at(24, 0)), (at(24, 12), at(24, 22)),
    (at(26, 12), dt.datetime(2026, 12, 1, 0, 0, tzinfo=SHANGHAI)),
])  # fmt: skip
def test_the_next_opening_passes_over_holidays(moment: dt.datetime, opens: dt.datetime) -> None:
    assert HOURS.opens_at(moment) == opens


def test_a_desk_without_hours_promises_none() -> None:
    assert Hours().on_duty(at(23, 10)) is False
    assert Hours().opens_at(at(23, 10)) is None


def test_a_lane_is_open_to_all_unless_it_says_otherwise(tmp_path: Path) -> None:
    settings, faults = read(tmp_path, "lanes: [{id: a, title: A}, {id: b, title: B, restricted: true}]")
    assert faults == []
    assert settings.restricted_lanes == {"b"}


def test_a_release_asks_for_the_second_factor_and_for_lanes_two_people_agreed_to(tmp_path: Path) -> None:
    alone, _ = read(tmp_path, "")
    second_factor, lanes = unready(alone, "_desk.yaml")
    assert str(second_factor).startswith("_desk.yaml: second_factor is not required")
    assert str(lanes).startswith("_desk.yaml: nobody has agreed to the lanes")
    ready, faults = read(
        tmp_path, f"second_factor: required\nlanes_agreed: {{as: {digest_in(str(lanes))}, by: [Lin, Wei]}}"
    )
    assert faults == []
    assert unready(ready, "_desk.yaml") == ()


def test_a_release_asks_for_two_people_behind_each_publication(tmp_path: Path) -> None:
    alone, _ = read(tmp_path, "publish_needs: 1")
    assert any("publish_needs is 1" in str(fault) for fault in unready(alone, "_desk.yaml"))


def test_once_two_people_agreed_to_the_lanes_another_label_is_a_fault(tmp_path: Path) -> None:
    lanes = "lanes: [{id: a, title: A}, {id: b, title: B}]"
    agreed = (
        f"lanes_agreed: {{as: {digest_in(str(unready(read(tmp_path, lanes)[0], '')[-1]))}, by: [Lin, Wei]}}"
    )
    assert read(tmp_path, f"{lanes}\n{agreed}")[1] == []
    for changed in (
        "lanes: [{id: a, title: A}, {id: b, title: B}, {id: critics, title: C}]",
        "lanes: [{id: a, title: A}, {id: b, title: Critics}]",
        "lanes: [{id: a, title: A, restricted: true}, {id: b, title: B}]",
    ):
        _, faults = read(tmp_path, f"{changed}\n{agreed}")
        assert len(faults) == 1
        assert "they changed since" in faults[0]


@pytest.mark.parametrize("by", ["[Lin]", "[Lin, lin]", "Lin", "[]"])
def test_one_person_cannot_agree_alone(tmp_path: Path, by: str) -> None:
    digest = digest_in(str(unready(read(tmp_path, "")[0], "")[-1]))
    settings, faults = read(tmp_path, f"lanes_agreed: {{as: {digest}, by: {by}}}")
    assert len(faults) == 1
    assert settings.lanes_agreed_by == ()


def digest_in(sentence: str) -> str:
    found = re.search(r"lanes-[0-9a-f]{12}", sentence)
    assert found is not None
    return found[0]


def test_paging_and_watching_are_read(tmp_path: Path) -> None:
    text = "paging: {again_after_minutes: [1, 3], on_duty: [Lin, Wei]}\nwatch: {most_left: 5, within_minutes: 30}"
    settings, faults = read(tmp_path, text)
    assert faults == []
    assert settings.paging == Paging(again_after_minutes=(1, 3), on_duty=("Lin", "Wei"))
    assert settings.watch == Watch(most_left=5, within_minutes=30)
