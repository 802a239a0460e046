"""Content versions: files as they were at one moment, into the store and out again, under seal."""

import asyncio
import getpass
import logging
import platform
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import rmtree

from bot.bundle import Folders, pack, unpack
from bot.content import Content, read_content
from bot.errors import BundleError, Stale, VaultError
from bot.models import ContentVersion, Sealed
from bot.store.base import Store
from bot.vault import Vault

log = logging.getLogger(__name__)

PURPOSE = "content"
UNPACKED = 3
"""Versions whose files stay unpacked, those used last."""
TRIES = 20
"""How often files are read that change while they are read."""


class Moved(BundleError):
    """The files are others by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Files as they were at one moment, and what they say."""

    digest: str
    content: Content


def read_tree(folders: Folders) -> Tree:
    """Read files that do not change meanwhile. Raises `ContentError`, `OSError`, and `BundleError` when they never rest."""
    for _ in range(TRIES):
        before = folders.marks()
        tree = Tree(digest=folders.digest(), content=read_content([folders.intents], [folders.knowledge]))
        if folders.marks() == before:
            return tree
    raise BundleError("The content files change all the time; publish them when they rest.")


def author() -> str:
    """Return who runs this process, and where: whom to ask about a version."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may know no name
        name = "desk"
    return f"{name}@{platform.node()}"


async def newest_version(store: Store) -> ContentVersion | None:
    """Return the version that is live, or shall be; None before the first."""
    found = await store.content_versions(limit=1)
    return found[0] if found else None


async def add_version(
    store: Store, vault: Vault, folders: Folders, tree: Tree, now: datetime, *, alone: bool = False
) -> ContentVersion:
    """Make the files the next version, unless they are the newest; return it.

    Where a process is `alone`, files that are too many to be kept beside it are no reason to stop: they are in its folders.
    Raises `BundleError`, also when the files are not those of `tree` any more, `StoreError`, `OSError`.
    """
    packed: tuple[bytes | None] | None = None
    while True:
        newest = await newest_version(store)
        if newest is not None and newest.digest == tree.digest:
            return newest
        packed = packed or (await asyncio.to_thread(_packed, folders, tree, alone=alone),)
        number = 1 if newest is None else newest.number + 1
        version = ContentVersion(number=number, digest=tree.digest, author=author(), at=now)
        (files,) = packed
        try:
            await store.add_content(version, None if files is None else _sealed(vault, number, files))
        except Stale:
            continue  # another process was faster
        return version


async def unpacked(store: Store, vault: Vault, version: ContentVersion, home: Path) -> Folders:
    """Return where the files of a version lie, unpacked in `home`, in which only the last few stay.

    Raises `BundleError`, `StoreError`, `OSError`.
    """
    sealed = await store.content_files(version.number)
    if sealed is None:
        raise BundleError(
            f"The files of content version {version.number} are not in the store; publish them once more."
        )

    def unpack_it() -> Folders:
        folders = unpack(_opened(vault, version.number, sealed), version.digest, home)
        aged = sorted(home.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in aged[UNPACKED:]:
            rmtree(path, ignore_errors=True)
        return folders

    return await asyncio.to_thread(unpack_it)


def _sealed(vault: Vault, number: int, files: bytes) -> Sealed:
    """Return the archive sealed with its number: nobody but a desk made it, and it is no older one brought back."""
    return vault.seal(PURPOSE, number.to_bytes(8) + files)


def _opened(vault: Vault, number: int, sealed: Sealed) -> bytes:
    """Return the archive. Raises `BundleError` when no desk made it, or as another version."""
    try:
        plain = vault.open(PURPOSE, sealed)
    except VaultError as exc:
        raise BundleError(
            f"The files of content version {number} were not put there by this desk; see who writes to its database."
        ) from exc
    if int.from_bytes(plain[:8]) != number:
        raise BundleError(
            f"The files of content version {number} are those of another one; see who writes to the desk's database."
        )
    return plain[8:]


def _packed(folders: Folders, tree: Tree, *, alone: bool) -> bytes | None:
    try:
        digest, files = pack(folders)
    except BundleError as exc:
        if not alone:
            raise
        log.info("The files of a content version are not kept", extra={"problem": str(exc)})
        return None
    if digest != tree.digest:
        raise Moved("The content files were changed while they were read; publish them when they rest.")
    return files
