"""References people read aloud: Crockford base 32, grouped, with a check character; useless as a credential."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
"""What people write for digits that look alike."""
_LENGTH = 7


def new_reference() -> str:
    """Return a random reference such as `7KQ2-M9XA`: seven characters (35 bits) and one to catch slips."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    return _grouped(body + _check(body))


def read_reference(text: str) -> str | None:
    """Return the reference somebody typed in any grouping or case, or None when it is mistyped."""
    found = "".join(character for character in text.upper() if character.isalnum()).translate(READ_AS)
    if len(found) != _LENGTH + 1 or any(character not in ALPHABET for character in found):
        return None
    return _grouped(found) if _check(found[:-1]) == found[-1] else None


def _check(body: str) -> str:
    # Weights that are odd, hence coprime to 32, catch every single wrong character; unequal neighbours catch
    # nearly every swap.
    return ALPHABET[
        sum((2 * place + 1) * ALPHABET.index(character) for place, character in enumerate(body)) % 32
    ]


def _grouped(reference: str) -> str:
    return f"{reference[:4]}-{reference[4:]}"
