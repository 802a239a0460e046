"""Looking for something in every file of a folder, in each form a program might have written it in."""

from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path


def forms(secret: str) -> set[bytes]:
    """Return the byte strings that would give `secret` away: clear, UTF-16, hexadecimal, base64 at each offset."""
    raw = secret.encode()
    base64 = {b64encode(b"\0" * shift + raw)[(4 if shift else 0) : -4] for shift in range(3)}
    return {raw, raw.lower(), secret.encode("utf-16-le"), raw.hex().encode(), *base64}


def found_in(folder: Path, secrets: Iterable[str], *, leave_out: Iterable[Path] = ()) -> list[str]:
    """Return where any of the secrets stands, in the name or in the bytes of a file below the folder."""
    found = []
    skipped = tuple(leave_out)
    wanted = {secret: forms(secret) for secret in secrets}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or any(path.is_relative_to(other) for other in skipped):
            continue
        data = path.read_bytes() + path.name.encode()
        found += [
            f"{secret} in {path}" for secret, each in wanted.items() if any(form in data for form in each)
        ]
    return found
