"""Whether this process, of all of the desk's, is the one that asks Telegram for messages."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.errors import DeskError

ANSWERS_WITHIN = 2.0
"""Seconds the store has to show that it is there."""


class Lead:
    """The duty of asking Telegram, which outlasts a store that fails: citizens in danger still need their card."""

    def __init__(self, leads: Callable[[], Awaitable[bool]], check: Callable[[], Awaitable[None]]) -> None:
        """`leads` is the store's word, `check` raises when the store does not answer."""
        self._leads = leads
        self._check = check
        self._mine = False

    async def mine(self) -> bool:
        """Tell whether to ask Telegram now.

        Whoever did so when the store went away goes on: without it nobody can be found to take over.
        """
        try:
            mine = await self._leads()
            if not mine and self._mine:
                if not await self._store_answers():
                    return True
                # It answers, so it is there, or there again: then the first word was of a connection that was lost.
                mine = await self._leads()
        except (DeskError, OSError):
            return True  # an engine that others share would say no; this one is alone, and its disk failed
        self._mine = mine
        return mine

    def contested(self) -> None:
        """Take note that somebody else asks: should the store not answer, it is theirs."""
        self._mine = False

    async def _store_answers(self) -> bool:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self._check()
        except (DeskError, OSError):
            return False
        return True
