"""What a repeated request is recognised by."""

from sqlalchemy import Column, DateTime, LargeBinary, Text, UniqueConstraint, Uuid

from citywide.db.tables import tenant_table

# One act that was done: who asked with which key, what for, and the row it led to. The digest is
# SHA-256 over the input, so that a key used again for something else is noticed.
IDEMPOTENCY_KEY = tenant_table(
    "idempotency_key",
    Column("member_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("coordinate", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("done_at", DateTime(timezone=True), nullable=False),
    # The row that the payload reads.
    Column("result_tenant_id", Uuid, nullable=False),
    Column("result_id", Uuid, nullable=False),
    UniqueConstraint("tenant_id", "member_id", "key"),
    writers=("agency", "bureau", "supervisor"),
    is_append_only=True,
)
