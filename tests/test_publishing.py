"""Content versions: what maintainers write, in every process that shares the store."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from bot.bundle import Folders, pack
from bot.cache import Cache
from bot.corpus import LiveCorpus, build_corpus
from bot.desk import stored_entries
from bot.errors import ContentError, StoreStopped
from bot.models import ContentVersion, Sealed
from bot.publishing import Publisher
from bot.sharing import Sharing
from bot.store.tinydb import TinyDBStore, open_tinydb
from bot.vault import Vault
from tests.parts import ANSWERED, INTENTS, KEY, KNOWLEDGE, NOON, UNCLEAR, read_sample

TRAM = "intents:\n  - id: tram\n    examples: [when does the tram leave the depot, 电车几点发车]\n    answer: At {}.\n"
FAULTY = "intents:\n  - id: T R A M\n    answer: [\n"


class Seat:
    """The store as one of several processes sees it: with the duties that a test gives it."""

    def __init__(self, store: TinyDBStore, *, leading: bool) -> None:
        self._store = store
        self.leading = leading
        self.down = False

    async def leads(self, duty: str) -> bool:
        if self.down:
            raise StoreStopped("cut off")
        return self.leading

    async def add_content(self, version: ContentVersion, files: Sealed | None) -> None:
        if self.down:
            raise StoreStopped("cut off")
        await self._store.add_content(version, files)

    async def content_files(self, number: int) -> Sealed | None:
        if self.down:
            raise StoreStopped("cut off")
        return await self._store.content_files(number)

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._store, verb)


@dataclass
class Member:
    """One process: its files, and what is live in it."""

    seat: Seat
    live: LiveCorpus
    publisher: Publisher
    folders: Folders
    home: Path

    def write(self, text: str, name: str = "new.yaml") -> None:
        (self.folders.intents / name).write_text(text, encoding="utf-8")

    def says(self) -> str:
        """Return what the tram's answer is here; empty without one."""
        return self.live.corpus.content.answer("intent:tram", "en")

    @property
    def number(self) -> int:
        return 0 if self.live.version is None else self.live.version.number


def clock() -> dt.datetime:
    return NOON


@dataclass
class Machines:
    """Several processes that share a store."""

    store: TinyDBStore
    vault: Vault
    folder: Path
    warm: Path | None
    """What was learned of the first files before the test; None lets each process learn for itself."""

    def files(self, name: str = "files") -> Folders:
        folder = self.folder / name
        if not folder.exists():
            copytree(INTENTS, folder / "intents")
            copytree(KNOWLEDGE, folder / "knowledge")
        return Folders.within(folder)

    @asynccontextmanager
    async def member(
        self, name: str, *, files: str | None = None, leading: bool = False, alone: bool = False
    ) -> AsyncIterator[Member]:
        """Run a process whose files are in the folder of that name."""
        seat = Seat(self.store, leading=leading or alone)

        async def stored() -> Any:
            return await stored_entries(seat, self.vault)  # type: ignore[arg-type]

        if self.warm is not None:
            copytree(self.warm, self.folder / f"{name}-cache", dirs_exist_ok=True)
        cache = Cache(self.folder / f"{name}-cache")
        sharing = None if alone else Sharing(seat, self.vault, cache)  # type: ignore[arg-type]
        live = LiveCorpus(stored, cache=cache, sharing=sharing)
        folders, home = self.files(files or name), self.folder / f"{name}-content"
        publisher = Publisher(
            store=seat,  # type: ignore[arg-type]
            vault=self.vault,
            live=live,
            folders=folders,
            home=home,
            clock=clock,
            alone=alone,
        )
        try:
            await publisher.start()
            await asyncio.sleep(0.1)  # the watcher begins beside us
            yield Member(seat, live, publisher, folders, home)
        finally:
            await publisher.stop()
            await live.stop()

    async def versions(self) -> list[int]:
        return [version.number for version in await self.store.content_versions()]


@pytest.fixture(scope="session")
def warm(trained_once: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warm")
    build_corpus(read_sample(), cache=Cache(folder))
    return folder


@pytest.fixture
async def machines(warm: Path, tmp_path: Path) -> AsyncIterator[Machines]:
    vault = Vault(KEY)
    store = await open_tinydb(None, vault)
    yield Machines(store, vault, tmp_path, warm)
    await store.close()


@pytest.fixture
async def one(machines: Machines) -> AsyncIterator[Member]:
    async with machines.member("one", alone=True) as made:
        yield made


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 (nothing announces it)
            await asyncio.sleep(0.02)


# --- one process


async def test_a_changed_file_is_live_without_a_restart_as_the_next_version(
    machines: Machines, one: Member
) -> None:
    assert (one.number, await machines.versions()) == (1, [1])
    one.write(TRAM.format("five"))
    await until(lambda: one.says() == "At five.")
    best = one.live.corpus.matcher.rank("when does the tram leave the depot").candidates[0]
    assert best.key == "intent:tram"
    assert (one.live.problems, one.number, await machines.versions()) == ((), 2, [2, 1])
    (newest, _) = await machines.store.content_versions()
    digest, packed = pack(one.folders)
    assert (newest.digest, newest.at) == (digest, NOON)
    assert "@" in newest.author
    kept = await machines.store.content_files(2)
    assert kept is not None
    assert machines.vault.open("content", kept) == (2).to_bytes(8) + packed


async def test_a_faulty_file_leaves_the_old_content_live_says_why_and_recovers(
    machines: Machines, one: Member
) -> None:
    before = one.live.corpus
    one.write(FAULTY)
    await until(lambda: bool(one.live.problems))
    assert one.live.corpus is before
    (problem,) = one.live.problems
    assert problem.where.endswith("new.yaml:4:1") or ":3:" in problem.where
    await one.live.refresh()
    assert one.live.problems == (problem,), "an entry published meanwhile mends no file"
    assert await machines.versions() == [1]
    one.write(TRAM.format("five"))
    await until(lambda: one.says() == "At five.")
    assert one.live.problems == ()
    assert await machines.versions() == [2, 1]


async def test_a_faulty_file_that_is_taken_away_again_is_no_new_version(
    machines: Machines, one: Member
) -> None:
    one.write(FAULTY)
    await until(lambda: bool(one.live.problems))
    (one.folders.intents / "new.yaml").unlink()
    await until(lambda: not one.live.problems)
    assert await machines.versions() == [1]


async def test_a_change_of_words_alone_fits_nothing_anew(one: Member) -> None:
    matcher, detector = one.live.corpus.matcher, one.live.corpus.urgent
    one.write("phrases: {empty: {en: Nothing., zh-Hans: 没有。, zh-Hant: 沒有。}}\n", "_phrases.yaml")
    await until(lambda: one.live.corpus.content.say("empty", "en") == "Nothing.")
    assert one.live.corpus.matcher is matcher
    assert one.live.corpus.urgent is detector


async def test_what_was_put_back_is_a_version_once_more(machines: Machines, one: Member) -> None:
    one.write(TRAM.format("five"))
    await until(lambda: one.number == 2)
    (one.folders.intents / "new.yaml").unlink()
    await until(lambda: one.number == 3)
    assert one.says() == ""
    newest, _, first = await machines.store.content_versions()
    assert newest.digest == first.digest


async def test_a_desk_that_is_alone_starts_with_its_files_whatever_was_live_before(
    machines: Machines,
) -> None:
    async with machines.member("one", alone=True) as one:
        one.write(TRAM.format("five"))
        await until(lambda: one.number == 2)
    (machines.files("one").intents / "new.yaml").unlink()
    async with machines.member("one", alone=True) as one:
        assert (one.number, one.says()) == (3, "")
    async with machines.member("one", alone=True) as one:
        assert one.number == 3, "nothing changed"


async def test_faulty_content_at_the_start_is_refused(machines: Machines) -> None:
    (machines.files("one").intents / "a.yaml").write_text("intents: [\n")
    for alone in (True, False):
        with pytest.raises(ContentError):
            async with machines.member("one", alone=alone):
                pass
    assert await machines.versions() == []


async def test_files_too_many_for_the_store_are_live_all_the_same_where_a_desk_is_alone(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.bundle.MOST_PACKED", 100)
    async with machines.member("one", alone=True) as one:
        assert one.number == 1
        assert await machines.store.content_files(1) is None


async def test_a_file_that_no_archive_takes_is_told_at_the_console(machines: Machines) -> None:
    async with machines.member("one", leading=True) as one:
        one.write(TRAM.format("five"), "a:b.yaml")
        await until(lambda: bool(one.live.problems))
        (problem,) = one.live.problems
        assert "plainer" in problem.sentence
        assert (one.number, one.says()) == (1, "")


# --- several


async def test_a_saved_file_reaches_the_other_processes(machines: Machines) -> None:
    async with machines.member("one", leading=True) as one, machines.member("two") as two:
        assert (one.number, two.number, await machines.versions()) == (1, 1, [1])
        one.write(TRAM.format("five"))
        await until(lambda: one.says() == "At five.")
        await until(lambda: two.says() == "At five.")
        assert (one.number, two.number) == (2, 2)
        assert two.live.corpus.content.version == one.live.corpus.content.version


async def test_files_of_a_process_without_the_duty_are_not_watched(machines: Machines) -> None:
    async with machines.member("one", leading=True) as one, machines.member("two") as two:
        two.write(TRAM.format("six"))
        one.write(TRAM.format("five"))
        await until(lambda: two.says() == "At five.")
        assert await machines.versions() == [2, 1]


async def test_a_broken_tree_reaches_nobody(machines: Machines) -> None:
    async with machines.member("one", leading=True) as one, machines.member("two") as two:
        before = one.live.corpus, two.live.corpus
        one.write(FAULTY)
        await until(lambda: bool(one.live.problems))
        await until(
            lambda: two.live.problems == one.live.problems
        )  # whichever desk serves the console's page
        async with machines.member("three") as three:
            assert three.live.problems == one.live.problems
        assert (one.live.corpus, two.live.corpus) == before
        assert await machines.versions() == [1]
        one.write(TRAM.format("five"))
        await until(lambda: not one.live.problems and not two.live.problems)


async def test_old_files_at_a_restart_roll_nobody_back(machines: Machines) -> None:
    async with machines.member("one", leading=True) as one, machines.member("two") as two:
        one.write(TRAM.format("five"))
        await until(lambda: two.number == 2)
        async with machines.member("three", leading=True) as three:  # with the files of the first version
            assert (three.number, three.says()) == (2, "At five.")
            await asyncio.sleep(0.5)
            assert (one.number, two.number, await machines.versions()) == (2, 2, [2, 1])
            assert three.folders.digest() == (await machines.store.content_versions())[1].digest


async def test_new_files_at_a_restart_are_the_next_version_for_all(machines: Machines) -> None:
    async with machines.member("one", leading=True) as one:
        (machines.files("two").intents / "new.yaml").write_text(TRAM.format("six"))
        async with machines.member("two") as two:
            assert (two.number, two.says()) == (2, "At six.")
            await until(lambda: one.says() == "At six.")
            one.write("# touched\n" + TRAM.format("seven"))
            await until(lambda: two.says() == "At seven.")


async def test_faulty_new_files_at_a_restart_leave_the_newest_version_live_and_are_told(
    machines: Machines,
) -> None:
    async with machines.member("one", leading=True):
        (machines.files("two").intents / "new.yaml").write_text(FAULTY)
        async with machines.member("two") as two:
            assert two.number == 1
            assert two.live.problems


async def test_two_processes_that_start_at_once_with_the_same_files_make_one_version(
    machines: Machines,
) -> None:
    async with asyncio.TaskGroup() as group:

        async def run(name: str) -> None:
            async with machines.member(name, files="same") as made:
                assert made.number == 1

        for name in ("one", "two", "three"):
            group.create_task(run(name))
    assert await machines.versions() == [1]


async def test_a_version_that_cannot_be_used_leaves_the_last_good_one_live_until_the_next(
    machines: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    async with machines.member("one") as one:
        await machines.store.add_content(
            ContentVersion(number=2, digest="0" * 64, author="somebody", at=NOON),
            machines.vault.seal("content", (2).to_bytes(8) + b"no archive"),
        )
        await until(lambda: bool(one.live.problems))
        assert one.number == 1
        assert "the one before stays live" in caplog.text
        (machines.files("two").intents / "new.yaml").write_text(TRAM.format("six"))
        async with machines.member("two"):
            await until(lambda: one.says() == "At six.")
            assert (one.number, one.live.problems) == (3, ())


async def test_nobody_but_a_desk_puts_words_into_its_mouth(machines: Machines) -> None:
    folders = machines.files("theirs")
    (folders.intents / "new.yaml").write_text(TRAM.format("midnight"))
    digest, packed = pack(folders)
    async with machines.member("one") as one:
        first = await machines.store.content_files(1)
        assert first is not None
        for sealed in (Vault(b"x" * 32).seal("content", (2).to_bytes(8) + packed), Sealed(packed), first):
            (newest, *_) = await machines.store.content_versions(limit=1)
            await machines.store.add_content(
                ContentVersion(number=newest.number + 1, digest=digest, author="them", at=NOON), sealed
            )
            place = f"#{newest.number + 1}"
            await until(lambda place=place: any(each.where == place for each in one.live.problems))  # type: ignore[misc]
            assert "database" in one.live.problems[0].sentence
            assert (one.number, one.says()) == (1, "")
    await machines.store.keep_learned("matcher-1", Sealed(b"theirs"))
    sharing = Sharing(machines.store, machines.vault, Cache(machines.folder / "cache"))
    assert await sharing.take([("matcher", "1")]) == [("matcher", "1")]


async def test_what_was_saved_while_the_store_was_away_is_published_when_it_is_back(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.publishing.LOOK_AGAIN", 0.05)
    async with machines.member("one", leading=True) as one, machines.member("two") as two:
        one.seat.down = two.seat.down = True
        one.write(TRAM.format("five"))
        await asyncio.sleep(0.5)
        assert (one.says(), two.says()) == ("", "")
        one.seat.down = False
        await until(lambda: one.says() == "At five.")
        two.seat.down = False
        await until(lambda: two.says() == "At five.")


async def test_who_takes_over_the_duty_publishes_what_nobody_has_yet_and_nothing_old(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.publishing.LOOK_AGAIN", 0.05)
    async with (
        machines.member("one", leading=True) as one,
        machines.member("two") as two,
        machines.member("three") as three,
    ):
        one.write(TRAM.format("five"))
        await until(lambda: two.number == three.number == 2)
        one.seat.leading, two.seat.leading = False, True
        await asyncio.sleep(0.3)
        assert await machines.versions() == [2, 1], "its own files are those of the first version"
        three.write(TRAM.format("eight"))
        two.seat.leading, three.seat.leading = False, True
        await until(lambda: one.says() == two.says() == three.says() == "At eight.")
        assert await machines.versions() == [3, 2, 1]


async def test_one_process_learns_and_the_others_load_it(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.corpus.SETTLE_AFTER", 0.01)
    monkeypatch.setattr("bot.sharing.LOOK_EVERY", 0.02)
    machines.warm = None
    async with machines.member("one", leading=True) as one:
        monkeypatch.setattr("bot.matching.parts.held_out", no_trying)
        async with machines.member("two") as two:
            assert two.live.corpus.settled
            assert ranked(two) == ranked(one)
            monkeypatch.undo()
            monkeypatch.setattr("bot.corpus.SETTLE_AFTER", 0.01)
            monkeypatch.setattr("bot.sharing.LOOK_EVERY", 0.02)
            monkeypatch.setattr(two.live, "_fit_whole", no_fitting)
            one.write(TRAM.format("five"))
            await until(lambda: two.says() == "At five." and two.live.corpus.settled)
            assert ranked(two) == ranked(one)


async def test_what_nobody_else_learns_is_learned_here(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.corpus.SETTLE_AFTER", 0.01)
    monkeypatch.setattr("bot.sharing.LOOK_EVERY", 0.01)
    monkeypatch.setattr("bot.sharing.PATIENCE", 3)
    async with machines.member("one", leading=True) as one, machines.member("two") as two:
        monkeypatch.setattr(one.live, "_fit_whole", no_fitting)
        one.write(TRAM.format("five"))
        await until(lambda: two.says() == "At five." and two.live.corpus.settled)


def ranked(member: Member) -> list[Any]:
    return [member.live.corpus.matcher.rank(text) for text in (ANSWERED, UNCLEAR, "自行车灯", "电车几点发车")]


def no_trying(*_: object) -> None:
    raise AssertionError("this was tried before")


async def no_fitting(*_: object) -> None:
    raise AssertionError("this is learned elsewhere")
