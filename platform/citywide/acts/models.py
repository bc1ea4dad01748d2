"""What a repeated request is recognised by."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint

from citywide.db.tables import TenantRow, tenant_table


class IdempotencyKeyRow(TenantRow):
    """One act that was done: who asked with which key, what for, and the row it led to.

    `key` and `digest` are keyed digests, of the key that the caller sent and of the input: a key
    used again for something else is noticed, and neither can be guessed from a dump.
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
    CheckConstraint("octet_length(digest) = 33", name="digest"),
    writers=("agency", "bureau", "supervisor"),
    is_append_only=True,
)
