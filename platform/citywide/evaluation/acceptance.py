"""Whether a tranche has been earned: by the service records, and by the period's scorecard."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.problems import ProblemError, StateProblem
from citywide.budgets.courses import TrancheCourse
from citywide.budgets.models import DELIVERABLE, TRANCHE, TrancheRow
from citywide.evaluation.actual import numerator
from citywide.evaluation.models import SCORECARD
from citywide.evaluation.words import ScorecardStage
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.projects.words import Grade
from citywide.rules.fields import draft, id_of, paragraph, version
from citywide.rules.periods import Span


@draft
class Acceptance:
    """The bureau's word that everything for a tranche was delivered."""

    tranche_id: NodeId = id_of("Tranche", "The tranche.")
    version: int = version()
    because: str = paragraph("What was looked at, and what was found.")


@mutation(gives="Tranche")
async def accept_deliverables(act: Act, draft: Acceptance) -> UUID:
    """Accept what a tranche is for: service records have the figures, a frozen card the grade."""
    tranche = await act.find(TRANCHE, draft.tranche_id, "tranche_id")
    act.check(TrancheCourse.accept, tranche, "tranche_id")
    if short := [*await _undelivered(act, tranche["id"]), *await _ungraded(act, tranche)]:
        message = f"Not everything is delivered: {'; '.join(short)}."
        problem = StateProblem(code="NOT_DELIVERED", message=message, path=["trancheId"])
        raise ProblemError(problem)
    await act.take(
        TrancheCourse.accept,
        tranche,
        draft,
        "tranche_id",
        accepted_on=act.today,
        accepted_because=draft.because,
    )
    return tranche["id"]


async def _undelivered(act: Act, tranche_id: object) -> list[str]:
    """A phrase for every deliverable that is not reached yet."""
    wanted = DELIVERABLE
    figures = select(wanted, numerator(wanted).label("actual"))
    statement = figures.where(wanted.c.tranche_id == tranche_id).order_by(wanted.c.id)
    found = await act.select(statement, wanted)
    return [
        f"{each['measure']} {each['actual']} of {each['quantity']} "
        f"from {each['valid_from']} to before {each['valid_until']}"
        for each in found
        if each["actual"] < each["quantity"]
    ]


async def _ungraded(act: Act, tranche: TrancheRow) -> list[str]:
    """What the scorecard lacks that the tranche waits for, and what can be done about it.

    Only a frozen one counts: until then it may be graded anew, with another grade.
    """
    if tranche["least_grade"] is None:
        return []
    day = tranche["scorecard_day"]
    assert day is not None
    cards = await act.rows(SCORECARD, agreement_id=tranche["agreement_id"])
    found = [card for card in cards if Span.of(card).covers(day)]
    if not found:
        return [f"no scorecard is about {day}; open one, and have it graded and frozen"]
    [row] = found
    name = f"the scorecard from {row['valid_from']} to before {row['valid_until']}"
    if row["stage"] != ScorecardStage.FROZEN:
        return [f"{name} is {row['stage']}, and counts once it is FROZEN"]
    assert row["grade"] is not None
    grade, least = Grade[row["grade"]], Grade[tranche["least_grade"]]
    if grade.reaches(least):
        return []
    return [f"{name} is frozen with {grade}, and the tranche asks for {least} at least"]
