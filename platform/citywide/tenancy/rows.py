"""A tenant's rows by primary key: read with the tenant's predicate, inserted many at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Select,
    Table,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)

from citywide.db.session import Change, Prepared, Transaction
from citywide.db.tables import is_city_table, is_tenant_table
from citywide.tenancy.desk import Desk
from citywide.tenancy.drafts import Span
from citywide.tenancy.models import MEMBER_ROLE

# Who works with beneficiaries: only they keep files, assess and turn out to a service.
FIELD_ROLES = ("social_worker", "director")


def among(column: Column[UUID], ids: Collection[UUID]) -> ColumnElement[bool]:
    """`column = ANY ($1)`: one text of the statement however many ids there are."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


def owned(table: Table, *, desk: Desk) -> ColumnElement[bool]:
    """The first wall around the desk's rows: its tenant's, or those kept for its city."""
    if is_city_table(table):
        return table.c.bureau_id == desk.bureau_id
    return table.c.tenant_id == desk.tenant_id


def of_tenant(statement: Select[Any], table: Table, *, desk: Desk) -> Select[Any]:
    """The first wall: the tenant's predicate, stated although row-level security adds its own."""
    return statement.where(owned(table, desk=desk))


async def insert_rows(
    transaction: Transaction, *, table: Table, rows: list[dict[str, Any]]
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
    await transaction.fetch(_inserting(table, names), columns)
    transaction.changes += [Change(table.name, row["id"]) for row in rows]
    return [row["id"] for row in rows]


@cache
def _inserting(table: Table, names: tuple[str, ...]) -> Prepared:
    arrays = (bindparam(name, type_=ARRAY(table.c[name].type)) for name in names)
    values = func.unnest(*arrays).table_valued(*names).render_derived()
    statement = insert(table).from_select(names, select(*(values.c[name] for name in names)))
    return Prepared.of(statement.returning(table.c.id))


async def update_row(
    transaction: Transaction,
    *,
    desk: Desk,
    table: Table,
    row_id: UUID,
    values: Mapping[str, Any],
    version: int | None = None,
) -> bool:
    """Change one row's columns; False when there is no such row of this `version`.

    A table with a version counts it up, so that whoever read the row before notices.
    """
    changed = dict(values)
    if "version" in table.c:
        changed["version"] = table.c.version + 1
    # PostgreSQL 18 tells a row's old values in the statement that changes it.
    old: list[ColumnElement[Any]] = [
        literal_column(f"old.{name}").label(f"old_{name}") for name in values
    ]
    statement = (
        update(table)
        .where(owned(table, desk=desk), table.c.id == row_id)
        .values(changed)
        .returning(table.c.id, *old)
    )
    if version is not None:
        statement = statement.where(table.c.version == version)
    found = await transaction.rows(statement)
    for row in found:
        before = {name: row[f"old_{name}"] for name in values if row[f"old_{name}"] != values[name]}
        after = {name: values[name] for name in before}
        transaction.changes.append(Change(table.name, row_id, before, after))
    return bool(found)


async def tenant_rows(
    transaction: Transaction, *, desk: Desk, table: Table, ids: Collection[UUID]
) -> dict[UUID, Record]:
    """The tenant's rows with these ids; what is not the tenant's is not there."""
    found = await rows_with(transaction, desk=desk, column=table.c.id, values=set(ids))
    return {row["id"]: row for row in found}


async def rows_with(
    transaction: Transaction, *, desk: Desk, column: Column[Any], values: Collection[Any]
) -> list[Record]:
    """The tenant's rows whose `column` is one of `values`."""
    if not values:
        return []
    given = {"tenant_id": desk.tenant_id, "bureau_id": desk.bureau_id, "wanted": list(values)}
    return await transaction.fetch(_finding(column), given)


async def catalogue_rows(
    transaction: Transaction, *, table: Table, ids: Collection[UUID]
) -> dict[UUID, Record]:
    """The shared catalogue's rows with these ids."""
    if not ids:
        return {}
    found = await transaction.fetch(_finding(table.c.id), {"wanted": list(set(ids))})
    return {row["id"]: row for row in found}


@cache
def _finding(column: Column[Any]) -> Prepared:
    """The rows whose `column` is wanted, with the predicate of the table's wall."""
    table = column.table
    statement = select(table).where(column == any_(bindparam("wanted", type_=ARRAY(column.type))))
    if is_tenant_table(table):
        statement = statement.where(table.c.tenant_id == bindparam("tenant_id", type_=Uuid()))
    elif is_city_table(table):
        statement = statement.where(table.c.bureau_id == bindparam("bureau_id", type_=Uuid()))
    return Prepared.of(statement)


def spans(
    rows: dict[UUID, Record], start: str = "valid_from", end: str = "valid_until"
) -> dict[UUID, Span]:
    """When each row holds."""
    return {key: Span(row[start], row[end]) for key, row in rows.items()}


async def field_workers(
    transaction: Transaction, *, desk: Desk, ids: Collection[UUID]
) -> dict[UUID, Sequence[Span]]:
    """The members among `ids` who have a field role, with the days on which they have it."""
    if not ids:
        return {}
    found: dict[UUID, list[Span]] = {}
    column = MEMBER_ROLE.c.member_id
    for row in await rows_with(transaction, desk=desk, column=column, values=set(ids)):
        if row["role"] not in FIELD_ROLES:
            continue
        span = Span(row["valid_from"], row["valid_until"])
        found.setdefault(row["member_id"], []).append(span)
    return dict(found)
