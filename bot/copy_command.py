"""The command that copies a whole store: from a data folder to a database, and back."""

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from bot.config import read_settings
from bot.data_commands import Bar


def add_copy_command(commands: Any, say: Mapping[str, str]) -> None:
    """Add the command to the parser's."""
    copy = commands.add_parser("copy", help=say["cli.copy"])
    copy.add_argument("--from", dest="source", required=True, metavar="PLACE", help=say["cli.copy_from"])
    copy.add_argument("--to", dest="target", required=True, metavar="PLACE", help=say["cli.copy_to"])
    copy.set_defaults(run=lambda chosen: _copy(chosen, say))


def _copy(chosen: argparse.Namespace, say: Mapping[str, str]) -> int:
    # Only this command needs both engines.
    from bot.copying import copy_store  # noqa: PLC0415

    title = say["cli.copying"]
    bar = Bar(title) if sys.stderr.isatty() else Lines(title)
    counts = copy_store(read_settings(), chosen.source, chosen.target, bar.tell)
    bar.end()
    for table, count in counts.items():
        print(f"{table:16} {count:10}")
    print(say["cli.copied"].format(count=sum(counts.values())))
    return 0


class Lines:
    """Says how far it is in a line for each tenth, for a log or whoever reads it later."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._tenths = 0

    def tell(self, done: int, total: int) -> None:
        """Say how far it is, when that is a tenth more than before."""
        tenths = 10 * done // total if total else 10
        if tenths > self._tenths:
            self._tenths = tenths
            print(f"{self._title} {done} / {total}", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Everything is said."""
