"""What the console's handlers find in the application and in the request."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from aiohttp import web

from bot.config import Settings
from bot.corpus import LiveCorpus
from bot.desk import Desk
from bot.models import Alarm, Situation
from bot.oversight import Browsing, Oversight
from bot.paging import Audience
from bot.permissions import Permission
from bot.staff.attention import Attention
from bot.staff.auth import Accounts, Visitor

PREFIX = "/staff"
SESSION_COOKIE = "desk_staff"
FORM_COOKIE = "desk_form"
OPENED_AT_MOST = 20_000


class Access(Enum):
    """Who may use a route that needs no permission of its own."""

    PUBLIC = "public"
    """Anybody; a form is guarded by a token in a cookie of its own, since there is no session yet."""
    SETTING_UP = "setting up"
    """Every account, even one that has yet to set up the second factor this desk requires."""
    SIGNED_IN = "signed in"
    """Every account, whatever its role."""


Needed = Access | Permission
"""What a route asks of whoever uses it."""


class Opened:
    """Which situations a session has opened, and how many inquiries were in them then.

    Words are shown only to a session that asked for them by a POST; inquiries that joined since, which are the
    newest in it, are asked for again. Held in memory, for the row of the record that an opening leads to; what was
    opened through another process, or before a restart, is told by the record itself.
    """

    def __init__(self) -> None:
        self._inquiries: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._rows: dict[tuple[str, str], int] = {}

    def note(self, session: str, situation_id: str, inquiries: int, row: int) -> None:
        """Note that the session has opened the situation with so many in it, as `row` of the record says."""
        self._inquiries[session, situation_id] = inquiries
        self._inquiries.move_to_end((session, situation_id))
        self._rows[session, situation_id] = row
        if len(self._inquiries) > OPENED_AT_MOST:
            oldest, _ = self._inquiries.popitem(last=False)
            self._rows.pop(oldest, None)

    def inquiries(self, session: str, situation_id: str) -> int:
        """Return how many of the situation's inquiries, oldest first, the session has opened."""
        return self._inquiries.get((session, situation_id), 0)

    def first_look(self, session: str, situation_id: str) -> int | None:
        """Return, once, the row that the opening wrote: the page it leads to needs no other."""
        return self._rows.pop((session, situation_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What the console works with."""

    desk: Desk
    oversight: Oversight
    accounts: Accounts
    live: LiveCorpus
    settings: Settings
    clock: Callable[[], datetime]
    opened: Opened = field(default_factory=Opened)


CONSOLE = web.AppKey("console", Console)
STREAMS = web.AppKey("console_streams", set[asyncio.Task[None]])
"""What runs for the pages now open, so that it ends when the desk stops."""

VISITOR = web.RequestKey("visitor", Visitor)
ATTENTION = web.RequestKey("attention", Attention)


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """An urgent situation that nobody has taken note of, as one visitor's page shows it."""

    alarm: Alarm
    situation: Situation
    audience: Audience
    for_me: bool
    """The visitor is among those it goes to by now: their page makes a sound."""


ALARMS = web.RequestKey("alarms", Sequence[Going])
"""What must not wait, above every page."""
BROWSING = web.RequestKey("browsing", Sequence[Browsing])
"""Who browses in citizens' words now: for those who supervise, above every page."""
FORM_TOKEN = web.RequestKey("form_token", str)
LANGUAGE = web.RequestKey("language", str)
