"""A store seen through a clock: every verb is timed, and its failures are counted."""

import inspect
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, cast

from bot.errors import StoreError, StoreLocked, StoreStopped, StoreUnusable
from bot.metrics import Metrics
from bot.store.base import Store

FAILURES = (StoreStopped, StoreLocked, StoreUnusable)
"""Beside `StoreError` itself, what a store raises when it fails; its other errors are answers."""

Verb = Callable[..., Awaitable[Any]]


def measured(store: Store, metrics: Metrics) -> Store:
    """Return the store with every verb of the protocol timed; what else the engine can do is not there."""
    return cast(Store, _Measured(store, metrics))


class _Measured:
    def __init__(self, store: Store, metrics: Metrics) -> None:
        verbs = {
            name: _timed(name, getattr(store, name), metrics)
            for name, declared in vars(Store).items()
            if inspect.iscoroutinefunction(declared)
        }
        settle, leads = verbs["settle_delivery"], verbs["leads"]

        async def settle_delivery(delivery_id: str, status: Any, **more: Any) -> None:
            await settle(delivery_id, status, **more)
            metrics.attempted(status)

        async def leads_now(duty: str) -> bool:
            mine = await leads(duty)
            metrics.leads(duty, mine)
            return bool(mine)

        self.made_out_at_once = store.made_out_at_once
        # Found where a method would be, without a look-up of a name at each call.
        vars(self).update(verbs, settle_delivery=settle_delivery, leads=leads_now, changes=store.changes)


def _timed(name: str, verb: Verb, metrics: Metrics) -> Verb:
    took = metrics.verb(name)

    @wraps(verb)
    async def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        try:
            return await verb(*args, **kwargs)
        except (StoreError, OSError) as exc:
            if type(exc) is StoreError or isinstance(exc, (OSError, *FAILURES)):
                metrics.failed(name)
            raise
        finally:
            took(time.monotonic() - began)

    return timed
