"""A small honest assistant: it keeps exchanges in memory, answers a few things, and hands over the rest."""

import datetime as dt
from dataclasses import dataclass, field, replace
from itertools import count
from typing import cast

import orjson

from bot.assistant import Heard
from bot.corpus import Corpus
from bot.exchange import Exchange, InquiryState
from bot.models import (
    Address,
    IncomingMessage,
    InquiryStatus,
    Language,
    Option,
    Reply,
    Turn,
    Urgent,
    UrgentKind,
)

START = dt.datetime(2026, 11, 24, 1, 0, tzinfo=dt.UTC)

PERSON = {"en": "A person, please", "zh-Hans": "找工作人员", "zh-Hant": "找工作人員"}
TOPICS = {
    "intent:id_card_lost": {"en": "Identity card lost or stolen", "zh-Hans": "身份证丢失补办", "zh-Hant": "身份證遺失補辦"},
    "intent:noise_night": {"en": "Noise at night", "zh-Hans": "夜间噪音", "zh-Hant": "夜間噪音"},
    "topics.1": {"en": "More topics", "zh-Hans": "更多主题", "zh-Hant": "更多主題"},
}  # fmt: skip
SENTENCES = {
    "welcome": {
        "en": "Hello. This is the automatic desk.\nThis is not an emergency line. In danger, call 110 (police) or 120 (ambulance).",
        "zh-Hans": "您好，这里是自动咨询台。\n这里不是紧急求助渠道。遇到危险，请拨打110（报警）或120（急救）。",
        "zh-Hant": "您好，這裡是自動諮詢台。\n這裡不是緊急求助渠道。遇到危險，請撥打110（報警）或120（急救）。",
    },
    "throttled": {
        "en": "That was a lot at once. In danger, call 110.",
        "zh-Hans": "消息太多了。遇到危险请拨打110。",
        "zh-Hant": "訊息太多了。遇到危險請撥打110。",
    },
    "not_recorded": {
        "en": "Your message was not recorded. In danger, call 110.",
        "zh-Hans": "您的消息没有被记录。遇到危险请拨打110。",
        "zh-Hant": "您的訊息沒有被記錄。遇到危險請撥打110。",
    },
}


@dataclass
class Told:
    """One conversation as the fake keeps it."""

    turns: list[Turn] = field(default_factory=list)
    inquiries: list[InquiryState] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)


class FakeAssistant:
    """Has the assistant's methods and the same manners; knows three questions.

    "lost card" is answered, "maybe" is clarified, "danger" gets a card, "boom" meets a programming error, and
    anything else becomes an inquiry. Set `trouble` to have every message fail with it.
    """

    def __init__(self) -> None:
        self.told: dict[Address, Told] = {}
        self.received: list[IncomingMessage] = []
        self.trouble: Exception | None = None
        self._ids = count(1)

    async def respond(self, message: IncomingMessage) -> tuple[Reply, ...]:
        if self.trouble is not None:
            raise self.trouble
        if "boom" in message.text:
            raise RuntimeError(f"never expected {message.text}")
        told = self.told.setdefault(message.address, Told())
        before = [turn for turn in told.turns if turn.message_id == message.id]
        if before:
            return tuple(turn.reply for turn in before if turn.reply is not None)
        self.received.append(message)
        replies = self._replies(message, told)
        told.turns.append(
            Turn(who="citizen", at=message.received_at, text=self._shown(message), message_id=message.id)
        )
        told.turns += [
            Turn(who="desk", at=message.received_at, reply=reply, message_id=message.id) for reply in replies
        ]
        return replies

    def hear(self, message: IncomingMessage) -> Heard:
        urgent = Urgent(kind=UrgentKind.DANGER) if "danger" in message.text else None
        return Heard(message=message, corpus=cast(Corpus, None), urgent=urgent)

    async def respond_to(self, heard: Heard) -> tuple[Reply, ...]:
        return await self.respond(heard.message)

    async def knows(self, address: Address) -> bool:
        return address in self.told

    async def exchange(self, address: Address) -> Exchange | None:
        told = self.told.get(address)
        if told is None:
            return None
        return Exchange(turns=tuple(told.turns), inquiries=tuple(told.inquiries), language=None)

    async def place(self, address: Address, reply: Reply) -> None:
        told = self.told.setdefault(address, Told())
        if not any(turn.reply is not None and turn.reply.id == reply.id for turn in told.turns):
            told.turns.append(Turn(who="desk", at=START, reply=reply))
            told.unseen.add(reply.id)
        if reply.kind == "staff_answer":
            told.inquiries = [replace(each, status=InquiryStatus.ANSWERED) for each in told.inquiries]

    async def seen(self, address: Address) -> None:
        if address in self.told:
            self.told[address].unseen.clear()

    async def my_data(self, address: Address) -> bytes | None:
        told = self.told.get(address)
        if told is None:
            return None
        lines = [{"text": turn.text} for turn in told.turns if turn.reply is None]
        made = START.isoformat()
        return orjson.dumps(
            {"about": "All.", "made_at": made, "conversation": {"lines": lines}, "questions": []}
        )

    def about(self, language: Language) -> dict[str, object]:
        return {
            "lanes": ["General", "Complaints"],
            "urgent_kinds": ["somebody's life is at risk", "an emergency is happening now"],
            "version": "0123456789abcdef",
            "number": 12,
            "checked": (dt.date(2025, 1, 2), dt.date(2026, 3, 2)),
        }

    def privacy(self, language: Language) -> str:
        return "What is kept.\nHow long: 60 minutes."

    def topics(self, language: Language) -> tuple[Option, ...]:
        return tuple(Option(id=name, title=titles[language]) for name, titles in TOPICS.items())

    def say(self, key: str, language: Language, **values: str) -> str:
        return SENTENCES[key][language].format(**values)

    def _replies(self, message: IncomingMessage, told: Told) -> tuple[Reply, ...]:
        language: Language = message.language or "en"
        person = Option(id="human", title=PERSON[language])
        asked = message.option or message.text.strip()
        if asked in ("lost card", "intent:id_card_lost"):
            return (
                Reply(
                    id=self._id(),
                    kind="answer",
                    text="Go to any police station's household window. It costs 40 yuan and takes 120 days.\n\nLost it abroad? Call 12345.",
                    language=language,
                    options=(person,),
                    source="https://lanting.example/services/identity-card/lost",
                    dated=dt.date(2026, 3, 2),
                ),
            )
        if asked == "maybe":
            options = tuple(option for option in self.topics(language) if option.id.startswith("intent:"))
            return (
                Reply(
                    id=self._id(),
                    kind="clarification",
                    text="Is it one of these?",
                    language=language,
                    options=(*options, person),
                ),
            )
        if asked == "/mydata":
            return (
                Reply(
                    id=self._id(), kind="notice", text="Here is all.", language=language, document="mydata"
                ),
            )
        if asked == "danger":
            return (
                Reply(
                    id=self._id(),
                    kind="urgent",
                    text="Call 110 now, or 120 for an ambulance.",
                    language=language,
                ),
            )
        reference = f"7KQ2-{next(self._ids):04d}"
        told.inquiries.append(
            InquiryState(
                id=reference, reference=reference, status=InquiryStatus.OPEN, opened_at=message.received_at
            )
        )
        return (
            Reply(
                id=self._id(),
                kind="receipt",
                text=f"Your question is with our staff now. Your reference is {reference}.",
                language=language,
                reference=reference,
                owed=True,
            ),
        )

    def _shown(self, message: IncomingMessage) -> str:
        titles = {option.id: option.title for option in self.topics(message.language or "en")}
        titles["human"] = PERSON[message.language or "en"]
        return titles.get(message.option, "") if message.option is not None else message.text

    def _id(self) -> str:
        return f"reply-{next(self._ids)}"


class FakeNames:
    """What `_desk.yaml` would say."""

    def desk_name(self, language: Language) -> str:
        return {"en": "Lanting Safety", "zh-Hans": "澜汀平安", "zh-Hant": "瀾汀平安"}[language]

    def agency(self, language: Language) -> str:
        return {
            "en": "Lanting Public Safety Office (fictional)",
            "zh-Hans": "澜汀市公共安全办公室（虚构）",
            "zh-Hant": "瀾汀市公共安全辦公室（虛構）",
        }[language]


def staff_answer(reply_id: str = "staff-1", text: str = "The night window is open until 22:00.") -> Reply:
    """Return what a person wrote."""
    return Reply(id=reply_id, kind="staff_answer", text=text, language="en", reference="7KQ2-0001")
