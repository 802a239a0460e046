"""The frozen records as JSON and back, by their type hints: small, strict, and the same for every record."""

import datetime as dt
import types
import typing
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

import orjson

T = TypeVar("T")


def to_json(record: Any) -> bytes:
    """Return a record as JSON: enums by value, times in ISO 8601, bytes in base 64, None fields left out."""
    return orjson.dumps(to_plain(record))


def from_json(kind: type[T], data: bytes) -> T:
    """Return the record. Raises `ValueError` when the data is no such record."""
    return from_plain(kind, orjson.loads(data))


def to_plain(value: Any) -> Any:
    """Return a record as plain JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_plain(found)
            for field in fields(value)
            if (found := getattr(value, field.name)) is not None
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple | list | frozenset):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[T], data: Any) -> T:
    """Return the record that plain JSON values describe. Raises `ValueError` when they describe none."""
    try:
        return cast("T", _reader(cast("Any", kind))(data))
    except (TypeError, KeyError, AttributeError) as exc:
        raise ValueError(f"not a {getattr(kind, '__name__', kind)}: {exc}") from exc


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    if isinstance(kind, typing.NewType):
        return _reader(kind.__supertype__)
    if isinstance(kind, type) and is_dataclass(kind):
        return _record_reader(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return _one_of(arguments)
    if origin in (typing.Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        if len(inner) == 1:
            read = _reader(inner[0])
            return lambda data: None if data is None else read(data)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _reader(arguments[0])
        return lambda data: tuple(item(part) for part in data)
    simple: dict[Any, Callable[[Any], Any]] = {
        dt.datetime: dt.datetime.fromisoformat,
        dt.date: dt.date.fromisoformat,
        bytes: b64decode,
        float: float,
    }
    if kind in simple:
        return simple[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if kind in (str, int, bool):
        return _exactly(kind)
    raise TypeError(f"no JSON form for {kind}")


def _record_reader(kind: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}

    def read(data: Any) -> Any:
        return kind(**{name: readers[name](value) for name, value in data.items()})

    return read


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        if type(data) is not kind:
            raise TypeError(f"{data!r} is no {kind.__name__}")
        return data

    return read


def _one_of(allowed: tuple[Any, ...]) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        if data not in allowed:
            raise TypeError(f"{data!r} is none of {allowed}")
        return data

    return read
