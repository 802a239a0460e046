"""Commands that act through the running desk."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.audit import Finding, Verified, Wrong
from bot.codec import from_json
from bot.control import Control, ask_running_desk
from bot.errors import DeskError, StoreStopped
from bot.models import Role

SOUND = Verified(first=1, last=3, digest="d", wrong=())


async def verify(noted: tuple[int, str] | None) -> Verified:
    """Say that the record is whole, but for a row that is asked for."""
    wrong = Wrong(number=noted[0], finding=Finding.NOTED, until=noted[0]) if noted else None
    return replace(SOUND, wrong=(wrong,) if wrong else ())


async def back_up(folder: Path) -> tuple[Path, Path]:
    return folder / "words", folder / "keys"


async def test_a_backup_is_made_by_the_running_desk(tmp_path: Path) -> None:
    async def invite(role: Role) -> str:
        raise AssertionError

    path = tmp_path / "desk.sock"
    control = Control(path, invite, verify, back_up)
    await control.start()
    answer = await ask_running_desk(path, {"command": "backup", "folder": "/copies"})
    assert answer == {"words": "/copies/words", "keys": "/copies/keys"}
    await control.stop()


async def test_a_command_is_answered_by_the_running_desk_and_by_its_owner_only(tmp_path: Path) -> None:
    async def invite(role: Role) -> str:
        return f"link for {role}"

    path = tmp_path / "desk.sock"
    path.write_text("left behind by a desk that was killed")
    control = Control(path, invite, verify, back_up)
    assert await ask_running_desk(path, {"command": "invite", "role": "staff"}) is None
    await control.start()
    assert path.stat().st_mode & 0o777 == 0o600
    answers = await asyncio.gather(
        *(ask_running_desk(path, {"command": "invite", "role": role}) for role in Role)
    )
    assert answers == [{"link": f"link for {role}"} for role in Role]
    await control.stop()
    assert not path.exists()
    assert await ask_running_desk(path, {"command": "invite", "role": "staff"}) is None


async def test_the_running_desk_goes_through_the_record_of_reads(tmp_path: Path) -> None:
    async def invite(role: Role) -> str:
        raise AssertionError

    path = tmp_path / "desk.sock"
    control = Control(path, invite, verify, back_up)
    await control.start()
    told = await ask_running_desk(path, {"command": "verify"})
    noted = await ask_running_desk(path, {"command": "verify", "row": "7", "digest": "ab"})
    await control.stop()
    assert told is not None
    assert noted is not None
    assert from_json(Verified, told["verified"].encode()) == SOUND
    assert from_json(Verified, noted["verified"].encode()).wrong[0].number == 7


@pytest.mark.parametrize(("request_", "sentence"), [
    ({"command": "dance"}, "does not know this command"), ({"command": "invite", "role": "king"}, "could not read"),
    ({"command": "invite"}, "could not read"), ([1], "could not read"),
])  # fmt: skip
async def test_what_cannot_be_done_is_one_sentence(tmp_path: Path, request_: object, sentence: str) -> None:
    async def invite(role: Role) -> str:
        raise AssertionError

    control = Control(tmp_path / "desk.sock", invite, verify, back_up)
    await control.start()
    with pytest.raises(DeskError, match=sentence):
        await ask_running_desk(tmp_path / "desk.sock", request_)  # type: ignore[arg-type]
    await control.stop()


async def test_a_refusal_of_the_store_reaches_who_asked(tmp_path: Path) -> None:
    async def invite(role: Role) -> str:
        raise StoreStopped("The disk is full.")

    control = Control(tmp_path / "desk.sock", invite, verify, back_up)
    await control.start()
    with pytest.raises(DeskError, match=r"The disk is full\."):
        await ask_running_desk(tmp_path / "desk.sock", {"command": "invite", "role": "staff"})
    await control.stop()


async def test_a_desk_that_hangs_up_is_said_not_to_answer(tmp_path: Path) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_unix_server(hang_up, tmp_path / "desk.sock")
    with pytest.raises(DeskError, match="did not answer"):
        await ask_running_desk(tmp_path / "desk.sock", {"command": "invite", "role": "staff"})
    server.close()


async def test_a_path_too_long_for_a_socket_only_keeps_commands_from_the_desk(tmp_path: Path) -> None:
    async def invite(role: Role) -> str:
        return ""

    path = tmp_path / ("x" * 120) / "desk.sock"
    control = Control(path, invite, verify, back_up)
    await control.start()
    assert await ask_running_desk(path, {"command": "invite", "role": "staff"}) is None
    await control.stop()
