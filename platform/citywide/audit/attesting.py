"""Attest the rows that no entry tells: those from before entries had digests, once.

From then on a row that no entry knows was put there past the platform. What is attested is what is
there: whoever attests says that it is right, and the entry says who it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Table, select

from citywide.audit.chain import append, entry_of, locked_head, rows_told
from citywide.audit.keying import Progress, key_chains, told_of
from citywide.audit.operators import operator
from citywide.audit.rows import audited_tables
from citywide.audit.verify import Chain, chains, verifying
from citywide.audit.words import AuditKind
from citywide.db.digests import canonical
from citywide.db.migrate import keep_trail, trail_is_kept
from citywide.db.rows import owned
from citywide.db.session import Audience, Context, Database, Transaction
from citywide.db.tables import is_tenant_table
from citywide.tenancy.models import BUREAU

COMMAND = "citywide audit attest"
# Rows in one entry and one transaction, for whose length the chain's head is locked: a fraction
# of a second, and 250 kB of text.
BATCH = 5_000


async def attest(
    database: Database,
    chain: Chain,
    *,
    reason: str,
    progress: Callable[[str, int], None] | None = None,
) -> int:
    """Tell every present row of a tenant in its chain; how many they are.

    The head is locked before rows are read: who wrote one of them and is not done yet comes later
    in the chain, with a digest of what it is then.
    """
    context = Context(Audience.OPERATOR, tenant_id=chain.tenant_id, bureau_id=chain.bureau_id)
    left = [_Left(table) for table in audited_tables() if _is_of(table, chain)]
    total = 0
    while left:
        async with database.write(context) as transaction:
            await locked_head(transaction, chain.tenant_id, chain.bureau_id)
            written = await _digests(transaction, chain, left)
            total += len(written)
            content = {
                "reason": reason,
                "persons": [],
                **rows_told(written),
                # The last one says that nothing is left.
                **({} if left else {"attested": total}),
            }
            entry = entry_of(
                tenant_id=chain.tenant_id,
                bureau_id=chain.bureau_id,
                kind=AuditKind.WRITE,
                occurred_at=datetime.now(UTC),
                actor=operator(),
                coordinate=COMMAND,
                content=content,
                sealer=transaction.sealer,
            )
            await append(transaction, [entry])
        if progress is not None:
            progress(chain.slug, total)
    return total


@dataclass(slots=True)
class _Left:
    """A table whose rows after `last` are not attested yet."""

    table: Table
    last: UUID | None = None


def _is_of(table: Table, chain: Chain) -> bool:
    """What a bureau keeps for its city stands in the bureau's own chain."""
    return is_tenant_table(table) or chain.tenant_id == chain.bureau_id


async def _digests(
    transaction: Transaction, chain: Chain, left: list[_Left]
) -> dict[tuple[UUID, str, UUID], bytes]:
    """The next `BATCH` rows of the tables that are left; a table that is done leaves them."""
    written: dict[tuple[UUID, str, UUID], bytes] = {}
    while left and len(written) < BATCH:
        table, room = left[0].table, BATCH - len(written)
        own = owned(table, tenant_id=chain.tenant_id, bureau_id=chain.bureau_id)
        statement = select(table.c.id, canonical(table)).where(own).order_by(table.c.id)
        if left[0].last is not None:
            statement = statement.where(table.c.id > left[0].last)
        rows = await transaction.rows(statement.limit(room))
        for row in rows:
            digest = transaction.keys.digest(table.name, row["canonical_row"])
            written[chain.tenant_id, table.name, row["id"]] = digest
        if len(rows) == room:
            left[0].last = rows[-1]["id"]
        else:
            left.pop(0)
    return written


async def complete_trail(url: str, *, secret: bytes, progress: Progress | None = None) -> list[str]:
    """Give keys to the trail of a database from before it had them.

    Its entries' words are sealed, its chains are linked anew and its rows attested.

    Done once, after `migrate` and before anything is served; what was done, in sentences. Run
    again after it was killed, it goes on. Rows are attested last, as whatever migrated has left
    them.
    """
    if await trail_is_kept(url):
        return []
    keyed = await key_chains(url, secret=secret, progress=progress)
    sentences = told_of(keyed)
    rows = 0
    database = await Database.open(url, secret=secret, audiences=(Audience.OPERATOR,))
    try:
        async with database.read(Context(Audience.OPERATOR)) as transaction:
            bureaus = [row["id"] for row in await transaction.rows(select(BUREAU.c.id))]
        for bureau_id in bureaus:
            async with verifying(database, bureau_id) as transaction:
                found = await chains(transaction, bureau_id)
            for chain in found:
                rows += await attest(
                    database,
                    chain,
                    reason="rows from before the trail kept digests",
                    progress=None if progress is None else _counting(progress),
                )
    finally:
        await database.close()
    await keep_trail(url)
    return [*sentences, f"{rows} rows are attested."]


def _counting(progress: Progress) -> Callable[[str, int], None]:
    """Rows are attested without being counted first: what is done is all that is known."""
    return lambda slug, done: progress(slug, done, done)
