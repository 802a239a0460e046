"""What every verb does around its own words: one transaction, told of once it is durable."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from bot.audit import Chain
from bot.store.postgres.database import Database
from bot.store.postgres.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C", bound="Core")
Body = Callable[Concatenate[C, Transaction, P], Coroutine[Any, Any, T]]


class Log(Protocol):
    """Whoever reads the log of changes."""

    def wrote(self) -> None:
        """Hear that a transaction of this process wrote into the log and is durable."""


class Core:
    """The connections, the record's chain and the log of changes that the verbs share."""

    def __init__(self, database: Database, chain: Chain, log: Log) -> None:
        self._database = database
        self._chain = chain
        self._log = log


def verb(body: Body[C, P, T]) -> Callable[Concatenate[C, P], Coroutine[Any, Any, T]]:
    """Make one transaction of a method: durable when it returns, and nothing changed when it raises.

    It may be run several times, when others stood in its way or a connection was lost; only its last run counts.
    Locks are taken in one order by all: message and conversation, situations, inquiries, deliveries, alarms, the
    record's head, counters; several of a kind by their ids.
    """

    @wraps(body)
    async def transaction(self: C, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result, tells = await self._database.transact(lambda tx: body(self, tx, *args, **kwargs))
        if tells:
            self._log.wrote()
        return result

    return transaction


def reading(body: Body[C, P, T]) -> Callable[Concatenate[C, P], Coroutine[Any, Any, T]]:
    """Make a verb of a method that reads with one statement and changes nothing."""

    @wraps(body)
    async def read(self: C, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.read(lambda tx: body(self, tx, *args, **kwargs))

    return read
