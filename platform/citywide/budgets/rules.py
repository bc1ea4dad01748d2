"""What every use case about money holds its input to, and the days whose books are closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Column

from citywide.acts.act import Act
from citywide.acts.legacy import rows_with
from citywide.acts.problems import wrong_state
from citywide.budgets.courses import BudgetCourse
from citywide.budgets.models import ACCOUNTING_PERIOD, BUDGET, BUDGET_LINE, EXPENSE, BudgetLineRow
from citywide.errors import Fault
from citywide.projects.models import PROJECT, ProjectRow
from citywide.rules.legacy import past_faults
from citywide.rules.periods import Span
from citywide.rules.texts import NAME_LENGTH, NOTE_LENGTH, NUMBER_LENGTH, TITLE_LENGTH, text_faults

NO_COMMITMENT = "There is no commitment with this id."
# The yearly budget of a large city's district; a larger sum is a slip of the keyboard.
LARGEST_FEN = 10_000_000_000 * 100


def amount_faults(field: str, amount_fen: int) -> Iterator[Fault]:
    """More than nothing, and not absurd."""
    if amount_fen <= 0:
        yield Fault((field,), "An amount is more than 0.00.")
    elif amount_fen > LARGEST_FEN:
        yield Fault((field,), f"At most {LARGEST_FEN // 100} yuan fit into one booking.")


def number_faults(field: str, number: str) -> Iterator[Fault]:
    """The number of a paper, as it is printed on it."""
    yield from text_faults((field,), number, longest=NUMBER_LENGTH)


def payee_faults(field: str, payee: str) -> Iterator[Fault]:
    """A person or a firm."""
    yield from text_faults((field,), payee, longest=2 * NAME_LENGTH)


def title_faults(field: str, text: str) -> Iterator[Fault]:
    """One line."""
    yield from text_faults((field,), text, longest=TITLE_LENGTH)


def reason_faults(field: str, text: str) -> Iterator[Fault]:
    """A reason that somebody else can follow."""
    yield from text_faults((field,), text, longest=NOTE_LENGTH, lines=True)


def booked_faults(field: str, day: date, project: ProjectRow, *, today: date) -> Iterator[Fault]:
    """A day that has come, and on which the project runs."""
    yield from past_faults((field,), day, today=today)
    if not Span(project["valid_from"], project["valid_until"]).covers(day):
        yield Fault((field,), f"The project does not run on {day}.")


async def line_of(act: Act, line_id: UUID, field: str) -> tuple[BudgetLineRow, ProjectRow]:
    """An approved budget's line, and its project."""
    line = await act.find(BUDGET_LINE, line_id, field)
    budget = await act.find(BUDGET, line["budget_id"], field)
    act.check(BudgetCourse.commit_money_of, budget, field)
    project = await act.find(PROJECT, line["project_id"], field)
    return line, project


async def check_open(act: Act, agreement_id: UUID, day: date, field: str) -> None:
    """Refuse a day in a period whose books were approved."""
    periods = await rows_with(
        act.transaction,
        desk=act.desk,
        column=ACCOUNTING_PERIOD.c.agreement_id,
        values=[agreement_id],
    )
    for period in periods:
        span = Span(period["valid_from"], period["valid_until"])
        if period["status"] == "APPROVED" and span.covers(day):
            message = (
                f"The books from {span.start} to before {span.end} are approved and locked: "
                "book it on a later day, as a correction."
            )
            raise wrong_state(message, field)


async def taken_faults(act: Act, column: Column[str], number: str) -> list[Fault]:
    """A paper's number is on record once."""
    found = await rows_with(
        act.transaction,
        desk=act.desk,
        column=column,
        values=[number],
    )
    return [Fault(("number",), "Another one has this number.")] if found else []


async def expenses_of(act: Act, commitment_id: UUID) -> list[Record]:
    """The vouchers of a commitment, whatever became of them."""
    return await rows_with(
        act.transaction, desk=act.desk, column=EXPENSE.c.commitment_id, values=[commitment_id]
    )
