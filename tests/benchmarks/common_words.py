"""Makes `bot/matching/common.txt` anew: words that the product's own content uses again and again, and that therefore name
no place. `python -m tests.benchmarks.common_words`; worth doing when the sample content has grown much."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from bot.matching.english import COMMON, STOP
from bot.text import fold

SOURCES = ("intents/*.yaml", "knowledge/*.yaml", "bot/urgent/*.yaml")
NOT_READ = {"id", "lane", "source", "target", "url"}
OFTEN = 2
HEAD = """# Words (en) and pairs of characters (zh) that the product's own content uses again and again: no names of places.
# Made by tests/benchmarks/common_words.py.
"""


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in NOT_READ:
                yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def main() -> None:
    """Write the list."""
    small, large, pairs = Counter[str](), Counter[str](), Counter[str]()
    for pattern in SOURCES:
        for path in sorted(Path().glob(pattern)):
            for text in texts(yaml.safe_load(path.read_text(encoding="utf-8"))):
                for match in re.finditer(r"[A-Za-z][A-Za-z'’]+", text):
                    named = match[0][0].isupper() and text[: match.start()].rstrip()[-1:].isalpha()
                    (large if named else small)[re.sub("['’]", "", match[0].lower())] += 1
                for run in re.findall("[\u4e00-\u9fff]+", fold(text)):
                    pairs.update(a + b for a, b in pairwise(run))
    own = {"lanting"}
    english = sorted(
        word
        for word, count in small.items()
        if count >= OFTEN and large[word] <= count and len(word) > 2 and word not in STOP | COMMON | own
    )
    chinese = sorted(pair for pair, count in pairs.items() if count >= OFTEN and "澜" not in pair)
    lines = [
        f"{language} {' '.join(words[start : start + 24])}"
        for language, words in (("en", english), ("zh", chinese))
        for start in range(0, len(words), 24)
    ]
    Path("bot/matching/common.txt").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
