"""The courses of what passes from an agency to the bureau and back: budgets, money, books."""

from citywide.budgets.models import (
    ACCOUNTING_PERIOD,
    BUDGET,
    BUDGET_CHANGE,
    COMMITMENT,
    EXPENSE,
    TRANCHE,
)
from citywide.budgets.words import (
    BudgetStatus,
    ChangeStatus,
    CommitmentStatus,
    ExpenseStatus,
    PeriodStatus,
    TrancheStatus,
)
from citywide.rules.course import Allows, Course, Step

# The verb `return` is a word of Python: whoever returns something sends it back.


class BudgetCourse(Course, table=BUDGET, states=BudgetStatus, noun="The budget"):
    """A project's budget: drafted by the agency, decided by the bureau."""

    submit = Step(BudgetStatus.DRAFT, BudgetStatus.RETURNED, to=BudgetStatus.SUBMITTED, awaits=True)
    approve = Step(BudgetStatus.SUBMITTED, to=BudgetStatus.APPROVED, not_by=("submitted_by",))
    send_back = Step(BudgetStatus.SUBMITTED, to=BudgetStatus.RETURNED)
    set_lines_of = Allows(
        BudgetStatus.DRAFT, BudgetStatus.RETURNED, advice="Request a change of an approved one."
    )
    commit_money_of = Allows(BudgetStatus.APPROVED)


class ChangeCourse(
    Course, table=BUDGET_CHANGE, states=ChangeStatus, noun="The change"
):  # fmt: skip
    """Money to be moved between two lines, decided by the bureau."""

    approve = Step(ChangeStatus.REQUESTED, to=ChangeStatus.APPROVED, not_by=("requested_by",))
    refuse = Step(ChangeStatus.REQUESTED, to=ChangeStatus.REFUSED)


class TrancheCourse(Course, table=TRANCHE, states=TrancheStatus, noun="The tranche"):
    """A part of an agreement's amount: earned by what was delivered, then handed over."""

    accept = Step(TrancheStatus.PLANNED, to=TrancheStatus.ACCEPTED)
    release = Step(TrancheStatus.ACCEPTED, to=TrancheStatus.RELEASED)


class CommitmentCourse(
    Course, table=COMMITMENT, states=CommitmentStatus, noun="The commitment"
):  # fmt: skip
    """Money promised to somebody."""

    close = Step(CommitmentStatus.OPEN, to=CommitmentStatus.CLOSED)
    spend_on = Allows(CommitmentStatus.OPEN)


class ExpenseCourse(Course, table=EXPENSE, states=ExpenseStatus, noun="The expense"):
    """A voucher: whoever enters it does not decide about it, nor undo it."""

    mend = Step(ExpenseStatus.RETURNED, to=ExpenseStatus.SUBMITTED, awaits=True)
    approve = Step(ExpenseStatus.SUBMITTED, to=ExpenseStatus.APPROVED, not_by=("entered_by",))
    send_back = Step(ExpenseStatus.SUBMITTED, to=ExpenseStatus.RETURNED, not_by=("entered_by",))
    pay = Step(ExpenseStatus.APPROVED, to=ExpenseStatus.PAID)
    reverse = Step(
        ExpenseStatus.APPROVED,
        ExpenseStatus.PAID,
        to=ExpenseStatus.REVERSED,
        not_by=("entered_by",),
    )


class PeriodCourse(Course, table=ACCOUNTING_PERIOD, states=PeriodStatus, noun="The period"):
    """A stretch of an agreement's books: submitted by the agency, locked by the bureau."""

    submit = Step(PeriodStatus.RETURNED, to=PeriodStatus.SUBMITTED, awaits=True)
    approve = Step(PeriodStatus.SUBMITTED, to=PeriodStatus.APPROVED, not_by=("submitted_by",))
    send_back = Step(PeriodStatus.SUBMITTED, to=PeriodStatus.RETURNED)
    # What the bureau approves is what was submitted.
    book_on_days_of = Allows(
        PeriodStatus.RETURNED,
        advice="Its books are locked: book it on a later day, as a correction.",
    )
