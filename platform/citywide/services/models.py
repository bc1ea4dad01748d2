"""Delivered services and who took part: the facts that all output figures are computed from."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from citywide.db.tables import one_of, reference, tenant_table

# A group's series of sessions (小组) with its stages per MZ/T 095-2017.
GROUP_SERIES = tenant_table(
    "group_series",
    Column("project_id", Uuid, nullable=False),
    # The worker who answers for it.
    Column("leader_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("goal", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "project_id", "name"),
    Index(None, "tenant_id", "leader_id"),
    reference("project_id", "project"),
    reference("leader_id", "member"),
    one_of("stage", "PREPARATION", "FORMATION", "TRANSITION", "MATURITY", "CLOSING"),
)

# The day a series entered a stage, and who said so.
GROUP_STAGE = tenant_table(
    "group_stage",
    Column("series_id", Uuid, nullable=False),
    Column("stage", Text, nullable=False),
    Column("entered_on", Date, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("note", Text),
    UniqueConstraint("tenant_id", "series_id", "stage"),
    reference("series_id", "group_series"),
    reference("member_id", "member"),
    one_of("stage", "PREPARATION", "FORMATION", "TRANSITION", "MATURITY", "CLOSING"),
    writers=("agency",),
    is_append_only=True,
)

PLANNED_SESSION = tenant_table(
    "planned_session",
    Column("series_id", Uuid, nullable=False),
    # The first is 1.
    Column("number", BigInteger, nullable=False),
    Column("stage", Text, nullable=False),
    Column("planned_on", Date, nullable=False),
    Column("theme", Text, nullable=False),
    UniqueConstraint("tenant_id", "series_id", "number"),
    reference("series_id", "group_series"),
    one_of("stage", "FORMATION", "TRANSITION", "MATURITY", "CLOSING"),
    CheckConstraint("number > 0", name="number"),
)

# A delivered service. A correction leaves what stood before as a row of its own, SUPERSEDED,
# that points at the record; figures count what is CURRENT.
SERVICE_RECORD = tenant_table(
    "service_record",
    Column("number", Text, nullable=False),
    Column("project_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("medium", Text, nullable=False),
    Column("served_on", Date, nullable=False),
    # Its first day: what figures by month are grouped by, in the order of an index.
    Column(
        "served_month",
        Date,
        Computed("date_trunc('month', served_on::timestamp)::date", persisted=True),
    ),
    Column("duration_minutes", BigInteger, nullable=False),
    Column("area_id", Uuid, ForeignKey("area.id"), nullable=False),
    # The festival of a festival visit (节日慰问), in its Chinese name.
    Column("festival", Text),
    Column("title", Text, nullable=False),
    Column("note", Text),
    Column("place", Text),
    Column("quantity", BigInteger),
    Column("quantity_unit", Text),
    Column("series_id", Uuid),
    Column("status", Text, nullable=False, server_default="CURRENT"),
    Column("version", BigInteger, nullable=False, server_default="1"),
    # Of an earlier version: the record it was a version of.
    Column("record_id", Uuid),
    # Who corrected or cancelled what stands in this row, when and why.
    Column("ended_by_id", Uuid),
    Column("ended_at", DateTime(timezone=True)),
    Column("end_reason", Text),
    # A record keeps its number through all its versions.
    UniqueConstraint("tenant_id", "number", "version"),
    Index(None, "tenant_id", "served_on", "id"),
    Index(None, "tenant_id", "project_id", "served_on"),
    Index(None, "tenant_id", "record_id"),
    Index(None, "tenant_id", "series_id"),
    # All that a city's figures by agency, month and kind read of a record.
    Index(
        "service_record_monthly_idx",
        *("bureau_id", "tenant_id", "served_month", "kind", "served_on"),
        postgresql_where=text("status = 'CURRENT'"),
    ),
    reference("project_id", "project"),
    reference("series_id", "group_series"),
    reference("record_id", "service_record"),
    reference("ended_by_id", "member"),
    one_of("kind", "VISIT", "HOME_HELP", "CASE_SESSION", "GROUP_SESSION"),
    one_of("medium", "IN_PERSON", "PHONE", "ONLINE"),
    one_of("quantity_unit", "HOURS", "TIMES", "ITEMS"),
    one_of("status", "CURRENT", "SUPERSEDED", "CANCELLED"),
    CheckConstraint("duration_minutes > 0", name="duration_minutes"),
    CheckConstraint(
        "(quantity IS NULL) = (quantity_unit IS NULL) AND quantity > 0", name="quantity"
    ),
    CheckConstraint("(status = 'SUPERSEDED') = (record_id IS NOT NULL)", name="record_id"),
    CheckConstraint(
        "(status = 'CURRENT') = (ended_at IS NULL)"
        " AND (ended_at IS NULL) = (ended_by_id IS NULL)"
        " AND (ended_at IS NULL) = (end_reason IS NULL)",
        name="ended_at",
    ),
)

# The last number that the platform gave to a record of one year.
SERVICE_NUMBER = tenant_table(
    "service_number",
    Column("year", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "year"),
)

# One person at one service: a beneficiary, a social worker or a volunteer; one row is one 人次.
ATTENDANCE = tenant_table(
    "attendance",
    Column("service_record_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("beneficiary_id", Uuid),
    Column("member_id", Uuid),
    Column("volunteer_id", Uuid),
    # Whether it belongs to an earlier version of the record.
    Column("superseded", Boolean, nullable=False, server_default="false"),
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
