"""The command that prepares a database: migrate."""

import argparse
import asyncio
from collections.abc import Mapping
from typing import Any

from bot.config import read_settings
from bot.errors import DeskError


def add_database_commands(commands: Any, say: Mapping[str, str]) -> None:
    """Add the command to the parser's."""
    migrate = commands.add_parser("migrate", help=say["cli.migrate"])
    migrate.set_defaults(run=lambda chosen: _migrate(chosen, say))


def _migrate(_: argparse.Namespace, say: Mapping[str, str]) -> int:
    # Only this command needs the engine; the others start without it.
    from bot.engines import migrate_database  # noqa: PLC0415
    from bot.safekeeping import find_key  # noqa: PLC0415
    from bot.vault import Vault  # noqa: PLC0415

    settings = read_settings()
    if settings.database_url is None:
        raise DeskError(say["cli.migrate_no_database"])
    applied = asyncio.run(migrate_database(settings.database_url, Vault(find_key(settings).value)))
    for name in applied:
        print(say["cli.migrated"].format(name=name))
    if not applied:
        print(say["cli.migrated_nothing"])
    return 0
