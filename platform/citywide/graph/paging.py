"""Relay connections: keyset pages in both directions, in a stable order, counted when asked.

A cursor holds the row's order keys, as the caller sees them, and its id (`cursors`). "After"
compares with those keys, so rows that come and go do not shift a page, and equal rows go by id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from hashlib import blake2s
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Select,
    Table,
    UniqueConstraint,
    and_,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.sql import ColumnElement, FromClause

from citywide.db.holdable import is_storable_instant
from citywide.errors import Code, RefusalError
from citywide.graph.access import Access, Conditions
from citywide.graph.cursors import Given, not_of_this_list
from citywide.graph.declare import Entity, Kind, Value
from citywide.graph.filters import SQL_TYPES, Filter
from citywide.graph.scalars import storable
from citywide.graph.schema import ORDERED_CHARACTERS, PAGE_DEFAULT, PAGE_MAXIMUM
from citywide.graph.sql import cursor, exists_about
from citywide.graph.subjects import counted, few_subjects, subjects
from citywide.graph.telling import is_a_person, leads_to_a_person
from citywide.graph.values import OPENED, Ref

# Beyond so many keys nothing is ordered any further.
ORDER_KEYS = 8
# A list of keys, each with its value in the cursor's row.
_Compared = Sequence[tuple["Key", ColumnElement[Any]]]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an order: what the caller sees of a field, or the row's id at the end."""

    expression: ColumnElement[Any]
    kind: Kind
    is_nullable: bool
    is_descending: bool

    def in_order(self, *, is_reversed: bool) -> ColumnElement[Any]:
        """The ORDER BY term; null is the greatest value in both directions."""
        is_descending = self.is_descending != is_reversed
        return self.expression.desc() if is_descending else self.expression.asc()

    def beyond(self, value: ColumnElement[Any], *, is_greater: bool) -> ColumnElement[bool]:
        """Whether the key lies strictly on one side of `value`, null being the greatest."""
        key = self.expression
        if not self.is_nullable:
            return key > value if is_greater else key < value
        if is_greater:
            return and_(value.is_not(None), or_(key > value, key.is_(None)))
        return or_(key < value, and_(key.is_not(None), value.is_(None)))

    def same(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether the key equals `value`, null equal to null."""
        return (
            self.expression.is_not_distinct_from(value)
            if self.is_nullable
            else (self.expression == value)
        )


class Page:
    """The rows of one connection: its conditions, its order, its window."""

    def __init__(
        self,
        access: Access,
        entity: Entity,
        arguments: Mapping[str, Any],
        join: Callable[[FromClause], Conditions],
        outer: FromClause | None,
    ) -> None:
        self.access = access
        self.entity = entity
        self.outer = outer
        self._join = join
        self._where = arguments.get("where")
        self._order = arguments.get("orderBy") or ()
        self.after, self.before = arguments.get("after"), arguments.get("before")
        first, last = arguments.get("first"), arguments.get("last")
        if first is not None and last is not None:
            message = "Give first or last, not both: a page runs one way."
            raise RefusalError(Code.BAD_USER_INPUT, message)
        if len(self._order) > ORDER_KEYS:
            message = f"orderBy has {len(self._order)} keys; {ORDER_KEYS} at most."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        known = len(access.probed)
        for order in self._order:
            # Asked of the grants even where no row is read.
            access.grant(f"{entity.name}.{order['field']}")
            access.probe(entity, order["field"])
        # Whether its filter or its order looks at what tells about persons.
        self.is_probing = len(access.probed) > known
        self.is_backward = last is not None
        given = last if self.is_backward else first
        self.size = PAGE_DEFAULT if given is None else given

    @property
    def signature(self) -> str:
        """What a cursor must agree with: the type and the order it was made in."""
        order = [self.entity.name, *(f"{o['field']} {o['direction']}" for o in self._order)]
        return "o" + blake2s(",".join(order).encode(), digest_size=16).hexdigest()

    def rows(self, *, has_one_more: bool) -> FromClause:
        """The page: the row's columns, its order keys `k0 …` and its number `rn` in the window."""
        row = self.access.reference(self.entity.table)
        keys = self._keys(row)
        conditions = [*self._conditions(row), *self._window(keys)]
        order = [key.in_order(is_reversed=self.is_backward) for key in keys]
        extra = int(has_one_more)
        limit = self.access.binds.value(
            self.size, BigInteger(), lambda found: page_size(found) + extra
        )
        labelled = [key.expression.label(f"k{number}") for number, key in enumerate(keys)]
        number = func.row_number().over(order_by=order).label("rn")
        found = select(*row.c, *labelled, number).where(and_(true(), *conditions))
        return self._inside(found.order_by(*order).limit(limit)).subquery()

    def size_bound(self) -> ColumnElement[int]:
        """The page's size as a parameter."""
        return self.access.binds.value(self.size, BigInteger(), page_size)

    def cursor(self, page: FromClause) -> ColumnElement[str]:
        """The cursor of a row of the page."""
        self.access.gives_cursors = True
        count = len(self._order) + 1
        return cursor(self.signature, [page.c[f"k{number}"] for number in range(count)])

    def beyond(self, bound: Any, *, is_after: bool) -> ColumnElement[bool]:
        """Whether there is a row on the far side of a cursor, itself included."""
        row = self.access.reference(self.entity.table)
        near = self._relative(self._keys(row), bound, is_after=is_after)
        conditions = [*self._conditions(row), near.is_not(True)]
        return exists_about(self.outer, row, conditions)

    def count(self) -> ColumnElement[int]:
        """How many rows there are without the window."""
        if self.outer is not None and is_a_person(self.entity):
            # Counted row by row of what it belongs to, which is as good as a filter.
            self.access.probe(self.entity, "id")
            self.is_probing = True
        row = self.access.reference(self.entity.table)
        found = select(func.count()).select_from(row).where(and_(true(), *self._conditions(row)))
        return self._inside(found).scalar_subquery()

    def counted(self) -> ColumnElement[Any]:
        """What the hidden member after the count says: whom it names, being few."""
        if not leads_to_a_person(self.access.entities, self.entity):
            return counted(None)
        reached, self.access.references = self.access.references, 0
        row = self.access.reference(self.entity.table)
        about = subjects(self.access, self.entity, row).label("about")
        rows = select(about).select_from(row).where(and_(true(), *self._conditions(row)))
        # The same conditions once more: the operation reaches no further by it.
        self.access.references = reached
        return counted(few_subjects(self._inside(rows)))

    def _inside(self, statement: Select[Any]) -> Select[Any]:
        return statement if self.outer is None else statement.correlate(self.outer)

    def _conditions(self, row: FromClause) -> Conditions:
        found = [*self.access.visible(self.entity, row), *self._join(row)]
        if self._where:
            known = len(self.access.probed)
            found.append(Filter(self.access).compile(self.entity, row, self._where))
            self.is_probing = self.is_probing or len(self.access.probed) > known
        return found

    def _keys(self, row: FromClause) -> list[Key]:
        found = []
        for order in self._order:
            name, is_descending = order["field"], order["direction"] == "DESC"
            declared = self.entity.fields[name]
            assert isinstance(declared, Value)
            coordinate = f"{self.entity.name}.{name}"
            seen = self.access.value(self.entity, coordinate, declared, row)
            if _may_be_long(self.entity.table, declared):
                seen = func.left(seen, literal_column(str(ORDERED_CHARACTERS)))
            grant = self.access.grant(coordinate)
            is_masked = grant is not None and self.access.is_masked(self.entity, grant)
            is_nullable = declared.nullable or (is_masked and declared.mask is not None)
            found.append(Key(seen, declared.kind, is_nullable, is_descending))
        # In the direction of the last key, so that one index can serve the whole order.
        is_descending = bool(found) and found[-1].is_descending
        return [*found, Key(row.c.id, Kind.ID, is_nullable=False, is_descending=is_descending)]

    def _window(self, keys: Sequence[Key]) -> Conditions:
        found = []
        if self.after is not None:
            found.append(self._relative(keys, self.after, is_after=True))
        if self.before is not None:
            found.append(self._relative(keys, self.before, is_after=False))
        return found

    def _relative(self, keys: Sequence[Key], bound: Any, *, is_after: bool) -> ColumnElement[bool]:
        """Whether a row comes strictly after (or before) the row of the cursor `bound`."""
        given = self.access.cursors
        compared = []
        for number, key in enumerate(keys):
            part = Ref((OPENED, len(given), number))
            value = self.access.binds.value(part, SQL_TYPES[key.kind], partial(_key_of, key))
            compared.append((key, value))
        given.append(Given(bound, self.signature, len(keys)))
        if len({key.is_descending for key in keys}) == 1 and not any(k.is_nullable for k in keys):
            # One row comparison, which an index on the order answers directly.
            row = tuple_(*(key.expression for key in keys))
            other = tuple_(*(value for _, value in compared))
            return row > other if is_after != keys[0].is_descending else row < other
        return _lexicographic(compared, is_after=is_after)


def _lexicographic(compared: _Compared, *, is_after: bool) -> ColumnElement[bool]:
    (key, value), *rest = compared
    strictly = key.beyond(value, is_greater=is_after != key.is_descending)
    if not rest:
        return strictly
    return or_(strictly, and_(key.same(value), _lexicographic(rest, is_after=is_after)))


def page_size(found: int) -> int:
    """A page size within the limits."""
    if found < 0:
        raise RefusalError(Code.BAD_USER_INPUT, f"A page cannot hold {found} rows.")
    if found > PAGE_MAXIMUM:
        message = f"A page holds {PAGE_MAXIMUM} rows at most; {found} were asked for."
        raise RefusalError(Code.LIMIT_EXCEEDED, message)
    return found


def _may_be_long(table: Table, declared: Value) -> bool:
    """Whether a text is ordered by its beginning, as a cursor can hold no more of it.

    One that an index is ordered by has a line at most, and is ordered whole to be served by it.
    """
    if declared.kind is not Kind.STRING or declared.enum is not None:
        return False
    column = declared.expression(table)
    return column.key not in _indexed(table) or table.c.get(str(column.key)) is not column


@cache
def _indexed(table: Table) -> frozenset[str]:
    found = {column.name for index in table.indexes for column in index.columns}
    unique = (each for each in table.constraints if isinstance(each, UniqueConstraint))
    return frozenset(found | {column.name for each in unique for column in each.columns})


def _key_of(key: Key, value: Any) -> Any:
    """A cursor's value for a key; it was made by us, but perhaps by an earlier version."""
    try:
        return _key_value(key, value)
    except (ValueError, TypeError):
        raise not_of_this_list() from None


def _key_value(key: Key, value: Any) -> Any:
    if value is None:
        if not key.is_nullable:
            raise ValueError(value)
        return None
    match key.kind:
        case Kind.ID:
            return UUID(value)
        case Kind.DATE:
            return date.fromisoformat(value)
        case Kind.DATETIME:
            return _instant(value)
        case Kind.STRING:
            return storable(_exactly(value, str))
        case Kind.BOOLEAN:
            return _exactly(value, bool)
        case Kind.INT | Kind.MONEY:
            number: int = _exactly(value, int)
            if not -(2**63) <= number < 2**63:
                raise ValueError(number)
            return number


def _instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if not is_storable_instant(instant):
        raise ValueError(value)
    return instant


def _exactly(value: Any, expected: type) -> Any:
    if type(value) is not expected:
        raise TypeError(value)
    return value
