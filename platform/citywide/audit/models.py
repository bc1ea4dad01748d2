"""The audit trail's tables: a chain of entries a tenant, and its newest link."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from citywide.audit.words import AuditKind
from citywide.db.tables import TenantRow, tenant_table

EVERYONE = ("agency", "bureau", "supervisor", "operator")


class AuditHeadRow(TenantRow):
    """The newest link of a tenant's chain; the row's id is the tenant's.

    Whoever appends an entry locks it until the end of the transaction, so the chain has the order
    of the commits.
    """

    position: int
    hash: bytes


AUDIT_HEAD = tenant_table(
    "audit_head",
    AuditHeadRow,
    CheckConstraint("id = tenant_id", name="id"),
    writers=EVERYONE,
)


class AuditEntryRow(TenantRow):
    """A link of the chain.

    `hash` is HMAC-SHA256, under a key of the deployment, over the tenant, the hash before it, the
    position (8 bytes, big-endian) and `entry`, which is JSON and says everything, its words sealed
    (`sealing`); the other columns repeat parts of it to be searched by.
    """

    position: int
    kind: AuditKind
    occurred_at: datetime
    actor: str
    coordinate: str
    entry: str
    hash: bytes


AUDIT_ENTRY = tenant_table(
    "audit_entry",
    AuditEntryRow,
    UniqueConstraint("tenant_id", "position"),
    Index(None, "tenant_id", "occurred_at", "id"),
    writers=EVERYONE,
    is_append_only=True,
)


class AuditSubjectRow(TenantRow):
    """A person that an entry is about: what a file's owner asks is who has looked at it."""

    entry_id: UUID
    person_id: UUID


AUDIT_SUBJECT = tenant_table(
    "audit_subject",
    AuditSubjectRow,
    Index(None, "tenant_id", "person_id"),
    Index(None, "tenant_id", "entry_id"),
    writers=EVERYONE,
    is_append_only=True,
)
