"""`where`: typed comparisons, `and`/`or`/`not` and conditions on related rows, as predicates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Text,
    Uuid,
    and_,
    any_,
    false,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.sql import ColumnElement, FromClause
from sqlalchemy.types import TypeEngine

from citywide.db.tables import is_tenant_table
from citywide.errors import Code, RefusalError
from citywide.graph.access import Access
from citywide.graph.declare import Entity, Kind, Many, One, Value
from citywide.graph.scalars import storable
from citywide.graph.sql import exists_about
from citywide.ids import NodeId

# A filter is written by a person or a page; deeper or longer ones are generated to hurt.
FILTER_DEPTH = 8
# Conditions of one filter; a page's has some ten.
FILTER_CONDITIONS = 100
# Values of one list in a filter; a page that asks again for what it shows has some hundred.
LIST_LENGTH = 500

SQL_TYPES: Mapping[Kind, TypeEngine[Any]] = {
    Kind.ID: Uuid(),
    Kind.STRING: Text(),
    Kind.INT: BigInteger(),
    Kind.MONEY: BigInteger(),
    Kind.BOOLEAN: Boolean(),
    Kind.DATE: Date(),
    Kind.DATETIME: DateTime(timezone=True),
}
_PYTHON_TYPES: Mapping[Kind, type] = {
    Kind.ID: UUID,
    Kind.STRING: str,
    Kind.INT: int,
    Kind.MONEY: int,
    Kind.BOOLEAN: bool,
    Kind.DATE: date,
    Kind.DATETIME: datetime,
}


class Filter:
    """Compiles one `where` argument; counts its conditions."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.conditions = 0

    def compile(
        self, entity: Entity, row: FromClause, where: Mapping[str, Any], depth: int = 0
    ) -> ColumnElement[bool]:
        """The predicate of `where` over `row`; an empty one holds for every row."""
        if depth > FILTER_DEPTH:
            message = f"A where argument may be nested {FILTER_DEPTH} levels deep, not more."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        found = [self._one(entity, row, key, value, depth) for key, value in where.items()]
        return and_(true(), *found)

    def _one(
        self, entity: Entity, row: FromClause, key: str, value: Any, depth: int
    ) -> ColumnElement[bool]:
        self.conditions += 1
        if self.conditions > FILTER_CONDITIONS:
            message = f"A where argument may have {FILTER_CONDITIONS} conditions, not more."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        if value is None:
            raise _is_null(entity.name, key)
        match key:
            case "and":
                every = [self.compile(entity, row, each, depth + 1) for each in value]
                return and_(true(), *every)
            case "or":
                some = [self.compile(entity, row, each, depth + 1) for each in value]
                return or_(false(), *some)
            case "not":
                # NULL is not true, so its negation must be: IS NOT TRUE, never a bare NOT.
                return self.compile(entity, row, value, depth + 1).is_not(true())
            case "id":
                self.access.probe(entity, key)
                return self._identified(entity, row, value)
            case _:
                return self._field(entity, row, key, value, depth)

    def _field(
        self, entity: Entity, row: FromClause, key: str, value: Any, depth: int
    ) -> ColumnElement[bool]:
        declared = entity.fields[key]
        self.access.probe(entity, key)
        if not isinstance(declared, Value):
            return self._related(entity, row, key, value, depth)
        seen = self.access.value(entity, f"{entity.name}.{key}", declared, row)
        return self._comparison(entity, key, declared.kind, seen, value)

    def _related(
        self, entity: Entity, row: FromClause, key: str, value: Mapping[str, Any], depth: int
    ) -> ColumnElement[bool]:
        access, declared = self.access, entity.fields[key]
        assert isinstance(declared, One | Many)
        grant = access.grant(f"{entity.name}.{key}")
        target = access.entities[declared.target]
        other = access.reference(target.table)
        conditions = [
            *access.visible(target, other),
            *access.joined(target, other, declared.on, row),
            self.compile(target, other, value, depth + 1),
        ]
        # A masked edge leads nowhere, in a filter as in an answer.
        clear = None if grant is None else access.clear(entity, row, grant)
        if clear is not None:
            conditions.append(clear)
        return exists_about(row, other, conditions)

    def _identified(
        self, entity: Entity, row: FromClause, comparison: Mapping[str, Any]
    ) -> ColumnElement[bool]:
        """An id is a tenant's: a row of another one that has the same UUID is another row."""
        found = self._comparison(entity, "id", Kind.ID, row.c.id, comparison)
        if not is_tenant_table(entity.table):
            return found
        tests = [found]
        if "eq" in comparison:
            tenant_id = self.access.binds.value(comparison["eq"], Uuid(), _tenant_of)
            tests.append(row.c.tenant_id == tenant_id)
        if "in" in comparison:
            given = comparison["in"]
            tests.append(listed(self.access, entity, given, row.c.tenant_id, row.c.id))
        return and_(true(), *tests)

    def _comparison(
        self,
        entity: Entity,
        key: str,
        kind: Kind,
        seen: ColumnElement[Any],
        comparison: Mapping[str, Any],
    ) -> ColumnElement[bool]:
        tests = []
        for operator, value in comparison.items():
            if value is None:
                raise _is_null(f"{entity.name}.{key}", operator)
            self.conditions += 1
            tests.append(self._test(entity, kind, seen, operator, value))
        return and_(true(), *tests)

    def _test(
        self, entity: Entity, kind: Kind, seen: ColumnElement[Any], operator: str, value: Any
    ) -> ColumnElement[bool]:
        if operator == "isNull":
            return seen.is_(None) if value else seen.is_not(None)
        convert = converter(kind, entity.tag, entity.name)
        if operator == "in":
            listed = self.access.binds.value(value, ARRAY(SQL_TYPES[kind]), each(convert))
            return seen == any_(listed)
        bound = self.access.binds.value(value, SQL_TYPES[kind], convert)
        return _OPERATORS[operator](seen, bound)


_OPERATORS: Mapping[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda seen, bound: seen == bound,
    "lt": lambda seen, bound: seen < bound,
    "lte": lambda seen, bound: seen <= bound,
    "gt": lambda seen, bound: seen > bound,
    "gte": lambda seen, bound: seen >= bound,
    "startsWith": func.starts_with,
    "contains": lambda seen, bound: func.strpos(seen, bound) > 0,
}


def listed(
    access: Access,
    entity: Entity,
    given: Any,
    tenant_id: ColumnElement[Any],
    row_id: ColumnElement[Any],
) -> ColumnElement[bool]:
    """Whether a tenant's row is one of those whose outside ids are `given`."""
    arrays = [
        access.binds.value(given, ARRAY(Uuid()), each(convert))
        for convert in (converter(Kind.ID, entity.tag, entity.name), _tenant_of)
    ]
    pairs = func.unnest(*arrays).table_valued("id", "tenant_id").render_derived()
    return tuple_(row_id, tenant_id).in_(select(*pairs.c))


def converter(kind: Kind, tag: str, type_name: str) -> Callable[[Any], Any]:
    """What makes a coerced value of `kind` a bind value, or refuses it in a sentence."""
    match kind:
        case Kind.ID:
            return lambda found: row_id(found, tag, type_name)
        case Kind.STRING:
            return storable
        case _:
            return lambda found: _typed(found, _PYTHON_TYPES[kind])


def row_id(text: str, tag: str, type_name: str) -> UUID:
    """The row's UUID in an outside id of a `type_name`."""
    node = NodeId.decode(text)
    if node is None or node.tag != tag:
        message = f"“{text[:60]}” is not the id of a {type_name}; take ids from an answer."
        raise RefusalError(Code.BAD_USER_INPUT, message)
    return node.row_id


def _tenant_of(text: str) -> UUID:
    """The tenant in an outside id that is one."""
    node = NodeId.decode(text)
    assert node is not None, text
    return node.tenant_id


def _typed(found: Any, expected: type) -> Any:
    if not isinstance(found, expected):
        message = f"A value is not a {expected.__name__}."
        raise RefusalError(Code.BAD_USER_INPUT, message)
    return found


def each(convert: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    """`convert` for the values of a list of bounded length."""

    def converted(found: list[Any]) -> list[Any]:
        if len(found) > LIST_LENGTH:
            message = f"A list of {len(found)} values is too long; {LIST_LENGTH} at most."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        return [convert(value) for value in found]

    return converted


def _is_null(where: str, key: str) -> RefusalError:
    message = (
        f"{key} is null in the filter of {where}; "
        "leave it out to set no condition, or use isNull to ask for null."
    )
    return RefusalError(Code.BAD_USER_INPUT, message)
