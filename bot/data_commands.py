"""The commands that keep the desk's data: backup, restore, key rotate."""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.config import read_settings

BAR = 30
"""Characters of a whole progress bar."""


def add_data_commands(commands: Any, say: Mapping[str, str]) -> None:
    """Add the commands to the parser's."""
    backup = commands.add_parser("backup", help=say["cli.backup"])
    backup.add_argument("folder", type=Path, metavar="DIR", help=say["cli.backup_folder"])
    backup.set_defaults(run=lambda chosen: _backup(chosen, say))

    restore = commands.add_parser("restore", help=say["cli.restore"])
    restore.add_argument("words", type=Path, metavar="WORDS", help=say["cli.restore_words"])
    restore.add_argument("keys", type=Path, metavar="KEYS", help=say["cli.restore_keys"])
    restore.set_defaults(run=lambda chosen: _restore(chosen, say))

    key = commands.add_parser("key", help=say["cli.key"])
    key_commands = key.add_subparsers(required=True, metavar=say["cli.command"])
    rotate = key_commands.add_parser("rotate", help=say["cli.key_rotate"])
    rotate.set_defaults(run=lambda chosen: _rotate(chosen, say))


def _backup(chosen: argparse.Namespace, say: Mapping[str, str]) -> int:
    # Only these commands need the store; the others start without it.
    from bot.safekeeping import back_up  # noqa: PLC0415

    words, keys = asyncio.run(back_up(read_settings(), chosen.folder.absolute()))
    print(say["cli.backup_made"].format(words=words, keys=keys))
    return 0


def _restore(chosen: argparse.Namespace, say: Mapping[str, str]) -> int:
    from bot.safekeeping import restore_backup  # noqa: PLC0415

    bar = Bar(say["cli.restoring"])
    restored = restore_backup(read_settings(), chosen.words, chosen.keys, bar.tell)
    bar.end()
    print(
        say["cli.restored"].format(
            inquiries=restored.inquiries,
            conversations=restored.conversations,
            entries=restored.entries,
            erased=restored.erased_inquiries,
        )
    )
    return 0


def _rotate(_: argparse.Namespace, say: Mapping[str, str]) -> int:
    from bot.safekeeping import change_key  # noqa: PLC0415

    settings = read_settings()
    bar = Bar(say["cli.key_rotating"])
    rotated = change_key(settings, bar.tell)
    bar.end()
    if rotated is None:
        print(say["cli.key_finished"].format(place=settings.key_file))
    else:
        print(
            say["cli.key_rotated"].format(
                place=settings.key_file,
                keys=rotated.keys,
                entries=rotated.entries,
                conversations=rotated.conversations_let_go,
            )
        )
    if settings.database_url is not None:
        print(say["cli.key_everywhere"])
    print(say["cli.key_backup_now"])
    return 0


class Bar:
    """A progress bar on the terminal; nothing where nobody watches."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._shown = sys.stderr.isatty()
        self._filled = -1

    def tell(self, done: int, total: int) -> None:
        """Show how far it is, when that looks different from before."""
        filled = BAR if total == 0 else BAR * done // total
        if self._shown and filled != self._filled:
            self._filled = filled
            print(f"\r{self._title} [{'#' * filled:{BAR}}]", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._shown and self._filled >= 0:
            print(file=sys.stderr)
