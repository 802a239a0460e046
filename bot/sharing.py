"""What one process learned from content, passed on to the others through the store: one fits, the others load.

It is files of the model cache: arrays of numbers, checked when they are loaded, and sealed, so that whoever writes to the
store cannot teach the desk to overhear somebody in danger. Losing it costs time and nothing else.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from bot.cache import Cache, Name
from bot.errors import StoreError, VaultError
from bot.models import Sealed
from bot.store.base import Store
from bot.vault import Vault

log = logging.getLogger(__name__)

PURPOSE = "learned"
MOST_BYTES = 32 << 20
"""What is larger is learned by everybody."""
PATIENCE = 60
"""Seconds to wait for the process that learns."""
LOOK_EVERY = 1.0


class Sharing:
    """A model cache that is filled from the store, and fills it. Never raises."""

    def __init__(self, store: Store, vault: Vault, cache: Cache) -> None:
        self._store = store
        self._vault = vault
        self._cache = cache

    async def take(self, names: Sequence[Name]) -> Sequence[Name]:
        """Take into the cache what the store has of these; return those that neither has."""
        missing = [name for name in names if not self._cache.has(*name)]
        try:
            for name in missing:
                sealed = await self._store.learned("-".join(name))
                if sealed is not None:
                    await asyncio.to_thread(self._take, name, sealed)
        except (StoreError, VaultError) as exc:
            log.info("What others learned cannot be read; it is learned here", extra={"problem": str(exc)})
        return [name for name in missing if not self._cache.has(*name)]

    async def give(self, names: Sequence[Name]) -> None:
        """Put into the store what the cache has of these."""
        try:
            for name in names:
                sealed = await asyncio.to_thread(self._sealed, name)
                if sealed is not None:
                    await self._store.keep_learned("-".join(name), sealed)
        except StoreError as exc:
            log.info("What was learned cannot be passed on", extra={"problem": str(exc)})

    def _take(self, name: Name, sealed: Sealed) -> None:
        """Keep what others learned, if it is what it is called. Raises `VaultError` when it was altered."""
        called, _, body = self._vault.open(PURPOSE, sealed).partition(b"\0")
        if called.decode() == "-".join(name):
            self._cache.put(*name, body)

    def _sealed(self, name: Name) -> Sealed | None:
        body = self._cache.body(*name)
        if body is None or len(body) > MOST_BYTES:
            return None
        return self._vault.seal(PURPOSE, "-".join(name).encode() + b"\0" + body)

    async def awaited(self, name: Name, wanted: Callable[[], bool]) -> bool:
        """Wait until another process has learned this, and take it; false when it is to be learned here, or is not
        `wanted` any more."""
        for _ in range(PATIENCE):
            if not await self.take([name]):
                return True
            if not wanted():
                return False
            try:
                if await self._store.leads("content"):
                    return False
            except StoreError:
                return False
            await asyncio.sleep(LOOK_EVERY)
        return False
