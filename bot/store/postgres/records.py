"""The frozen records as rows of columns and back, by their type hints.

A nested record that may be missing stands in columns of its own, named after its field and theirs; it is missing
when all of them are NULL.
"""

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from psycopg import sql

from bot.errors import StoreError

R = TypeVar("R")
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: where its value stands in a record, and how it is read back."""

    name: str
    path: tuple[str, ...]
    to_row: Convert | None
    from_row: Convert | None


class Table(Generic[R]):
    """The rows of one table as records."""

    def __init__(self, name: str, record: type[R], *key: str, apart: Sequence[str] = ()) -> None:
        """`key` names the columns that tell rows apart; `apart` names fields that are kept elsewhere: they are no
        columns, and given to make a record."""
        self.name = name
        self.key = key
        self._record = record
        hints = typing.get_type_hints(record)
        self._columns: list[_Column] = []
        self._makers: list[tuple[str, slice, Callable[[Sequence[Any]], Any]]] = []
        for field in fields(record):  # type: ignore[arg-type]
            if field.name not in apart:
                self._add(field.name, _without_none(hints[field.name]))
        self.columns = tuple(column.name for column in self._columns)
        """The columns' names, in the order of `row` and `record`."""
        self.insert = (
            sql.SQL("INSERT INTO {} ({}) VALUES ({})")
            .format(
                sql.Identifier(name),
                sql.SQL(", ").join(map(sql.Identifier, self.columns)),
                sql.SQL(", ").join([sql.Placeholder()] * len(self.columns)),
            )
            .as_string()
        )
        """The statement that adds one row, to be given `row`."""
        every = sql.SQL("({}) = ROW ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, self.columns)),
            sql.SQL(", ").join(sql.SQL("EXCLUDED.{}").format(sql.Identifier(name)) for name in self.columns),
        )
        conflict = sql.SQL(" ON CONFLICT ({}) DO UPDATE SET ").format(
            sql.SQL(", ").join(map(sql.Identifier, key))
        )
        self.put = self.insert + (conflict + every).as_string()
        """The statement that adds one row in place of the one with its key, if any, to be given `row`."""

    def selected(self, alias: str | None = None) -> str:
        """Return the columns as a SELECT names them, of the table or of its `alias`."""
        return ", ".join(f'{alias or self.name}."{column}"' for column in self.columns)

    def row(self, record: R) -> list[Any]:
        """Return the values of the columns. Raises ValueError for what may not be kept."""
        values = []
        for column in self._columns:
            value: Any = record
            for name in column.path:
                value = None if value is None else getattr(value, name)
            values.append(value if value is None or column.to_row is None else column.to_row(value))
        return values

    def record(self, row: Sequence[Any], **apart: Any) -> R:
        """Return the record of a row of these columns (more may follow), with the fields that are kept elsewhere.

        Raises `StoreError` for a row that is no such record.
        """
        try:
            return self._record(**self.document(row), **apart)
        except (ValueError, TypeError) as exc:
            raise StoreError(
                f"A row of the table {self.name} cannot be read: a newer desk wrote it, or somebody altered it."
            ) from exc

    def document(self, row: Sequence[Any]) -> dict[str, Any]:
        """Return a row of these columns (more may follow) as the fields of a record, but for those kept elsewhere."""
        return {name: make(row[where]) for name, where, make in self._makers}

    def values(self, document: Mapping[str, Any]) -> list[Any]:
        """Return the values of the columns, as `row` does, of such fields; it may have more."""
        values = []
        for column in self._columns:
            first, *rest = column.path
            value = document[first]
            for name in rest:
                value = None if value is None else getattr(value, name)
            values.append(value if value is None or column.to_row is None else column.to_row(value))
        return values

    def _add(self, name: str, hint: Any) -> None:
        first = len(self._columns)
        if is_dataclass(hint):
            hints = typing.get_type_hints(hint)
            parts = [
                _column(f"{name}_{part.name}", (name, part.name), _without_none(hints[part.name]))
                for part in fields(hint)
            ]
            self._columns += parts
            make = _nested(hint, tuple(part.path[-1] for part in parts), [part.from_row for part in parts])
        else:
            column = _column(name, (name,), hint)
            self._columns.append(column)
            make = _single(column.from_row)
        self._makers.append((name, slice(first, len(self._columns)), make))


def _column(name: str, path: tuple[str, ...], hint: Any) -> _Column:
    to_row, from_row = _converters(hint)
    return _Column(name, path, to_row, from_row)


def _single(from_row: Convert | None) -> Callable[[Sequence[Any]], Any]:
    def make(values: Sequence[Any]) -> Any:
        value = values[0]
        return value if value is None or from_row is None else from_row(value)

    return make


def _nested(
    record: Any, names: Sequence[str], from_row: Sequence[Convert | None]
) -> Callable[[Sequence[Any]], Any]:
    def make(values: Sequence[Any]) -> Any:
        if all(value is None for value in values):
            return None
        made = {
            name: value if value is None or convert is None else convert(value)
            for name, value, convert in zip(names, values, from_row, strict=True)
        }
        return record(**made)

    return make


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(one for one in typing.get_args(hint) if one is not types.NoneType)
    return hint


def _converters(hint: Any) -> tuple[Convert | None, Convert | None]:
    """Return what turns a value into a column's and back; None where nothing is to be done."""
    if typing.get_origin(hint) is tuple:
        return list, tuple
    if hint is datetime:
        return aware, in_utc
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return None, hint
    return None, None


def aware(time: datetime) -> datetime:
    """Return the time. Raises ValueError when it has no zone: the database would guess one."""
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time


def in_utc(time: datetime) -> datetime:
    """Return the time as the database gives it, in UTC."""
    return time if time.tzinfo is UTC else time.astimezone(UTC)
