"""A duty that is kept while nobody can say whose it is."""

from collections.abc import Awaitable, Callable

from bot.errors import StoreError
from bot.store.base import Duty, Store


def kept(store: Store, duty: Duty) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether this process has the duty. While the store is away, who had it last keeps it.

    For what must go on without a store: whoever writes on Telegram is answered, and somebody in danger at once. Two
    processes may have it for as long as only one of them is cut off from the store.
    """
    had = False

    async def has() -> bool:
        nonlocal had
        try:
            mine = await store.leads(duty)
            if had and not mine:
                await store.check()  # raises when the store is away, and its answer says nothing
            had = mine
        except (StoreError, OSError):
            return had
        return had

    return has
