"""What a row of an agency's commitments, vouchers and periods comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from citywide.acts.perform import UseCase
from citywide.budgets.commitments import (
    CommitmentClosing,
    CommitmentDraft,
    OverrideDraft,
    close_commitment,
    commit_beyond_budget,
    commit_money,
)
from citywide.budgets.periods import PeriodApproval, PeriodDraft, approve_period, submit_period
from citywide.budgets.spending import (
    ExpenseApproval,
    ExpenseDraft,
    ExpenseReversal,
    Payment,
    approve_expense,
    enter_expense,
    pay_expense,
    reverse_expense,
)
from citywide.exchange.account_tables import AccountRow, node
from citywide.exchange.replay import Known, ReplayedAct


def commitment(row: AccountRow) -> Iterator[ReplayedAct]:
    """A row of commitments.csv: promised, and closed."""
    cells, agency, number = row.cells, row.accounts.slug, row.cells.text("number")
    project, category = cells.text("project"), cells.text("category")
    reason, closed_on = cells.optional("override_reason"), cells.optional_day("closed_on")
    day = cells.day("committed_on")
    given: dict[str, Any] = {
        "number": number,
        "payee": cells.text("payee"),
        "purpose": cells.text("purpose"),
        "committed_on": day,
        "amount": cells.money("amount"),
    }

    def commit(known: Known) -> CommitmentDraft | OverrideDraft:
        line_id = known.id(agency, "line", project, category)
        if reason is None:
            return CommitmentDraft(budget_line_id=line_id, **given)
        return OverrideDraft(budget_line_id=line_id, reason=reason, **given)

    use_case: UseCase = commit_money if reason is None else commit_beyond_budget
    kept = ("commitment", number)
    yield row.act(use_case, f"commitment {number}", day, "by", commit, kept=kept)
    if closed_on is not None:

        def close(known: Known) -> CommitmentClosing:
            return CommitmentClosing(commitment_id=known.id(agency, *kept), version=1)

        yield row.act(close_commitment, f"commitment {number} close", closed_on, "by", close)


def voucher(row: AccountRow) -> Iterator[ReplayedAct]:
    """A row of vouchers.csv: entered, approved by one or two, paid, reversed."""
    cells, agency, number = row.cells, row.accounts.slug, row.cells.text("number")
    promise, kept = cells.text("commitment"), ("voucher", number)
    given: dict[str, Any] = {
        "number": number,
        "payee": cells.text("payee"),
        "spent_on": cells.day("spent_on"),
        "amount": cells.money("amount"),
        "evidence": cells.text("evidence"),
    }

    def enter(known: Known) -> ExpenseDraft:
        return ExpenseDraft(commitment_id=known.id(agency, "commitment", promise), **given)

    name, day = f"voucher {number}", cells.day("entered_on")
    yield row.act(enter_expense, name, day, "entered_by", enter, kept=kept)
    approved_on, paid_on = cells.optional_day("approved_on"), cells.optional_day("paid_on")
    reversed_on = cells.optional_day("reversed_on")
    if approved_on is None:
        return

    def approve(known: Known) -> ExpenseApproval:
        return ExpenseApproval(expense_id=node(known, "Expense", agency, *kept), version=1)

    for column in ("approved_by", "countersigned_by"):
        if cells.optional(column) is not None:
            yield row.act(approve_expense, f"{name} {column}", approved_on, column, approve)
    if paid_on is not None:

        def pay(known: Known) -> Payment:
            return Payment(expense_id=known.id(agency, *kept), version=2, paid_on=paid_on)

        yield row.act(pay_expense, f"{name} pay", paid_on, "entered_by", pay)
    if reversed_on is not None:
        version, reason = 2 if paid_on is None else 3, cells.text("reversal_reason")

        def reverse(known: Known) -> ExpenseReversal:
            expense_id = known.id(agency, *kept)
            return ExpenseReversal(expense_id=expense_id, version=version, reason=reason)

        yield row.act(reverse_expense, f"{name} reverse", reversed_on, "approved_by", reverse)


def period(row: AccountRow) -> Iterator[ReplayedAct]:
    """A row of periods.csv: submitted, and approved."""
    cells, agency, agreement = row.cells, row.accounts.slug, row.cells.text("agreement")
    first, end = cells.day("valid_from"), cells.day("valid_until")

    def submit(known: Known) -> PeriodDraft:
        agreement_id = known.id(agency, "agreement", agreement)
        return PeriodDraft(agreement_id=agreement_id, valid_from=first, valid_until=end)

    kept = ("period", agreement, str(first))
    name, day = " ".join(kept), cells.day("submitted_on")
    yield row.act(submit_period, name, day, "submitted_by", submit, kept=kept)
    approved_on = cells.optional_day("approved_on")
    if approved_on is not None:

        def approve(known: Known) -> PeriodApproval:
            period = node(known, "AccountingPeriod", agency, *kept)
            return PeriodApproval(period_id=period, version=1)

        yield row.act(approve_period, f"{name} approve", approved_on, "approved_by", approve)
