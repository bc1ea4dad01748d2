"""Findings: what somebody should look at, with its evidence; and the looks that found them."""

from sqlalchemy import BigInteger, Column, Date, Index, LargeBinary, Text, UniqueConstraint, Uuid

from citywide.db.tables import one_of, reference, tenant_table

KINDS = (
    "SPENDING_WITHOUT_SERVICES",
    "OUTSIDE_AGREEMENT",
    "LIKELY_DUPLICATE",
    "UNIT_COST_FAR_OUT",
    "APPROVED_BY_MAKER",
    "TRANCHE_OVERDUE",
    "MONEY_RUNS_OUT",
)

# Lies in the tenant of the agency that it is about, so that the agency can answer it.
FINDING = tenant_table(
    "finding",
    Column("kind", Text, nullable=False),
    # The row that it is about, whose table follows from the kind; and the month, where it has one.
    Column("subject_id", Uuid, nullable=False),
    Column("month", Text, nullable=False, server_default=""),
    Column("amount_fen", BigInteger, nullable=False),
    Column("explanation_zh", Text, nullable=False),
    Column("explanation_en", Text, nullable=False),
    Column("status", Text, nullable=False),
    # Counts up with each change of its evidence, whose digest is kept beside it.
    Column("round", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("found_on", Date, nullable=False),
    Column("reopened_on", Date),
    Column("settled_on", Date),
    Column("answer", Text),
    Column("answered_by", Uuid),
    Column("answered_on", Date),
    # Of the bureau, so neither member nor reason can be looked up in this tenant.
    Column("closed_by", Uuid),
    Column("closed_on", Date),
    Column("closing_reason", Text),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "kind", "subject_id", "month"),
    Index(None, "tenant_id", "status", "id"),
    reference("answered_by", "member"),
    one_of("kind", *KINDS),
    one_of("status", "OPEN", "ANSWERED", "CLOSED", "SETTLED"),
    writers=("agency", "bureau"),
)

# One row that a finding rests on; those of earlier rounds stay.
FINDING_EVIDENCE = tenant_table(
    "finding_evidence",
    Column("finding_id", Uuid, nullable=False),
    Column("round", BigInteger, nullable=False),
    Column("expense_id", Uuid),
    Column("commitment_id", Uuid),
    Column("tranche_id", Uuid),
    Column("budget_line_id", Uuid),
    Column("project_id", Uuid),
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

# One look through the books of every agency of the city.
INSPECTION = tenant_table(
    "inspection",
    Column("inspected_on", Date, nullable=False),
    Column("inspected_by", Uuid, nullable=False),
    Column("found", BigInteger, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("reopened", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Index(None, "tenant_id", "inspected_on", "id"),
    reference("inspected_by", "member"),
    writers=("bureau",),
    is_append_only=True,
)
