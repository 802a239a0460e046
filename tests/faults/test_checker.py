"""The checker finds what must not be: in a story that is altered by one line, and in a run of a desk that is broken."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.models import DeliveryStatus
from tests.faults.checker import Kind, check
from tests.faults.embedded import embedded
from tests.faults.ledger import Answer, Ledger, Question, Shown, Told, Who
from tests.faults.rounds import Size, run
from tests.faults.stored import Owed, Said, Stored

ANN, BEN = Who("webchat", "ann"), Who("telegram", "7")
SENT = DeliveryStatus.SENT


class Story:
    """Two people asked about one thing, and one answer went to both."""

    def __init__(self) -> None:
        self.ledger = Ledger(
            questions=[
                Question(ANN, "bakodupi", Told.ACCEPTED, "AAAA-1111"),
                Question(BEN, "dufopena", Told.REFUSED),
                Question(BEN, "fadupira", Told.ACCEPTED, "BBBB-2222"),
            ],
            answers=[
                Answer("s", "gimonuta", Told.NOTHING),
                Answer("s", "zadolupi", Told.ACCEPTED),
                Answer("s", "vopitaku", Told.REFUSED),
            ],
        )
        self.ledger.shown[ANN] = [
            Shown("Your reference is AAAA-1111", "AAAA-1111", "r1"),
            Shown("answer zadolupi", "AAAA-1111", "a1"),
        ]
        self.ledger.shown[BEN] = [
            Shown("was not recorded", None),
            Shown("Your reference is BBBB-2222", "BBBB-2222"),
            Shown("BBBB-2222: answer zadolupi", "BBBB-2222"),
        ]
        self.stored = [
            stored("1", "AAAA-1111", ANN, "bakodupi"),
            stored("2", "BBBB-2222", BEN, "fadupira"),
        ]

    def found(self) -> set[Kind]:
        return {finding.kind for finding in check(self.ledger, self.stored).findings}


def stored(number: str, reference: str, who: Who, word: str) -> Stored:
    said = (Said("citizen", f"my parrot {word}"), Said("staff", "answer zadolupi"))
    replies = (
        Owed(f"r{number}", SENT, "receipt", "Your reference is …"),
        Owed(f"a{number}", SENT, "staff_answer", "answer zadolupi"),
    )
    return Stored(number, reference, "s", who, said, replies)


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_story_without_a_fault_is_sound(story: Story) -> None:
    assert story.found() == set()
    assert check(story.ledger, story.stored).again_on_telegram == 0


def lose_an_inquiry(story: Story) -> None:
    del story.stored[0]


def lose_words(story: Story) -> None:
    story.stored[0] = replace(story.stored[0], said=story.stored[0].said[1:])


def lose_a_delivery(story: Story) -> None:
    del story.ledger.shown[ANN][1]


def lose_a_delivery_on_telegram(story: Story) -> None:
    del story.ledger.shown[BEN][2]


def leave_something_owed(story: Story) -> None:
    first, second = story.stored[0].replies
    story.stored[0] = replace(story.stored[0], replies=(replace(first, status=DeliveryStatus.OWED), second))


def lose_the_answer_to_one(story: Story) -> None:
    story.stored[1] = replace(story.stored[1], replies=story.stored[1].replies[:1])


def lose_an_accepted_answer(story: Story) -> None:
    story.ledger.answers.append(Answer("another", "mudofiza", Told.ACCEPTED))


def store_a_question_twice(story: Story) -> None:
    story.stored.append(stored("3", "CCCC-3333", ANN, "bakodupi"))


def show_a_reply_twice(story: Story) -> None:
    story.ledger.shown[ANN].append(story.ledger.shown[ANN][1])


def show_an_answer_twice_under_another_id(story: Story) -> None:
    story.ledger.shown[ANN].append(replace(story.ledger.shown[ANN][1], id="a1-again"))


def answer_differently(story: Story) -> None:
    said = (story.stored[1].said[0], Said("staff", "answer gimonuta"))
    story.stored[1] = replace(story.stored[1], said=said)


def owe_two_answers(story: Story) -> None:
    first, second = story.stored[0].replies
    story.stored[0] = replace(story.stored[0], replies=(first, second, replace(second, id="a9")))


def show_it_to_another(story: Story) -> None:
    story.ledger.shown[Who("webchat", "eve")] = [Shown("answer zadolupi", None, "x")]


def show_a_reference_to_another(story: Story) -> None:
    story.ledger.shown[BEN].append(Shown("Your reference is AAAA-1111", "AAAA-1111"))


def store_it_under_another_address(story: Story) -> None:
    story.stored[0] = replace(story.stored[0], who=Who("webchat", "eve"))


def keep_what_was_refused(story: Story) -> None:
    story.stored.append(stored("3", "CCCC-3333", BEN, "dufopena"))


def give_an_answer_that_was_refused(story: Story) -> None:
    story.ledger.answers[1].told, story.ledger.answers[2].word = Told.NOTHING, "zadolupi"
    del story.ledger.answers[1]


@pytest.mark.parametrize(
    ("alter", "kind"),
    [
        (lose_an_inquiry, Kind.LOST),
        (lose_words, Kind.LOST),
        (lose_a_delivery, Kind.LOST),
        (lose_a_delivery_on_telegram, Kind.LOST),
        (leave_something_owed, Kind.LOST),
        (lose_the_answer_to_one, Kind.LOST),
        (lose_an_accepted_answer, Kind.LOST),
        (store_a_question_twice, Kind.STORED_TWICE),
        (show_a_reply_twice, Kind.SHOWN_TWICE),
        (show_an_answer_twice_under_another_id, Kind.SHOWN_TWICE),
        (answer_differently, Kind.TWO_ANSWERS),
        (owe_two_answers, Kind.TWO_ANSWERS),
        (show_it_to_another, Kind.WRONG_ADDRESS),
        (show_a_reference_to_another, Kind.WRONG_ADDRESS),
        (store_it_under_another_address, Kind.WRONG_ADDRESS),
        (keep_what_was_refused, Kind.UNTOLD),
        (give_an_answer_that_was_refused, Kind.UNTOLD),
    ],
)
def test_whatever_must_not_be_is_found(story: Story, alter: Callable[[Story], None], kind: Kind) -> None:
    alter(story)
    assert kind in story.found()


def test_somebody_who_writes_again_after_an_answer_may_have_another(story: Story) -> None:
    more = (Said("citizen", "and his mother"), Said("staff", "answer gimonuta"))
    another = Owed("a9", SENT, "staff_answer", "answer gimonuta")
    first = story.stored[0]
    story.stored[0] = replace(first, said=(*first.said, *more), replies=(*first.replies, another))
    story.ledger.shown[ANN].append(Shown("answer gimonuta", "AAAA-1111", "a9"))
    assert story.found() == set()


def test_whoever_asks_again_may_be_kept_by_the_first_question(story: Story) -> None:
    first, second = story.ledger.questions[1:]
    second.again = (first.word,)
    story.stored[1] = stored("2", "BBBB-2222", BEN, first.word)
    assert story.found() == set()
    del story.stored[1]
    assert Kind.LOST in story.found()


def test_a_message_twice_on_telegram_is_counted_and_no_fault(story: Story) -> None:
    story.ledger.shown[BEN].append(story.ledger.shown[BEN][2])
    assert story.found() == set()
    assert check(story.ledger, story.stored).again_on_telegram == 1


@pytest.mark.timeout(120)
async def test_a_desk_that_is_broken_is_found_out(tmp_path: Path) -> None:
    async with embedded(tmp_path, module="tests.faults.broken") as site:
        report = await run(site, 1, 1, Size(pages=9, chats=0, patience=4, hurt_again=0))
    found = {finding.kind for _, finding in report.findings}
    assert {Kind.LOST, Kind.SHOWN_TWICE, Kind.WRONG_ADDRESS} <= found
