"""What a sentence encoder makes of the content's texts and of messages, where an agency has put one in."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]

log = logging.getLogger(__name__)

_DIGEST = 16
_THREADS = 2


class Encoder(Protocol):
    """Turns a text into a vector of length one, so that texts of like meaning have like vectors."""

    identity: str
    """Two encoders of one identity give the same vectors."""
    size: int
    """Numbers in a vector."""

    def reads(self, text: str) -> bool:
        """Say whether the text is in a language that the encoder knows."""

    def encode(self, text: str) -> Floats:
        """Return the vector of a text. May raise anything for a text it cannot take."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """An encoder, and the vectors of the texts of a content, each worked out once."""

    encoder: Encoder
    known: Mapping[bytes, Halves] = field(default_factory=dict)
    """By a digest of the text. Halves, whether kept or fresh: what was kept gives the same matcher."""

    def covering(self, texts: Iterable[str]) -> Meanings:
        """Return the vectors of just these texts; those known are taken over.

        A text that the encoder cannot take has none, and is left to the other evidence.
        """
        wanted = {_digest(text): text for text in texts}
        found = {key: self.known[key] for key in wanted if key in self.known}
        missing = {key: text for key, text in wanted.items() if key not in found}
        # The encoder works outside the interpreter's lock.
        with ThreadPoolExecutor(_THREADS) as pool:
            vectors = pool.map(self.of, missing.values())
            found |= {
                key: vector.astype(np.float16)
                for key, vector in zip(missing, vectors, strict=True)
                if vector is not None
            }
        return replace(self, known=found)

    def rows(self, texts: Iterable[str]) -> Floats:
        """Return the vectors of texts that are covered, texts × numbers; zeros for one that has none."""
        nothing = np.zeros(self.encoder.size, np.float16)
        found = [self.known.get(_digest(text), nothing) for text in texts]
        return np.array(found, np.float32).reshape(-1, self.encoder.size)

    def of(self, text: str) -> Floats | None:
        """Return the vector of a message; None where the encoder cannot take it or does not know its language."""
        if not self.encoder.reads(text):
            return None
        try:
            return self.encoder.encode(text)
        except Exception as exc:  # whatever a model's library raises: the message is answered without it
            log.warning("The encoder could not read a text", extra={"problem": type(exc).__name__})
            return None

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the vectors as named arrays, to be kept."""
        keys = np.frombuffer(b"".join(self.known), np.uint8).reshape(-1, _DIGEST)
        vectors = np.array(list(self.known.values()), np.float16).reshape(-1, self.encoder.size)
        return {"digests": keys, "vectors": vectors}

    def with_kept(self, arrays: Mapping[str, npt.NDArray[Any]]) -> Meanings:
        """Return the encoder with vectors that were kept. Raises `ValueError` or `KeyError` where they are none."""
        keys, vectors = arrays["digests"], arrays["vectors"]
        if (
            keys.dtype != np.uint8
            or vectors.dtype != np.float16
            or keys.shape != (len(vectors), _DIGEST)
            or vectors.shape != (len(keys), self.encoder.size)
            or not np.isfinite(vectors).all()
        ):
            raise ValueError("these are no vectors of texts")
        return replace(self, known={key.tobytes(): row for key, row in zip(keys, vectors, strict=True)})


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_DIGEST).digest()
