"""Sealing and opening of words and addresses, and keyed digests to look things up by.

XChaCha20-Poly1305 with a random 24-byte nonce for every message (libsodium through PyNaCl); each use has its own
key, derived from the desk's key, so that words cannot be passed off as an address or the other way round.
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


class Vault:
    """Seals and opens with one desk key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise VaultError(
                f"The desk key has {len(key)} bytes; it must be {KEY_BYTES} bytes, base64-encoded."
            )
        self._key = key
        self._boxes: dict[str, Aead] = {}

    def seal(self, purpose: str, plain: bytes) -> Sealed:
        """Return `plain` sealed for `purpose`; sealing the same twice gives different bytes."""
        return Sealed(bytes(self._box(purpose).encrypt(plain, purpose.encode())))

    def open(self, purpose: str, sealed: Sealed) -> bytes:
        """Return what was sealed. Raises `VaultError` when it was altered or sealed with another key."""
        try:
            return self._box(purpose).decrypt(sealed, purpose.encode())
        except (CryptoError, ValueError) as exc:
            raise VaultError(
                "Sealed data cannot be opened: the desk key is not the one it was sealed with, or it was altered."
            ) from exc

    def digest(self, purpose: str, text: str) -> str:
        """Return a keyed digest of `text`, 64 hex digits: the same for the same text, useless without the key."""
        return hmac.new(self._derive("digest " + purpose), text.encode(), hashlib.sha256).hexdigest()

    def _box(self, purpose: str) -> Aead:
        box = self._boxes.get(purpose)
        if box is None:
            box = self._boxes[purpose] = Aead(self._derive("seal " + purpose))
        return box

    def _derive(self, label: str) -> bytes:
        return hashlib.blake2b(label.encode(), key=self._key, digest_size=KEY_BYTES).digest()


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
