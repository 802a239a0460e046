"""Records as rows: JSON written and read by the type hints of the record, strict in both directions.

What cannot be read back is not written: a row that some later start would have to refuse never gets to the disk.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Generic, TypeVar, get_type_hints

import orjson

from bot.codec import form
from bot.errors import StoreError

R = TypeVar("R")
Document = dict[str, Any]
"""A record's fields by name, with the values the record has."""


class Codec(Generic[R]):
    """Turns records of one frozen dataclass into documents, and documents into rows and back."""

    def __init__(self, record: type[R], *apart: str) -> None:
        """`apart` names fields that are kept elsewhere: they are in no document, and given to make a record."""
        hints = get_type_hints(record)
        self._record = record
        self.names = tuple(field.name for field in fields(record) if field.name not in apart)  # type: ignore[arg-type]
        # Each field written out, as a dataclass does for its own: every write passes here, and a loop takes three times as long.
        written_out = ", ".join(f"{name!r}: record.{name}" for name in self.names)
        self._document: Callable[[R], Document] = eval(f"lambda record: {{{written_out}}}")  # noqa: S307
        self._forms = {name: form(hints[name]) for name in self.names}
        self._dumps = [(name, form.dump, form.dumps_as_is) for name, form in self._forms.items()]

    def document(self, record: R) -> Document:
        """Return the document that holds `record`."""
        return self._document(record)

    def record(self, document: Mapping[str, Any], **apart: Any) -> R:
        """Return the record that `document` holds, with the fields that are kept elsewhere."""
        return self._record(**document, **apart)

    def encode(self, document: Mapping[str, Any]) -> bytes:
        """Return the row for `document`. Raises `StoreError` for a value that its field does not allow."""
        row = {}
        name = ""
        try:
            for name, dump, as_is in self._dumps:
                value = document[name]
                row[name] = value if type(value) in as_is else dump(value)
        except KeyError:
            raise self._other_fields() from None
        except ValueError as exc:
            raise StoreError(
                f"{self._record.__name__}.{name} cannot be kept: {exc}; nothing was changed."
            ) from exc
        if len(document) != len(row):
            raise self._other_fields()
        try:
            return orjson.dumps(row)
        except orjson.JSONEncodeError as exc:  # text that is no UTF-8, a number beyond 64 bits
            raise StoreError(f"{self._record.__name__} cannot be kept: {exc}; nothing was changed.") from exc

    def _other_fields(self) -> StoreError:
        return StoreError(f"A document without just the fields of {self._record.__name__} cannot be kept.")

    def decode(self, row: bytes) -> Document:
        """Return the document that `encode` made `row` of. Raises ValueError for anything else."""
        body = orjson.loads(row)
        if not isinstance(body, dict) or body.keys() != self._forms.keys():
            raise ValueError(f"not the fields of {self._record.__name__}")
        return {
            name: body[name] if type(body[name]) in form.loads_as_is else form.load(body[name])
            for name, form in self._forms.items()
        }
