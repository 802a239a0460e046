"""What is set so that Python runs on and on."""

import gc
import sys
from collections.abc import Iterator
from dataclasses import replace
from weakref import ref

import pytest

from bot.corpus import Corpus, build_corpus
from bot.interpreter import SHARE, set_aside, share_often
from tests.parts import read_sample


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


def test_a_thread_that_computes_lets_others_on_soon() -> None:
    share_often()
    assert sys.getswitchinterval() == pytest.approx(SHARE)


def test_content_that_is_replaced_after_the_start_goes_from_memory(trained_once: None) -> None:
    corpus: list[Corpus] = [build_corpus(read_sample())]
    set_aside()
    assert gc.get_freeze_count() > 0
    gone = ref(corpus[0].matcher)
    content = corpus[0].content
    name = next(iter(content.intents))
    fewer = {key: intent for key, intent in content.intents.items() if key != name}
    corpus[0] = build_corpus(replace(content, intents=fewer), corpus[0])
    assert gone() is None, "it is found without being looked for"
