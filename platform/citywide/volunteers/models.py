"""Volunteers, who turn out beside the social workers."""

from sqlalchemy import Column, Date, Index, Text, UniqueConstraint

from citywide.db.tables import tenant_table

VOLUNTEER = tenant_table(
    "volunteer",
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("phone", Text),
    Column("skills", Text),
    Column("registered_on", Date, nullable=False),
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "registered_on", "id"),
)
