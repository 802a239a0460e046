"""The frozen records as JSON and back, by their type hints: strict in both directions, the same for every record.

What could not be read back is not written.
"""

import types
import typing
from base64 import b64decode
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast

import orjson

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Form:
    """How values of one type are written to JSON and read from it; both raise ValueError for anything else."""

    dump: Callable[[Any], Any]
    """Gives what orjson writes by itself: enums by value and times in ISO 8601 among it."""
    load: Callable[[Any], Any]
    dumps_as_is: frozenset[type] = frozenset()
    """Values of exactly these types are what `dump` would give; looking here is a fraction of calling it."""
    loads_as_is: frozenset[type] = frozenset()
    """Values of exactly these types are what `load` would give."""


def to_json(record: Any) -> bytes:
    """Return a record as JSON, without the fields that have their default. Raises ValueError for a wrong value."""
    return orjson.dumps(form(cast("Any", type(record))).dump(record))


def from_json(kind: type[T], data: bytes) -> T:
    """Return the record that `to_json` wrote; a field that is not there has its default.

    Raises ValueError when the data is no such record.
    """
    return cast("T", form(cast("Any", kind)).load(orjson.loads(data)))


@cache
def form(hint: Any) -> Form:
    """Return the form of a type. Raises TypeError for a type without one."""
    if isinstance(hint, typing.NewType):
        return form(hint.__supertype__)
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType) and len(arguments) == 2 and types.NoneType in arguments:
        return _optional(form(next(argument for argument in arguments if argument is not types.NoneType)))
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _sequence(form(arguments[0]))
    if origin is typing.Literal:
        return Form(_one_of(arguments), _one_of(arguments))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Form(_exactly(hint), hint, dumps_as_is=frozenset({hint}))
    if hint in (str, int, bool):
        plain = frozenset({hint})
        return Form(_exactly(hint), _exactly(hint), dumps_as_is=plain, loads_as_is=plain)
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    raise TypeError(f"There is no JSON form for {hint!r}.")


def _record(kind: Any) -> Form:
    hints = typing.get_type_hints(kind)
    # A record that holds itself is none of ours, so its fields' forms can be made at once.
    forms = {field.name: form(hints[field.name]) for field in fields(kind)}
    exactly = _exactly(kind)
    each = [
        (field.name, forms[field.name].dump, forms[field.name].dumps_as_is, field.default)
        for field in fields(kind)
    ]

    def dump(record: Any) -> dict[str, Any]:
        exactly(record)
        written = {}
        for name, dump_it, as_is, default in each:
            value = getattr(record, name)
            if default is MISSING or value != default:
                written[name] = value if type(value) in as_is else dump_it(value)
        return written

    def load(data: Any) -> Any:
        if not isinstance(data, dict) or not data.keys() <= forms.keys():
            raise ValueError(f"not the fields of {kind.__name__}")
        try:
            return kind(
                **{
                    name: value if type(value) in forms[name].loads_as_is else forms[name].load(value)
                    for name, value in data.items()
                }
            )
        except TypeError as exc:  # a field without a default is missing
            raise ValueError(str(exc)) from exc

    return Form(dump, load)


def _optional(some: Form) -> Form:
    return Form(
        lambda value: None if value is None else some.dump(value),
        lambda value: None if value is None else some.load(value),
        dumps_as_is=some.dumps_as_is | {types.NoneType},
        loads_as_is=some.loads_as_is | {types.NoneType},
    )


def _sequence(part: Form) -> Form:
    a_tuple, a_list = _exactly(tuple), _exactly(list)
    return Form(
        lambda value: [part.dump(item) for item in a_tuple(value)],
        lambda value: tuple(part.load(item) for item in a_list(value)),
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


_text, _bytes = _exactly(str), _exactly(bytes)


def _dump_bytes(value: Any) -> str:
    return b2a_base64(_bytes(value), newline=False).decode()


def _load_bytes(value: Any) -> bytes:
    return b64decode(_text(value), validate=True)


def _dump_time(value: Any) -> datetime:
    if type(value) is datetime and value.tzinfo is UTC:
        return value
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("no time with a zone")
    return value.astimezone(UTC)


def _load_time(value: Any) -> datetime:
    time = datetime.fromisoformat(_text(value))
    if time.tzinfo is not UTC:
        raise ValueError("not a time in UTC")
    return time


_SIMPLE = {
    bytes: Form(_dump_bytes, _load_bytes),
    datetime: Form(_dump_time, _load_time),
    date: Form(_exactly(date), lambda value: date.fromisoformat(_text(value)), dumps_as_is=frozenset({date})),
}
