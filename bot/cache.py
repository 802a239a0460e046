"""What was costly to learn, kept in files between starts: arrays of numbers, found by a digest of all they follow from.

A file that is damaged, foreign or of another version is as good as none: it is removed, and what it stood for is
learned anew. Nothing is ever unpickled.
"""

import hashlib
import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
import numpy.typing as npt
import orjson

log = logging.getLogger(__name__)

T = TypeVar("T")
Arrays = Mapping[str, npt.NDArray[Any]]
Name = tuple[str, str]
"""Kind and key of what was learned."""

KEPT = 8
"""Files of one kind that are kept, those used last."""
KEPT_BYTES = 20_000_000
"""And no more than this many bytes of them, but always the newest."""
_FORMAT = 1
_ABOUT = "about"
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "rapidfuzz", "pypinyin", "opencc")
_LEFT_OVER = 3600
"""Seconds after which a half-written file belongs to nobody."""


class Cache:
    """A folder of learned arrays. Losing it costs time and nothing else, so it never raises."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, kind: str, key: str, read: Callable[[Arrays], T]) -> T | None:
        """Return what `read` makes of the arrays kept under `key`; None when there are none that are sound.

        `read` raises `ValueError` or `KeyError` for arrays that are not what it expects.
        """
        path = self._path(kind, key)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
            if orjson.loads(arrays.pop(_ABOUT).tobytes()) != _about(kind, key):
                raise ValueError("written for something else")
            found = read(arrays)
        except FileNotFoundError:
            return None
        except Exception:  # whatever a damaged file does to its reader
            log.info("A file of the model cache is of no use; it is learned anew", extra={"file": path.name})
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return found

    def save(self, kind: str, key: str, arrays: Arrays) -> None:
        """Keep `arrays` under `key`, and let go of the files of this kind that were used longest ago."""
        about = np.frombuffer(orjson.dumps(_about(kind, key)), np.uint8)
        self._write(kind, key, lambda file: np.savez(file, allow_pickle=False, **{_ABOUT: about, **arrays}))

    def _write(self, kind: str, key: str, write: Callable[[IO[bytes]], object]) -> None:
        """Let `write` fill the file of that key: whole, or not at all."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, half = tempfile.mkstemp(prefix=f"{kind}-", suffix=".tmp", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    write(file)
                Path(half).replace(self._path(kind, key))
            except BaseException:
                Path(half).unlink(missing_ok=True)
                raise
            self._tidy(kind)
        except OSError as exc:
            log.info("The model cache cannot be written", extra={"problem": exc.strerror})

    def has(self, kind: str, key: str) -> bool:
        """Tell whether something is kept under `key`, sound or not."""
        return self._path(kind, key).is_file()

    def body(self, kind: str, key: str) -> bytes | None:
        """Return the file that is kept under `key`, for another machine to `put`."""
        try:
            return self._path(kind, key).read_bytes()
        except OSError:
            return None

    def put(self, kind: str, key: str, body: bytes) -> None:
        """Keep a file that another machine made; whether it is sound is found out when it is loaded."""
        self._write(kind, key, lambda file: file.write(body))

    def _path(self, kind: str, key: str) -> Path:
        return self._folder / f"{kind}-{key}.npz"

    def _tidy(self, kind: str) -> None:
        aged = sorted((path.stat().st_mtime, path) for path in self._folder.glob(f"{kind}-*.npz"))
        room = KEPT_BYTES
        for place, (_, path) in enumerate(reversed(aged)):
            room -= path.stat().st_size
            if place >= KEPT or (place and room < 0):
                path.unlink(missing_ok=True)
        for path in self._folder.glob("*.tmp"):
            if path.stat().st_mtime < time.time() - _LEFT_OVER:
                path.unlink(missing_ok=True)


def key_of(recipe: str, *parts: object) -> str:
    """Return the name of what follows from `parts`, records and texts whose `repr` says all of them."""
    digest = hashlib.sha256(recipe.encode())
    for part in parts:
        digest.update(b"\0" + repr(part).encode(errors="surrogatepass"))
    return digest.hexdigest()[:32]


@cache
def recipe_of(*packages: str) -> str:
    """Return a digest of the code and data of `packages`, of what reads texts, and of the libraries they use."""
    digest = hashlib.sha256()
    told = [
        platform.python_version(),
        platform.machine(),
        *(f"{name} {version(name)}" for name in _LIBRARIES),
    ]
    digest.update("\n".join(told).encode())
    for package in packages:
        for file in _sources(files(package)):
            digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
    digest.update(files("bot").joinpath("text.py").read_bytes())
    return digest.hexdigest()


def _sources(folder: Traversable) -> Sequence[Traversable]:
    """Return the files of a package and of the packages in it, always in the same order."""
    found: list[Traversable] = []
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_file():
            found.append(each)
        elif each.name != "__pycache__":
            found += _sources(each)
    return found


def _about(kind: str, key: str) -> dict[str, Any]:
    return {"format": _FORMAT, "kind": kind, "key": key}
