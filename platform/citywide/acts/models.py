"""What a repeated request is recognised by."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint

from citywide.db.tables import TenantRow, tenant_table


class IdempotencyKeyRow(TenantRow):
    """One act that was done: who asked with which key, what for, and the row it led to.

    The digest is SHA-256 over the input, so that a key used again for something else is noticed.
    """

    member_id: UUID
    key: str
    coordinate: str
    digest: bytes
    done_at: datetime
    # The row that the payload reads.
    result_tenant_id: UUID
    result_id: UUID


IDEMPOTENCY_KEY = tenant_table(
    "idempotency_key",
    IdempotencyKeyRow,
    UniqueConstraint("tenant_id", "member_id", "key"),
    writers=("agency", "bureau", "supervisor"),
    is_append_only=True,
)
