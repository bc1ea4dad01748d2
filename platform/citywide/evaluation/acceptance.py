"""Whether a tranche has been earned: by the service records, and by the period's scorecard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import of_tenant
from citywide.acts.problems import ProblemError, StateProblem
from citywide.budgets.funding import find_tranche
from citywide.budgets.models import DELIVERABLE, TRANCHE
from citywide.budgets.rules import reason_faults
from citywide.errors import refuse
from citywide.evaluation.actual import numerator
from citywide.evaluation.grading import Stage
from citywide.evaluation.models import SCORECARD
from citywide.graph.mutate import asked, mutation
from citywide.ids import NodeId
from citywide.projects.grades import Grade


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
    wanted = DELIVERABLE
    found = await act.transaction.rows(
        of_tenant(select(wanted, numerator(wanted).label("actual")), wanted, desk=act.desk)
        .where(wanted.c.tranche_id == tranche_id)
        .order_by(wanted.c.id)
    )
    return [
        f"{each['measure']} {each['actual']} of {each['quantity']} "
        f"from {each['valid_from']} to before {each['valid_until']}"
        for each in found
        if each["actual"] < each["quantity"]
    ]


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
