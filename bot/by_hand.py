"""Publishing content by hand, where no process watches the files: checked like `check`, fitted, and put into the store."""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.bundle import Folders
from bot.cache import Cache
from bot.config import Settings
from bot.content import unsayable_answers
from bot.corpus import Corpus, build_corpus, names_of
from bot.desk import stored_entries
from bot.encoder import open_encoder
from bot.errors import ContentError, Fault, StoreError, StoreLocked
from bot.matching import Encoder
from bot.models import ContentVersion
from bot.offline import failed_tests
from bot.safekeeping import opened
from bot.sharing import Sharing
from bot.versions import Tree, add_version, newest_version, read_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of the files."""

    tests: int
    failed: Sequence[str]
    """A sentence for each test in the content that fails; nothing was published then."""
    warnings: Sequence[Fault]
    version: ContentVersion | None = None
    new: bool = False
    """It was not the newest before."""


def publish(settings: Settings, say: Mapping[str, str], clock: Callable[[], dt.datetime]) -> Published:
    """Make the files of `INTENTS_DIR` and `KNOWLEDGE_DIR` the newest content version, if their own tests pass.

    Raises `ContentError` with every fault, `DeskError`.
    """
    folders = Folders(intents=settings.intents_dir, knowledge=settings.knowledge_dir)
    tree = read_tree(folders)
    encoder = None if settings.encoder_dir is None else open_encoder(settings.encoder_dir)
    cache = Cache(settings.data_dir / "cache")
    corpus = build_corpus(tree.content, cache=cache, encoder=encoder)
    if faults := unsayable_answers(tree.content):
        raise ContentError(faults)
    tests, failed = failed_tests(corpus, clock(), say)
    warnings = tree.content.warnings
    if failed:
        return Published(tests=tests, failed=failed, warnings=warnings)
    version, new = asyncio.run(_into_store(settings, folders, tree, corpus, cache, encoder, clock))
    return Published(tests=tests, failed=(), warnings=warnings, version=version, new=new)


async def _into_store(
    settings: Settings,
    folders: Folders,
    tree: Tree,
    corpus: Corpus,
    cache: Cache,
    encoder: Encoder | None,
    clock: Callable[[], dt.datetime],
) -> tuple[ContentVersion, bool]:
    """Return the version, and whether it is new."""
    alone = settings.database_url is None
    try:
        async with opened(settings) as (store, vault):
            before = await newest_version(store)
            if not alone:
                # Fitted as it will be live, so that the processes that wait for it need not.
                whole = tree.content.with_entries(await stored_entries(store, vault))
                await asyncio.to_thread(build_corpus, whole, corpus, cache=cache, encoder=encoder)
                await Sharing(store, vault, cache).give(await asyncio.to_thread(names_of, whole, encoder))
            version = await add_version(store, vault, folders, tree, clock(), alone=alone)
    except StoreLocked as exc:
        raise StoreError(
            f"A desk runs on {settings.data_dir} and takes up changed files by itself, within a second; nothing is to be "
            "done."
        ) from exc
    return version, version != before
