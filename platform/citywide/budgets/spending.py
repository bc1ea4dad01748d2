"""Use cases of vouchers: enter what was spent, have it approved, pay it, undo it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import APPROVAL_REQUESTED, Act
from citywide.acts.problems import not_yours
from citywide.beneficiaries.others_eyes import HARMLESS, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.budgets.commitments import give_back
from citywide.budgets.courses import CommitmentCourse, ExpenseCourse
from citywide.budgets.ledger import Account, AccountKind, OverdrawnError, move, reversal
from citywide.budgets.ledger_models import LEDGER_TRANSACTION
from citywide.budgets.models import (
    COMMITMENT,
    EXPENSE,
    EXPENSE_APPROVAL,
    CommitmentRow,
    ExpenseRow,
)
from citywide.budgets.posting import balances_of, book, legs_of
from citywide.budgets.problems import BudgetExceeded, exceeded
from citywide.budgets.rules import PAYEE_LENGTH, booked_faults, check_books, line_of
from citywide.budgets.words import CommitmentStatus, ExpenseStatus
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.rules.fields import day, draft, id_of, line, list_of, money, paragraph, version
from citywide.rules.texts import NUMBER_LENGTH

APPROVAL = "expense"
# What counts against a commitment: decided or not, but not what was undone.
_COUNTED = frozenset(ExpenseStatus) - {ExpenseStatus.REVERSED}


@draft
class Voucher:
    """What a voucher says."""

    payee: str = line("Who is paid.", PAYEE_LENGTH)
    spent_on: date = day("The voucher's day.", past=True)
    amount: int = money("How much, in yuan.")
    evidence: str = paragraph(
        "Invoice, receipt or list, and where it is kept; names nobody who is served."
    )
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@draft
class ExpenseDraft(Voucher):
    """A voucher."""

    commitment_id: UUID = id_of("Commitment", "What it was spent on.")
    number: str = line("The voucher's number.", NUMBER_LENGTH)


@mutation(gives="Expense", problems=[BudgetExceeded, RevealingProblem])
async def enter_expense(act: Act, draft: ExpenseDraft) -> UUID:
    """Enter a voucher on a commitment; somebody else approves it."""
    commitment = await act.find(COMMITMENT, draft.commitment_id, "commitment_id")
    is_taken = await act.row(EXPENSE, number=draft.number) is not None
    taken = [Fault(("number",), "Another one has this number.", "TAKEN")] if is_taken else []
    await _check_voucher(act, draft, commitment, taken, without=None)
    await check_deidentified(act, draft, {"evidence": draft.evidence})
    expense_id = await act.insert(
        EXPENSE,
        draft,
        budget_line_id=commitment["budget_line_id"],
        status=ExpenseStatus.SUBMITTED,
        entered_by=act.member_id,
    )
    act.announce(APPROVAL_REQUESTED, expense_id)
    return expense_id


@draft
class ExpenseMending(Voucher):
    """What a returned voucher says now."""

    expense_id: UUID = id_of("Expense", "The returned voucher.")
    version: int = version()


@mutation(gives="Expense", problems=[BudgetExceeded, RevealingProblem])
async def mend_expense(act: Act, draft: ExpenseMending) -> UUID:
    """Correct a voucher that was returned, and submit it again."""
    expense = await act.find(EXPENSE, draft.expense_id, "expense_id")
    act.check(ExpenseCourse.mend, expense, "expense_id")
    commitment = await act.find(COMMITMENT, expense["commitment_id"], "expense_id")
    await _check_voucher(act, draft, commitment, [], without=expense["id"])
    await check_deidentified(act, draft, {"evidence": draft.evidence})
    await act.take(
        ExpenseCourse.mend, expense, draft, "expense_id", entered_by=act.member_id, note=None
    )
    return expense["id"]


@draft
class ExpenseApproval:
    """A voucher that is in order."""

    expense_id: NodeId = id_of("Expense", "The voucher.")
    version: int = version()


@mutation(gives="Expense", problems=[BudgetExceeded])
async def approve_expense(act: Act, draft: ExpenseApproval) -> UUID:
    """Approve a voucher that somebody else entered; who has to follows from its amount."""
    expense = await act.find(EXPENSE, draft.expense_id, "expense_id")
    act.check(ExpenseCourse.approve, expense, "expense_id")
    act.check_maker(ExpenseCourse.approve, expense, "expense_id")
    act.check_version(expense, draft)
    role, missing = await _role_of(act, expense)
    held = await balances_of(act, expense["budget_line_id"])
    await act.insert(
        EXPENSE_APPROVAL,
        expense_id=expense["id"],
        role=role,
        member_tenant_id=act.principal.tenant_id,
        member_id=act.member_id,
        approved_on=act.today,
        expense_version=expense["version"],
        available_fen=held.get(AccountKind.AVAILABLE, 0),
    )
    if missing:
        act.announce(APPROVAL_REQUESTED, expense["id"])
        return expense["id"]
    await act.take(ExpenseCourse.approve, expense, draft, "expense_id")
    committed = Account(AccountKind.COMMITTED, expense["commitment_id"])
    spent = Account(AccountKind.SPENT, expense["budget_line_id"])
    legs = move(expense["amount_fen"], committed, spent)
    try:
        await book(act, "EXPENSE", legs, subject_id=expense["id"])
    except OverdrawnError as error:
        raise exceeded(error) from error
    return expense["id"]


@draft
class ExpenseReturn(ExpenseApproval):
    """A voucher that is not in order."""

    note: str = paragraph("What is missing or wrong.")


@mutation(gives="Expense")
async def return_expense(act: Act, draft: ExpenseReturn) -> UUID:
    """Send a voucher back to whoever entered it."""
    expense = await act.find(EXPENSE, draft.expense_id, "expense_id")
    await act.take(ExpenseCourse.send_back, expense, draft, "expense_id")
    return expense["id"]


@draft
class Payment:
    """An approved voucher that was paid."""

    expense_id: UUID = id_of("Expense", "The voucher.")
    version: int = version()
    paid_on: date = day("The day of the payment.", past=True)


@mutation(gives="Expense", problems=[BudgetExceeded])
async def pay_expense(act: Act, draft: Payment) -> UUID:
    """Record the payment of an approved voucher, out of what the bureau has handed over."""
    expense = await act.find(EXPENSE, draft.expense_id, "expense_id")
    act.check(ExpenseCourse.pay, expense, "expense_id")
    _, project = await line_of(act, expense["budget_line_id"], "expense_id")
    if draft.paid_on < expense["spent_on"]:
        refuse([Fault(("paid_on",), "It was paid before the voucher's day.")])
    await check_books(act, project["agreement_id"], draft.paid_on, "paid_on")
    await act.take(ExpenseCourse.pay, expense, draft, "expense_id")
    line_id, agreement_id = expense["budget_line_id"], project["agreement_id"]
    spent, paid = Account(AccountKind.SPENT, line_id), Account(AccountKind.PAID, line_id)
    cash = Account(AccountKind.CASH, agreement_id)
    payees = Account(AccountKind.PAYEES, agreement_id)
    amount = expense["amount_fen"]
    legs = [*move(amount, spent, paid), *move(amount, cash, payees)]
    try:
        await book(act, "PAYMENT", legs, subject_id=expense["id"])
    except OverdrawnError as error:
        raise exceeded(error) from error
    return expense["id"]


@draft
class ExpenseReversal:
    """An approved or paid voucher that was a mistake."""

    expense_id: UUID = id_of("Expense", "The voucher.")
    version: int = version()
    reason: str = paragraph("What was wrong with it; names nobody who is served.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Expense", problems=[RevealingProblem])
async def reverse_expense(act: Act, draft: ExpenseReversal) -> UUID:
    """Undo a voucher's bookings with bookings of today; nothing that was booked is edited."""
    expense = await act.find(EXPENSE, draft.expense_id, "expense_id")
    act.check(ExpenseCourse.reverse, expense, "expense_id")
    _, project = await line_of(act, expense["budget_line_id"], "expense_id")
    await check_books(act, project["agreement_id"], act.today, "expense_id")
    await check_deidentified(act, draft, {"reason": draft.reason})
    await act.take(ExpenseCourse.reverse, expense, draft, "expense_id", note=draft.reason)
    booked = await act.rows(LEDGER_TRANSACTION, subject_id=expense["id"])
    for transaction in sorted(booked, key=lambda each: each["id"], reverse=True):
        legs = await legs_of(act, transaction["id"])
        await book(
            act,
            "REVERSAL",
            reversal(legs),
            subject_id=expense["id"],
            reason=draft.reason,
            reverses_id=transaction["id"],
        )
    commitment = await act.find(COMMITMENT, expense["commitment_id"], "expense_id")
    if commitment["status"] == CommitmentStatus.CLOSED:
        # Nothing more is spent on it, so what came back to it would be held for ever.
        await give_back(act, commitment)
    return expense["id"]


async def _check_voucher(
    act: Act,
    draft: Voucher,
    commitment: CommitmentRow,
    faults: list[Fault],
    *,
    without: UUID | None,
) -> None:
    """Refuse what cannot be spent on a commitment: too early, in locked books, or too much."""
    act.check(CommitmentCourse.spend_on, commitment, "commitment_id")
    _, project = await line_of(act, commitment["budget_line_id"], "commitment_id")
    faults += booked_faults("spent_on", draft.spent_on, project)
    if draft.spent_on < commitment["committed_on"]:
        faults.append(Fault(("spent_on",), "It was spent before it was committed."))
    refuse(faults)
    await check_books(act, project["agreement_id"], draft.spent_on, "spent_on")
    entered = await act.rows(EXPENSE, commitment_id=commitment["id"], status=_COUNTED)
    others = sum(each["amount_fen"] for each in entered if each["id"] != without)
    left = commitment["amount_fen"] - others
    if draft.amount > left:
        account = Account(AccountKind.COMMITTED, commitment["id"])
        raise exceeded(OverdrawnError(account, max(0, left)), "amount")


async def _role_of(act: Act, expense: ExpenseRow) -> tuple[str, set[str]]:
    """As which of the roles that have to approve a voucher the actor does, and which are left.

    Each is one person, who approves this version of the voucher.
    """
    approvals = await act.rows(
        EXPENSE_APPROVAL, expense_id=expense["id"], expense_version=expense["version"]
    )
    given = {each["role"]: each["member_id"] for each in approvals}
    needed = act.policy.approvals.roles_for(APPROVAL, expense["amount_fen"])
    mine = [role for role in needed if role in act.principal.roles and role not in given]
    if not mine:
        message = f"This expense needs: {', '.join(sorted(set(needed) - given.keys()))}."
        raise not_yours(message, "expense_id")
    if act.is_one_of(given.values()):
        raise not_yours("You have approved this already: another person has to.", "expense_id")
    return mine[0], {*needed} - {*given, mine[0]}
