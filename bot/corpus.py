"""One content version with its fitted router, and the one that is live."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchfiles import awatch

from bot.content import Content
from bot.errors import ContentError, Fault
from bot.matching import Item, Matcher, MatchPolicy, fit
from bot.models import KnowledgeEntry
from bot.urgent import Detector, build_detector

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """An immutable snapshot, swapped whole: what may be said, and how it is found."""

    content: Content
    matcher: Matcher
    urgent: Detector


def build_corpus(content: Content, previous: Corpus | None = None) -> Corpus:
    """Fit the router to the content; parts of `previous` that are still right are used again."""
    urgent = (
        previous.urgent
        if previous is not None and previous.content.urgent == content.urgent
        else build_detector(content.urgent)
    )
    matcher = (
        previous.matcher
        if previous is not None and _matching_parts(previous.content) == _matching_parts(content)
        else _fit(content)
    )
    return Corpus(content=content, matcher=matcher, urgent=urgent)


def _matching_parts(content: Content) -> tuple[object, ...]:
    return (_items(content), content.outside, content.desk.policy)


def _items(content: Content) -> list[Item]:
    items = [
        Item(
            key=intent.key,
            examples=intent.phrases(),
            titles=tuple(intent.title.values()),
            # What is said while handing over describes the desk, not the question.
            answers=() if intent.handoff else tuple(intent.answer.values()),
        )
        for intent in content.intents.values()
    ]
    items += [
        Item(key=f"knowledge:{entry.id}", examples=(entry.question,), answers=(entry.answer,))
        for entry in content.entries.values()
    ]
    return items


def _fit(content: Content) -> Matcher:
    policy = content.desk.policy
    return fit(
        _items(content),
        content.outside,
        MatchPolicy(
            target_precision=policy.target_precision,
            offer_precision=policy.offer_precision,
            outside_share=policy.outside_share,
        ),
    )


class LiveCorpus:
    """The corpus that answers now. A sound change replaces it whole; a faulty one leaves it alone."""

    def __init__(
        self,
        read: Callable[[], Content],
        stored: Callable[[], Awaitable[Sequence[KnowledgeEntry]]],
        folders: Sequence[Path] = (),
    ) -> None:
        """`read` reads the files (in a thread), `stored` the entries written at the console."""
        self._read = read
        self._stored = stored
        self._folders = tuple(folders)
        self._corpus: Corpus | None = None
        self._files: Content | None = None
        self._refreshing = asyncio.Lock()
        self._watcher: asyncio.Task[None] | None = None
        self.problems: tuple[Fault, ...] = ()
        """Why the newest files are not live; empty when they are."""

    @property
    def corpus(self) -> Corpus:
        """The current snapshot. Take it once for a whole message."""
        if self._corpus is None:
            raise RuntimeError("LiveCorpus.start() has not finished")
        return self._corpus

    async def start(self) -> None:
        """Read and fit everything, then watch. Raises `ContentError` when the files have faults."""
        self._files = await asyncio.to_thread(self._read)
        await self._swap()
        if self._folders:
            self._watcher = asyncio.create_task(self._watch(), name="watch content")

    async def stop(self) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)

    async def refresh(self, *, files: bool = False) -> None:
        """Publish what the store holds now (and the files, when asked), or keep the last good whole."""
        async with self._refreshing:
            if files:
                try:
                    self._files = await asyncio.to_thread(self._read)
                except ContentError as exc:
                    self.problems = exc.faults
                    log.warning(
                        "The changed content has faults; the old content stays live",
                        extra={"faults": len(exc.faults)},
                    )
                    return
            await self._swap()
            if files:
                self.problems = ()

    async def _swap(self) -> None:
        if self._files is None:
            raise RuntimeError("the files were never read")
        content = self._files.with_entries(await self._stored())
        if self._corpus is not None and self._corpus.content.version == content.version:
            return
        self._corpus = await asyncio.to_thread(build_corpus, content, self._corpus)
        log.info(
            "Content is live",
            extra={
                "version": content.version,
                "intents": len(content.intents),
                "entries": len(content.entries),
            },
        )

    async def _watch(self) -> None:
        async for _ in awatch(*self._folders, debounce=300, step=50, recursive=True):
            try:
                await self.refresh(files=True)
            except Exception:
                log.exception("The changed content could not be read; the old content stays live")
