"""The classifier's own vocabulary, and what it says of a message's neighbours."""

import numpy as np
import pytest

from bot.matching.gate import Linear, Rows
from bot.matching.linear import Vocabulary, features, tokens

TEXTS = {
    0: ("renew my passport", "passport fee", "how do i renew a passport"),
    1: ("loud music next door", "noise at night", "my neighbours are loud at night"),
}


def test_units_are_numbered_as_they_occur_so_that_every_process_fits_the_same() -> None:
    documents = [features(tokens(text)) for text in TEXTS[0]]
    words = [unit for document in documents for unit in document[0]]
    assert list(Vocabulary.of(documents).parts[0]) == list(dict.fromkeys(words))


def test_a_message_has_the_length_of_its_known_units_alone() -> None:
    vocabulary = Vocabulary.of([features(tokens(text)) for text in TEXTS[0]])
    ids, values = vocabulary.vector(features(tokens("renew renew zebra")))
    assert len(ids) == len(set(ids)) == len(values)
    assert vocabulary.vector(features(tokens("zzz")))[0] == []


def test_neighbours_are_as_near_as_the_product_of_their_vectors() -> None:
    texts = [text for owner in TEXTS for text in TEXTS[owner]]
    owners = np.array([owner for owner in TEXTS for _ in TEXTS[owner]])
    model = Linear(Rows.of(texts, owners, ()))
    words = model.read("renew the passport at night")
    scored = model.judge(words)
    assert scored is not None
    own = model.vocabulary.matrix([features(words)])
    own /= np.sqrt((own.data**2).sum())
    cosines = [float((model.vocabulary.matrix([features(tokens(text))]) @ own.T)[0, 0]) for text in texts]
    best = int(scored.classes[0])
    mine = [cosine for cosine, owner in zip(cosines, owners, strict=True) if owner == best]
    near = scored.near()
    assert near[0] == pytest.approx(max(mine), abs=1e-6)
    assert near[1] == pytest.approx(max(cosines), abs=1e-6)
    assert near[3] == pytest.approx(sum(sorted(mine)[-3:]) / 3, abs=1e-6)
