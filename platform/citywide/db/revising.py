"""How a revision changes a table that agencies use meanwhile: no lock is held while rows are read.

Each function leaves the transaction of the revision for what reads every row, and can be done
again by a revision that was interrupted in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op
from sqlalchemy import text

# A revision that waits for a lock makes everybody wait who comes after it. It waits so long, gives
# up, lets them pass, and tries again: nobody is held for a second.
LOCK_TIMEOUT_MS = 500
# Rows of one transaction of a backfill: some tens of milliseconds, in which these rows alone are
# locked.
BATCH_ROWS = 5_000


def create_index(
    name: str, table: str, columns: Sequence[str], *, unique: bool = False, where: str | None = None
) -> None:
    """Make an index while the table is written; one that was left half made is made anew."""
    with op.get_context().autocommit_block():
        # The table is free meanwhile, so older transactions may be waited for as long as they take.
        op.execute("SET lock_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        kind = "UNIQUE INDEX" if unique else "INDEX"
        only = f" WHERE {where}" if where else ""
        op.execute(f"CREATE {kind} CONCURRENTLY {name} ON {table} ({', '.join(columns)}){only}")
        op.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")


def add_constraint(table: str, name: str, definition: str) -> None:
    """Add a CHECK or a foreign key: first for new rows, then for those that are there."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def require(table: str, column: str) -> None:
    """Make a filled column NOT NULL; a valid CHECK spares PostgreSQL the look at every row."""
    name = f"{table}_{column}_not_null"
    add_constraint(table, name, f"CHECK ({column} IS NOT NULL)")
    op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL")
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def fill(table: str, assignments: str, *, where: str) -> None:
    """UPDATE the rows for which `where` holds, some at a time; afterwards it holds for none."""
    statement = text(
        f"UPDATE {table} SET {assignments} WHERE ctid = ANY (ARRAY("
        f"SELECT ctid FROM {table} WHERE {where} LIMIT {BATCH_ROWS} FOR UPDATE))"
    )
    with op.get_context().autocommit_block():
        # The owner, too, is behind row-level security; no login is the owner.
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        try:
            while op.get_bind().execute(statement).rowcount:
                pass
        finally:
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
