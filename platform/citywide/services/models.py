"""Delivered services and who took part: the facts that all output figures are computed from."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
)

from citywide.db.tables import one_of, reference, tenant_table

SERVICE_RECORD = tenant_table(
    "service_record",
    Column("number", Text, nullable=False),
    Column("project_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("medium", Text, nullable=False),
    Column("served_on", Date, nullable=False),
    Column("duration_minutes", BigInteger, nullable=False),
    Column("area_id", Uuid, ForeignKey("area.id"), nullable=False),
    # The festival of a festival visit (节日慰问), in its Chinese name.
    Column("festival", Text),
    Column("title", Text, nullable=False),
    Column("note", Text),
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "served_on", "id"),
    Index(None, "tenant_id", "project_id", "served_on"),
    reference("project_id", "project"),
    one_of("kind", "VISIT", "HOME_HELP", "CASE_SESSION", "GROUP_SESSION"),
    one_of("medium", "IN_PERSON", "PHONE", "ONLINE"),
    CheckConstraint("duration_minutes > 0", name="duration_minutes"),
)

# One person at one service: a beneficiary, a social worker or a volunteer; one row is one 人次.
ATTENDANCE = tenant_table(
    "attendance",
    Column("service_record_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("beneficiary_id", Uuid),
    Column("member_id", Uuid),
    Column("volunteer_id", Uuid),
    UniqueConstraint("tenant_id", "service_record_id", "beneficiary_id"),
    UniqueConstraint("tenant_id", "service_record_id", "member_id"),
    UniqueConstraint("tenant_id", "service_record_id", "volunteer_id"),
    Index(None, "tenant_id", "beneficiary_id"),
    Index(None, "tenant_id", "member_id"),
    Index(None, "tenant_id", "volunteer_id"),
    reference("service_record_id", "service_record"),
    reference("beneficiary_id", "beneficiary"),
    reference("member_id", "member"),
    reference("volunteer_id", "volunteer"),
    one_of("role", "BENEFICIARY", "WORKER", "VOLUNTEER"),
    CheckConstraint(
        "(role = 'BENEFICIARY') = (beneficiary_id IS NOT NULL)"
        " AND (role = 'WORKER') = (member_id IS NOT NULL)"
        " AND (role = 'VOLUNTEER') = (volunteer_id IS NOT NULL)",
        name="person",
    ),
)
