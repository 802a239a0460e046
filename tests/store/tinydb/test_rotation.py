"""What the desk's own key seals is sealed anew when it is changed."""

from pathlib import Path

from bot.models import ContentVersion, SecondFactor
from bot.store.tinydb import open_tinydb, rotate
from bot.vault import Vault
from tests.store.builders import NOW, account, entry, hire

OLD, NEW = Vault(b"k" * 32), Vault(b"n" * 32)


async def test_entries_and_second_factors_open_with_the_new_key(tmp_path: Path) -> None:
    store = await open_tinydb(tmp_path, OLD)
    await hire(store, "ada", "bob")
    factor = SecondFactor(
        secret=OLD.seal("second factor", b"secret"), used_step=1, recovery=("digest",), since=NOW
    )
    await store.set_second_factor("ada", factor)
    await store.save_entry(entry(body=OLD.seal("entry", b"approved words")))
    version = ContentVersion(number=1, digest="d", author="ada@desk-1", at=NOW)
    await store.add_content(version, OLD.seal("content", b"files"))
    await store.close()
    done: list[bool] = []
    rotated = rotate(
        tmp_path,
        OLD,
        begin=lambda: NEW,
        end=lambda: done.append(True),
        moved=lambda _new, _inquiries: {},
        tell=lambda _done, _total: None,
    )
    assert done == [True]
    assert (rotated.keys, rotated.entries) == (0, 1)
    store = await open_tinydb(tmp_path, NEW)
    kept = await store.account("ada")
    assert kept is not None
    assert kept.second_factor is not None
    assert NEW.open("second factor", kept.second_factor.secret) == b"secret"
    assert kept.second_factor.recovery == ("digest",)
    assert await store.account("bob") == account("bob")
    (found,) = await store.entries()
    assert NEW.open("entry", found.body) == b"approved words"
    files = await store.content_files(1)
    assert files is not None
    assert NEW.open("content", files) == b"files"
    await store.close()
