"""Whether the rows are as the entries say that they were written.

An entry tells a keyed digest of each row that it wrote, as the row was afterwards. Every row of
every audited table is therefore known to the newest entry that names it, or it was put there by
somebody else; and what an entry knows and nobody finds was taken away.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select

from citywide.audit.chain import told_rows
from citywide.db.compiled import compile_statement
from citywide.db.digests import canonical
from citywide.db.rows import is_walled, owner_of
from citywide.db.session import Transaction
from citywide.db.tables import METADATA

# Tables of tenants whose rows no entry tells, and why.
NOT_TOLD: Mapping[str, str] = {
    "audit_entry": "an entry is the chain's own link",
    "audit_head": "it is the last entry's link again",
    "audit_subject": "it repeats the persons of an entry and is compared with it",
    "idempotency_key": "it says how a request is recognised, and goes when nobody repeats it",
    "outbox": "it says where subscribers may look, and goes after some days",
}
# Rows held in memory at a time, each about 1 kB.
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """What the newest entry says of a row: its digest, and where the entry stands."""

    digest: bytes
    tenant_id: UUID
    position: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A batch of one owner's rows: how many, how many from before, and what is wrong with some."""

    owner_id: UUID
    rows: int
    unknown: int
    faults: Sequence[str]


@dataclass(slots=True)
class KnownRows:
    """What the chains of one bureau say of its rows, on disk once it is much.

    SQLite's database without a name: in memory while it is small, in a file that nobody else sees
    and that goes with the process when it is not. It holds ids and digests.
    """

    _store: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(""))
    # Tenants whose every row is told by some entry.
    complete: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._store.execute(
            "CREATE TABLE known (name TEXT, id BLOB, digest BLOB, tenant BLOB, position INTEGER,"
            " at TEXT, PRIMARY KEY (name, id)) WITHOUT ROWID"
        )

    def close(self) -> None:
        """Forget everything."""
        self._store.close()

    def note(self, tenant_id: UUID, position: int, told: Mapping[str, Any]) -> int:
        """Take what an entry says of rows; how many. Entries of a chain come in their order.

        Of two chains that tell the same row the later moment counts: whoever wrote it held it
        locked until the entry was there.
        """
        if "rows" not in told:
            return 0
        if position == 1 or "attested" in told:
            self.complete.add(tenant_id)
        moment, tenant = told["at"], tenant_id.bytes
        given = [
            (name, row_id, digest, tenant, position, moment)
            for name, row_id, digest in told_rows(told)
        ]
        self._store.executemany(
            "INSERT INTO known VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " digest = excluded.digest, tenant = excluded.tenant, position = excluded.position,"
            " at = excluded.at WHERE excluded.tenant = known.tenant OR excluded.at >= known.at",
            given,
        )
        return len(given)

    def take(self, name: str, row_id: UUID) -> Known | None:
        """What is known of a row that was found; once, so that what is left was not found."""
        found = self._store.execute(
            "SELECT digest, tenant, position FROM known WHERE name = ? AND id = ?",
            (name, row_id.bytes),
        ).fetchone()
        if found is None:
            return None
        self._store.execute("DELETE FROM known WHERE name = ? AND id = ?", (name, row_id.bytes))
        return Known(found[0], UUID(bytes=found[1]), found[2])

    def left(self) -> Iterator[tuple[UUID, str]]:
        """Whose entry, and a sentence for each row that it knows and that is not there."""
        for name, row_id, tenant, position in self._store.execute(
            "SELECT name, id, tenant, position FROM known ORDER BY tenant, position, name, id"
        ):
            row = f"{name} {UUID(bytes=row_id)}"
            yield UUID(bytes=tenant), f"{row} was deleted after entry {position} wrote it."


def audited_tables() -> list[Table]:
    """The tables whose rows entries tell: all that belong to somebody, but for `NOT_TOLD`."""
    return [
        table
        for name, table in METADATA.tables.items()
        if is_walled(table) and name not in NOT_TOLD
    ]


async def compared(
    transaction: Transaction, known: KnownRows, bureau_id: UUID
) -> AsyncIterator[Compared]:
    """Every row of a bureau and its agencies against what the chains say, in batches."""
    for table in audited_tables():
        owner = [table.c[name] for name in ("tenant_id", "bureau_id") if name in table.c]
        statement = select(*owner, table.c.id, canonical(table))
        statement = statement.where(table.c.bureau_id == bureau_id).order_by(*owner)
        sql, values = compile_statement(statement)
        batch: list[Any] = []
        async for row in transaction.connection.cursor(sql, *values, prefetch=BATCH):
            if batch and (len(batch) == BATCH or owner_of(batch[0]) != owner_of(row)):
                yield _compared(transaction, known, table, batch)
                batch = []
            batch.append(row)
        if batch:
            yield _compared(transaction, known, table, batch)


def _compared(
    transaction: Transaction, known: KnownRows, table: Table, rows: Sequence[Any]
) -> Compared:
    owner_id, unknown = owner_of(rows[0]), 0
    faults: list[str] = []
    for row in rows:
        told = known.take(table.name, row["id"])
        if told is not None:
            if told.digest != transaction.keys.digest(table.name, row["canonical_row"]):
                faults.append(
                    f"{table.name} {row['id']} was changed after entry {told.position} wrote it."
                )
        elif owner_id in known.complete:
            faults.append(f"{table.name} {row['id']} was written by no entry.")
        else:
            unknown += 1
    return Compared(owner_id, len(rows), unknown, faults)
