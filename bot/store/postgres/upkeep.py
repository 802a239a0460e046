"""Verbs for what time does, beside claims running out."""

from datetime import datetime

from bot.store.postgres.changelog import TRIM
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.transaction import Transaction

AT_ONCE = 50_000
"""Rows of a kind that one call forgets, so that its transaction stays short after a long pause too."""


class UpkeepVerbs(Core):
    """Closing, purging, forgetting, counting."""

    @verb
    async def drop_expired(
        self, tx: Transaction, now: datetime, messages_before: datetime, sessions_before: datetime
    ) -> int:
        """Remove what is kept for a time only; return how many rows went."""
        await tx.run(TRIM)
        gone = 0
        for table, key, condition, until in (
            ("messages", "digest", "at < %s", messages_before),
            ("sessions", "digest", "used_at < %s", sessions_before),
            ("invites", "digest", "expires_at <= %s", now),
        ):
            gone += (await tx.run(_forgetting(table, key, condition), (until, AT_ONCE))).rowcount
        # Where two processes do this at once, neither waits for the other, and what a citizen uses just now stays.
        conversations = _forgetting("conversations", "key", "keep_until <= %s")
        dropped = await tx.rows(f"{conversations} RETURNING key", (now, AT_ONCE))
        await tx.run("DELETE FROM keys WHERE owner = ANY(%s)", ([key for (key,) in dropped],))
        return gone + len(dropped)

    @reading
    async def counters(self, tx: Transaction) -> dict[str, int]:
        """Return every anonymous counter."""
        return dict(await tx.rows("SELECT name, sum(count)::bigint FROM counters GROUP BY name"))


def _forgetting(table: str, key: str, condition: str) -> str:
    return (
        f"DELETE FROM {table} WHERE {key} IN "
        f"(SELECT {key} FROM {table} WHERE {condition} LIMIT %s FOR UPDATE SKIP LOCKED)"
    )
