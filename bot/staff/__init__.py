"""The staff console: a person's half of the desk, served under /staff."""

from bot.staff.app import create_console

__all__ = ["create_console"]
