"""One content version with its fitted router, and the one that is live."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Thread
from typing import Any, TypeVar

from bot.cache import Cache, Name, key_of, recipe_of
from bot.content import Content, placed
from bot.errors import Fault
from bot.matching import Encoder, Item, Learned, Matcher, MatchPolicy, Meanings, fit
from bot.models import ContentVersion, KnowledgeEntry
from bot.sharing import Sharing
from bot.shelf import MOST_CHANGES, MOST_FITTED, SOME_CHANGES, Shelf, shelve
from bot.text import fold
from bot.urgent import (
    Arrays,
    Detector,
    UrgentContent,
    Verdict,
    arrays_of,
    build_detector,
    detector_of,
    shipped,
    watched_opinions,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

SETTLE_AFTER = 3.0
"""Seconds without a change before the thresholds are learned anew."""


Train = Callable[[UrgentContent], Future[Arrays]]
FitWhole = Callable[[Sequence[Item], Sequence[str], MatchPolicy, Meanings | None], Awaitable[Matcher]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """An immutable snapshot, swapped whole: what may be said, and how it is found."""

    content: Content
    matcher: Matcher
    urgent: Detector
    settled: bool = True
    """The thresholds were learned from this very content; not borrowed from the one before."""
    shelf: Shelf | None = None
    """Where the past answers stand, when there are too many to fit."""
    fitted: "Corpus | None" = None
    """Beside a shelf: the corpus of what is fitted."""

    def for_one_message(self) -> "Corpus":
        """Return the snapshot to answer one message from: its detector judges no text of the message twice."""
        return replace(self, urgent=_Remembering(self.urgent))


class _Remembering(Detector):
    """A detector for one message: what it has judged it does not judge again, however many ask."""

    __slots__ = ("_detector", "_verdicts")

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._verdicts: dict[str, Verdict | None] = {}

    def judge(self, text: str) -> Verdict | None:
        """Return what the detector says, or said before."""
        if text not in self._verdicts:
            self._verdicts[text] = self._detector.judge(text)
        return self._verdicts[text]


def build_corpus(
    content: Content,
    previous: Corpus | None = None,
    *,
    quick: bool = False,
    cache: Cache | None = None,
    train: Train | None = None,
    encoder: Encoder | None = None,
    most_changes: int = MOST_CHANGES,
) -> Corpus:
    """Fit the router to the content (see `fit_corpus`); past answers too many to fit stand in an archive.

    It is kept until `most_changes` entries have changed; those that came later stand beside it. No encoder reads them.
    """
    shelf = shelve(content.entries, None if previous is None else previous.shelf, most_changes)
    before = None if previous is None else previous.fitted or previous
    if shelf is None:
        return fit_corpus(content, before, quick=quick, cache=cache, train=train, encoder=encoder)
    fitted = fit_corpus(
        replace(content, entries={}), before, quick=quick, cache=cache, train=train, encoder=encoder
    )
    if previous is not None and previous.shelf is not None and before and fitted.matcher is before.matcher:
        old = previous.shelf
        if (old.archive, old.gone, old.beside) == (shelf.archive, shelf.gone, shelf.beside):
            return replace(previous, content=content, urgent=fitted.urgent, shelf=shelf, fitted=fitted)
    return _shelved(content, fitted, shelf)


def _shelved(content: Content, fitted: Corpus, shelf: Shelf) -> Corpus:
    return Corpus(
        content=content,
        matcher=fitted.matcher.beside(shelf.archive, shelf.gone, shelf.beside.values()),
        urgent=fitted.urgent,
        settled=fitted.settled and shelf.changes() <= SOME_CHANGES,
        shelf=shelf,
        fitted=fitted,
    )


def fit_corpus(
    content: Content,
    previous: Corpus | None = None,
    *,
    quick: bool = False,
    cache: Cache | None = None,
    train: Train | None = None,
    encoder: Encoder | None = None,
) -> Corpus:
    """Fit the router to the content; parts of `previous` that are still right are used again.

    `quick` keeps the thresholds of `previous`, which a small change hardly moves: the new content is live in a
    fraction of the time, and a whole fit can follow. What was learned from this very content before is read from
    `cache`, and what is learned now is left there: the outcome is the same, only sooner. With `train`, the detector
    is trained elsewhere while the matcher is fitted here. With an `encoder` its evidence joins the rest. Raises
    `ContentError` when the urgent phrases make the detector fire on criticism.
    """
    if previous is not None and previous.content.urgent == content.urgent:
        matcher, settled = _matcher(content, previous, quick, cache, encoder)
        return Corpus(content=content, matcher=matcher, urgent=previous.urgent, settled=settled)
    detector = _detector(content, cache, train)
    matcher, settled = _matcher(content, previous, quick, cache, encoder)
    return Corpus(content=content, matcher=matcher, urgent=detector(), settled=settled)


def _matcher(
    content: Content, previous: Corpus | None, quick: bool, cache: Cache | None, encoder: Encoder | None
) -> tuple[Matcher, bool]:
    """Return the matcher of the content, and whether its thresholds are its own."""
    parts = _matching_parts(content)
    if previous is not None and _matching_parts(previous.content) == parts:
        return previous.matcher, previous.settled
    items, outside, _ = parts
    learned = None if cache is None else cache.load(*_name(items, outside, encoder), Learned.of)
    meanings = _meanings(encoder, previous, cache)
    if learned is None and quick and previous is not None:
        matcher = fit(*parts, learned=previous.matcher.learned, meanings=meanings)
    else:
        matcher = fit(*parts, learned=learned, meanings=meanings)
        if cache is not None and learned is None:
            keep(cache, matcher, items, outside)
    fresh = matcher.meanings
    if cache and meanings and fresh and fresh.known.keys() != meanings.known.keys():
        cache.save(*_vectors_name(fresh.encoder), fresh.arrays())
    return matcher, learned is not None or not quick or previous is None


def _meanings(encoder: Encoder | None, previous: Corpus | None, cache: Cache | None) -> Meanings | None:
    """Return the vectors that are known of texts of the content: most of them, after an edit or a restart."""
    if encoder is None:
        return None
    if previous is not None and previous.matcher.meanings is not None:
        return previous.matcher.meanings
    none = Meanings(encoder)
    kept = None if cache is None else cache.load(*_vectors_name(encoder), none.with_kept)
    return kept or none


def keep(cache: Cache, matcher: Matcher, items: Sequence[Item], outside: Sequence[str]) -> None:
    """Leave in `cache` what `matcher` learned from these texts."""
    encoder = None if matcher.meanings is None else matcher.meanings.encoder
    cache.save(*_name(items, outside, encoder), matcher.learned.arrays())


def _name(items: Sequence[Item], outside: Sequence[str], encoder: Encoder | None) -> Name:
    # The policy is not part of it: thresholds are read from what was tried, under whichever policy.
    identity = None if encoder is None else encoder.identity
    return "matcher", key_of(recipe_of("bot.matching"), identity, tuple(outside), *items)


def names_of(content: Content, encoder: Encoder | None) -> Sequence[Name]:
    """Return the names under which it is kept what is learned from the content."""
    fitted = content if len(content.entries) <= MOST_FITTED else replace(content, entries={})
    items, outside, _ = _matching_parts(fitted)
    matcher = _name(items, outside, encoder)
    return [matcher] if shipped(content.urgent) is not None else [matcher, _detector_name(content)]


def _detector_name(content: Content) -> Name:
    return "urgent", key_of(recipe_of("bot.urgent"), content.urgent)


def _vectors_name(encoder: Encoder) -> Name:
    return "vectors", key_of(encoder.identity)


def _detector(content: Content, cache: Cache | None, train: Train | None) -> Callable[[], Detector]:
    """Return a function that waits for the detector, which by then is read, or being trained elsewhere.

    Only one that leaves criticism alone is kept, so that one read from `cache`, or one that came with the code, need
    not be tried again.
    """
    brought = shipped(content.urgent)
    if brought is not None:
        return lambda: brought
    name = _detector_name(content)
    kept = None if cache is None else cache.load(*name, detector_of)
    if kept is not None:
        return lambda: kept
    begun = None if train is None else train(content.urgent)

    def finished() -> Detector:
        detector = None
        if begun is not None:
            try:
                detector = detector_of(begun.result())
            except (BrokenExecutor, CancelledError, OSError):
                log.warning("The process that trained the detector ended; it is trained here")
        detector = detector or build_detector(content.urgent)
        faults = watched_opinions(content.urgent, detector)
        if faults:
            raise placed(content, faults)
        if cache is not None:
            cache.save(*name, arrays_of(detector))
        return detector

    return finished


def _matching_parts(content: Content) -> tuple[list[Item], tuple[str, ...], MatchPolicy]:
    policy = content.desk.policy
    items = _items(content)
    return (
        items,
        _outside(content, items),
        MatchPolicy(
            target_precision=policy.target_precision,
            offer_precision=policy.offer_precision,
            outside_share=policy.outside_share,
        ),
    )


def _items(content: Content) -> list[Item]:
    items = [
        Item(
            key=intent.key,
            examples=intent.phrases(),
            titles=tuple(intent.title.values()),
            # What is said while handing over, or pointing elsewhere, describes the desk, not the question.
            answers=() if intent.handoff or intent.file_on_tap else tuple(intent.answer.values()),
        )
        for intent in content.intents.values()
    ]
    items += [
        Item(key=f"knowledge:{entry.id}", examples=(entry.question,), answers=(entry.answer,))
        for entry in content.entries.values()
    ]
    return items


def _outside(content: Content, items: Sequence[Item]) -> tuple[str, ...]:
    """Return what belongs to staff; a question that has an answer by now does so no more."""
    answered = {_bare(example) for item in items for example in item.examples}
    return tuple(text for text in content.outside if _bare(text) not in answered)


def _bare(text: str) -> str:
    return "".join(character for character in fold(text) if character.isalnum())


async def _in_thread(work: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Do the work in a thread that nobody waits for when the desk stops: what it fits is then of no use."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[Any], None], outcome: Any) -> None:
        if not done.done():
            set_it(outcome)

    def tell(set_it: Callable[[Any], None], outcome: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: the desk has stopped
            loop.call_soon_threadsafe(settle, set_it, outcome)

    def run() -> None:
        try:
            result = work(*arguments, **named)
        except BaseException as exc:
            tell(done.set_exception, exc)
        else:
            tell(done.set_result, result)

    Thread(target=run, name="fit", daemon=True).start()
    return await done


async def _fit_in_thread(
    items: Sequence[Item], outside: Sequence[str], policy: MatchPolicy, meanings: Meanings | None
) -> Matcher:
    return await _in_thread(fit, items, outside, policy, meanings=meanings)


class LiveCorpus:
    """The corpus that answers now. A sound change replaces it whole; a faulty one leaves it alone."""

    def __init__(
        self,
        stored: Callable[[], Awaitable[Sequence[KnowledgeEntry]]],
        *,
        fit_whole: FitWhole | None = None,
        cache: Cache | None = None,
        sharing: Sharing | None = None,
        train: Train | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        """`stored` reads the entries written at the console.

        `fit_whole` learns a matcher anew after a change went live; in a thread when it is not given. What is learned
        is kept in `cache` for the next start, and with `sharing` other processes have it too. `train` trains a detector
        in another process. An `encoder` is asked about every text of the content, and about messages.
        """
        self._stored = stored
        self._fit_whole: FitWhole = fit_whole or _fit_in_thread
        self._build = partial(build_corpus, cache=cache, train=train, encoder=encoder)
        self._cache = cache
        self._sharing = sharing
        self._encoder = encoder
        self._corpus: Corpus | None = None
        self._files: Content | None = None
        self._publishing = asyncio.Lock()
        self._settle = asyncio.Event()
        self._settling: asyncio.Task[None] | None = None
        self.problems: tuple[Fault, ...] = ()
        """Why the newest files are not live; empty when they are."""
        self.version: ContentVersion | None = None
        """Which content version the files are, once that is known."""

    @property
    def started(self) -> bool:
        """Whether there is a corpus that answers."""
        return self._corpus is not None

    @property
    def corpus(self) -> Corpus:
        """The current snapshot. Take it once for a whole message."""
        if self._corpus is None:
            raise RuntimeError("no content was published yet")
        return self._corpus

    async def stop(self) -> None:
        """Learn no more."""
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.gather(self._settling, return_exceptions=True)

    async def publish(self, files: Content, keep: Callable[[], Awaitable[None]] | None = None) -> None:
        """Make what was read from files live, with the entries of the store on top; `keep` is awaited once it proved
        sound, and before anybody is answered with it.

        Raises `ContentError`, and what `keep` raises: the last good whole stays live then.
        """
        async with self._publishing:
            await self._swap(files, keep)
            self._files = files
        if self._settling is None:
            self._settling = asyncio.create_task(self._settle_thresholds(), name="settle thresholds")

    async def refresh(self) -> None:
        """Make the entries live that the store holds now."""
        async with self._publishing:
            if self._files is not None:
                await self._swap(self._files)

    async def _swap(self, files: Content, keep: Callable[[], Awaitable[None]] | None = None) -> None:
        content = files.with_entries(await self._stored())
        before, made = self._corpus, None
        if before is None or before.content.version != content.version:
            quick = before is not None and before.content.desk.policy == content.desk.policy
            missing = await self._had_by_others(content)
            made = await _in_thread(self._build, content, before, quick=quick)
            await self._let_others_have(missing)
        if keep is not None:
            await keep()
        if made is None:
            return
        self._corpus = made
        log.info(
            "Content is live",
            extra={
                "version": content.version,
                "intents": len(content.intents),
                "entries": len(content.entries),
            },
        )
        if not made.settled:
            self._settle.set()

    async def _had_by_others(self, content: Content) -> Sequence[Name]:
        """Take into the cache what other processes learned from this content; return what none did."""
        if self._sharing is None:
            return ()
        return await self._sharing.take(await asyncio.to_thread(names_of, content, self._encoder))

    async def _let_others_have(self, names: Sequence[Name]) -> None:
        if self._sharing is not None:
            await self._sharing.give(names)

    async def _settle_thresholds(self) -> None:
        """After a change went live with the old thresholds, fit the whole anew and swap once more."""
        while True:
            await self._settle.wait()
            # A maintainer saves often; the long fit waits for a quiet moment.
            await asyncio.sleep(SETTLE_AFTER)
            self._settle.clear()
            if self.corpus.settled:
                continue
            try:
                await self._tidy_shelf()
                quickly = self.corpus
                fitted = quickly.fitted or quickly
                if fitted.settled:
                    continue
                matcher = await self._learn(fitted)
            except Exception:
                log.exception("The thresholds could not be learned anew; the old ones stay")
                continue
            async with self._publishing:
                if self.corpus.matcher is quickly.matcher:
                    now = self.corpus
                    settled = replace(now.fitted or now, matcher=matcher, settled=True)
                    self._corpus = settled if now.shelf is None else _shelved(now.content, settled, now.shelf)

    async def _learn(self, quickly: Corpus) -> Matcher:
        """Return the matcher with thresholds of its own: another process may learn them too, and one is enough."""
        items, outside, policy = _matching_parts(quickly.content)
        meanings = quickly.matcher.meanings
        name = _name(items, outside, None if meanings is None else meanings.encoder)

        def wanted() -> bool:
            return (self.corpus.fitted or self.corpus).matcher is quickly.matcher

        if self._cache is not None and self._sharing is not None:
            if await self._sharing.awaited(name, wanted):
                learned = await asyncio.to_thread(partial(self._cache.load, *name, Learned.of))
                if learned is not None:
                    return await _in_thread(fit, items, outside, policy, learned=learned, meanings=meanings)
            if not wanted():
                return quickly.matcher
        matcher = await self._fit_whole(items, outside, policy, meanings)
        if self._cache is not None:
            await asyncio.to_thread(keep, self._cache, matcher, items, outside)
            await self._let_others_have([name])
        return matcher

    async def _tidy_shelf(self) -> None:
        """Build the archive anew, when many entries have changed since it was built."""
        before = self.corpus
        if before.shelf is None or before.shelf.changes() <= SOME_CHANGES:
            return
        tidy = await _in_thread(self._build, before.content, before, quick=True, most_changes=SOME_CHANGES)
        async with self._publishing:
            if self.corpus is before:
                self._corpus = tidy
