"""The engine on PostgreSQL: one transaction for each verb, any number of processes."""

from bot.store.postgres.engine import PostgresStore, open_postgres
from bot.store.postgres.migrating import migrate

__all__ = ["PostgresStore", "migrate", "open_postgres"]
