"""The outbox: what happened, written in the transaction in which it happened."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Text, Uuid

from citywide.db.tables import tenant_table

# A row says where to look, never what is there: whoever is told reads it by their own rights.
# `transaction` is PostgreSQL's id of the writing transaction; rows of transactions that are
# older than every running one are complete, so a reader who goes by it misses none.
OUTBOX = tenant_table(
    "outbox",
    Column("topic", Text, nullable=False),
    Column("row_id", Uuid, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("transaction", BigInteger, nullable=False),
    Index(None, "bureau_id", "transaction", "id"),
    writers=("agency", "bureau", "supervisor"),
    is_append_only=True,
)
