"""Cutting a long text into messages that Telegram takes, where a reader would pause."""

import re
import unicodedata

LONGEST = 4096
"""UTF-16 units that one message may hold."""
AIM = 3500
"""UTF-16 units of the parts of a text that is longer."""

_PAUSES = (
    re.compile(r"\n[^\S\n]*\n"),  # paragraphs
    re.compile(r"\n"),
    re.compile(r"(?<=[。！？；…])[”’」』）]*|(?<=[.!?;])[\"')\]]*\s"),  # sentences
    re.compile(r"(?<=[，、：])|\s"),
)
_JOINER = "\u200d"


def split(text: str) -> list[str]:
    """Return the text in parts of at most `LONGEST` UTF-16 units, in order; blank parts are left out."""
    parts, rest = [], text.strip()
    while units(rest) > LONGEST:
        cut = _cut(rest, _prefix(rest, AIM))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    parts.append(rest)
    return [part for part in parts if part]


def units(text: str) -> int:
    """Return how many UTF-16 units the text takes."""
    return len(text) + sum(character > "\uffff" for character in text)


def _prefix(text: str, limit: int) -> int:
    """Return how many characters fit into `limit` UTF-16 units."""
    used = 0
    for index, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > limit:
            return index
    return len(text)


def _cut(text: str, end: int) -> int:
    """Return where to cut: at the longest pause in the second half before `end`, else at `end`."""
    for pause in _PAUSES:
        places = [found.end() for found in pause.finditer(text, 0, end) if found.end() > end // 2]
        if places:
            return places[-1]
    # No pause at all: at least keep together what is seen as one character.
    for index in range(end, max(end - 64, 1), -1):
        if not _continues(text[index]) and text[index - 1] != _JOINER:
            return index
    return end


def _continues(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character == _JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags
    )
