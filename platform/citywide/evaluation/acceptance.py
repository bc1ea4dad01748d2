"""Whether a tranche has been earned: by the service records, and by the period's scorecard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Select, and_, func, select

from citywide.acts.act import Act
from citywide.acts.problems import ProblemError, StateProblem
from citywide.budgets.funding import find_tranche
from citywide.budgets.models import DELIVERABLE, TRANCHE
from citywide.budgets.rules import reason_faults
from citywide.evaluation.grading import Stage
from citywide.evaluation.models import SCORECARD
from citywide.graph.mutate import asked, mutation
from citywide.ids import NodeId
from citywide.projects.grades import Grade
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.tenancy.drafts import refuse
from citywide.tenancy.rows import of_tenant, rows_with

# Person-times by the role of who turned out, or by the kind of the service; occurrences.
_TURNOUTS = {"SOCIAL_WORKER_TURNOUTS": "WORKER", "VOLUNTEER_TURNOUTS": "VOLUNTEER"}
_RECEIVED = {"CASE_COUNSELLING": "CASE_SESSION", "HOME_HELP": "HOME_HELP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The bureau's word that everything for a tranche was delivered."""

    tranche_id: Annotated[NodeId, asked("The tranche.", of="Tranche")]
    version: Annotated[int, asked("The version you read.")]
    because: Annotated[str, asked("What was looked at, and what was found.")]


@mutation(gives="Tranche")
async def accept_deliverables(act: Act, acceptance: Acceptance) -> UUID:
    """Accept what a tranche is for: service records have the figures, a frozen card the grade."""
    row = await find_tranche(act, acceptance.tranche_id, "PLANNED")
    refuse(reason_faults("because", acceptance.because))
    if short := [*await _undelivered(act, row["id"]), *await _ungraded(act, row)]:
        message = f"Not everything is delivered: {'; '.join(short)}."
        problem = StateProblem(code="NOT_DELIVERED", message=message, path=["trancheId"])
        raise ProblemError(problem)
    values = {
        "status": "ACCEPTED",
        "accepted_on": act.desk.today,
        "accepted_because": acceptance.because,
    }
    await act.update(TRANCHE, row, values, version=acceptance.version)
    return acceptance.tranche_id.row_id


async def _undelivered(act: Act, tranche_id: object) -> list[str]:
    """A phrase for every deliverable that is not reached yet."""
    wanted = await rows_with(
        act.transaction, desk=act.desk, column=DELIVERABLE.c.tranche_id, values=[tranche_id]
    )
    found = []
    for each in wanted:
        actual = await act.transaction.scalar(_counted(each))
        if actual < each["quantity"]:
            period = f"{each['valid_from']} to before {each['valid_until']}"
            found.append(f"{each['measure']} {actual} of {each['quantity']} from {period}")
    return found


async def _ungraded(act: Act, tranche: Record) -> list[str]:
    """What the scorecard lacks that the tranche waits for, and what can be done about it.

    Only a frozen one counts: until then it may be graded anew, with another grade.
    """
    if tranche["least_grade"] is None:
        return []
    day, card = tranche["scorecard_day"], SCORECARD
    found = await act.transaction.rows(
        of_tenant(select(card), card, desk=act.desk).where(
            card.c.agreement_id == tranche["agreement_id"],
            card.c.valid_from <= day,
            card.c.valid_until > day,
        )
    )
    if not found:
        return [f"no scorecard is about {day}; open one, and have it graded and frozen"]
    [row] = found
    name = f"the scorecard from {row['valid_from']} to before {row['valid_until']}"
    if row["stage"] != Stage.FROZEN:
        return [f"{name} is {row['stage']}, and counts once it is FROZEN"]
    grade, least = Grade(row["grade"]), Grade(tranche["least_grade"])
    if grade.reaches(least):
        return []
    return [f"{name} is frozen with {grade}, and the tranche asks for {least} at least"]


def _counted(each: Record) -> Select[Any]:
    record, attendance = SERVICE_RECORD, ATTENDANCE
    within = and_(
        record.c.tenant_id == each["tenant_id"],
        record.c.project_id == each["project_id"],
        # Neither cancelled nor an earlier version of a corrected record.
        record.c.status == "CURRENT",
        record.c.served_on >= each["valid_from"],
        record.c.served_on < each["valid_until"],
    )
    measure = each["measure"]
    if measure == "GROUP_ACTIVITIES":
        statement = select(func.count()).select_from(record)
        return statement.where(within, record.c.kind == "GROUP_SESSION")
    joined = record.join(
        attendance,
        and_(
            attendance.c.tenant_id == record.c.tenant_id,
            attendance.c.service_record_id == record.c.id,
        ),
    )
    statement = select(func.count()).select_from(joined)
    if measure in _TURNOUTS:
        return statement.where(within, attendance.c.role == _TURNOUTS[measure])
    is_kind = record.c.kind == _RECEIVED[measure]
    return statement.where(within, attendance.c.role == "BENEFICIARY", is_kind)
