"""Several desks on one database, each as `serve` puts it together: what one of them does, all of them know."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

import aiohttp
import pytest

from bot.app import App, open_app, running
from bot.cli import main
from bot.config import read_settings
from bot.models import Role
from bot.safekeeping import find_key
from bot.store.postgres import migrate
from bot.vault import Vault
from tests.parts import INTENTS, KEY, KNOWLEDGE
from tests.postgres import make_database, own_server

TRAM = "intents:\n  - id: tram\n    examples: [when does the tram leave the depot, 电车几点发车]\n    answer: At {}.\n"
ASKED = "when does the tram leave the depot"
SOON = 8.0
"""Seconds within which a change is everywhere on the busiest of machines; on an idle one it takes about one."""


class Machines:
    """Desks of different machines: folders of their own, one database."""

    def __init__(self, url: str, home: Path, stack: AsyncExitStack) -> None:
        self._url = url
        self._home = home
        self._stack = stack

    def files(self, name: str) -> Path:
        """Return the folder of a machine, made with the first content."""
        folder = self._home / name
        if not folder.exists():
            copytree(INTENTS, folder / "intents")
            copytree(KNOWLEDGE, folder / "knowledge")
        return folder

    async def start(self, name: str) -> App:
        """Start the desk of a machine; it is stopped at the end of the test."""
        return await self._stack.enter_async_context(running(self.settings(name)))

    def environment(self, name: str) -> dict[str, str]:
        folder = self.files(name)
        return {
            "DATABASE_URL": self._url,
            "DATA_DIR": str(folder / "data"),
            "INTENTS_DIR": str(folder / "intents"),
            "KNOWLEDGE_DIR": str(folder / "knowledge"),
            "DESK_KEY": b64encode(KEY).decode(),
            "PORT": "0",
            "DRAIN_NOTICE": "0",
        }

    def settings(self, name: str) -> Any:
        return read_settings(self.environment(name))

    def write(self, name: str, text: str) -> None:
        (self.files(name) / "intents" / "new.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
async def machines(trained_once: None, database: str, tmp_path: Path) -> AsyncIterator[Machines]:
    async with AsyncExitStack() as stack:
        yield Machines(database, tmp_path, stack)


@pytest.fixture
async def pair(machines: Machines) -> tuple[App, App]:
    """Two desks that serve at the same time; the first one has the duty of watching its files."""
    one = await machines.start("one")
    await until(lambda: one.store.leads("content"))
    return one, await machines.start("two")


async def until(true: Callable[[], Awaitable[bool] | bool], within: float = 30.0) -> float:
    """Wait until it is so, at most `within` seconds; return how long it took."""
    began = time.monotonic()
    async with asyncio.timeout(within):
        while True:
            found = true()
            if found if isinstance(found, bool) else await found:
                return time.monotonic() - began
            await asyncio.sleep(0.01)


async def answered(app: App, text: str = ASKED) -> str:
    """Return what a citizen who asks this is told by that desk."""
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{app.address}/api/messages", json={"text": text}) as response,
    ):
        return str((await response.json())["replies"][-1]["text"])


# --- content


async def test_a_saved_file_reaches_the_other_desk_at_once(machines: Machines, pair: tuple[App, App]) -> None:
    one, two = pair
    assert (one.live.version, number(one)) == (two.live.version, 1)
    machines.write("one", TRAM.format("five"))
    await until(lambda: number(one) == 2)
    assert await until(lambda: number(two) == 2) < SOON
    for desk in pair:
        assert (await answered(desk)).startswith("At five.")


def number(app: App) -> int:
    return 0 if app.live.version is None else app.live.version.number


async def test_a_broken_file_reaches_nobody(machines: Machines, pair: tuple[App, App]) -> None:
    one, two = pair
    machines.write("one", "intents:\n  - id: T R A M\n")
    await until(lambda: bool(one.live.problems))
    await until(lambda: two.live.problems == one.live.problems)  # whichever desk serves the console's page
    assert (number(one), number(two)) == (1, 1)


async def test_old_files_at_a_restart_roll_nobody_back(machines: Machines, pair: tuple[App, App]) -> None:
    one, two = pair
    machines.write("one", TRAM.format("five"))
    await until(lambda: number(two) == 2)
    three = await machines.start("three")  # with the files of the first version
    assert number(three) == 2
    assert (await answered(three)).startswith("At five.")
    await asyncio.sleep(0.5)
    assert (number(one), number(two)) == (2, 2)


async def test_a_published_entry_reaches_the_other_desk_at_once(pair: tuple[App, App]) -> None:
    one, two = pair
    draft = await one.desk.save_entry(
        None, "ada", question="where can my parrot see a dentist", answer="At the zoo.",
        language="en", source=None, review_by=None, base_version=0,
    )  # fmt: skip
    await one.desk.publish(draft.entry.id, 1, "ada")
    assert await until(lambda: draft.entry.id in two.live.corpus.content.entries) < SOON
    assert (await answered(two, "where can my parrot see a dentist")).startswith("At the zoo.")
    await two.desk.withdraw_entry(draft.entry.id, 2, "ada")
    assert await until(lambda: draft.entry.id not in one.live.corpus.content.entries) < SOON


async def test_when_the_desk_that_watches_stops_another_takes_over(machines: Machines) -> None:
    one = await open_app(machines.settings("one"), find_key(machines.settings("one")))
    await one.start()
    await until(lambda: one.store.leads("content"))
    two = await machines.start("two")
    await one.stop()
    await until(lambda: two.store.leads("content"))
    machines.write("two", TRAM.format("six"))
    await until(lambda: number(two) == 2)


async def test_what_was_saved_while_the_database_was_away_is_live_everywhere_once_it_is_back(
    trained_once: None, tmp_path: Path
) -> None:
    with own_server() as server:
        url = await make_database(server.url, "desk")
        await migrate(url, Vault(KEY))
        async with AsyncExitStack() as stack:
            machines = Machines(url, tmp_path, stack)
            one = await machines.start("one")
            await until(lambda: one.store.leads("content"))
            two = await machines.start("two")
            await asyncio.to_thread(server.stop, "immediate")
            for name in ("one", "two"):  # whichever of them has the duty afterwards
                machines.write(name, TRAM.format("five"))
            await asyncio.sleep(1)
            assert [number(desk) for desk in (one, two)] == [1, 1]
            await asyncio.to_thread(server.start)
            await until(lambda: number(one) == number(two) == 2, within=60)
            assert (await answered(two)).startswith("At five.")


# --- publishing by hand


def publish(machines: Machines, name: str, monkeypatch: pytest.MonkeyPatch) -> int:
    for setting, value in machines.environment(name).items():
        monkeypatch.setenv(setting, value)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return main(["publish"])


async def test_files_are_published_by_hand_from_a_machine_without_a_desk(
    machines: Machines,
    pair: tuple[App, App],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    machines.write("desk of the editors", TRAM.format("nine"))
    assert await asyncio.to_thread(publish, machines, "desk of the editors", monkeypatch) == 0
    assert capfd.readouterr().out.startswith("Content version 2 is published (")
    for desk in pair:
        await until(lambda desk=desk: number(desk) == 2)  # type: ignore[misc]
        assert (await answered(desk)).startswith("At nine.")
    assert await asyncio.to_thread(publish, machines, "desk of the editors", monkeypatch) == 0
    assert "are content version 2 already" in capfd.readouterr().out


async def test_what_check_refuses_is_not_published(
    machines: Machines,
    pair: tuple[App, App],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    machines.write("editors", "intents:\n  - id: T R A M\n")
    assert await asyncio.to_thread(publish, machines, "editors", monkeypatch) == 2
    assert "new.yaml:2:9: has the id 'T R A M'" in capfd.readouterr().err
    machines.write(
        "editors", TRAM.format("five") + "    tests: {rejects: [when does the tram leave the depot]}\n"
    )
    assert await asyncio.to_thread(publish, machines, "editors", monkeypatch) == 1
    assert "nothing was published" in capfd.readouterr().out
    assert [number(desk) for desk in pair] == [1, 1]


# --- the console


@asynccontextmanager
async def following(app: App, token: str, since: str | None = None) -> AsyncIterator[Any]:
    """Open the live stream of a console page."""
    headers = {"Cookie": f"desk_staff={token}"}
    if since is not None:
        headers["Last-Event-ID"] = since
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{app.address}/staff/stream", headers=headers) as response,
    ):
        assert response.status == 200
        yield response


async def events(response: Any) -> AsyncIterator[dict[str, str]]:
    """Yield the fields of each event."""
    fields: dict[str, str] = {}
    async for line in response.content:
        name, _, value = line.decode().rstrip("\r\n").partition(": ")
        if name:
            fields[name] = value
        elif fields:
            yield fields
            fields = {}


async def sign_in(app: App, name: str = "Lin") -> str:
    invited = await app.accounts.invite(Role.ADMINISTRATOR)
    return await app.accounts.accept(invited, name, "correct horse battery", "en")


async def test_a_page_goes_on_after_the_last_change_it_saw_at_another_desk(pair: tuple[App, App]) -> None:
    one, two = pair
    token = await sign_in(one)
    async with following(one, token) as response:
        await answered(one, "where can my parrot see a dentist")
        async for event in events(response):
            if event.get("id"):
                last = event["id"]
                break
    await asyncio.sleep(0.1)
    await answered(two, "where can my canary see a dentist")
    queue = {situation.id for situation in await one.desk.queue("Lin")}
    async with following(two, token, since=last) as response:
        heard: set[str] = set()
        first = True
        async with asyncio.timeout(SOON):
            async for event in events(response):
                if first:
                    assert event["event"] == "resumed"
                    first = False
                    continue
                told = json.loads(event["data"])
                assert told["id"], "it was told what it missed, not to read everything again"
                heard.add(told["id"])
                if heard & queue:
                    break


async def test_who_signs_out_at_one_desk_is_signed_out_at_the_other(pair: tuple[App, App]) -> None:
    one, two = pair
    token = await sign_in(one)
    async with following(two, token) as response, asyncio.timeout(SOON):
        async for event in events(response):
            if event["event"] == "ready":
                await one.accounts.sign_out(token)
            if event["event"] == "signed-out":
                break


async def test_an_account_that_is_shut_out_at_one_desk_hears_of_it_at_the_other(
    pair: tuple[App, App],
) -> None:
    one, two = pair
    token = await sign_in(one)
    async with following(two, token) as response:
        began = time.monotonic()
        async for event in events(response):
            if event["event"] == "ready":
                began = time.monotonic()
                await one.accounts.set_disabled("Lin", True)
            if event["event"] == "signed-out":
                break
        assert time.monotonic() - began < SOON
    assert await two.accounts.visitor(token) is None
