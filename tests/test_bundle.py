"""The files of a content version as one archive."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree

import pytest

from bot.bundle import Folders, pack, unpack
from bot.content import read_content
from bot.errors import BundleError
from tests.parts import INTENTS, KNOWLEDGE


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(
        intents=copytree(INTENTS, tmp_path / "a" / "intents"),
        knowledge=copytree(KNOWLEDGE, tmp_path / "a" / "knowledge"),
    )


def archive(files: Mapping[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """Return an archive such as nobody of ours makes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as opened:
        for name, body in files.items():
            about = tarfile.TarInfo(name)
            about.type, about.linkname, about.size = kind, link, len(body) if kind == tarfile.REGTYPE else 0
            opened.addfile(about, io.BytesIO(body))
    return packed.getvalue()


def test_what_is_unpacked_is_the_same_content(folders: Folders, tmp_path: Path) -> None:
    digest, packed = pack(folders)
    there = unpack(packed, digest, tmp_path / "home")
    assert there.digest() == digest == folders.digest()
    assert dict(there.files()).keys() == dict(folders.files()).keys()
    here = read_content([folders.intents], [folders.knowledge])
    assert read_content([there.intents], [there.knowledge]).version == here.version
    assert unpack(packed, digest, tmp_path / "home") == there, "once is enough"
    assert [path.name for path in (tmp_path / "home").iterdir()] == [digest[:32]]


def test_the_same_files_give_the_same_archive_wherever_they_lie(folders: Folders, tmp_path: Path) -> None:
    other = Folders(
        intents=copytree(folders.intents, tmp_path / "elsewhere"),
        knowledge=copytree(folders.knowledge, tmp_path / "else"),
    )
    for path in other.intents.rglob("*"):
        path.touch()
    (other.intents / "README.md").write_text("no content")
    (other.intents / ".swp.yaml").write_text("half written")
    assert pack(other) == pack(folders)


@pytest.mark.parametrize("change", ["byte", "name", "gone", "more", "settings", "folder"])
def test_another_byte_or_name_is_another_digest(folders: Folders, change: str) -> None:
    before = folders.digest()
    some = next(path for path in folders.files().values() if not path.name.startswith("_"))
    match change:
        case "byte":
            some.write_bytes(some.read_bytes() + b"\n")
        case "name":
            some.rename(some.with_name("another.yaml"))
        case "gone":
            some.unlink()
        case "more":
            some.with_name("more.yaml").write_text("intents: []\n")
        case "settings":
            (folders.intents / "_desk.yaml").write_text("name: {en: Other}\n")
        case _:
            some.rename(folders.knowledge / some.name)
    assert folders.digest() != before


@pytest.mark.parametrize(
    "name",
    [
        "intents/../../evil.yaml", "../evil.yaml", "/etc/evil.yaml", "evil.yaml", "other/evil.yaml", "intents",
        "intents//evil.yaml", "intents/./evil.yaml", "intents/a\\b.yaml", "intents/c:evil.yaml", "./intents/evil.yaml",
        "intents/a\nb.yaml",
    ],
)  # fmt: skip
def test_nothing_is_put_outside_the_two_folders(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="something else"):
        unpack(archive({name: b"intents: []"}), "0" * 64, tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_nothing_but_files_is_unpacked(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(BundleError, match="something else"):
        unpack(archive({"intents/a.yaml": b""}, kind, "/etc/passwd"), "0" * 64, tmp_path / "home")


def test_an_archive_that_swells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.bundle.MOST_BYTES", 1000)
    with pytest.raises(BundleError, match="more files than"):
        unpack(archive({"intents/a.yaml": b"x" * 1001}), "0" * 64, tmp_path / "home")
    monkeypatch.setattr("bot.bundle.MOST_FILES", 2)
    with pytest.raises(BundleError, match="more files than"):
        unpack(archive({f"intents/{n}.yaml": b"x" for n in range(3)}), "0" * 64, tmp_path / "home")


@pytest.mark.parametrize("damage", ["empty", "noise", "cut", "twice", "no tar", "flipped"])
def test_a_damaged_archive_is_refused_and_leaves_nothing(
    folders: Folders, tmp_path: Path, damage: str
) -> None:
    digest, packed = pack(folders)
    broken = {
        "empty": b"",
        "noise": bytes(range(256)) * 9,
        "cut": packed[: len(packed) // 2],
        "no tar": gzip.compress(b"no tar" * 200),
        "flipped": packed[:1000] + bytes([packed[1000] ^ 255]) + packed[1001:],
    }.get(damage, b"")
    if damage == "twice":
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w:gz") as opened:
            for _ in range(2):
                opened.addfile(tarfile.TarInfo("intents/a.yaml"), io.BytesIO())
        broken = made.getvalue()
    with pytest.raises(BundleError):
        unpack(broken, digest, tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_other_files_than_the_name_says_are_refused(folders: Folders, tmp_path: Path) -> None:
    _, packed = pack(folders)
    with pytest.raises(BundleError, match="not those it was named after"):
        unpack(packed, "0" * 64, tmp_path / "home")


def test_a_folder_that_somebody_altered_is_unpacked_anew(folders: Folders, tmp_path: Path) -> None:
    digest, packed = pack(folders)
    there = unpack(packed, digest, tmp_path / "home")
    (there.intents / "more.yaml").write_text("intents: []\n")
    assert unpack(packed, digest, tmp_path / "home").digest() == digest


def test_too_much_content_is_refused_with_a_sentence(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.bundle.MOST_PACKED", 100)
    with pytest.raises(BundleError, match="leave out"):
        pack(folders)


def test_a_name_that_other_systems_do_not_take_is_refused(folders: Folders) -> None:
    (folders.intents / "a:b.yaml").write_text("intents: []\n")
    with pytest.raises(BundleError, match="plainer"):
        pack(folders)
