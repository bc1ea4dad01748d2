"""What every use case about money asks: the line it is about, and whether the books are open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.budgets.courses import BudgetCourse, PeriodCourse
from citywide.budgets.models import ACCOUNTING_PERIOD, BUDGET, BUDGET_LINE, BudgetLineRow
from citywide.errors import Fault
from citywide.projects.models import PROJECT, ProjectRow
from citywide.rules.periods import Span
from citywide.rules.texts import NAME_LENGTH

# A person, or a firm with its legal form.
PAYEE_LENGTH = 2 * NAME_LENGTH


async def line_of(act: Act, line_id: UUID, field: str) -> tuple[BudgetLineRow, ProjectRow]:
    """An approved budget's line, and its project."""
    line = await act.find(BUDGET_LINE, line_id, field)
    budget = await act.find(BUDGET, line["budget_id"], field)
    act.check(BudgetCourse.commit_money_of, budget, field)
    return line, await act.find(PROJECT, line["project_id"], field)


def booked_faults(field: str, day: date, project: ProjectRow) -> Iterator[Fault]:
    """A day on which the project runs."""
    if not Span.of(project).covers(day):
        yield Fault((field,), f"The project does not run on {day}.")


async def check_books(act: Act, agreement_id: UUID, day: date, field: str) -> None:
    """Refuse a day of a period whose books are locked; whatever books a day asks this."""
    for period in await act.rows(ACCOUNTING_PERIOD, agreement_id=agreement_id):
        if Span.of(period).covers(day):
            act.check(PeriodCourse.book_on_days_of, period, field)
