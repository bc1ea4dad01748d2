"""What was sealed or digested in an older way is made anew, by whoever migrates and has the secret.

A revision of the schema forbids the older way by a constraint that is not yet valid; the rows that
are there are walked in batches of a transaction each, and at the end the constraint is validated.
So PostgreSQL itself says whether the work is done. A walk that was interrupted begins again, and
leaves alone what it finds done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from citywide.db.sealed import VERSION, Place, SealBrokenError, Sealer
from citywide.errors import OperatorError

# Rows in one transaction: their table is locked for some fifty milliseconds.
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Walk:
    """Through the rows of a table whose values may be of the older way.

    `read` finds the next batch of rows after a key ($1, $2), $3 at most. `write` takes a list for
    each of tenant, id and the values that `renewed` gives of a row: None where it is done.
    """

    table: str
    constraint: str
    read: str
    write: str
    renewed: Callable[[Sealer, asyncpg.Record], Sequence[Any] | None]


def _identity_number(sealer: Sealer, row: asyncpg.Record) -> Sequence[Any] | None:
    tenant_id, old = row["tenant_id"], row["id_number_sealed"]
    place = Place("beneficiary", "id_number_sealed", tenant_id, row["id"])
    if old[:1] == VERSION:
        # The older way began with anything: one text of 256 with this byte.
        try:
            sealer.open(place, old)
        except SealBrokenError:
            pass
        else:
            return None
    return old, sealer.seal(place, sealer.open_unbound(tenant_id, old))


def _request(sealer: Sealer, row: asyncpg.Record) -> Sequence[Any] | None:
    tenant_id, old = row["tenant_id"], row["digest"]
    if old[:1] == VERSION and len(old) > _PLAIN_BYTES:
        return None
    key = sealer.request_key(tenant_id, row["key"])
    return old, key, sealer.request_digest(tenant_id, old)


# SHA-256; a keyed digest is a byte longer.
_PLAIN_BYTES = 32

WALKS = (
    Walk(
        table="beneficiary",
        constraint="beneficiary_id_number_sealed_check",
        read="""SELECT tenant_id, id, id_number_sealed FROM beneficiary
            WHERE (tenant_id, id) > ($1, $2) ORDER BY tenant_id, id LIMIT $3""",
        write="""UPDATE beneficiary AS b SET id_number_sealed = n.sealed
            FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[])
                AS n (tenant_id, id, was, sealed)
            WHERE b.tenant_id = n.tenant_id AND b.id = n.id AND b.id_number_sealed = n.was""",
        renewed=_identity_number,
    ),
    Walk(
        table="idempotency_key",
        constraint="idempotency_key_digest_check",
        read="""SELECT tenant_id, id, key, digest FROM idempotency_key
            WHERE (tenant_id, id) > ($1, $2) ORDER BY tenant_id, id LIMIT $3""",
        write="""UPDATE idempotency_key AS k SET key = n.key, digest = n.digest
            FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::bytea[])
                AS n (tenant_id, id, was, key, digest)
            WHERE k.tenant_id = n.tenant_id AND k.id = n.id AND k.digest = n.was""",
        renewed=_request,
    ),
)


async def pending(connection: asyncpg.Connection) -> list[Walk]:
    """The walks whose constraint is not valid yet."""
    rows = await connection.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND NOT convalidated"
    )
    names = {row["conname"] for row in rows}
    return [walk for walk in WALKS if walk.constraint in names]


async def reseal(owner: asyncpg.Connection, sealer: Sealer) -> None:
    """Do every walk that is not done; raises `OperatorError` about what cannot be opened.

    Two at once: the second waits, and finds nothing to do.
    """
    await owner.execute("SELECT pg_advisory_lock(hashtext('citywide reseal'))")
    try:
        for walk in await pending(owner):
            at = (UUID(int=0), UUID(int=0))
            while rows := await _batch(owner, sealer, walk, at):
                at = (rows[-1]["tenant_id"], rows[-1]["id"])
            await owner.execute(f"ALTER TABLE {walk.table} VALIDATE CONSTRAINT {walk.constraint}")
    finally:
        await owner.execute("SELECT pg_advisory_unlock(hashtext('citywide reseal'))")


async def _batch(
    owner: asyncpg.Connection, sealer: Sealer, walk: Walk, at: tuple[UUID, UUID]
) -> list[asyncpg.Record]:
    """Make one batch anew, in a transaction of its own; the rows that were looked at."""
    async with owner.transaction():
        # The owner is behind the wall as everybody is, and comes for the rows of all tenants.
        await owner.execute(f"ALTER TABLE {walk.table} NO FORCE ROW LEVEL SECURITY")
        rows: list[asyncpg.Record] = await owner.fetch(walk.read, *at, BATCH)
        given = []
        for row in rows:
            try:
                values = walk.renewed(sealer, row)
            except SealBrokenError:
                sentence = f"The {walk.table} {row['id']} has a value that these keys do not open."
                raise OperatorError(sentence) from None
            if values is not None:
                given.append((row["tenant_id"], row["id"], *values))
        if given:
            await owner.execute(walk.write, *map(list, zip(*given, strict=True)))
        await owner.execute(f"ALTER TABLE {walk.table} FORCE ROW LEVEL SECURITY")
    return rows
