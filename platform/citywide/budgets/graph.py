"""Money in the schema: what each sum is, never how it is added up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import FromClause, and_, func, literal_column, select
from sqlalchemy.sql import ColumnElement

from citywide.budgets.ledger import AccountKind
from citywide.budgets.ledger_models import LEDGER_ACCOUNT, LEDGER_ENTRY, LEDGER_TRANSACTION
from citywide.budgets.models import (
    ACCOUNTING_PERIOD,
    APPROPRIATION,
    BUDGET,
    BUDGET_CHANGE,
    BUDGET_LINE,
    COMMITMENT,
    DELIVERABLE,
    EXPENSE,
    EXPENSE_APPROVAL,
    FUND,
    FUNDING,
    TRANCHE,
)
from citywide.graph.declare import Expression, Kind, Value, column, entity, few, many, one
from citywide.graph.topics import announce_approval
from citywide.projects.words import OutputMeasure


def _held(kind: AccountKind) -> Expression:
    """What the account of this kind holds that is kept for the row."""

    def expression(row: FromClause) -> ColumnElement[Any]:
        account = LEDGER_ACCOUNT.alias()
        is_its = and_(
            account.c.tenant_id == row.c.tenant_id,
            account.c.owner_id == row.c.id,
            account.c.kind == literal_column(f"'{kind.value}'"),
        )
        held = select(account.c.balance_fen).where(is_its).correlate(row).scalar_subquery()
        return func.coalesce(held, literal_column("0"))

    return expression


def _committed(row: FromClause) -> ColumnElement[Any]:
    """What the commitments of a line hold together."""
    account, commitment = LEDGER_ACCOUNT.alias(), COMMITMENT.alias()
    joined = commitment.join(
        account,
        and_(
            account.c.tenant_id == commitment.c.tenant_id,
            account.c.owner_id == commitment.c.id,
            account.c.kind == literal_column("'COMMITTED'"),
        ),
    )
    total = (
        select(func.coalesce(func.sum(account.c.balance_fen), literal_column("0")))
        .select_from(joined)
        .where(commitment.c.tenant_id == row.c.tenant_id, commitment.c.budget_line_id == row.c.id)
        .correlate(row)
        .scalar_subquery()
    )
    return func.cast(total, LEDGER_ACCOUNT.c.balance_fen.type)


def _overrun(row: FromClause) -> ColumnElement[Any]:
    # A source goes below zero by what came from it.
    return -_held(AccountKind.OVERRUN)(row)


def first_sign(row: FromClause) -> ColumnElement[Any]:
    """The mask of a payee: the first character, then two asterisks."""
    # A payee can be a person.
    return func.left(row.c.payee, 1).op("||")("**")


def _sum(description: str, expression: Expression) -> Any:
    return Value(description=description, expression=expression, kind=Kind.MONEY, comparable=False)


def _money(description: str, name: str) -> Any:
    return column(description, name, kind=Kind.MONEY)


@entity(FUND, tag="fund", root="funds", root_description="Where the bureau's money comes from.")
class Fund:
    """A source of money (资金), for one purpose."""

    name = column("Its name.")
    source = column("Who puts it in.")
    appropriations = many("Appropriation", "What was appropriated of it.", {"fund_id": "id"})


@entity(
    APPROPRIATION,
    tag="appr",
    root="appropriations",
    root_description="Money of funds for fiscal years.",
)
class Appropriation:
    """Money of a fund for one fiscal year (拨款)."""

    fiscal_year = column("The year it may be spent in.")
    document = column("The number of the document that grants it.")
    appropriated_on = column("The document's day.")
    amount = _money("How much, in yuan.", "amount_fen")
    available = _sum("What is not promised to an agreement yet.", _held(AccountKind.APPROPRIATED))
    fund = one("Fund", "The fund.", {"id": "fund_id"})
    fundings = many("Funding", "The agreements it funds.", {"appropriation_id": "id"})


@entity(FUNDING, tag="fndg")
class Funding:
    """What of an appropriation is promised to an agreement."""

    amount = _money("How much, in yuan.", "amount_fen")
    funded_on = column("The day.")
    appropriation = one("Appropriation", "Where it is taken from.", {"id": "appropriation_id"})


@entity(
    TRANCHE,
    tag="tran",
    root="tranches",
    root_description="Parts of agreements' amounts, handed over on accepted deliverables.",
)
class Tranche:
    """A part of an agreement's amount (拨付批次)."""

    number = column("Its number in the agreement.")
    amount = _money("How much, in yuan.", "amount_fen")
    due_on = column("When it is due if all is delivered.")
    condition = column("What has to be delivered.")
    status = column("How far it is.")
    accepted_on = column("The day the deliverables were accepted.")
    accepted_because = column("What the bureau found when it accepted them.")
    released_on = column("The day it was handed over.")
    least_grade = column(
        "The grade that the period's frozen scorecard must have at least; null: any or none.",
    )
    scorecard_day = column("A day of that period.")
    version = column("Counts its changes; send it back when you change it.")
    agency = one("Agency", "The agency.", {"id": "tenant_id"})
    agreement = one("Agreement", "The agreement.", {"id": "agreement_id"})
    deliverables = few(
        "Deliverable", "What must be reached.", {"tranche_id": "id"}, order=("measure",)
    )


@entity(DELIVERABLE, tag="delv")
class Deliverable:
    """An output that must be reached before a tranche is handed over."""

    measure = column("What is counted.", enum=OutputMeasure)
    valid_from = column("First day that counts.")
    valid_until = column("First day that does not.")
    quantity = column("How many there must be.")
    project = one("Project", "The project.", {"id": "project_id"})


@entity(BUDGET, tag="budg", root="budgets", root_description="Budgets of projects.")
class Budget:
    """The budget of a project (预算)."""

    status = column("How far it is.")
    decided_on = column("The day it was approved or returned.")
    note = column("What has to change in a returned one.")
    version = column("Counts its changes; send it back when you change it.")
    agency = one("Agency", "The agency.", {"id": "tenant_id"})
    project = one("Project", "The project.", {"id": "project_id"})
    lines = few("BudgetLine", "Its lines.", {"budget_id": "id"}, order=("category",))


@entity(
    BUDGET_LINE,
    tag="line",
    root="budgetLines",
    root_description="Lines of budgets with what they hold.",
)
class BudgetLine:
    """A category of a project's budget (预算科目) and where its money is."""

    category = column("What it pays for.")
    original = _money("As approved first, in yuan.", "original_fen")
    revised = _money("After approved changes, in yuan.", "revised_fen")
    available = _sum("Neither committed nor spent, in yuan.", _held(AccountKind.AVAILABLE))
    committed = _sum("Promised and not spent yet, in yuan.", _committed)
    spent = _sum("Owed on approved vouchers, in yuan.", _held(AccountKind.SPENT))
    paid = _sum("Paid out, in yuan.", _held(AccountKind.PAID))
    overrun = _sum("What approvers let it exceed its budget by, in yuan.", _overrun)
    version = column("Counts its changes; send it back when you change it.")
    agency = one("Agency", "The agency.", {"id": "tenant_id"})
    project = one("Project", "The project.", {"id": "project_id"})
    budget = one("Budget", "The budget.", {"id": "budget_id"})
    commitments = many("Commitment", "What is promised of it.", {"budget_line_id": "id"})
    expenses = many("Expense", "What was spent of it.", {"budget_line_id": "id"})


@entity(
    BUDGET_CHANGE,
    tag="chan",
    root="budgetChanges",
    root_description="Requests to move money between lines.",
)
class BudgetChange:
    """A request to move money between two lines, with both before and after."""

    amount = _money("How much, in yuan.", "amount_fen")
    reason = column("Why.")
    status = column("How far it is.")
    requested_on = column("The day of the request.")
    decided_on = column("The day of the decision.")
    note = column("Why it was refused.")
    from_before = _money("The giving line before, in yuan.", "from_before_fen")
    from_after = _money("The giving line after, in yuan.", "from_after_fen")
    to_before = _money("The getting line before, in yuan.", "to_before_fen")
    to_after = _money("The getting line after, in yuan.", "to_after_fen")
    version = column("Counts its changes; send it back when you change it.")
    agency = one("Agency", "The agency.", {"id": "tenant_id"})
    from_line = one("BudgetLine", "The line that gives.", {"id": "from_line_id"})
    to_line = one("BudgetLine", "The line that gets.", {"id": "to_line_id"})


@entity(
    COMMITMENT,
    tag="comm",
    root="commitments",
    root_description="Money promised to somebody.",
)
class Commitment:
    """Money promised to somebody (承诺): a contract, an order, a booking."""

    number = column("The contract's or order's number.")
    payee = column("To whom it is promised; masked: the first character.", mask=first_sign)
    purpose = column("What for.")
    committed_on = column("The day of the promise.")
    amount = _money("How much, in yuan.", "amount_fen")
    left = _sum("Not spent yet, in yuan.", _held(AccountKind.COMMITTED))
    status = column("Whether anything may still be spent on it.")
    override = _money("What it exceeded its line by, in yuan.", "override_fen")
    override_reason = column("Why it was allowed to.")
    version = column("Counts its changes; send it back when you change it.")
    agency = one("Agency", "The agency.", {"id": "tenant_id"})
    line = one("BudgetLine", "The line.", {"id": "budget_line_id"})
    expenses = many("Expense", "What was spent on it.", {"commitment_id": "id"})


@entity(EXPENSE, tag="expe", root="expenses", root_description="Vouchers.")
class Expense:
    """A voucher (支出): what was spent on a commitment, with its evidence."""

    number = column("The voucher's number.")
    payee = column("Who is paid; masked: the first character.", mask=first_sign)
    spent_on = column("The voucher's day.")
    amount = _money("How much, in yuan.", "amount_fen")
    evidence = column("What proves it, and where that is kept.")
    status = column("How far it is.")
    note = column("Why it was returned or reversed.")
    paid_on = column("The day it was paid.")
    version = column("Counts its changes; send it back when you change it.")
    agency = one("Agency", "The agency.", {"id": "tenant_id"})
    line = one("BudgetLine", "The line.", {"id": "budget_line_id"})
    commitment = one("Commitment", "What it was spent on.", {"id": "commitment_id"})
    approvals = few(
        "ExpenseApproval", "Who approved it.", {"expense_id": "id"}, order=("approved_on",)
    )


@entity(EXPENSE_APPROVAL, tag="eapp")
class ExpenseApproval:
    """One step of a voucher's approval."""

    role = column("As what they approved it.")
    approved_on = column("The day.")
    expense_version = column("The voucher's version that was approved.")
    available = _money("What the line had left then, in yuan.", "available_fen")


@entity(
    ACCOUNTING_PERIOD,
    tag="peri",
    root="accountingPeriods",
    root_description="Stretches of agreements' books.",
)
class AccountingPeriod:
    """A stretch of an agreement's books; approved ones are locked."""

    valid_from = column("First day.")
    valid_until = column("First day after it.")
    status = column("How far it is.")
    decided_on = column("The day of the decision.")
    note = column("What has to be mended in a returned one.")
    version = column("Counts its changes; send it back when you change it.")
    agency = one("Agency", "The agency.", {"id": "tenant_id"})
    agreement = one("Agreement", "The agreement.", {"id": "agreement_id"})


@entity(
    LEDGER_TRANSACTION,
    tag="ltra",
    root="ledgerTransactions",
    root_description="The ledger: everything that was booked.",
)
class LedgerTransaction:
    """A booking: it sums to zero, and is never changed."""

    kind = column("What was booked.")
    booked_on = column("The day.")
    reason = column("Why, where a reason was needed.")
    reverses = one("LedgerTransaction", "What it undoes.", {"id": "reverses_id"}, nullable=True)
    entries = few("LedgerEntry", "What it moved.", {"transaction_id": "id"}, order=("account_id",))


@entity(LEDGER_ENTRY, tag="lent")
class LedgerEntry:
    """A movement on one account."""

    amount = _money("What came in; negative: what went out.", "amount_fen")
    balance = _money("What the account held afterwards.", "balance_fen")
    account = one("LedgerAccount", "The account.", {"id": "account_id"})


@entity(LEDGER_ACCOUNT, tag="lacc")
class LedgerAccount:
    """An account of the ledger."""

    kind = column("What the money on it is.")
    balance = _money("What it holds.", "balance_fen")


announce_approval("Budget", "BudgetChange", "Expense", "AccountingPeriod")
