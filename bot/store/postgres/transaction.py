"""One transaction as a verb sees it: statements, and what is told once they are durable."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from secrets import randbits
from typing import Any

from psycopg import AsyncConnection, AsyncCursor

Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]
Statement = tuple[str, Values]

TOLD = """
    INSERT INTO changes (token, kind, id, part_of)
    SELECT %s, kind, id, part_of FROM unnest(%s::text[], %s::text[], %s::text[]) AS told (kind, id, part_of)
"""


class Transaction:
    """Statements on one connection; their rows come as tuples.

    Every statement's text is the program's own: what varies is given as its parameters.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.process = connection.pgconn.backend_pid
        """The server's process that runs it."""
        self._told: dict[tuple[str, str, str], None] = {}
        self._token = randbits(63)
        self._proof: Statement | None = None

    async def run(self, statement: str, values: Values = ()) -> AsyncCursor[Row]:
        """Run a statement; inside `together` its result is waited for only when rows are asked of it."""
        return await self._connection.execute(statement, values, binary=True)

    async def row(self, statement: str, values: Values = ()) -> Row | None:
        """Return the first row of a statement's result, if there is one."""
        return await (await self.run(statement, values)).fetchone()

    async def rows(self, statement: str, values: Values = ()) -> list[Row]:
        """Return all rows of a statement's result."""
        return await (await self.run(statement, values)).fetchall()

    def together(self) -> AbstractAsyncContextManager[Any]:
        """Send the statements of the block without waiting for one another; the first that fails raises at its end,
        or when rows are asked of any. Pays for about four statements and more."""
        return self._connection.pipeline()

    def tell(self, kind: str, changed: str, part_of: str = "") -> None:
        """Let listeners hear of this change once it is durable."""
        self._told[kind, changed, part_of] = None

    def prove(self, statement: str, values: Values) -> None:
        """Say by which query, one that returns a row, it is seen later whether a transaction that tells nothing was
        committed. Without one it is run again when its commit got no answer."""
        self._proof = statement, values

    @property
    def tells(self) -> bool:
        """Whether listeners hear of it."""
        return bool(self._told)

    @property
    def proof(self) -> Statement | None:
        """The query that returns a row when this was committed; None when it does no harm to run it again."""
        if self._told:
            return "SELECT 1 FROM changes WHERE token = %s LIMIT 1", (self._token,)
        return self._proof

    async def commit(self) -> bool:
        """Make it durable with what it tells; return False when the database took everything back instead."""
        if not self._told:
            return (await self.run("COMMIT")).statusmessage == "COMMIT"
        kinds, ids, parts = zip(*self._told, strict=True)
        async with self.together():
            await self.run(TOLD, (self._token, list(kinds), list(ids), list(parts)))
            committed = await self.run("COMMIT")
        return committed.statusmessage == "COMMIT"
