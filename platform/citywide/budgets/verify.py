"""Whether the ledger is whole: sums, balances, limits; computed from the entries alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg

from citywide.budgets.ledger import SOURCES
from citywide.graph.scalars import print_money

# Read past row-level security by the schema's owner: the whole deployment's books at once.
_UNBALANCED = """
SELECT t.slug, e.transaction_id, sum(e.amount_fen)::bigint AS off
FROM ledger_entry e JOIN tenant t ON t.tenant_id = e.tenant_id
GROUP BY t.slug, e.tenant_id, e.transaction_id HAVING sum(e.amount_fen) <> 0 ORDER BY 1, 2
"""
_EMPTY = """
SELECT t.slug, x.id FROM ledger_transaction x JOIN tenant t ON t.tenant_id = x.tenant_id
WHERE NOT EXISTS (SELECT FROM ledger_entry e
                  WHERE e.tenant_id = x.tenant_id AND e.transaction_id = x.id) ORDER BY 1, 2
"""
_BALANCES = """
SELECT t.slug, a.kind, a.owner_id, a.balance_fen, coalesce(sum(e.amount_fen), 0)::bigint AS booked
FROM ledger_account a JOIN tenant t ON t.tenant_id = a.tenant_id
LEFT JOIN ledger_entry e ON e.tenant_id = a.tenant_id AND e.account_id = a.id
GROUP BY t.slug, a.tenant_id, a.id
HAVING a.balance_fen <> coalesce(sum(e.amount_fen), 0)
    OR (a.balance_fen < 0 AND NOT a.kind = ANY ($1::text[])) ORDER BY 1, 2, 3
"""


async def faults(url: str) -> AsyncIterator[str]:
    """A sentence for everything that is wrong with the books in the database at `url`."""
    connection = await asyncpg.connect(url)
    try:
        for row in await connection.fetch(_UNBALANCED):
            off = print_money(row["off"])
            yield f"{row['slug']}: transaction {row['transaction_id']} is off by {off} yuan."
        for row in await connection.fetch(_EMPTY):
            yield f"{row['slug']}: transaction {row['id']} has no entries."
        for row in await connection.fetch(_BALANCES, sorted(SOURCES)):
            held, booked = print_money(row["balance_fen"]), print_money(row["booked"])
            yield (
                f"{row['slug']}: {row['kind']} of {row['owner_id']} holds {held} yuan, and its "
                f"entries come to {booked}."
            )
    finally:
        await connection.close()


async def size(url: str) -> tuple[int, int]:
    """How many accounts and entries there are."""
    connection = await asyncpg.connect(url)
    try:
        accounts: int = await connection.fetchval("SELECT count(*) FROM ledger_account")
        entries: int = await connection.fetchval("SELECT count(*) FROM ledger_entry")
    finally:
        await connection.close()
    return accounts, entries
