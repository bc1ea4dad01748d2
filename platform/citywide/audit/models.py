"""The audit trail's tables: a chain of entries a tenant, and its newest link."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
)

from citywide.db.tables import one_of, tenant_table

EVERYONE = ("agency", "bureau", "supervisor", "operator")

# The newest link of a tenant's chain; the row's id is the tenant's. Whoever appends an entry
# locks it until the end of the transaction, so the chain has the order of the commits.
AUDIT_HEAD = tenant_table(
    "audit_head",
    Column("position", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("id = tenant_id", name="id"),
    writers=EVERYONE,
)

# `hash` is SHA-256 over the hash before it, the position (8 bytes, big-endian) and `entry`,
# which is JSON and says everything; the other columns repeat parts of it to be searched by.
AUDIT_ENTRY = tenant_table(
    "audit_entry",
    Column("position", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("coordinate", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("tenant_id", "position"),
    Index(None, "tenant_id", "occurred_at", "id"),
    one_of("kind", "WRITE", "READ"),
    writers=EVERYONE,
    is_append_only=True,
)

# A person that an entry is about: what a file's owner asks is who has looked at it.
AUDIT_SUBJECT = tenant_table(
    "audit_subject",
    Column("entry_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Index(None, "tenant_id", "person_id"),
    Index(None, "tenant_id", "entry_id"),
    writers=EVERYONE,
    is_append_only=True,
)
