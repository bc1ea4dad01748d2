"""The courses of what passes from an agency to the bureau and back: budgets, changes, books."""

from citywide.budgets.models import ACCOUNTING_PERIOD, BUDGET, BUDGET_CHANGE
from citywide.budgets.words import BudgetStatus, ChangeStatus, PeriodStatus
from citywide.rules.course import Allows, Course, Step


class BudgetCourse(Course, table=BUDGET, states=BudgetStatus, noun="The budget"):
    """A project's budget: drafted by the agency, decided by the bureau."""

    submit = Step(BudgetStatus.DRAFT, BudgetStatus.RETURNED, to=BudgetStatus.SUBMITTED, awaits=True)
    approve = Step(BudgetStatus.SUBMITTED, to=BudgetStatus.APPROVED, not_by=("submitted_by",))
    # `return` is a word of the language.
    send_back = Step(BudgetStatus.SUBMITTED, to=BudgetStatus.RETURNED)
    set_lines_of = Allows(BudgetStatus.DRAFT, BudgetStatus.RETURNED)
    commit_money_of = Allows(BudgetStatus.APPROVED)


class ChangeCourse(Course, table=BUDGET_CHANGE, states=ChangeStatus, noun="The change"):
    """Money to be moved between two lines, decided by the bureau."""

    approve = Step(ChangeStatus.REQUESTED, to=ChangeStatus.APPROVED, not_by=("requested_by",))
    refuse = Step(ChangeStatus.REQUESTED, to=ChangeStatus.REFUSED)


class PeriodCourse(Course, table=ACCOUNTING_PERIOD, states=PeriodStatus, noun="The period"):
    """A stretch of an agreement's books: submitted by the agency, locked by the bureau."""

    submit = Step(PeriodStatus.RETURNED, to=PeriodStatus.SUBMITTED, awaits=True)
    approve = Step(PeriodStatus.SUBMITTED, to=PeriodStatus.APPROVED, not_by=("submitted_by",))
    send_back = Step(PeriodStatus.SUBMITTED, to=PeriodStatus.RETURNED)
    book_on_its_days = Allows(PeriodStatus.SUBMITTED, PeriodStatus.RETURNED)
