"""Pieces of text as sparse rows of hashed n-grams: by character and word, by sound, and by letters of a word."""

import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot.urgent.reading import same_sound, tokens

BITS = 18
WIDTH = 1 << BITS
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xD1B54A32D192ED03)
_START, _END, _NUMBER = 1, 2, 3
_LONGEST_WORD = 24
_PAIR = 1 << 20
_EMPHASIS = 2
"""How often a family is counted where it is found: it says more than one n-gram does."""

Rows = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Row starts (CSR `indptr`), columns in [0, WIDTH), and 1 + ln(count) for each."""


def rows(texts: Sequence[str], meant: Sequence[Sequence[int]]) -> Rows:
    """Return one sparse row per text; `meant` holds what `meanings` finds in each."""
    plain, plain_rows = _token_codes(texts)
    parts = [*_grams(plain, plain_rows, (1, 2, 3, 4), salt=11), *_skips(plain, plain_rows, salt=23)]
    # Only where there is a Chinese character: an English text must weigh the same whatever stands beside it.
    chinese = [at for at, text in enumerate(texts) if not text.isascii()]
    if chinese:
        sound, owners = _token_codes([same_sound(texts[at]) for at in chinese])
        sound_rows = np.array(chinese)[owners]
        parts += [
            *_grams(sound, sound_rows, (2, 3, 4), salt=37),
            *_skips(sound, sound_rows, salt=41),
        ]
    parts += [_letters(texts), _meanings(meant)]
    columns = np.concatenate([codes for codes, _ in parts])
    every_owner = np.concatenate([owner for _, owner in parts])
    keys, counts = np.unique(
        (every_owner << BITS) | (columns >> np.uint64(64 - BITS)).astype(np.int64), return_counts=True
    )
    starts = np.searchsorted(keys >> BITS, np.arange(len(texts) + 1))
    return starts, keys & (WIDTH - 1), 1.0 + np.log(counts)


def _token_codes(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    codes: list[int] = []
    lengths: list[int] = []
    for text in texts:
        before = len(codes)
        codes.append(_START)
        codes += [_code(token) for token in tokens(text)]
        codes.append(_END)
        lengths.append(len(codes) - before)
    return np.array(codes, np.uint64), np.repeat(np.arange(len(texts)), lengths)


@lru_cache(maxsize=65_536)
def _code(token: str) -> int:
    if token.isdecimal():
        return _NUMBER
    return ord(token) if len(token) == 1 else zlib.crc32(token.encode()) | 1 << 40


Part = tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]


def _grams(
    codes: npt.NDArray[np.uint64], owners: npt.NDArray[np.int64], sizes: Sequence[int], *, salt: int
) -> list[Part]:
    found: list[Part] = []
    running = codes * _STEP + np.uint64(salt)
    for size in range(1, max(sizes) + 1):
        if size > 1:
            if len(codes) < size:
                break
            running = (running[:-1] * _STEP) ^ (codes[size - 1 :] * _MULTIPLIER)
        if size in sizes:
            inside = owners[: len(running)] == owners[size - 1 :]
            found.append(((running[inside] + np.uint64(size)) * _MULTIPLIER, owners[: len(running)][inside]))
    return found


def _skips(codes: npt.NDArray[np.uint64], owners: npt.NDArray[np.int64], *, salt: int) -> list[Part]:
    """Return ordered pairs with one or two tokens between them: "想…死", "can't … on"."""
    found: list[Part] = []
    for gap in (2, 3):
        if len(codes) <= gap:
            break
        inside = owners[:-gap] == owners[gap:]
        pairs = (codes[:-gap] * _STEP + np.uint64(salt * gap)) ^ (codes[gap:] * _MULTIPLIER)
        found.append((pairs[inside] * _MULTIPLIER, owners[:-gap][inside]))
    return found


def _meanings(meant: Sequence[Sequence[int]]) -> Part:
    """Return codes of the word families and events of each text, and of every two of them together."""
    codes: list[int] = []
    lengths: list[int] = []
    for found in meant:
        together = [
            _PAIR + first * 128 + second for at, first in enumerate(found) for second in found[at + 1 :]
        ]
        codes += list(found) * _EMPHASIS
        codes += together
        lengths.append(len(found) * _EMPHASIS + len(together))
    return (np.array(codes, np.uint64) + np.uint64(7)) * _MULTIPLIER * _STEP, np.repeat(
        np.arange(len(meant)), lengths
    )


def _letters(texts: Sequence[str]) -> Part:
    codes: list[int] = []
    lengths: list[int] = []
    for text in texts:
        before = len(codes)
        for token in tokens(text):
            codes += _word_letters(token)
        lengths.append(len(codes) - before)
    return np.array(codes, np.uint64) * _MULTIPLIER, np.repeat(np.arange(len(texts)), lengths)


@lru_cache(maxsize=65_536)
def _word_letters(word: str) -> tuple[int, ...]:
    """Return codes of the letter groups of a word of four letters or more, so that a slip of the finger costs little."""
    if len(word) < 4 or not word.isalpha():
        return ()
    edged = f"<{word[:_LONGEST_WORD]}>".encode()
    return tuple(
        zlib.crc32(edged[at : at + size]) | size << 41
        for size in (3, 4, 5)
        for at in range(len(edged) - size + 1)
    )
