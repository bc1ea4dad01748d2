"""Lists in order and pages by position; cursors written and read in the oracle's own words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from hashlib import blake2s
from typing import Any
from uuid import UUID

from citywide.errors import RefusalError
from citywide.graph.cursors import Cursors, Given
from citywide.graph.declare import Entity, Kind, Value
from oracle.conditions import holds
from oracle.sight import Sight
from oracle.world import Row

Order = Sequence[Mapping[str, str]]
DEFAULT_SIZE = 20
# Longer texts are ordered by their beginning.
ORDERED = 120


class CursorError(Exception):
    """A cursor is not one of this list in this order."""


@dataclass(frozen=True)
class Listed:
    """A connection's answer: the rows of the page, and what surrounds it."""

    entity: Entity
    order: Order
    page: Sequence[Row]
    total: int
    has_next: bool
    has_previous: bool


class Lists:
    """The connections of one principal."""

    def __init__(self, sight: Sight, cursors: Cursors) -> None:
        self.sight = sight
        self.cursors = cursors

    def listed(self, entity: Entity, rows: Sequence[Row], arguments: Mapping[str, Any]) -> Listed:
        """The page of `rows` that the arguments ask for."""
        where, order = arguments.get("where"), arguments.get("orderBy") or ()
        if where:
            rows = [row for row in rows if holds(self.sight, entity, row, where) is True]
        rows = self.ordered(entity, rows, order)
        start, end = 0, len(rows)
        try:
            if (after := arguments.get("after")) is not None:
                start = self._before(entity, rows, order, after, is_inclusive=True)
            if (before := arguments.get("before")) is not None:
                end = self._before(entity, rows, order, before, is_inclusive=False)
        except CursorError:
            # An operation that reads rows by it is refused; one that only counts has no page.
            return Listed(entity, order, (), len(rows), has_next=False, has_previous=False)
        has_previous, has_next = start > 0, end < len(rows)
        window = rows[start:end]
        first, last = arguments.get("first"), arguments.get("last")
        if last is not None:
            page = window[max(len(window) - last, 0) :]
            has_previous = has_previous or len(window) > last
        else:
            size = DEFAULT_SIZE if first is None else first
            page = window[:size]
            has_next = has_next or len(window) > size
        return Listed(entity, order, page, len(rows), has_next, has_previous)

    def ordered(self, entity: Entity, rows: Sequence[Row], order: Order) -> Sequence[Row]:
        """Sorted by the last key first, because sorting keeps what is equal in place."""
        is_descending = bool(order) and order[-1]["direction"] == "DESC"
        rows = sorted(rows, key=lambda row: bytes(row["id"].bytes), reverse=is_descending)
        for term in reversed(order):
            name = field_of(entity, term)
            key = partial(self._key, entity, name)
            rows = sorted(rows, key=key, reverse=term["direction"] == "DESC")
        return rows

    def _key(self, entity: Entity, name: str, row: Row) -> tuple[bool, Any]:
        return _greatest_null(self._ordered_by(entity, name, row))

    def _ordered_by(self, entity: Entity, name: str, row: Row) -> Any:
        value = self.sight.value(entity, name, row)
        return value[:ORDERED] if isinstance(value, str) else value

    def cursor(self, entity: Entity, order: Order, row: Row) -> str:
        """Where the row stands in this order."""
        keys = [self._ordered_by(entity, field_of(entity, term), row) for term in order]
        printed = [printed_day(key) if isinstance(key, date) else key for key in keys]
        text = json.dumps([*printed, str(row["id"])], ensure_ascii=False)
        return self.cursors.seal(text.encode(), signature(entity, order), self.sight.principal)

    def read_cursor(self, entity: Entity, order: Order, cursor: str) -> Sequence[Any]:
        """The keys that a cursor of this list in this order holds; raises `CursorError`."""
        given = Given(cursor, signature(entity, order), len(order) + 1)
        try:
            *keys, row_id = self.cursors.opened(cursor, given, self.sight.principal)
        except RefusalError as error:
            raise CursorError(cursor) from error
        terms = zip(order, keys, strict=True)
        return [*(_key(entity, term, key) for term, key in terms), UUID(row_id)]

    def _before(
        self, entity: Entity, rows: Sequence[Row], order: Order, cursor: str, *, is_inclusive: bool
    ) -> int:
        """How many rows of the list come before the cursor's place, the place itself included."""
        place = self.read_cursor(entity, order, cursor)
        compared = [self._compared(entity, order, row, place) for row in rows]
        return sum(1 for each in compared if each < 0 or (is_inclusive and each == 0))

    def _compared(self, entity: Entity, order: Order, row: Row, place: Sequence[Any]) -> int:
        """Less than 0: the row comes first; 0: it is the place; more: it comes after."""
        keys = [self._ordered_by(entity, field_of(entity, term), row) for term in order]
        directions = [term["direction"] == "DESC" for term in order]
        directions.append(bool(directions) and directions[-1])
        for key, other, is_descending in zip([*keys, row["id"]], place, directions, strict=True):
            one, two = _greatest_null(key), _greatest_null(other)
            if one != two:
                return -1 if (one < two) != is_descending else 1
        return 0


# What JSON has no word for.
def printed_day(day: date) -> str:
    """As PostgreSQL prints a day or a moment in JSON: without zeros at a fraction's end."""
    return re.sub(r"(\.\d*?)0+(?=[+-])", r"\1", day.isoformat())


_READ = {Kind.DATE: date.fromisoformat, Kind.DATETIME: datetime.fromisoformat}


def field_of(entity: Entity, term: Mapping[str, str]) -> str:
    """The field that a term of an order names: FILE_NUMBER is fileNumber."""
    head, *tail = term["field"].lower().split("_")
    name = head + "".join(part.capitalize() for part in tail)
    assert name in entity.fields
    return name


def signature(entity: Entity, order: Order) -> str:
    """What ties a cursor to its type and order."""
    terms = [entity.name, *(f"{field_of(entity, t)} {t['direction']}" for t in order)]
    return "o" + blake2s(",".join(terms).encode(), digest_size=16).hexdigest()


def _key(entity: Entity, term: Mapping[str, str], key: Any) -> Any:
    declared = entity.fields[field_of(entity, term)]
    assert isinstance(declared, Value)
    read = _READ.get(declared.kind)
    return key if key is None or read is None else read(key)


def _greatest_null(value: Any) -> tuple[bool, Any]:
    return value is None, value
