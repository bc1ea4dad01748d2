"""SQL expressions that SQLAlchemy has no word for: JSON objects, opaque ids, cursors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Numeric,
    Select,
    String,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement, FromClause
from sqlalchemy.sql.compiler import SQLCompiler

from citywide.db.tables import is_tenant_table
from citywide.graph.declare import Entity, Kind, Sealed
from citywide.graph.slices import give_way

# GraphQL names need no quoting inside an SQL string (GraphQL specification, October 2021, §2.1.9).
_BASE64: ColumnElement[Any] = literal_column("'base64'")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_COLUMN = re.compile(r"[a-z_]+(\.[a-z_]+)+")
# The member of a row's JSON that tells whom the row is about. No response key holds a control
# character, and the engine takes it out of the answer (`subjects`).
SUBJECTS = "\x02"


class JsonObject(ColumnElement[Any]):
    """`JSON_OBJECT('key' : value, …)`, SQL:2016; unlike json_build_object without a limit of 50."""

    inherit_cache = False
    type = JSON()

    def __init__(self, pairs: Sequence[tuple[str, ColumnElement[Any]]]) -> None:
        for key, _ in pairs:
            assert key == SUBJECTS or _NAME.fullmatch(key), key
        self.pairs = pairs

    @property
    def _from_objects(self) -> list[FromClause]:
        found = []
        for _, value in self.pairs:
            found += value._from_objects  # noqa: SLF001 -- how SQLAlchemy finds a FROM
        return found


@compiles(JsonObject)
def _json_object(element: JsonObject, compiler: SQLCompiler, **kw: Any) -> str:
    give_way()
    pairs = (f"{_key(key)} : {compiler.process(value, **kw)}" for key, value in element.pairs)
    return f"JSON_OBJECT({', '.join(pairs)} RETURNING json)"


def _key(key: str) -> str:
    return r"E'\x02'" if key == SUBJECTS else f"'{key}'"


def inside(one: FromClause, column: str, other: FromClause) -> ColumnElement[bool]:
    """`one` refers to `other` in this column, inside one tenant."""
    return and_(one.c.tenant_id == other.c.tenant_id, one.c[column] == other.c.id)


def text_constant(name: str) -> ColumnElement[Any]:
    """A GraphQL name as an SQL string constant."""
    assert _NAME.fullmatch(name), name
    return literal_column(f"'{name}'", Text)


def sealed_marker(
    entity: Entity, declared: Sealed, row: FromClause, clear: ColumnElement[bool] | None
) -> ColumnElement[Any]:
    """A sealed value on its way out: a control character, its column, base64 of the rest.

    The rest is tenant and row id, with which it was sealed, and the sealed bytes. No stored text
    holds a control character, so nothing else in an answer looks like this.
    """
    bound = func.uuid_send(row.c.tenant_id).op("||")(func.uuid_send(row.c.id))
    raw = func.encode(bound.op("||")(declared.value(row)), _BASE64)
    flat = func.translate(raw, literal_column(r"E'\n'"), literal_column("''"))
    name = f"{entity.table.name}.{declared.column}"
    assert _COLUMN.fullmatch(name), name
    marked = literal_column(rf"E'\x01{name}:'", Text).op("||")(flat)
    return marked if clear is None else case((clear, marked), else_=null())


def json_list(
    item: ColumnElement[Any],
    order: Sequence[ColumnElement[Any]],
    condition: ColumnElement[bool] | None = None,
) -> ColumnElement[Any]:
    """A JSON array of `item` over the rows, `[]` when there are none."""
    found: Any = func.json_agg(aggregate_order_by(item, *order))
    if condition is not None:
        found = found.filter(condition)
    return func.coalesce(found, literal_column("'[]'::json", JSON))


def exists_about(
    outer: FromClause | None, row: FromClause, conditions: Sequence[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """`EXISTS` a `row` for which all conditions hold, about `outer`."""
    found: Select[Any] = (
        select(literal_column("1")).select_from(row).where(and_(true(), *conditions))
    )
    return (found if outer is None else found.correlate(outer)).exists()


def opaque_id(entity: Entity, row: FromClause) -> ColumnElement[Any]:
    """The row's outside id, as `ids.NodeId.encode` writes it."""
    tenant: ColumnElement[Any] = (
        func.uuid_send(row.c.tenant_id)
        if is_tenant_table(entity.table)
        else literal_column(r"'\x00000000000000000000000000000000'::bytea")
    )
    tag: ColumnElement[Any] = literal_column(f"'{entity.tag}'::bytea")
    raw = tag.op("||")(tenant).op("||")(func.uuid_send(row.c.id))
    # 36 bytes make 48 characters: no padding, no line break.
    return func.translate(func.encode(raw, _BASE64), literal_column("'+/'"), literal_column("'-_'"))


def cursor(signature: str, keys: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    """A page's cursor on its way out, to be sealed (`cursors`).

    A control character, the list's signature, base64 of a JSON array of the row's keys.
    """
    assert _NAME.fullmatch(signature), signature
    values = cast(func.json_build_array(*keys), Text)
    raw = func.encode(func.convert_to(values, literal_column("'UTF8'")), _BASE64)
    return func.concat(
        literal_column(rf"E'\x03{signature}'"),
        func.translate(raw, literal_column(r"E'\n'"), literal_column("''")),
    )


def printed(kind: Kind, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A scalar as it stands in an answer; only money is kept otherwise than it is shown."""
    if kind is Kind.MONEY:
        return cast(
            func.round(cast(value, Numeric) / literal_column("100"), literal_column("2")), String
        )
    return value
