"""Records as rows: JSON written and read by the type hints of the record, strict in both directions.

What cannot be read back is not written: a row that some later start would have to refuse never gets to the disk.
"""

from base64 import b64decode
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Generic, Literal, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

from bot.errors import StoreError

R = TypeVar("R")
Document = dict[str, Any]
"""A record's fields by name, with the values the record has."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How values of one type are written to JSON and read from it; both raise ValueError for anything else."""

    dump: Callable[[Any], Any]
    """Gives what orjson writes by itself: enums by value and times in ISO 8601 among it."""
    load: Callable[[Any], Any]


class Codec(Generic[R]):
    """Turns records of one frozen dataclass into documents, and documents into rows and back."""

    def __init__(self, record: type[R]) -> None:
        hints = get_type_hints(record)
        self._record = record
        self._names = tuple(field.name for field in fields(record))  # type: ignore[arg-type]
        self._values = attrgetter(*self._names)
        self._forms = {name: _form(hints[name]) for name in self._names}
        self._dumps = [(name, form.dump) for name, form in self._forms.items()]

    def document(self, record: R) -> Document:
        """Return the document that holds `record`."""
        return dict(zip(self._names, self._values(record), strict=True))

    def record(self, document: Mapping[str, Any]) -> R:
        """Return the record that `document` holds."""
        return self._record(**document)

    def encode(self, document: Mapping[str, Any]) -> bytes:
        """Return the row for `document`. Raises `StoreError` for a value that its field does not allow."""
        if document.keys() != self._forms.keys():
            raise StoreError(f"A document without just the fields of {self._record.__name__} cannot be kept.")
        row = {}
        name = ""
        try:
            for name, dump in self._dumps:
                row[name] = dump(document[name])
        except ValueError as exc:
            raise StoreError(
                f"{self._record.__name__}.{name} cannot be kept: {exc}; nothing was changed."
            ) from exc
        try:
            return orjson.dumps(row)
        except orjson.JSONEncodeError as exc:  # text that is no UTF-8, a number beyond 64 bits
            raise StoreError(f"{self._record.__name__} cannot be kept: {exc}; nothing was changed.") from exc

    def decode(self, row: bytes) -> Document:
        """Return the document that `encode` made `row` of. Raises ValueError for anything else."""
        body = orjson.loads(row)
        if not isinstance(body, dict) or body.keys() != self._forms.keys():
            raise ValueError(f"not the fields of {self._record.__name__}")
        return {name: form.load(body[name]) for name, form in self._forms.items()}


def _form(hint: Any) -> _Form:
    if isinstance(hint, NewType):
        return _form(hint.__supertype__)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType) and len(arguments) == 2 and NoneType in arguments:
        return _optional(_form(next(argument for argument in arguments if argument is not NoneType)))
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _sequence(_form(arguments[0]))
    if origin is Literal:
        choice = _one_of(arguments)
        return _Form(choice, choice)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _Form(_exactly(hint), hint)
    if hint in (str, int, bool):
        return _Form(_exactly(hint), _exactly(hint))
    if hint is bytes:
        return _Form(_dump_bytes, _load_bytes)
    if hint is datetime:
        return _Form(_dump_time, _load_time)
    raise TypeError(f"The codec has no form for {hint!r}.")


def _optional(form: _Form) -> _Form:
    dump_some, load_some = form.dump, form.load
    return _Form(
        lambda value: None if value is None else dump_some(value),
        lambda value: None if value is None else load_some(value),
    )


def _sequence(form: _Form) -> _Form:
    dump_part, load_part, a_tuple, a_list = form.dump, form.load, _exactly(tuple), _exactly(list)
    return _Form(
        lambda value: [dump_part(part) for part in a_tuple(value)],
        lambda value: tuple(load_part(part) for part in a_list(value)),
    )


def _exactly(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"{type(value).__name__} instead of {kind.__name__}")
        return value

    return check


def _one_of(choices: tuple[Any, ...]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value not in choices:
            raise ValueError(f"not one of {', '.join(map(str, choices))}")
        return value

    return check


_text = _exactly(str)


def _dump_bytes(value: Any) -> str:
    if type(value) is not bytes:
        raise ValueError(f"{type(value).__name__} instead of bytes")
    return b2a_base64(value, newline=False).decode()


def _load_bytes(value: Any) -> bytes:
    return b64decode(_text(value), validate=True)


def _dump_time(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("no time with a zone")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _load_time(value: Any) -> datetime:
    time = datetime.fromisoformat(_text(value))
    if time.tzinfo is not UTC:
        raise ValueError("not a time in UTC")
    return time
