"""Sealing, opening, keyed digests and key files."""

import os
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import VaultError
from bot.models import Sealed
from bot.vault import KEY_BYTES, Vault, decode_key, encode_key, make_key_file, read_key_file

KEY = bytes(range(KEY_BYTES))
PLAIN = "我住在七号楼 / I live in block 7".encode()


@pytest.fixture
def vault() -> Vault:
    return Vault(KEY)


@given(st.binary(max_size=2000))
def test_what_is_sealed_can_be_opened(plain: bytes) -> None:
    assert Vault(KEY).open("words", Vault(KEY).seal("words", plain)) == plain


def test_sealing_the_same_twice_gives_different_bytes(vault: Vault) -> None:
    assert len({vault.seal("words", PLAIN) for _ in range(100)}) == 100


def test_what_is_sealed_shows_nothing_of_the_plain(vault: Vault) -> None:
    sealed = vault.seal("words", PLAIN)
    assert type(sealed) is bytes
    assert not any(PLAIN[start : start + 4] in sealed for start in range(len(PLAIN) - 3))


def test_another_key_does_not_open(vault: Vault) -> None:
    with pytest.raises(VaultError):
        Vault(bytes(KEY_BYTES)).open("words", vault.seal("words", PLAIN))


def test_words_cannot_be_passed_off_as_an_address(vault: Vault) -> None:
    with pytest.raises(VaultError):
        vault.open("address", vault.seal("words", PLAIN))


def test_any_altered_byte_is_noticed(vault: Vault) -> None:
    sealed = vault.seal("words", PLAIN)
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(VaultError):
            vault.open("words", Sealed(bytes(altered)))


@pytest.mark.parametrize("broken", [b"", b"short", bytes(23), bytes(24), bytes(40), bytes(1000)])
def test_what_was_never_sealed_is_refused(vault: Vault, broken: bytes) -> None:
    with pytest.raises(VaultError):
        vault.open("words", Sealed(broken))


def test_what_was_cut_short_is_refused(vault: Vault) -> None:
    sealed = vault.seal("words", PLAIN)
    for length in range(len(sealed)):
        with pytest.raises(VaultError):
            vault.open("words", Sealed(sealed[:length]))


def test_a_refusal_says_nothing_of_what_was_sealed(vault: Vault) -> None:
    with pytest.raises(VaultError) as raised:
        vault.open("address", vault.seal("words", b"canary"))
    assert "canary" not in str(raised.value)
    assert "desk key" in str(raised.value)


def test_a_record_has_a_key_of_its_own(vault: Vault) -> None:
    one, other = vault.new_key("i-1"), vault.new_key("i-2")
    sealed = vault.unwrap("i-1", one).seal("words", PLAIN)
    assert vault.unwrap("i-1", one).open("words", sealed) == PLAIN
    with pytest.raises(VaultError):
        vault.unwrap("i-2", other).open("words", sealed)
    with pytest.raises(VaultError):
        vault.open("words", sealed)


def test_a_key_cannot_be_passed_off_as_another_records(vault: Vault) -> None:
    with pytest.raises(VaultError):
        vault.unwrap("i-2", vault.new_key("i-1"))


def test_a_wrapped_key_opens_only_with_the_desk_key(vault: Vault) -> None:
    with pytest.raises(VaultError):
        Vault(bytes(KEY_BYTES)).unwrap("i-1", vault.new_key("i-1"))


def test_a_key_that_is_wrapped_anew_opens_the_same(vault: Vault) -> None:
    other, key = Vault(bytes(KEY_BYTES)), vault.new_key("i-1")
    sealed = vault.unwrap("i-1", key).seal("words", PLAIN)
    again = vault.rewrap("i-1", key, other, "i-1 anew")
    assert other.unwrap("i-1 anew", again).open("words", sealed) == PLAIN
    with pytest.raises(VaultError):
        vault.unwrap("i-1 anew", again)


def test_no_key_shows_in_what_is_printed_or_raised(vault: Vault) -> None:
    box = vault.unwrap("i-1", vault.new_key("i-1"))
    with pytest.raises(VaultError) as raised:
        box.open("words", Sealed(b"altered" * 9))
    keys = [KEY, box.derive("seal words"), vars(box)["_key"]]
    shown = "".join(map(repr, (vault, box, raised.value, raised.value.args))) + str(raised.value)
    assert not any(form in shown for key in keys for form in (repr(key)[2:-1], key.hex(), encode_key(key)))


def test_a_digest_is_the_same_for_the_same_text(vault: Vault) -> None:
    digest = vault.digest("conversation", "telegram\0007")
    assert digest == Vault(KEY).digest("conversation", "telegram\0007")
    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")


def test_digests_differ_by_text_purpose_and_key(vault: Vault) -> None:
    digests = {
        vault.digest("conversation", "a"),
        vault.digest("conversation", "b"),
        vault.digest("message", "a"),
        Vault(bytes(KEY_BYTES)).digest("conversation", "a"),
    }
    assert len(digests) == 4


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(VaultError, match=f"{length} bytes"):
        Vault(bytes(length))


def test_a_key_can_be_written_as_a_line_and_read_back() -> None:
    line = encode_key(KEY)
    assert line.isascii()
    assert "\n" not in line
    assert decode_key(f"  {line}\n", "DESK_KEY") == KEY


@pytest.mark.parametrize(
    "line", ["", "not a key", "钥匙", "A", urlsafe_b64encode(bytes(16)).decode(), encode_key(KEY)[:-3]]
)
def test_a_line_that_is_no_key_is_refused_by_the_name_of_its_place(line: str) -> None:
    with pytest.raises(VaultError, match="DESK_KEY"):
        decode_key(line, "DESK_KEY")


def test_a_key_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "config" / "desk.key"
    umask = os.umask(0)
    try:
        key = make_key_file(path)
    finally:
        os.umask(umask)
    assert len(key) == KEY_BYTES
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert read_key_file(path) == key


def test_every_key_file_holds_another_key(tmp_path: Path) -> None:
    assert len({make_key_file(tmp_path / str(number)) for number in range(10)}) == 10


def test_a_key_file_is_never_made_over_another(tmp_path: Path) -> None:
    path = tmp_path / "desk.key"
    key = make_key_file(path)
    with pytest.raises(VaultError, match="cannot be made"):
        make_key_file(path)
    assert read_key_file(path) == key


def test_a_missing_key_file_is_no_reason_to_make_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "desk.key"
    with pytest.raises(VaultError, match="put the key file back"):
        read_key_file(path)
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "desk.key"
    make_key_file(path)
    path.chmod(mode)
    with pytest.raises(VaultError, match=f"chmod 600 {path}"):
        read_key_file(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"no key here", b"AAAA"])
def test_a_key_file_that_holds_no_key_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "desk.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(VaultError, match=str(path)):
        read_key_file(path)


def test_a_folder_in_place_of_a_key_file_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(VaultError, match="cannot be read"):
        read_key_file(tmp_path)
