"""Group commit: all changes that arrive while the disk is busy are made durable by its next write, together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from bot.errors import StoreStopped

Rows = dict[str, dict[int, bytes | None]]
"""Rows to write by table and id; None removes the row."""


@dataclass(slots=True)
class _Group:
    rows: Rows = field(default_factory=dict)
    then: list[Callable[[], None]] = field(default_factory=list)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)


class GroupCommit:
    """Writes groups of changes in order on one thread; after a write that failed it takes no more until `resume`."""

    def __init__(
        self,
        persist: Callable[[Rows], None],
        executor: ThreadPoolExecutor,
        failed: Callable[[BaseException], str],
    ) -> None:
        """`persist` makes all of its rows durable or none, and raises when it could not; then `failed` is
        called with what it raised, and says in a sentence why no more work is taken."""
        self._persist = persist
        self._executor = executor
        self._failed = failed
        self._gathering: _Group | None = None
        self._writing: _Group | None = None
        self._refusal: str | None = None
        """Why no more work is taken."""
        self._lost = False
        """Whether memory holds what the disk could not take."""

    def check(self) -> None:
        """Raise `StoreStopped` when no more work is taken."""
        if self._refusal is not None:
            raise StoreStopped(self._refusal)

    def stage(self, rows: Rows, then: Callable[[], None]) -> None:
        """Put the rows of one transaction into the next group; `then` is called once they are durable."""
        if self._gathering is None:
            self._gathering = _Group()
            if self._writing is None:
                # Not at once: whoever else is ready to run now joins the group.
                asyncio.get_running_loop().call_soon(self._write)
        for table, changed in rows.items():
            self._gathering.rows.setdefault(table, {}).update(changed)
        self._gathering.then.append(then)

    async def durable(self) -> None:
        """Wait until everything staged so far is on disk. Raises `StoreStopped` when it could not be written."""
        group = self._gathering or self._writing
        if group is not None:
            waiter = asyncio.get_running_loop().create_future()
            group.waiters.append(waiter)
            await waiter
        elif self._lost:
            self.check()

    def resume(self) -> None:
        """Take work again: what is in memory is by now what the disk holds."""
        self._refusal, self._lost = None, False

    async def stop(self, reason: str) -> None:
        """Take no more work, and wait until what was staged is written or failed."""
        self._refusal = self._refusal or reason
        with suppress(StoreStopped):  # those who staged it are told
            await self.durable()

    def _write(self) -> None:
        group = self._gathering
        if group is None:
            return
        self._gathering, self._writing = None, group
        done = asyncio.get_running_loop().run_in_executor(self._executor, self._persist, group.rows)
        # A callback and not a task: nothing that cancels tasks can part a change from its writing.
        done.add_done_callback(lambda written: self._wrote(group, written.exception()))

    def _wrote(self, group: _Group, problem: BaseException | None) -> None:
        self._writing = None
        if problem is not None:
            self._fail([group, self._gathering or _Group()], problem)
            return
        for then in group.then:
            then()
        for waiter in _waiting(group.waiters):
            waiter.set_result(None)
        self._write()

    def _fail(self, groups: Sequence[_Group], problem: BaseException) -> None:
        self._gathering = None
        self._lost = True
        self._refusal = self._failed(problem)
        for group in groups:
            for waiter in _waiting(group.waiters):
                stopped = StoreStopped(self._refusal)
                stopped.__cause__ = problem
                waiter.set_exception(stopped)


def _waiting(waiters: Sequence[asyncio.Future[None]]) -> Sequence[asyncio.Future[None]]:
    return [waiter for waiter in waiters if not waiter.done()]  # the others were cancelled
