"""Findings: what somebody should look at, with its evidence; and the looks that found them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint

from citywide.db.tables import TenantRow, Version, default, reference, tenant_table
from citywide.oversight.words import FindingKind, FindingStatus


class FindingRow(TenantRow):
    """Lies in the tenant of the agency that it is about, so that the agency can answer it."""

    kind: FindingKind
    # The row that it is about, whose table follows from the kind; and the month, where it has one.
    subject_id: UUID
    month: Annotated[str, default("")]
    amount_fen: int
    explanation_zh: str
    explanation_en: str
    status: FindingStatus
    # Counts up with each change of its evidence, whose digest is kept beside it.
    round: int
    digest: bytes
    found_on: date
    reopened_on: date | None
    settled_on: date | None
    answer: str | None
    answered_by: UUID | None
    answered_on: date | None
    # Of the bureau, so neither member nor reason can be looked up in this tenant.
    closed_by: UUID | None
    closed_on: date | None
    closing_reason: str | None
    version: Version


FINDING = tenant_table(
    "finding",
    FindingRow,
    UniqueConstraint("tenant_id", "kind", "subject_id", "month"),
    Index(None, "tenant_id", "status", "id"),
    reference("answered_by", "member"),
    writers=("agency", "bureau"),
)


class FindingEvidenceRow(TenantRow):
    """One row that a finding rests on; those of earlier rounds stay."""

    finding_id: UUID
    round: int
    expense_id: UUID | None
    commitment_id: UUID | None
    tranche_id: UUID | None
    budget_line_id: UUID | None
    project_id: UUID | None


FINDING_EVIDENCE = tenant_table(
    "finding_evidence",
    FindingEvidenceRow,
    Index(None, "tenant_id", "finding_id", "round"),
    reference("finding_id", "finding"),
    reference("expense_id", "expense"),
    reference("commitment_id", "commitment"),
    reference("tranche_id", "tranche"),
    reference("budget_line_id", "budget_line"),
    reference("project_id", "project"),
    writers=("bureau",),
    is_append_only=True,
)


class InspectionRow(TenantRow):
    """One look through the books of every agency of the city."""

    inspected_on: date
    inspected_by: UUID
    found: int
    opened: int
    reopened: int
    settled: int


INSPECTION = tenant_table(
    "inspection",
    InspectionRow,
    Index(None, "tenant_id", "inspected_on", "id"),
    reference("inspected_by", "member"),
    writers=("bureau",),
    is_append_only=True,
)
