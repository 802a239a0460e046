"""Labels: a closed list of trays for work, and counters that tell nothing of anybody."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from bot.models import Inquiry, Situation
from tests.parts import Office
from tests.trust.conftest import READER, ROOT

LANES = {"documents", "traffic", "public_order", "lost_property", "fraud", "complaint", "general", "urgent"}
"""Changing this list is changing a public policy: /about shows it to everybody."""

CIVIC = (
    "The new parking rules are a disgrace and the mayor should resign",
    "How do I start a petition against the new road",
    "I am a journalist and want to write about police overtime",
    "Is it allowed to hold a demonstration on the square",
    "You censor everything we write about the flood",
    "Why does the city spend so much on cameras",
    "The election of the neighbourhood committee was unfair",
    "I want to publish a leaflet criticising the office",
    "Who pays for the propaganda on the buses",
    "I disagree with the government on this",
    "城管又在欺负小贩，太过分了",
    "怎么发起请愿反对修路",
    "我是记者，想采访警察加班的事",
    "广场上可以集会吗",
    "你们为什么删帖",
    "装这么多摄像头花了多少钱",
    "居委会选举不公平",
    "想印传单批评你们单位",
    "这届领导不行",
    "我要上访",
)


@pytest.mark.parametrize("text", CIVIC)
async def test_r15_criticism_petitions_and_journalism_get_no_label_beyond_the_lane(
    town: Office, text: str
) -> None:
    await town.ask("/human")
    receipt = await town.ask_one(text)
    assert receipt.kind in ("receipt", "answer")
    content = town.live.corpus.content
    for situation in await town.desk.queue(READER):
        assert situation.lane in LANES - {"urgent"}
        assert situation.urgent is None
        assert situation.nearest is None or content.title(situation.nearest, "en") != situation.nearest


def test_r15_the_list_of_lanes_is_closed_and_public(town: Office) -> None:
    content = town.live.corpus.content
    assert set(content.lanes) == LANES
    shown = town.assistant.about("en")["lanes"]
    assert shown == [content.lane_title(lane, "en") for lane in content.lanes]


def test_r15_what_is_stored_has_no_place_for_another_label() -> None:
    assert {field.name for field in fields(Situation)} >= {"lane", "nearest", "urgent"}
    for record in (Situation, Inquiry):
        names = {field.name for field in fields(record)}
        assert not names & {
            "label",
            "labels",
            "tag",
            "tags",
            "topic",
            "topics",
            "sentiment",
            "score",
            "profile",
            "person",
        }


async def test_r15_counters_hold_day_outcome_intent_and_language_alone(town: Office) -> None:
    for text in (*CIVIC[:6], "/privacy", "身份证丢了怎么办"):
        await town.ask(text)
    for name in await town.store.counters():
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\d [a-z_]+ (?:-|(?:intent|knowledge):[a-z0-9_-]+) (?:en|zh-Hans|zh-Hant)", name
        ), name


def test_counters_are_shown_and_exported_nowhere() -> None:
    """A cell under five would point at somebody; so far no page and no command shows any."""
    users = [
        path.relative_to(ROOT)
        for path in sorted((ROOT / "bot").rglob("*.py"))
        if ".counters(" in path.read_text(encoding="utf-8")
    ]
    assert users == []
    assert Path(ROOT / "bot").is_dir()
