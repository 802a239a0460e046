"""The files of a content version: named by a digest over their names and bytes, carried in one archive.

The same files give the same digest wherever they lie. An archive that was carried is unpacked with care: it holds
files in two folders and nothing else.
"""

import gzip
import hashlib
import io
import os
import re
import tarfile
import tempfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import copyfileobj, rmtree

from bot.errors import BundleError
from bot.intents.catalog import content_files
from bot.knowledge.entries import knowledge_files

INTENTS, KNOWLEDGE = "intents", "knowledge"
MOST_FILES = 20_000
MOST_BYTES = 1 << 30
"""Of all files of a version together."""
MOST_PACKED = 64 << 20
"""Bytes of an archive."""
LEVEL = 3
"""Of packing: quick, for an edit waits for it."""
_PIECE = 1 << 20
_TOO_MUCH = (
    f"The content is more than {MOST_BYTES >> 20} MB, or more than {MOST_PACKED >> 20} MB when packed, which the store "
    "does not take; leave out knowledge that nobody asks for."
)
_UNSAFE = re.compile(r"[\\\x00-\x1f\x7f:]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where the files of a version lie."""

    intents: Path
    knowledge: Path

    @classmethod
    def within(cls, folder: Path) -> "Folders":
        """Return where `unpack` puts them."""
        return cls(intents=folder / INTENTS, knowledge=folder / KNOWLEDGE)

    def files(self) -> Mapping[str, Path]:
        """Return every file that is read from the folders, by the name it has in an archive. Raises `OSError`."""
        found = [(INTENTS, self.intents, path) for path in content_files(self.intents)]
        found += [(INTENTS, self.intents, path) for path in sorted(self.intents.glob("_*.yaml"))]
        found += [(KNOWLEDGE, self.knowledge, path) for path in knowledge_files(self.knowledge)]
        named = {f"{kind}/{path.relative_to(folder).as_posix()}": path for kind, folder, path in found}
        return dict(sorted(named.items()))

    def marks(self) -> Mapping[str, tuple[int, int, int]]:
        """Return what is different after a file was changed, without reading it. Raises `OSError`."""
        found = {name: path.stat() for name, path in self.files().items()}
        return {name: (stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in found.items()}

    def digest(self) -> str:
        """Return the digest of the files as they lie there. Raises `OSError`."""
        digest = _Digest()
        for name, path in self.files().items():
            with path.open("rb") as file:
                digest.add(name, hashlib.file_digest(file, "sha256").digest())
        return digest.hex()


def pack(folders: Folders) -> tuple[str, bytes]:
    """Return the digest of the files and an archive of them, the same one for the same files.

    Raises `OSError`, and `BundleError` when there is too much.
    """
    digest, packed, room = _Digest(), io.BytesIO(), MOST_BYTES
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=LEVEL, mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, path in folders.files().items():
            if not _is_safe(name):
                raise BundleError(f"{path} has a name that other systems do not take; give it a plainer one.")
            body = path.read_bytes()
            digest.add(name, hashlib.sha256(body).digest())
            about = tarfile.TarInfo(name)
            about.size = len(body)
            archive.addfile(about, io.BytesIO(body))
            room -= len(body)
            if room < 0:
                raise BundleError(_TOO_MUCH)
    if packed.tell() > MOST_PACKED:
        raise BundleError(_TOO_MUCH)
    return digest.hex(), packed.getvalue()


def unpack(packed: bytes, digest: str, home: Path) -> Folders:
    """Put the files of an archive into a folder of their own in `home`, whole or not at all; return where they are.

    Raises `OSError`, and `BundleError` when they are not the files of `digest`, or anything but files in two folders.
    """
    place = home / digest[:32]
    if place.is_dir():
        with suppress(OSError):
            if Folders.within(place).digest() == digest:
                os.utime(place)
                return Folders.within(place)
        rmtree(place)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = Path(tempfile.mkdtemp(prefix="half-", dir=home))
    try:
        _unpack_into(half, packed)
        if Folders.within(half).digest() != digest:
            raise BundleError("The files of a content version in the store are not those it was named after.")
        try:
            half.rename(place)
        except OSError:
            if not place.is_dir():  # else a process beside us was faster
                raise
    finally:
        rmtree(half, ignore_errors=True)
    return Folders.within(place)


def _unpack_into(folder: Path, packed: bytes) -> None:
    for kind in (INTENTS, KNOWLEDGE):
        (folder / kind).mkdir()
    room = MOST_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
            for number, member in enumerate(archive, start=1):
                room -= member.size
                if number > MOST_FILES or room < 0:
                    raise BundleError("A content version in the store has more files than a desk reads.")
                body = archive.extractfile(member) if member.isreg() and not member.issparse() else None
                if body is None or not _is_safe(member.name):
                    raise BundleError(
                        "A content version in the store holds something else than content files."
                    )
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                with body, path.open("xb") as file:
                    copyfileobj(body, file, _PIECE)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, FileExistsError, ValueError) as exc:
        raise BundleError(f"A content version in the store is damaged ({exc}).") from exc


def _is_safe(name: str) -> bool:
    """Tell whether a name stays within the two folders on every system."""
    parts = PurePosixPath(name).parts
    return (
        len(parts) > 1
        and parts[0] in (INTENTS, KNOWLEDGE)
        and "/".join(parts) == name
        and not any(part in (".", "..") or _UNSAFE.search(part) for part in parts)
    )


class _Digest:
    """A digest over names and what stands under them."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, name: str, body: bytes) -> None:
        written = name.encode(errors="surrogateescape")
        self._digest.update(len(written).to_bytes(4) + written + body)

    def hex(self) -> str:
        return self._digest.hexdigest()
