"""What every verb does around its own words: refuse, change, undo, wait for the disk."""

from collections.abc import Callable, Coroutine, Sequence
from functools import wraps
from itertools import count
from secrets import token_hex
from typing import Any, Concatenate, ParamSpec, TypeVar

from bot.audit import Chain
from bot.models import Change
from bot.store.news import News
from bot.store.tinydb.group import GroupCommit
from bot.store.tinydb.tables import Tables, Told

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C", bound="Core")


class Core:
    """The memory, the disk, the listeners and the record's chain that the verbs share."""

    def __init__(self, tables: Tables, group: GroupCommit, news: News, chain: Chain) -> None:
        self._tables = tables
        self._chain = chain
        self._group = group
        self._news = news
        self._epoch = token_hex(8)
        self._numbers = count(1)

    def _tell(self, changes: Sequence[Told]) -> None:
        """Tell of changes that are durable. Their numbers are good as long as this process, and no longer."""
        self._news.tell(
            Change(kind=kind, id=id_, part_of=part_of, number=f"{self._epoch}-{next(self._numbers)}")
            for kind, id_, part_of in changes
        )


def verb(body: Callable[Concatenate[C, P], T]) -> Callable[Concatenate[C, P], Coroutine[Any, Any, T]]:
    """Make one transaction of a plain method.

    The method runs without pause, so nobody sees it half done; when it raises, all it changed is undone. What
    it returns or raises is given out only when everything it can have seen is durable: memory is ahead of the
    disk for the length of a write, and nobody may act on what a failing disk or a crash would take back.
    Raises `StoreStopped` after a failed write, whatever the verb, until the disk is whole again.
    """

    @wraps(body)
    async def transaction(self: C, /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._group.check()
        try:
            result = body(self, *args, **kwargs)
            rows, changes = self._tables.changed()
        except BaseException:
            self._tables.undo()
            await self._group.durable()
            raise
        if rows:
            self._group.stage(rows, lambda: self._tell(changes))
        await self._group.durable()
        return result

    return transaction
