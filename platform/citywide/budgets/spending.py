"""Use cases of vouchers: enter what was spent, have it approved, pay it, undo it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, rows_with
from citywide.acts.problems import not_yours, wrong_state
from citywide.budgets.ledger import Account, AccountKind, Leg, OverdrawnError, move, reversal
from citywide.budgets.ledger_models import LEDGER_TRANSACTION
from citywide.budgets.models import COMMITMENT, EXPENSE, EXPENSE_APPROVAL
from citywide.budgets.posting import balances_of, book, legs_of
from citywide.budgets.problems import BudgetExceeded, exceeded
from citywide.budgets.rules import (
    NO_COMMITMENT,
    amount_faults,
    booked_faults,
    check_open,
    expenses_of,
    line_of,
    number_faults,
    payee_faults,
    reason_faults,
    taken_faults,
)
from citywide.errors import Fault, refuse
from citywide.graph.mutate import asked, mutation
from citywide.ids import NodeId, new_id

APPROVAL = "expense"
_NO_EXPENSE = "There is no expense with this id."


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseDraft:
    """A voucher."""

    commitment_id: Annotated[UUID, asked("What it was spent on.", of="Commitment")]
    number: Annotated[str, asked("The voucher's number.")]
    payee: Annotated[str, asked("Who is paid.")]
    spent_on: Annotated[date, asked("The voucher's day.")]
    amount: Annotated[int, asked("How much, in yuan.", money=True)]
    evidence: Annotated[str, asked("Invoice, receipt or list, and where it is kept.")]


@mutation(gives="Expense", problems=[BudgetExceeded])
async def enter_expense(act: Act, draft: ExpenseDraft) -> UUID:
    """Enter a voucher on a commitment; somebody else approves it."""
    commitment = await _open_commitment(act, draft.commitment_id)
    faults = await _voucher_faults(act, draft, commitment)
    faults += await taken_faults(act, EXPENSE.c.number, draft.number)
    refuse(faults)
    await _check_rest(act, commitment, draft.amount, without=None)
    [expense_id] = await insert_rows(
        act.transaction,
        table=EXPENSE,
        rows=[
            act.desk.owned(
                id=new_id(),
                commitment_id=commitment["id"],
                budget_line_id=commitment["budget_line_id"],
                number=draft.number,
                payee=draft.payee,
                spent_on=draft.spent_on,
                amount_fen=draft.amount,
                evidence=draft.evidence,
                status="SUBMITTED",
                entered_by=act.principal.member_id,
            )
        ],
    )
    act.tell("approvalRequested", expense_id)
    return expense_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseMending:
    """What a returned voucher says now."""

    expense_id: Annotated[UUID, asked("The returned voucher.", of="Expense")]
    version: Annotated[int, asked("The version you read.")]
    payee: Annotated[str, asked("Who is paid.")]
    spent_on: Annotated[date, asked("The voucher's day.")]
    amount: Annotated[int, asked("How much, in yuan.", money=True)]
    evidence: Annotated[str, asked("Invoice, receipt or list, and where it is kept.")]


@mutation(gives="Expense", problems=[BudgetExceeded])
async def mend_expense(act: Act, mending: ExpenseMending) -> UUID:
    """Correct a voucher that was returned, and submit it again."""
    row = await act.find(EXPENSE, mending.expense_id, "expense_id", _NO_EXPENSE)
    if row["status"] != "RETURNED":
        raise wrong_state("Only a returned expense can be mended.", "expenseId")
    commitment = await _open_commitment(act, row["commitment_id"])
    refuse(await _voucher_faults(act, mending, commitment))
    await _check_rest(act, commitment, mending.amount, without=row["id"])
    values = {
        "payee": mending.payee,
        "spent_on": mending.spent_on,
        "amount_fen": mending.amount,
        "evidence": mending.evidence,
        "status": "SUBMITTED",
        "entered_by": act.principal.member_id,
        "note": None,
    }
    await act.update(EXPENSE, row, values, version=mending.version)
    act.tell("approvalRequested", row["id"])
    return mending.expense_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseApproval:
    """A voucher that is in order."""

    expense_id: Annotated[NodeId, asked("The voucher.", of="Expense")]
    version: Annotated[int, asked("The version you read.")]


@mutation(gives="Expense", problems=[BudgetExceeded])
async def approve_expense(act: Act, approval: ExpenseApproval) -> UUID:
    """Approve a voucher that somebody else entered; who has to follows from its amount."""
    row = await _submitted(act, approval.expense_id)
    if row["version"] != approval.version:
        # Says so, and changes nothing.
        await act.update(EXPENSE, row, {}, version=approval.version)
    needed = act.policy.approvals.roles_for(APPROVAL, row["amount_fen"])
    given = await _approvals(act, row)
    mine = [role for role in needed if role in act.principal.roles and role not in given]
    if not mine:
        message = f"This expense needs: {', '.join(sorted(set(needed) - given.keys()))}."
        raise not_yours(message, "expenseId")
    if act.principal.member_id in given.values():
        raise not_yours("You have approved this already: another person has to.", "expenseId")
    held = await balances_of(act, row["budget_line_id"])
    await insert_rows(
        act.transaction,
        table=EXPENSE_APPROVAL,
        rows=[
            act.desk.owned(
                id=new_id(),
                expense_id=row["id"],
                role=mine[0],
                member_tenant_id=act.principal.tenant_id,
                member_id=act.principal.member_id,
                approved_on=act.desk.today,
                expense_version=row["version"],
                available_fen=held.get(AccountKind.AVAILABLE, 0),
            )
        ],
    )
    if set(needed) - given.keys() - {mine[0]}:
        act.tell("approvalRequested", row["id"])
        return approval.expense_id.row_id
    await act.update(EXPENSE, row, {"status": "APPROVED"}, version=approval.version)
    committed = Account(AccountKind.COMMITTED, row["commitment_id"])
    spent = Account(AccountKind.SPENT, row["budget_line_id"])
    try:
        await book(act, "EXPENSE", move(row["amount_fen"], committed, spent), subject_id=row["id"])
    except OverdrawnError as error:
        raise exceeded(error) from error
    return approval.expense_id.row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseReturn:
    """A voucher that is not in order."""

    expense_id: Annotated[NodeId, asked("The voucher.", of="Expense")]
    version: Annotated[int, asked("The version you read.")]
    note: Annotated[str, asked("What is missing or wrong.")]


@mutation(gives="Expense")
async def return_expense(act: Act, returning: ExpenseReturn) -> UUID:
    """Send a voucher back to whoever entered it."""
    row = await _submitted(act, returning.expense_id)
    refuse(reason_faults("note", returning.note))
    values = {"status": "RETURNED", "note": returning.note}
    await act.update(EXPENSE, row, values, version=returning.version)
    return returning.expense_id.row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """An approved voucher that was paid."""

    expense_id: Annotated[UUID, asked("The voucher.", of="Expense")]
    version: Annotated[int, asked("The version you read.")]
    paid_on: Annotated[date, asked("The day of the payment.")]


@mutation(gives="Expense", problems=[BudgetExceeded])
async def pay_expense(act: Act, payment: Payment) -> UUID:
    """Record the payment of an approved voucher, out of what the bureau has handed over."""
    row = await act.find(EXPENSE, payment.expense_id, "expense_id", _NO_EXPENSE)
    if row["status"] != "APPROVED":
        raise wrong_state("Only an approved expense is paid.", "expenseId")
    _, project = await line_of(act, row["budget_line_id"], "expense_id")
    faults = []
    if payment.paid_on > act.desk.today:
        faults.append(Fault(("paid_on",), f"{payment.paid_on} lies in the future."))
    if payment.paid_on < row["spent_on"]:
        faults.append(Fault(("paid_on",), "It was paid before the voucher's day."))
    refuse(faults)
    await check_open(act, project["agreement_id"], payment.paid_on, "paidOn")
    values = {"status": "PAID", "paid_on": payment.paid_on}
    await act.update(EXPENSE, row, values, version=payment.version)
    line_id, agreement_id, amount = (
        row["budget_line_id"],
        project["agreement_id"],
        row["amount_fen"],
    )
    legs = [
        *move(amount, Account(AccountKind.SPENT, line_id), Account(AccountKind.PAID, line_id)),
        *move(
            amount,
            Account(AccountKind.CASH, agreement_id),
            Account(AccountKind.PAYEES, agreement_id),
        ),
    ]
    try:
        await book(act, "PAYMENT", legs, subject_id=row["id"])
    except OverdrawnError as error:
        raise exceeded(error) from error
    return payment.expense_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseReversal:
    """An approved or paid voucher that was a mistake."""

    expense_id: Annotated[UUID, asked("The voucher.", of="Expense")]
    version: Annotated[int, asked("The version you read.")]
    reason: Annotated[str, asked("What was wrong with it.")]


@mutation(gives="Expense")
async def reverse_expense(act: Act, reversing: ExpenseReversal) -> UUID:
    """Undo a voucher's bookings with bookings of today; nothing that was booked is edited."""
    row = await act.find(EXPENSE, reversing.expense_id, "expense_id", _NO_EXPENSE)
    refuse(reason_faults("reason", reversing.reason))
    if row["status"] not in {"APPROVED", "PAID"}:
        raise wrong_state("Only an approved or paid expense is reversed.", "expenseId")
    if row["entered_by"] == act.principal.member_id:
        raise not_yours("Who entered an expense does not reverse it.", "expenseId")
    _, project = await line_of(act, row["budget_line_id"], "expense_id")
    await check_open(act, project["agreement_id"], act.desk.today, "expenseId")
    values = {"status": "REVERSED", "note": reversing.reason}
    await act.update(EXPENSE, row, values, version=reversing.version)
    booked = await rows_with(
        act.transaction,
        desk=act.desk,
        column=LEDGER_TRANSACTION.c.subject_id,
        values=[row["id"]],
    )
    for transaction in sorted(booked, key=lambda each: each["id"], reverse=True):
        legs: list[Leg] = [*await legs_of(act, transaction["id"])]
        await book(
            act,
            "REVERSAL",
            reversal(legs),
            subject_id=row["id"],
            reason=reversing.reason,
            reverses_id=transaction["id"],
        )
    return reversing.expense_id


# What counts against a commitment: decided or not, but not what was undone.
_COUNTED = frozenset({"SUBMITTED", "RETURNED", "APPROVED", "PAID"})


async def _open_commitment(act: Act, commitment_id: UUID) -> Record:
    row = await act.find(COMMITMENT, commitment_id, "commitment_id", NO_COMMITMENT)
    if row["status"] != "OPEN":
        raise wrong_state("The commitment is closed: nothing more is spent on it.", "commitmentId")
    return row


async def _check_rest(
    act: Act, commitment: Record, amount_fen: int, *, without: UUID | None
) -> None:
    """Refuse a voucher for which the commitment has nothing left."""
    others = [
        each["amount_fen"]
        for each in await expenses_of(act, commitment["id"])
        if each["status"] in _COUNTED and each["id"] != without
    ]
    left = commitment["amount_fen"] - sum(others)
    if amount_fen > left:
        account = Account(AccountKind.COMMITTED, commitment["id"])
        raise exceeded(OverdrawnError(account, max(0, left)), "amount")


async def _voucher_faults(
    act: Act, draft: ExpenseDraft | ExpenseMending, commitment: Record
) -> list[Fault]:
    _, project = await line_of(act, commitment["budget_line_id"], "commitment_id")
    faults = [
        *amount_faults("amount", draft.amount),
        *payee_faults("payee", draft.payee),
        *reason_faults("evidence", draft.evidence),
        *booked_faults("spent_on", draft.spent_on, project, today=act.desk.today),
    ]
    if draft.spent_on < commitment["committed_on"]:
        faults.append(Fault(("spent_on",), "It was spent before it was committed."))
    if isinstance(draft, ExpenseDraft):
        faults += number_faults("number", draft.number)
    if not faults:
        await check_open(act, project["agreement_id"], draft.spent_on, "spentOn")
    return faults


async def _submitted(act: Act, node: NodeId) -> Record:
    """A voucher that waits for a decision, of somebody else."""
    act.move_to(node.tenant_id)
    row = await act.find(EXPENSE, node.row_id, "expense_id", _NO_EXPENSE)
    if row["status"] != "SUBMITTED":
        raise wrong_state(f"The expense is {row['status'].lower()}, not submitted.", "expenseId")
    if row["entered_by"] == act.principal.member_id:
        raise not_yours("Who entered an expense does not decide about it.", "expenseId")
    return row


async def _approvals(act: Act, row: Record) -> dict[str, UUID]:
    """Who has approved this version of a voucher, by role."""
    table = EXPENSE_APPROVAL
    found = await act.transaction.rows(
        select(table).where(
            table.c.tenant_id == act.desk.tenant_id,
            table.c.expense_id == row["id"],
            table.c.expense_version == row["version"],
        )
    )
    return {each["role"]: each["member_id"] for each in found}
