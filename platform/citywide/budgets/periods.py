"""Use cases of closing the books: an agency submits a period, the bureau approves and locks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from asyncpg import Record
from sqlalchemy import ARRAY, Text, any_, literal, select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, rows_with
from citywide.acts.problems import wrong_state
from citywide.budgets.models import ACCOUNTING_PERIOD, BUDGET_LINE, EXPENSE
from citywide.budgets.rules import reason_faults
from citywide.errors import Fault, refuse
from citywide.graph.mutate import asked, mutation
from citywide.ids import NodeId, new_id
from citywide.projects.models import PROJECT
from citywide.rules.legacy import past_faults
from citywide.rules.periods import Span, period_faults
from citywide.tenancy.models import AGREEMENT

_NO_PERIOD = "There is no accounting period with this id."


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodDraft:
    """A stretch of the books that is complete."""

    agreement_id: Annotated[UUID, asked("The agreement.", of="Agreement")]
    valid_from: Annotated[date, asked("First day.")]
    valid_until: Annotated[date, asked("First day after it.")]


@mutation(gives="AccountingPeriod")
async def submit_period(act: Act, draft: PeriodDraft) -> UUID:
    """Submit a period of an agreement's books; a returned one is submitted again."""
    message = "There is no agreement with this id."
    agreement = await act.find(AGREEMENT, draft.agreement_id, "agreement_id", message)
    whole = Span(agreement["valid_from"], agreement["valid_until"])
    faults = [
        *period_faults((), draft.valid_from, draft.valid_until),
        *past_faults(("valid_from",), draft.valid_from, today=act.desk.today),
    ]
    if not whole.covers(draft.valid_from) or draft.valid_until > agreement["valid_until"]:
        faults.append(Fault(("valid_from",), "The period lies outside of the agreement."))
    refuse(faults)
    periods = await rows_with(
        act.transaction,
        desk=act.desk,
        column=ACCOUNTING_PERIOD.c.agreement_id,
        values=[draft.agreement_id],
    )
    span = Span(draft.valid_from, draft.valid_until)
    for other in periods:
        same = (other["valid_from"], other["valid_until"]) == (span.start, span.end)
        if same and other["status"] == "RETURNED":
            await _check_decided(act, draft)
            values = {"status": "SUBMITTED", "submitted_by": act.principal.member_id}
            await act.update(ACCOUNTING_PERIOD, other, values)
            act.tell("approvalRequested", other["id"])
            other_id: UUID = other["id"]
            return other_id
        if span.overlaps(Span(other["valid_from"], other["valid_until"])):
            raise wrong_state("The period shares days with one that was submitted.", "validFrom")
    await _check_decided(act, draft)
    row = act.desk.owned(
        id=new_id(),
        agreement_id=draft.agreement_id,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        status="SUBMITTED",
        submitted_by=act.principal.member_id,
    )
    [period_id] = await insert_rows(act.transaction, table=ACCOUNTING_PERIOD, rows=[row])
    act.tell("approvalRequested", period_id)
    return period_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodApproval:
    """Books that are in order."""

    period_id: Annotated[NodeId, asked("The period.", of="AccountingPeriod")]
    version: Annotated[int, asked("The version you read.")]


@mutation(gives="AccountingPeriod")
async def approve_period(act: Act, approval: PeriodApproval) -> UUID:
    """Approve a submitted period: nothing can be booked on its days any more."""
    row = await _submitted(act, approval.period_id)
    values = {"status": "APPROVED", "decided_on": act.desk.today}
    await act.update(ACCOUNTING_PERIOD, row, values, version=approval.version)
    return approval.period_id.row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodReturn:
    """Books that are not in order."""

    period_id: Annotated[NodeId, asked("The period.", of="AccountingPeriod")]
    version: Annotated[int, asked("The version you read.")]
    note: Annotated[str, asked("What has to be mended.")]


@mutation(gives="AccountingPeriod")
async def return_period(act: Act, returning: PeriodReturn) -> UUID:
    """Send a submitted period back to the agency."""
    row = await _submitted(act, returning.period_id)
    refuse(reason_faults("note", returning.note))
    values = {"status": "RETURNED", "note": returning.note, "decided_on": act.desk.today}
    await act.update(ACCOUNTING_PERIOD, row, values, version=returning.version)
    return returning.period_id.row_id


async def _submitted(act: Act, node: NodeId) -> Record:
    act.move_to(node.tenant_id)
    row = await act.find(ACCOUNTING_PERIOD, node.row_id, "period_id", _NO_PERIOD)
    if row["status"] != "SUBMITTED":
        raise wrong_state(f"The period is {row['status'].lower()}, not submitted.", "periodId")
    return row


async def _check_decided(act: Act, draft: PeriodDraft) -> None:
    """Every voucher of the period is decided: what is open would be locked out."""
    statement = (
        select(EXPENSE.c.number)
        .join(
            BUDGET_LINE,
            (BUDGET_LINE.c.tenant_id == EXPENSE.c.tenant_id)
            & (BUDGET_LINE.c.id == EXPENSE.c.budget_line_id),
        )
        .join(
            PROJECT,
            (PROJECT.c.tenant_id == BUDGET_LINE.c.tenant_id)
            & (PROJECT.c.id == BUDGET_LINE.c.project_id),
        )
        .where(
            EXPENSE.c.tenant_id == act.desk.tenant_id,
            BUDGET_LINE.c.tenant_id == act.desk.tenant_id,
            PROJECT.c.tenant_id == act.desk.tenant_id,
            PROJECT.c.agreement_id == draft.agreement_id,
            EXPENSE.c.spent_on >= draft.valid_from,
            EXPENSE.c.spent_on < draft.valid_until,
            EXPENSE.c.status == any_(literal(["SUBMITTED", "RETURNED"], ARRAY(Text))),
        )
        .order_by(EXPENSE.c.number)
        .limit(1)
    )
    waiting = await act.transaction.scalar(statement)
    if waiting is not None:
        raise wrong_state(f"The expense {waiting} is not decided yet.", "validFrom")
