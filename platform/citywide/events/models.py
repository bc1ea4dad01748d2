"""The outbox: what happened, written in the transaction in which it happened."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index

from citywide.db.tables import TenantRow, tenant_table


class OutboxRow(TenantRow):
    """A row says where to look, never what is there.

    Whoever is told reads it by their own rights. `transaction` is PostgreSQL's id of the writing
    transaction; rows of transactions that are older than every running one are complete, so a
    reader who goes by it misses none.
    """

    topic: str
    row_id: UUID
    occurred_at: datetime
    transaction: int


OUTBOX = tenant_table(
    "outbox",
    OutboxRow,
    Index(None, "bureau_id", "transaction", "id"),
    writers=("agency", "bureau", "supervisor"),
    is_append_only=True,
)
