"""Use cases of closing the books: an agency submits a period, the bureau approves and locks it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from citywide.acts.act import APPROVAL_REQUESTED, Act
from citywide.acts.problems import wrong_state
from citywide.budgets.courses import PeriodCourse
from citywide.budgets.models import ACCOUNTING_PERIOD, BUDGET_LINE, EXPENSE
from citywide.budgets.words import ExpenseStatus, PeriodStatus
from citywide.db.rows import among
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.projects.models import PROJECT
from citywide.rules.fields import day, draft, id_of, paragraph, version
from citywide.rules.periods import Span, period_faults
from citywide.tenancy.models import AGREEMENT


@draft
class PeriodDraft:
    """A stretch of the books that is complete."""

    agreement_id: UUID = id_of("Agreement", "The agreement.")
    valid_from: date = day("First day.", past=True)
    # A period is over before it is locked, so that what is booked today never falls into one.
    valid_until: date = day("First day after it.", past=True)


@mutation(gives="AccountingPeriod")
async def submit_period(act: Act, draft: PeriodDraft) -> UUID:
    """Submit a period of an agreement's books; a returned one is submitted again."""
    agreement = await act.find(AGREEMENT, draft.agreement_id, "agreement_id")
    faults = [*period_faults((), draft.valid_from, draft.valid_until)]
    whole = Span.of(agreement)
    if not whole.covers(draft.valid_from) or draft.valid_until > agreement["valid_until"]:
        faults.append(Fault(("valid_from",), "The period lies outside of the agreement."))
    refuse(faults)
    returned = None
    for other in await act.rows(ACCOUNTING_PERIOD, agreement_id=agreement["id"]):
        if Span.of(other) == Span.of(draft) and other["status"] == PeriodStatus.RETURNED:
            returned = other
        elif Span.of(other).overlaps(Span.of(draft)):
            raise wrong_state("The period shares days with one that was submitted.", "valid_from")
    await _check_decided(act, draft)
    if returned is not None:
        step = PeriodCourse.submit
        await act.take(step, returned, None, "agreement_id", submitted_by=act.member_id)
        return returned["id"]
    period_id = await act.insert(
        ACCOUNTING_PERIOD, draft, status=PeriodStatus.SUBMITTED, submitted_by=act.member_id
    )
    act.announce(APPROVAL_REQUESTED, period_id)
    return period_id


@draft
class PeriodApproval:
    """Books that are in order."""

    period_id: NodeId = id_of("AccountingPeriod", "The period.")
    version: int = version()


@mutation(gives="AccountingPeriod")
async def approve_period(act: Act, draft: PeriodApproval) -> UUID:
    """Approve a submitted period: nothing can be booked on its days any more."""
    period = await act.find(ACCOUNTING_PERIOD, draft.period_id, "period_id")
    await act.take(PeriodCourse.approve, period, draft, "period_id", decided_on=act.today)
    return period["id"]


@draft
class PeriodReturn(PeriodApproval):
    """Books that are not in order."""

    note: str = paragraph("What has to be mended.")


@mutation(gives="AccountingPeriod")
async def return_period(act: Act, draft: PeriodReturn) -> UUID:
    """Send a submitted period back to the agency."""
    period = await act.find(ACCOUNTING_PERIOD, draft.period_id, "period_id")
    await act.take(PeriodCourse.send_back, period, draft, "period_id", decided_on=act.today)
    return period["id"]


async def _check_decided(act: Act, draft: PeriodDraft) -> None:
    """Every voucher of the period is decided: what is open would be locked out."""
    expense, budget_line, project = EXPENSE.c, BUDGET_LINE.c, PROJECT.c
    statement = (
        select(expense.number)
        .join(BUDGET_LINE, budget_line.id == expense.budget_line_id)
        .join(PROJECT, project.id == budget_line.project_id)
        .where(
            project.agreement_id == draft.agreement_id,
            expense.spent_on >= draft.valid_from,
            expense.spent_on < draft.valid_until,
            among(expense.status, (ExpenseStatus.SUBMITTED, ExpenseStatus.RETURNED)),
        )
        .order_by(expense.number)
        .limit(1)
    )
    for waiting in await act.select(statement, EXPENSE, BUDGET_LINE, PROJECT):
        message = f"The expense {waiting['number']} is not decided yet."
        raise wrong_state(message, "valid_from")
