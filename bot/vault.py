"""Sealing and opening of words and addresses, and keyed digests to look things up by.

XChaCha20-Poly1305 with a random 24-byte nonce for every message (libsodium through PyNaCl). Each inquiry,
conversation and situation has a random key of its own, which the desk's key wraps: whoever destroys it has erased
every copy of what it sealed. Each use of a key has a key derived from it, so that words cannot be passed off as an
address or the other way round.
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from secrets import token_bytes

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from bot.errors import VaultError
from bot.models import Sealed

KEY_BYTES = 32
WRAPPING = "data key"


class Box:
    """Seals and opens with one key of 32 bytes; shows it to nobody."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._boxes: dict[str, Aead] = {}

    def seal(self, purpose: str, plain: bytes, owner: str = "") -> Sealed:
        """Return `plain` sealed for `purpose` and `owner`; sealing the same twice gives different bytes."""
        return Sealed(bytes(self._box(purpose).encrypt(plain, f"{purpose}\0{owner}".encode())))

    def open(self, purpose: str, sealed: Sealed, owner: str = "") -> bytes:
        """Return what was sealed. Raises `VaultError` when it was altered, or sealed with another key or for another."""
        try:
            return self._box(purpose).decrypt(sealed, f"{purpose}\0{owner}".encode())
        except (CryptoError, ValueError) as exc:
            raise VaultError(
                "Sealed data cannot be opened: the desk key is not the one it was sealed with, or it was altered."
            ) from exc

    def derive(self, label: str) -> bytes:
        """Return the key for one use, 32 bytes."""
        return hashlib.blake2b(label.encode(), key=self._key, digest_size=KEY_BYTES).digest()

    def _box(self, purpose: str) -> Aead:
        box = self._boxes.get(purpose)
        if box is None:
            box = self._boxes[purpose] = Aead(self.derive("seal " + purpose))
        return box


class Vault:
    """The desk's key: wraps the keys of inquiries, conversations and situations, and seals what belongs to no citizen."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise VaultError(
                f"The desk key has {len(key)} bytes; it must be {KEY_BYTES} bytes, base64-encoded."
            )
        self._desk = Box(key)

    def seal(self, purpose: str, plain: bytes) -> Sealed:
        """Return `plain` sealed for `purpose` by the desk's key itself: for what no citizen wrote."""
        return self._desk.seal(purpose, plain)

    def open(self, purpose: str, sealed: Sealed) -> bytes:
        """Return what was sealed. Raises `VaultError` when it was altered or sealed with another key."""
        return self._desk.open(purpose, sealed)

    def digest(self, purpose: str, text: str) -> str:
        """Return a keyed digest of `text`, 64 hex digits: the same for the same text, useless without the key."""
        return hmac.digest(self._desk.derive("digest " + purpose), text.encode(), "sha256").hex()

    def new_key(self, owner: str) -> Sealed:
        """Return a new random key for the record of that id, wrapped."""
        return self.new_box(owner)[0]

    def new_box(self, owner: str) -> tuple[Sealed, Box]:
        """Return a new random key for the record of that id, wrapped, and what seals and opens with it."""
        key = token_bytes(KEY_BYTES)
        return self._desk.seal(WRAPPING, key, owner), Box(key)

    def unwrap(self, owner: str, data_key: Sealed) -> Box:
        """Return what seals and opens with the key of that record.

        Raises `VaultError` when it is another record's key, was altered or wrapped by another desk key.
        """
        return Box(self._desk.open(WRAPPING, data_key, owner))

    def rewrap(self, owner: str, data_key: Sealed, other: "Vault", new_owner: str) -> Sealed:
        """Return the same key as another desk key wraps it. Raises as `unwrap`."""
        return other._desk.seal(WRAPPING, self._desk.open(WRAPPING, data_key, owner), new_owner)


def encode_key(key: bytes) -> str:
    """Return the key as one line of text."""
    return urlsafe_b64encode(key).decode()


def decode_key(text: str, where: str) -> bytes:
    """Read a key from its line of text. Raises `VaultError` naming `where` it stood."""
    try:
        key = urlsafe_b64decode(text.strip())
    except ValueError as exc:
        raise VaultError(f"{where} holds no key; put back the line the desk wrote there.") from exc
    if len(key) != KEY_BYTES:
        raise VaultError(
            f"{where} holds {len(key)} bytes instead of {KEY_BYTES}; put back the key the desk wrote."
        )
    return key


def make_key_file(path: Path) -> bytes:
    """Make a new key in a file only its owner may read, and return it. Raises `VaultError` if it cannot."""
    key = token_bytes(KEY_BYTES)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(encode_key(key) + "\n")
            opened.flush()
            os.fsync(descriptor)  # before anything is sealed with it
    except OSError as exc:
        raise VaultError(
            f"The key file {path} cannot be made ({exc.strerror}); set DESK_KEY_FILE or DESK_KEY."
        ) from exc
    return key


def read_key_file(path: Path) -> bytes:
    """Read the desk key. Raises `VaultError` when the file is missing, open to others or no key."""
    try:
        if path.stat().st_mode & 0o077:
            raise VaultError(f"Others may read the key file {path}; run: chmod 600 {path}")
        text = path.read_text(encoding="ascii")
    except FileNotFoundError as exc:
        raise VaultError(
            f"There is data but no key at {path}; put the key file back, or set DESK_KEY or DESK_KEY_FILE. "
            "Without the key the data cannot be read, and no new key is made over it."
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise VaultError(f"The key file {path} cannot be read; restore it from your backup.") from exc
    return decode_key(text, str(path))
