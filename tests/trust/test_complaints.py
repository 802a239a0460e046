"""Complaints about police: the outside route first, nothing filed unless the citizen taps, and then behind a closed door."""

import pytest

from bot.models import Handoff, IncomingMessage, Language, Referral
from bot.router import ConversationState, route
from tests.parts import Office, address
from tests.trust.conftest import READER

ROUTE = "12389"
PROMISES = ("night", "without giving your name", "do not depend", "夜间", "不报姓名", "不受被投诉")

CLEAR = (  # in the words of the content
    "I want to complain about a police officer",
    "我要投诉民警",
)
# None of these stands in the content, nor anything much like it.
HELD_OUT = (
    "A cop yelled at my wife for no reason",
    "the sergeant at the desk refused to write down what I said",
    "I was slapped by a policeman",
    "a member of your traffic patrol wanted a bribe",
    "The police kept my camera and gave me nothing in writing",
    "is there anyone I can tell about a policeman who threatened me",
    "your auxiliary called me names",
    "officers pushed my father to the ground",
    "The policeman at the gate discriminated against me",
    "the station head covers for his men",
    "那个交警对我老婆大呼小叫",
    "值班的不肯记我说的话",
    "我被民警扇了一耳光",
    "交警暗示我给他红包",
    "派出所扣了我的相机没给任何手续",
    "有个警察威胁我，跟谁反映",
    "协警骂我是外地人",
    "民警把我爸推倒在地",
    "门口站岗的警察歧视我",
    "我想舉報一個警察",
    "派出所的人互相推诿，我要告他们",
)


@pytest.mark.parametrize("text", CLEAR)
async def test_r11_a_complaint_is_met_with_the_outside_route_and_filed_nowhere(
    town: Office, text: str
) -> None:
    reply = await town.ask_one(text)
    assert ROUTE in reply.text
    assert reply.source is not None
    assert [option.id for option in reply.options] == ["file", "human"]
    assert await town.desk.queue(READER) == []


@pytest.mark.parametrize("text", CLEAR)
async def test_r11_nothing_is_promised_about_a_line_that_the_desk_does_not_run(
    town: Office, text: str
) -> None:
    told = (await town.ask_one(text)).text
    assert not [word for word in PROMISES if word in told]


@pytest.mark.parametrize("text", ["报警", "我要报警", "報警"])
async def test_r11_who_wants_the_police_is_told_to_call_and_not_how_to_complain(
    town: Office, text: str
) -> None:
    reply = await town.ask_one(text)
    assert "110" in reply.text
    assert ROUTE not in reply.text


@pytest.mark.parametrize("text", HELD_OUT)
async def test_r11_wordings_nobody_wrote_down_are_never_filed_unasked(town: Office, text: str) -> None:
    reply = await town.ask_one(text)
    assert ROUTE in reply.text or any(
        "officer" in each.title or "民警" in each.title for each in reply.options
    )
    assert await town.desk.queue(READER) == []


async def test_r11_the_citizens_tap_files_it_in_the_complaints_lane(town: Office) -> None:
    reply = await town.ask_one(CLEAR[0])
    receipt = await town.tap(reply, "file")
    assert receipt.kind == "receipt"
    (situation,) = await town.desk.queue(READER)
    assert situation.lane == "complaint"
    assert await town.desk.queue("somebody else") == [], "not even that there is one"
    assert (await town.words_of(str(receipt.reference)))[0] == CLEAR[0]


async def test_r11_what_is_written_next_belongs_to_the_complaint_until_the_tap(town: Office) -> None:
    await town.ask(CLEAR[0])
    town.clock.forward(minutes=1)
    more = await town.ask_one("the tall one with glasses, last Monday")
    assert "passed nothing on" in more.text
    assert await town.desk.queue(READER) == []
    receipt = await town.tap(more, "file")
    assert await town.words_of(str(receipt.reference)) == [
        f"{CLEAR[0]}\nthe tall one with glasses, last Monday"
    ]


async def test_r11_filing_twice_files_once(town: Office) -> None:
    reply = await town.ask_one(CLEAR[0])
    await town.tap(reply, "file")
    await town.tap(reply, "file")
    assert len(await town.desk.queue(READER)) == 1


async def test_r11_the_topic_alone_asks_what_happened_before_it_files(town: Office) -> None:
    await town.ask("/topics")
    content = town.live.corpus.content
    title = content.title("intent:officer_complaint", "en")
    menu = [option for page in range(8) for option in (await town.ask_one(option=f"topics.{page}")).options]
    option = next(
        each for each in menu if each.title in (title, content.title("intent:officer_complaint", "zh-Hans"))
    )
    reply = await town.ask_one(option=option.id)
    asked = await town.tap(reply, "file")
    assert await town.desk.queue(READER) == []
    assert [each.id for each in asked.options] == ["file", "human"]
    more = await town.ask_one("the tall one with glasses pushed my bicycle over")
    receipt = await town.tap(more, "file")
    assert await town.words_of(str(receipt.reference)) == ["the tall one with glasses pushed my bicycle over"]


async def test_r11_who_asks_for_a_person_is_told_the_route_all_the_same(town: Office) -> None:
    await town.ask("/human")
    receipt = await town.ask_one(CLEAR[0])
    assert receipt.kind == "receipt"
    assert ROUTE in receipt.text
    (situation,) = await town.desk.queue(READER)
    assert situation.lane == "complaint"


async def test_r11_a_complaint_while_another_question_is_open_is_not_added_to_it(town: Office) -> None:
    reference = await town.hand_over("where can my parrot see a dentist")
    reply = await town.ask_one(CLEAR[0])
    assert ROUTE in reply.text
    assert await town.words_of(reference) == ["where can my parrot see a dentist"]


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
async def test_r11_nothing_promises_secrecy(town: Office, language: Language) -> None:
    reply = await town.ask_one(CLEAR[1], language=language)
    for word in ("anonym", "secret", "匿名", "保密", "untrace", "追踪", "追蹤"):
        assert word not in reply.text


def test_r11_no_handoff_without_asking_has_a_complaint_as_its_nearest_topic(town: Office) -> None:

    for text in (*HELD_OUT, *CLEAR):
        message = IncomingMessage(id="1", address=address(), text=text, received_at=town.clock())
        decision = route(message, ConversationState(), town.live.corpus)
        assert not isinstance(decision, Handoff)
        if isinstance(decision, Referral):
            assert decision.target == "intent:officer_complaint"
