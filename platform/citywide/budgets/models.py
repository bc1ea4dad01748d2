"""The money chain: fund, appropriation, agreement, tranche, budget line, commitment, expense."""

from datetime import date
from typing import Annotated
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from citywide.budgets.words import (
    BudgetCategory,
    BudgetStatus,
    ChangeStatus,
    CommitmentStatus,
    ExpenseStatus,
    PeriodStatus,
    TrancheStatus,
)
from citywide.db.tables import TenantRow, Version, default, one_of, period, reference, tenant_table
from citywide.projects.words import Grade

_BUREAU = ("bureau",)
_AGENCY = ("agency",)
_BOTH = ("agency", "bureau")


def _positive(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} > 0", name=column)


# -- the bureau's ----------------------------------------------------------------------------


class FundRow(TenantRow):
    name: str
    source: str


FUND = tenant_table(
    "fund",
    FundRow,
    UniqueConstraint("tenant_id", "name"),
    writers=_BUREAU,
)


class AppropriationRow(TenantRow):
    """Money of a fund for one fiscal year."""

    fund_id: UUID
    fiscal_year: int
    document: str
    appropriated_on: date
    amount_fen: int


APPROPRIATION = tenant_table(
    "appropriation",
    AppropriationRow,
    UniqueConstraint("tenant_id", "document"),
    Index(None, "tenant_id", "fund_id", "fiscal_year"),
    reference("fund_id", "fund"),
    _positive("amount_fen"),
    writers=_BUREAU,
    is_append_only=True,
)


class FundingRow(TenantRow):
    """What of an appropriation is promised to an agreement.

    The agreement lies in its agency's tenant (`agency_id`), so neither can be a foreign key; the
    use case reads it there first.
    """

    appropriation_id: UUID
    agency_id: UUID
    agreement_id: UUID
    amount_fen: int
    funded_on: date


FUNDING = tenant_table(
    "funding",
    FundingRow,
    Index(None, "tenant_id", "appropriation_id"),
    Index(None, "tenant_id", "agreement_id"),
    reference("appropriation_id", "appropriation"),
    _positive("amount_fen"),
    writers=_BUREAU,
    is_append_only=True,
)

# -- an agency's -----------------------------------------------------------------------------


class TrancheRow(TenantRow):
    """A part of an agreement's amount, handed over when its deliverables are accepted."""

    agreement_id: UUID
    number: int
    amount_fen: int
    due_on: date
    condition: str
    status: TrancheStatus
    accepted_on: date | None
    accepted_because: str | None
    released_on: date | None
    # What the scorecard of the period that this day belongs to must say at least; NULL: nothing.
    least_grade: Grade | None
    scorecard_day: date | None
    version: Version


TRANCHE = tenant_table(
    "tranche",
    TrancheRow,
    UniqueConstraint("tenant_id", "agreement_id", "number"),
    reference("agreement_id", "agreement"),
    CheckConstraint("(least_grade IS NULL) = (scorecard_day IS NULL)", name="scorecard_day"),
    _positive("amount_fen"),
    writers=_BUREAU,
)


class DeliverableRow(TenantRow):
    """What a planned output must have reached for a tranche."""

    tranche_id: UUID
    project_id: UUID
    measure: str
    valid_from: date
    valid_until: date
    quantity: int


DELIVERABLE = tenant_table(
    "deliverable",
    DeliverableRow,
    Index(None, "tenant_id", "tranche_id"),
    reference("tranche_id", "tranche"),
    reference("project_id", "project"),
    one_of(
        "measure",
        (
            "SOCIAL_WORKER_TURNOUTS",
            "VOLUNTEER_TURNOUTS",
            "CASE_COUNSELLING",
            "GROUP_ACTIVITIES",
            "HOME_HELP",
        ),
    ),
    period(),
    _positive("quantity"),
    writers=_BUREAU,
)


class BudgetRow(TenantRow):
    """The budget of a project; its lines change freely until it is approved."""

    project_id: UUID
    status: BudgetStatus
    submitted_by: UUID | None
    decided_on: date | None
    note: str | None
    version: Version


BUDGET = tenant_table(
    "budget",
    BudgetRow,
    UniqueConstraint("tenant_id", "project_id"),
    reference("project_id", "project"),
    writers=_BOTH,
)


class BudgetLineRow(TenantRow):
    budget_id: UUID
    project_id: UUID
    category: BudgetCategory
    original_fen: int
    revised_fen: int
    version: Version


BUDGET_LINE = tenant_table(
    "budget_line",
    BudgetLineRow,
    UniqueConstraint("tenant_id", "budget_id", "category"),
    Index(None, "tenant_id", "project_id"),
    reference("budget_id", "budget"),
    reference("project_id", "project"),
    CheckConstraint("original_fen >= 0", name="original_fen"),
    CheckConstraint("revised_fen >= 0", name="revised_fen"),
    writers=_BOTH,
)


class BudgetChangeRow(TenantRow):
    """A request to move money from line to line, with what both hold when it is decided."""

    from_line_id: UUID
    to_line_id: UUID
    amount_fen: int
    reason: str
    status: ChangeStatus
    requested_by: UUID
    requested_on: date
    decided_on: date | None
    note: str | None
    from_before_fen: int
    from_after_fen: int
    to_before_fen: int
    to_after_fen: int
    version: Version


BUDGET_CHANGE = tenant_table(
    "budget_change",
    BudgetChangeRow,
    Index(None, "tenant_id", "status", "id"),
    reference("from_line_id", "budget_line"),
    reference("to_line_id", "budget_line"),
    CheckConstraint("from_line_id <> to_line_id", name="lines"),
    _positive("amount_fen"),
    writers=_BOTH,
)


class CommitmentRow(TenantRow):
    """Money promised to somebody: a contract, an order, a booking."""

    budget_line_id: UUID
    number: str
    payee: str
    purpose: str
    committed_on: date
    amount_fen: int
    status: CommitmentStatus
    made_by: UUID
    # What it exceeds its line by, who allowed it and why; oversight sees it.
    override_fen: Annotated[int, default("0")]
    override_by: UUID | None
    override_reason: str | None
    version: Version


COMMITMENT = tenant_table(
    "commitment",
    CommitmentRow,
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "budget_line_id", "id"),
    reference("budget_line_id", "budget_line"),
    reference("made_by", "member"),
    reference("override_by", "member"),
    _positive("amount_fen"),
    CheckConstraint("(override_fen > 0) = (override_reason IS NOT NULL)", name="override_fen"),
    writers=_AGENCY,
)


class ExpenseRow(TenantRow):
    """A voucher: what was spent on a commitment, with its evidence."""

    commitment_id: UUID
    budget_line_id: UUID
    number: str
    payee: str
    spent_on: date
    amount_fen: int
    evidence: str
    status: ExpenseStatus
    entered_by: UUID
    note: str | None
    paid_on: date | None
    version: Version


EXPENSE = tenant_table(
    "expense",
    ExpenseRow,
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "budget_line_id", "spent_on"),
    Index(None, "tenant_id", "commitment_id"),
    Index(None, "tenant_id", "spent_on", "id"),
    reference("commitment_id", "commitment"),
    reference("budget_line_id", "budget_line"),
    reference("entered_by", "member"),
    _positive("amount_fen"),
    writers=_BOTH,
)


class ExpenseApprovalRow(TenantRow):
    """One step of an approval: an agency's director, and for large sums the bureau as well.

    The member may belong to the bureau's tenant (`member_tenant_id`), so it is no foreign key.
    """

    expense_id: UUID
    role: str
    member_tenant_id: UUID
    member_id: UUID
    approved_on: date
    # The voucher's version that was approved: a returned and mended one is approved anew.
    expense_version: int
    # What the line held when it was approved: the approver has seen it.
    available_fen: int


EXPENSE_APPROVAL = tenant_table(
    "expense_approval",
    ExpenseApprovalRow,
    UniqueConstraint("tenant_id", "expense_id", "role", "expense_version"),
    reference("expense_id", "expense"),
    writers=_BOTH,
    is_append_only=True,
)


class AccountingPeriodRow(TenantRow):
    """A stretch of an agreement's books; once approved it is locked."""

    agreement_id: UUID
    valid_from: date
    valid_until: date
    status: PeriodStatus
    submitted_by: UUID | None
    decided_on: date | None
    note: str | None
    version: Version


ACCOUNTING_PERIOD = tenant_table(
    "accounting_period",
    AccountingPeriodRow,
    UniqueConstraint("tenant_id", "agreement_id", "valid_from"),
    reference("agreement_id", "agreement"),
    period(),
    writers=_BOTH,
)
