"""One fitted corpus for all tests of the console; a fresh world for each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.corpus import Corpus
from bot.models import Role
from tests.staff.world import Person, World, a_world, small_corpus


@pytest.fixture(scope="session")
def console_corpus() -> Corpus:
    return small_corpus()


@pytest.fixture(scope="session")
def corpus(console_corpus: Corpus) -> Corpus:
    return console_corpus


@pytest.fixture
async def world(console_corpus: Corpus, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(console_corpus, tmp_path) as made:
        yield made


@pytest.fixture
async def lin(world: World) -> Person:
    return await world.join("Lin")


@pytest.fixture
async def wei(world: World) -> Person:
    return await world.join("Wei")


@pytest.fixture
async def mai(world: World) -> Person:
    return await world.join("Mai", Role.MAINTAINER)


@pytest.fixture
async def ada(world: World) -> Person:
    return await world.join("Ada", Role.ADMINISTRATOR)


@pytest.fixture
def nobody(world: World) -> Person:
    return Person(world, "nobody", None)
