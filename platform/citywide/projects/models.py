"""What an agreement pays for: projects, their implementation plan and who takes part."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
)

from citywide.db.tables import one_of, period, reference, tenant_table

PROJECT = tenant_table(
    "project",
    Column("agreement_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("goal", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    UniqueConstraint("tenant_id", "agreement_id", "name"),
    reference("agreement_id", "agreement"),
    period(),
)

# One line of the implementation plan: so many of one measure within a period.
PLANNED_OUTPUT = tenant_table(
    "planned_output",
    Column("project_id", Uuid, nullable=False),
    Column("measure", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "project_id", "measure", "valid_from"),
    reference("project_id", "project"),
    one_of(
        "measure",
        "BENEFICIARIES_ON_FILE",
        "SOCIAL_WORKER_TURNOUTS",
        "VOLUNTEER_TURNOUTS",
        "CASE_COUNSELLING",
        "GROUP_ACTIVITIES",
        "HOME_HELP",
    ),
    period(),
    CheckConstraint("quantity >= 0", name="quantity"),
)

ENROLMENT = tenant_table(
    "enrolment",
    Column("project_id", Uuid, nullable=False),
    Column("beneficiary_id", Uuid, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    UniqueConstraint("tenant_id", "project_id", "beneficiary_id", "valid_from"),
    Index(None, "tenant_id", "beneficiary_id"),
    reference("project_id", "project"),
    reference("beneficiary_id", "beneficiary"),
    period(),
)
