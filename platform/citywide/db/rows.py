"""The statements of every use case: made once for a table, run with one tenant's predicate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Table,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
    update,
)

from citywide.db.compiled import Prepared
from citywide.db.digests import canonical
from citywide.db.session import Change, Transaction
from citywide.db.tables import is_city_table, is_tenant_table

_COLLECTIONS: tuple[Any, ...] = (list, tuple, set, frozenset, type({}.keys()), type({}.values()))


def among(column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """`column = ANY ($1)`: one text of the statement however many values there are."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def owned(table: Table, *, tenant_id: Any = None, bureau_id: Any = None) -> ColumnElement[bool]:
    """The first wall: the tenant's rows, or those kept for its city.

    Stated although row-level security adds its own. A catalogue has no wall.
    """
    if is_tenant_table(table):
        return _equal(table.c.tenant_id, tenant_id)
    return _equal(table.c.bureau_id, bureau_id) if is_city_table(table) else true()


def _equal(column: Column[Any], value: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == value
    return found


async def insert_rows(
    transaction: Transaction, *, table: Table, rows: Sequence[Mapping[str, Any]]
) -> list[UUID]:
    """Insert `rows`, which all have the same columns; their ids.

    One array a column: the statement's text and its making do not grow with the rows, which
    for a thousand rows of VALUES cost seconds. RETURNING, because a distributed database
    refuses a bare INSERT … SELECT to a role behind row-level security.
    """
    if not rows:
        return []
    names = tuple(rows[0])
    columns = {name: [row[name] for row in rows] for name in names}
    made = await transaction.fetch(_inserting(table, names), columns)
    transaction.changes += [Change(table.name, row["id"]) for row in rows]
    if is_walled(table):
        owners = {row["id"]: owner_of(row) for row in rows}
        for row in made:
            transaction.wrote(owners[row["id"]], table.name, row)
    return [row["id"] for row in rows]


def is_walled(table: Table) -> bool:
    """Whether the table's rows have an owner, in whose chain stands what was written."""
    return is_tenant_table(table) or is_city_table(table)


def owner_of(row: Mapping[str, Any]) -> UUID:
    """Whose a row is: the tenant's, or the bureau's that keeps it for its city."""
    owner: UUID = row["tenant_id"] if "tenant_id" in row else row["bureau_id"]
    return owner


def returned(table: Table) -> tuple[ColumnElement[Any], ...]:
    """What a statement that writes returns of each row, so that it can be noted as written."""
    return (table.c.id, canonical(table)) if is_walled(table) else (table.c.id,)


@cache
def _inserting(table: Table, names: tuple[str, ...]) -> Prepared:
    arrays = (bindparam(name, type_=ARRAY(table.c[name].type)) for name in names)
    values = func.unnest(*arrays).table_valued(*names).render_derived()
    statement = insert(table).from_select(names, select(*(values.c[name] for name in names)))
    return Prepared.of(statement.returning(*returned(table)))


async def change_row(
    transaction: Transaction,
    table: Table,
    walls: Mapping[str, UUID],
    row_id: UUID,
    values: Mapping[str, Any],
    *,
    version: int | None,
) -> bool:
    """Change one row's columns; False when there is no such row of this `version`.

    A table with a version counts it up, so that whoever read the row before notices.
    """
    names = tuple(values)
    given = {f"new_{name}": values[name] for name in names}
    given |= {"row_id": row_id, "seen": version, **walls}
    found = await transaction.fetch(_changing(table, names), given)
    for row in found:
        before = {name: row[f"old_{name}"] for name in names if row[f"old_{name}"] != values[name]}
        after = {name: values[name] for name in before}
        transaction.changes.append(Change(table.name, row_id, before, after))
        if is_walled(table):
            transaction.wrote(owner_of(walls), table.name, row)
    return bool(found)


@cache
def _changing(table: Table, names: tuple[str, ...]) -> Prepared:
    new: dict[str, Any] = {
        name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names
    }
    # PostgreSQL 18 tells a row's old values in the statement that changes it.
    old: list[ColumnElement[Any]] = [
        literal_column(f"old.{name}").label(f"old_{name}") for name in names
    ]
    conditions = [_wall(table), table.c.id == bindparam("row_id", type_=Uuid())]
    if "version" in table.c:
        new["version"] = table.c.version + 1
        conditions.append(table.c.version == bindparam("seen", type_=BigInteger()))
    statement = update(table).where(*conditions).values(new).returning(*returned(table), *old)
    return Prepared.of(statement)


async def matching(
    transaction: Transaction, table: Table, walls: Mapping[str, UUID], same: Mapping[str, Any]
) -> list[Record]:
    """The rows whose columns are the values of `same`, or one of them where it is a collection."""
    wanted: dict[str, Any] = {}
    for name, value in same.items():
        is_one = not isinstance(value, _COLLECTIONS)
        wanted[f"wanted_{name}"] = [value] if is_one else list(value)
        if not wanted[f"wanted_{name}"]:
            return []
    return await transaction.fetch(_finding(table, tuple(same)), {**wanted, **walls})


@cache
def _finding(table: Table, names: tuple[str, ...]) -> Prepared:
    conditions = [
        table.c[name] == any_(bindparam(f"wanted_{name}", type_=ARRAY(table.c[name].type)))
        for name in names
    ]
    return Prepared.of(select(table).where(*conditions, _wall(table)))


def _wall(table: Table) -> ColumnElement[bool]:
    return owned(
        table,
        tenant_id=bindparam("tenant_id", type_=Uuid()),
        bureau_id=bindparam("bureau_id", type_=Uuid()),
    )
