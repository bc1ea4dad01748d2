"""The money chain: fund, appropriation, agreement, tranche, budget line, commitment, expense."""

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
from citywide.projects.grades import Grade

# The budget categories of bought social services; the order is the one of a budget sheet.
CATEGORIES = (
    "PERSONNEL",
    "ACTIVITIES",
    "MATERIALS",
    "VOLUNTEER_SUBSIDIES",
    "SUPERVISION",
    "MANAGEMENT",
)
_BUREAU = ("bureau",)
_AGENCY = ("agency",)
_BOTH = ("agency", "bureau")


def _version() -> Column[int]:
    return Column("version", BigInteger, nullable=False, server_default="1")


def _positive(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} > 0", name=column)


# -- the bureau's ----------------------------------------------------------------------------

FUND = tenant_table(
    "fund",
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    UniqueConstraint("tenant_id", "name"),
    writers=_BUREAU,
)

# Money of a fund for one fiscal year.
APPROPRIATION = tenant_table(
    "appropriation",
    Column("fund_id", Uuid, nullable=False),
    Column("fiscal_year", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("appropriated_on", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "document"),
    Index(None, "tenant_id", "fund_id", "fiscal_year"),
    reference("fund_id", "fund"),
    _positive("amount_fen"),
    writers=_BUREAU,
    is_append_only=True,
)

# What of an appropriation is promised to an agreement. The agreement lies in its agency's tenant
# (`agency_id`), so neither can be a foreign key; the use case reads it there first.
FUNDING = tenant_table(
    "funding",
    Column("appropriation_id", Uuid, nullable=False),
    Column("agency_id", Uuid, nullable=False),
    Column("agreement_id", Uuid, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("funded_on", Date, nullable=False),
    Index(None, "tenant_id", "appropriation_id"),
    Index(None, "tenant_id", "agreement_id"),
    reference("appropriation_id", "appropriation"),
    _positive("amount_fen"),
    writers=_BUREAU,
    is_append_only=True,
)

# -- an agency's -----------------------------------------------------------------------------

# A part of an agreement's amount, handed over when its deliverables are accepted.
TRANCHE = tenant_table(
    "tranche",
    Column("agreement_id", Uuid, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("condition", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("accepted_on", Date),
    Column("accepted_because", Text),
    Column("released_on", Date),
    # What the scorecard of the period that this day belongs to must say at least; NULL: nothing.
    Column("least_grade", Text),
    Column("scorecard_day", Date),
    _version(),
    UniqueConstraint("tenant_id", "agreement_id", "number"),
    reference("agreement_id", "agreement"),
    one_of("status", "PLANNED", "ACCEPTED", "RELEASED"),
    one_of("least_grade", *Grade),
    CheckConstraint("(least_grade IS NULL) = (scorecard_day IS NULL)", name="scorecard_day"),
    _positive("amount_fen"),
    writers=_BUREAU,
)

# What a planned output must have reached for a tranche.
DELIVERABLE = tenant_table(
    "deliverable",
    Column("tranche_id", Uuid, nullable=False),
    Column("project_id", Uuid, nullable=False),
    Column("measure", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Index(None, "tenant_id", "tranche_id"),
    reference("tranche_id", "tranche"),
    reference("project_id", "project"),
    one_of(
        "measure",
        "SOCIAL_WORKER_TURNOUTS",
        "VOLUNTEER_TURNOUTS",
        "CASE_COUNSELLING",
        "GROUP_ACTIVITIES",
        "HOME_HELP",
    ),
    period(),
    _positive("quantity"),
    writers=_BUREAU,
)

# The budget of a project; its lines change freely until it is approved.
BUDGET = tenant_table(
    "budget",
    Column("project_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("submitted_by", Uuid),
    Column("decided_on", Date),
    Column("note", Text),
    _version(),
    UniqueConstraint("tenant_id", "project_id"),
    reference("project_id", "project"),
    one_of("status", "DRAFT", "SUBMITTED", "RETURNED", "APPROVED"),
    writers=_BOTH,
)

BUDGET_LINE = tenant_table(
    "budget_line",
    Column("budget_id", Uuid, nullable=False),
    Column("project_id", Uuid, nullable=False),
    Column("category", Text, nullable=False),
    Column("original_fen", BigInteger, nullable=False),
    Column("revised_fen", BigInteger, nullable=False),
    _version(),
    UniqueConstraint("tenant_id", "budget_id", "category"),
    Index(None, "tenant_id", "project_id"),
    reference("budget_id", "budget"),
    reference("project_id", "project"),
    one_of("category", *CATEGORIES),
    CheckConstraint("original_fen >= 0", name="original_fen"),
    CheckConstraint("revised_fen >= 0", name="revised_fen"),
    writers=_BOTH,
)

# A request to move money from one line to another, with what both lines hold when it is decided.
BUDGET_CHANGE = tenant_table(
    "budget_change",
    Column("from_line_id", Uuid, nullable=False),
    Column("to_line_id", Uuid, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("requested_by", Uuid, nullable=False),
    Column("requested_on", Date, nullable=False),
    Column("decided_on", Date),
    Column("note", Text),
    Column("from_before_fen", BigInteger, nullable=False),
    Column("from_after_fen", BigInteger, nullable=False),
    Column("to_before_fen", BigInteger, nullable=False),
    Column("to_after_fen", BigInteger, nullable=False),
    _version(),
    Index(None, "tenant_id", "status", "id"),
    reference("from_line_id", "budget_line"),
    reference("to_line_id", "budget_line"),
    one_of("status", "REQUESTED", "APPROVED", "REFUSED"),
    CheckConstraint("from_line_id <> to_line_id", name="lines"),
    _positive("amount_fen"),
    writers=_BOTH,
)

# Money promised to somebody: a contract, an order, a booking.
COMMITMENT = tenant_table(
    "commitment",
    Column("budget_line_id", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("payee", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("committed_on", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("made_by", Uuid, nullable=False),
    # What it exceeds its line by, who allowed it and why; oversight sees it.
    Column("override_fen", BigInteger, nullable=False, server_default="0"),
    Column("override_by", Uuid),
    Column("override_reason", Text),
    _version(),
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "budget_line_id", "id"),
    reference("budget_line_id", "budget_line"),
    reference("made_by", "member"),
    reference("override_by", "member"),
    one_of("status", "OPEN", "CLOSED"),
    _positive("amount_fen"),
    CheckConstraint("(override_fen > 0) = (override_reason IS NOT NULL)", name="override_fen"),
    writers=_AGENCY,
)

# A voucher: what was spent on a commitment, with its evidence.
EXPENSE = tenant_table(
    "expense",
    Column("commitment_id", Uuid, nullable=False),
    Column("budget_line_id", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("payee", Text, nullable=False),
    Column("spent_on", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("entered_by", Uuid, nullable=False),
    Column("note", Text),
    Column("paid_on", Date),
    _version(),
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "budget_line_id", "spent_on"),
    Index(None, "tenant_id", "commitment_id"),
    Index(None, "tenant_id", "spent_on", "id"),
    reference("commitment_id", "commitment"),
    reference("budget_line_id", "budget_line"),
    reference("entered_by", "member"),
    one_of("status", "SUBMITTED", "RETURNED", "APPROVED", "PAID", "REVERSED"),
    _positive("amount_fen"),
    writers=_BOTH,
)

# One step of an approval: an agency's director, and for large sums the bureau as well. The
# member may belong to the bureau's tenant (`member_tenant_id`), so it is no foreign key.
EXPENSE_APPROVAL = tenant_table(
    "expense_approval",
    Column("expense_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("member_tenant_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("approved_on", Date, nullable=False),
    # The voucher's version that was approved: a returned and mended one is approved anew.
    Column("expense_version", BigInteger, nullable=False),
    # What the line held when it was approved: the approver has seen it.
    Column("available_fen", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "expense_id", "role", "expense_version"),
    reference("expense_id", "expense"),
    writers=_BOTH,
    is_append_only=True,
)

# A stretch of an agreement's books; once approved it is locked.
ACCOUNTING_PERIOD = tenant_table(
    "accounting_period",
    Column("agreement_id", Uuid, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("submitted_by", Uuid),
    Column("decided_on", Date),
    Column("note", Text),
    _version(),
    UniqueConstraint("tenant_id", "agreement_id", "valid_from"),
    reference("agreement_id", "agreement"),
    one_of("status", "SUBMITTED", "RETURNED", "APPROVED"),
    period(),
    writers=_BOTH,
)
