"""Row access with a desk: what rooms that are not yet rewritten call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Column, ColumnElement, Select, Table

from citywide.db import rows
from citywide.db.rows import among, insert_rows
from citywide.db.session import Transaction
from citywide.db.tables import is_city_table, is_tenant_table
from citywide.errors import Fault, Path
from citywide.rules.periods import Span
from citywide.tenancy.desk import Desk
from citywide.tenancy.models import MEMBER_ROLE

NO_BENEFICIARY = "This agency keeps no file with this id."
NO_WORKER = "This agency has no social worker or director with this id on that day."
# Who works with beneficiaries: only they keep files, assess and turn out to a service.
FIELD_ROLES = ("social_worker", "director")


def _walls(table: Table, desk: Desk) -> dict[str, UUID]:
    if is_tenant_table(table):
        return {"tenant_id": desk.tenant_id}
    return {"bureau_id": desk.bureau_id} if is_city_table(table) else {}


def owned(table: Table, *, desk: Desk) -> ColumnElement[bool]:
    """The first wall around the desk's rows: its tenant's, or those kept for its city."""
    return rows.owned(table, tenant_id=desk.tenant_id, bureau_id=desk.bureau_id)


def of_tenant(statement: Select[Any], table: Table, *, desk: Desk) -> Select[Any]:
    """The first wall: the tenant's predicate, stated although row-level security adds its own."""
    return statement.where(owned(table, desk=desk))


async def update_row(
    transaction: Transaction,
    *,
    desk: Desk,
    table: Table,
    row_id: UUID,
    values: Mapping[str, Any],
    version: int | None = None,
) -> bool:
    """Change one row's columns; False when there is no such row of this `version`."""
    walls = _walls(table, desk)
    if version is None and "version" in table.c:
        [row] = await rows.matching(transaction, table, walls, {"id": row_id})
        version = row["version"]
    return await rows.change_row(transaction, table, walls, row_id, values, version=version)


async def rows_with(
    transaction: Transaction, *, desk: Desk, column: Column[Any], values: Collection[Any]
) -> list[Record]:
    """The tenant's rows whose `column` is one of `values`."""
    table: Any = column.table
    return await rows.matching(transaction, table, _walls(table, desk), {column.name: list(values)})


async def tenant_rows(
    transaction: Transaction, *, desk: Desk, table: Table, ids: Collection[UUID]
) -> dict[UUID, Record]:
    """The tenant's rows with these ids; what is not the tenant's is not there."""
    found = await rows_with(transaction, desk=desk, column=table.c.id, values=set(ids))
    return {row["id"]: row for row in found}


async def catalogue_rows(
    transaction: Transaction, *, table: Table, ids: Collection[UUID]
) -> dict[UUID, Record]:
    """The shared catalogue's rows with these ids."""
    found = await rows.matching(transaction, table, {}, {"id": set(ids)})
    return {row["id"]: row for row in found}


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


def worker_faults(
    path: Path, worker_id: UUID, workers: Mapping[UUID, Sequence[Span]], *, day: date
) -> Iterator[Fault]:
    """A worker is a member with a field role on the day."""
    if not any(span.covers(day) for span in workers.get(worker_id, ())):
        yield Fault(path, NO_WORKER)


def file_spans(files: Mapping[UUID, Record]) -> dict[UUID, Span]:
    """On which days each file is open; one that was merged into another takes no record at all."""
    return {
        key: Span(row["opened_on"], row["opened_on" if row["merged_into_id"] else "closed_on"])
        for key, row in files.items()
    }


__all__ = [
    "FIELD_ROLES",
    "NO_BENEFICIARY",
    "Iterable",
    "Iterator",
    "among",
    "catalogue_rows",
    "field_workers",
    "file_spans",
    "insert_rows",
    "of_tenant",
    "owned",
    "rows_with",
    "spans",
    "tenant_rows",
    "update_row",
    "worker_faults",
]
