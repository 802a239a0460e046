"""The command that gives the desk its content: publish."""

import argparse
import datetime as dt
import sys
from collections.abc import Mapping
from typing import Any

from bot.config import read_settings


def add_content_commands(commands: Any, say: Mapping[str, str]) -> None:
    """Add the command to the parser's."""
    publish = commands.add_parser("publish", help=say["cli.publish"])
    publish.set_defaults(run=lambda chosen: _publish(chosen, say))


def _publish(_: argparse.Namespace, say: Mapping[str, str]) -> int:
    """Return 0 for content that is published, 1 when a test in it fails."""
    # Only this command needs the store and fits; the others start without them.
    from bot.by_hand import publish  # noqa: PLC0415

    found = publish(read_settings(), say, lambda: dt.datetime.now(dt.UTC))
    for warning in found.warnings:
        print(f"{warning} ({say['cli.warning']})", file=sys.stderr)
    for line in found.failed:
        print(line)
    if found.version is None:
        print(say["cli.publish_failed"].format(failed=len(found.failed), tests=found.tests))
        return 1
    key = "cli.published" if found.new else "cli.published_already"
    print(say[key].format(number=found.version.number, digest=found.version.digest[:16]))
    return 0
