"""What every test may use, and the rule that nothing is skipped where everything can run."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import bot.corpus
from bot.corpus import Corpus, build_corpus
from bot.encoder import OnnxEncoder, open_encoder
from bot.store.postgres import migrate
from bot.store.tinydb import open_tinydb
from bot.urgent import Detector, UrgentContent, build_detector
from bot.vault import Vault
from tests.parts import KEY, Office, make_office, read_sample
from tests.postgres import empty, make_database, running_server

# A busy machine is no fault of the code; and continuous integration tries the same examples every time, so that a
# red run is the change's doing.
settings.register_profile(
    "desk",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("desk")


@pytest.fixture(scope="session", autouse=True)
def cached_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what commands learn out of the folder of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def trained_once() -> Iterator[None]:
    """Train the detector of each urgent content once for all tests: the same content gives the same one."""
    trained: list[tuple[UrgentContent, Detector]] = []

    def build(content: UrgentContent) -> Detector:
        for known, detector in trained:
            if known == content:
                return detector
        trained.append((content, build_detector(content)))
        return trained[-1][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bot.corpus, "build_detector", build)
        yield


@pytest.fixture(scope="session")
def corpus(trained_once: None) -> Corpus:
    """The small city's content, fitted."""
    return build_corpus(read_sample())


@pytest.fixture(scope="session")
def encoder_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a real sentence encoder, for English."""
    from tests import minilm

    return minilm.write(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def encoder(encoder_dir: Path) -> OnnxEncoder:
    """The same, opened."""
    return open_encoder(encoder_dir)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server that runs for all tests."""
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> str:
    """The address of a database that holds a store."""

    async def make() -> str:
        url = await make_database(postgres_server, "desk")
        await migrate(url, Vault(KEY))
        return url

    with ThreadPoolExecutor(1) as apart:  # a loop runs in this thread already
        return apart.submit(asyncio.run, make()).result()


@pytest.fixture
async def database(postgres_url: str) -> str:
    """The address of a database with an empty store."""
    await empty(postgres_url, Vault(KEY))
    return postgres_url


@pytest.fixture
async def office(corpus: Corpus) -> AsyncIterator[Office]:
    """A whole desk around a store in memory."""
    store = await open_tinydb(None, Vault(KEY))
    made = make_office(store, corpus)
    yield made
    await made.assistant.stop()
    await store.close()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With NO_SKIP set, a skipped test fails the run: continuous integration can run everything."""
    if not os.environ.get("NO_SKIP"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", ())) if reporter is not None else 0
    if skipped and exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"NO_SKIP is set, and {skipped} tests were skipped.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
