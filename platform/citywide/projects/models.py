"""What an agreement pays for: projects, their implementation plan and who takes part."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from citywide.db.tables import TenantRow, Version, period, reference, tenant_table
from citywide.projects.words import LeavingReason, OutputMeasure


class ProjectRow(TenantRow):
    agreement_id: UUID
    name: str
    goal: str
    valid_from: date
    valid_until: date


PROJECT = tenant_table(
    "project",
    ProjectRow,
    UniqueConstraint("tenant_id", "agreement_id", "name"),
    reference("agreement_id", "agreement"),
    period(),
)


class PlannedOutputRow(TenantRow):
    """One line of the implementation plan: so many of one measure within a period."""

    project_id: UUID
    measure: OutputMeasure
    valid_from: date
    valid_until: date
    quantity: int


PLANNED_OUTPUT = tenant_table(
    "planned_output",
    PlannedOutputRow,
    UniqueConstraint("tenant_id", "project_id", "measure", "valid_from"),
    reference("project_id", "project"),
    period(),
    CheckConstraint("quantity >= 0", name="quantity"),
)


class EnrolmentRow(TenantRow):
    project_id: UUID
    beneficiary_id: UUID
    valid_from: date
    valid_until: date | None
    # None while nobody has said: also of those that records from files end.
    leaving_reason: LeavingReason | None
    version: Version


ENROLMENT = tenant_table(
    "enrolment",
    EnrolmentRow,
    UniqueConstraint("tenant_id", "project_id", "beneficiary_id", "valid_from"),
    Index(None, "tenant_id", "beneficiary_id"),
    reference("project_id", "project"),
    reference("beneficiary_id", "beneficiary"),
    period(),
    CheckConstraint("leaving_reason IS NULL OR valid_until IS NOT NULL", name="left"),
)
