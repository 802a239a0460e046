"""The engine for many processes: all verbs on one PostgreSQL database."""

from collections.abc import AsyncIterator

import psycopg

from bot.audit import Chain
from bot.errors import StoreUnusable
from bot.models import Change
from bot.store.base import Duty
from bot.store.postgres.accounts import AccountVerbs
from bot.store.postgres.alarms import AlarmVerbs
from bot.store.postgres.audit import AuditVerbs
from bot.store.postgres.changelog import ChangeLog
from bot.store.postgres.citizens import CitizenVerbs
from bot.store.postgres.connecting import conninfo, place
from bot.store.postgres.contents import ContentVerbs
from bot.store.postgres.database import CONNECTIONS, Database
from bot.store.postgres.deliveries import DeliveryVerbs
from bot.store.postgres.knowledge import KnowledgeVerbs
from bot.store.postgres.leads import Leads
from bot.store.postgres.mailings import MailingVerbs
from bot.store.postgres.migrating import known_migrations, look
from bot.store.postgres.scrubbing import scrub
from bot.store.postgres.situations import SituationVerbs
from bot.store.postgres.upkeep import UpkeepVerbs
from bot.vault import Vault


class PostgresStore(
    CitizenVerbs,
    SituationVerbs,
    MailingVerbs,
    AlarmVerbs,
    DeliveryVerbs,
    AccountVerbs,
    AuditVerbs,
    KnowledgeVerbs,
    ContentVerbs,
    UpkeepVerbs,
):
    """The engine for many processes, on one machine or several: rows in PostgreSQL."""

    def __init__(self, database: Database, chain: Chain, log: ChangeLog, direct_url: str) -> None:
        super().__init__(database, chain, log)
        self._changes = log
        self._leads = Leads(direct_url)
        self._direct_url = direct_url

    async def close(self) -> None:
        """Finish what is being written and let go of the data; closing again is no error."""
        await self._leads.close()
        await self._database.close()
        await self._changes.close()

    async def check(self) -> None:
        """Raise `StoreError` unless the server answers now and its schema is this version's."""
        newest = known_migrations()[-1].number
        found = await self._database.read(lambda tx: tx.row("SELECT max(number) FROM applied"))
        if found != (newest,):
            raise StoreUnusable(
                "The database has the schema of another version; start that version of the desk."
            )

    async def scrub(self, *, thoroughly: bool = False) -> None:
        """Take removed rows out of the tables' files, with `thoroughly`; the server empties its own logs."""
        self._database.check()
        if thoroughly:
            await scrub(self._direct_url)

    def changes(self, since: str | None = None) -> AsyncIterator[Change]:
        """Yield what changes from now on, or after the number `since`, until the store closes."""
        return self._changes.listen(since)

    async def leads(self, duty: Duty) -> bool:
        """Tell whether this process has the duty now, taking it when nobody has."""
        self._database.check()
        return await self._leads.leads(duty)


async def open_postgres(
    url: str, vault: Vault, *, direct_url: str | None = None, connections: int = CONNECTIONS
) -> PostgresStore:
    """Open the store in the database at `url`, on at most so many `connections`; `direct_url` leads to the same
    database past any pooler of transactions.

    Raises `StoreUnusable`, with nothing changed, when the database cannot be reached, may not be written by this
    user, has an older or newer schema, would lose what it committed, or is sealed with another key.
    """
    await look(url, vault)
    database = Database(conninfo(url), connections, pooled=direct_url not in (None, url))
    log = ChangeLog(direct_url or url, database.refuse)
    try:
        await log.start()
    except psycopg.Error as exc:
        raise StoreUnusable(
            f"The database {place(direct_url or url)} cannot be listened to ({type(exc).__name__}); see to "
            "DATABASE_DIRECT_URL. Nothing was changed."
        ) from exc
    await database.open()
    return PostgresStore(database, Chain(vault), log, direct_url or url)
