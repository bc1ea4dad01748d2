"""Who may do what has changed: every process looks again within a second."""

from __future__ import annotations

from sqlalchemy import func, select

from citywide.db.session import Transaction


async def raise_access_version(transaction: Transaction) -> None:
    """Count up the access version of the transaction's bureau.

    Called before anything is read that the change depends on: the counter's row stays locked
    until the commit, so that changes of access in one bureau come one after the other, and two
    directors who take each other's role at the same moment do not both succeed.
    """
    await transaction.rows(select(func.citywide_raise_access()))
