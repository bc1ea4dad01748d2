"""Use cases of a case's end: evaluate it, propose to close it, have that approved."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from citywide.acts.act import Act
from citywide.cases.casework import ReasonedStepDraft, StepDraft, take_step
from citywide.cases.courses import CaseCourse, stage_problem
from citywide.cases.goals import standing_goals
from citywide.cases.models import CASE_FILE, CaseFileRow, CaseGoalRow
from citywide.cases.problems import CaseStageProblem
from citywide.cases.words import CaseOutcome, CaseState
from citywide.graph.mutate import mutation
from citywide.rules.fields import draft, paragraph, word

# What ends a case although its goals were not evaluated.
_ENDS_EARLY = frozenset({CaseOutcome.DECLINED, CaseOutcome.MOVED, CaseOutcome.DIED})


@mutation(gives="Case", problems=[CaseStageProblem])
async def begin_case_evaluation(act: Act, draft: StepDraft) -> UUID:
    """End the intervention; its goals are scored for the evaluation."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    return await take_step(act, CaseCourse.begin_evaluation, case, draft)


@draft
class ClosureDraft(StepDraft):
    """A closure to propose."""

    outcome: CaseOutcome = word("How the case ends.")
    evaluation: str = paragraph("What came of it, and what the person goes on with.")


@mutation(gives="Case", problems=[CaseStageProblem])
async def propose_closure(act: Act, draft: ClosureDraft) -> UUID:
    """Propose to close a case, with its outcome, for somebody else to approve.

    All goals are scored before; a case whose person declines, moves or dies ends at any stage.
    """
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    act.check(CaseCourse.propose_closure, case, "case_id")
    check_outcome(draft.outcome, case, await standing_goals(act, case))
    return await take_step(act, CaseCourse.propose_closure, case, draft)


@mutation(gives="Case", problems=[CaseStageProblem])
async def approve_closure(act: Act, draft: StepDraft) -> UUID:
    """Close a case that somebody else proposed to close."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    return await take_step(act, CaseCourse.approve_closure, case, draft)


@mutation(gives="Case", problems=[CaseStageProblem])
async def return_closure(act: Act, draft: ReasonedStepDraft) -> UUID:
    """Refuse a proposed closure with the reason; the case goes on where it was."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    act.check(CaseCourse.return_closure, case, "case_id")
    assert case["returns_to"] is not None
    back = CaseState[case["returns_to"]]
    return await take_step(act, CaseCourse.return_closure, case, draft, back, outcome=None)


def check_outcome(outcome: CaseOutcome, case: CaseFileRow, goals: Sequence[CaseGoalRow]) -> None:
    """Refuse an outcome that says more than the scores of the goals."""
    if outcome in _ENDS_EARLY:
        return
    if CaseCourse.state_of(case) is not CaseState.EVALUATION:
        message = "Before its evaluation a case ends only when the person declines, moves or dies."
        raise stage_problem(message, case)
    scores = [(goal["score"], goal["target_score"]) for goal in goals]
    if any(score is None for score, _ in scores):
        message = "Score every goal before the case is closed."
        raise stage_problem(message, case, code="NOT_EVALUATED")
    if outcome is CaseOutcome.GOALS_ATTAINED and any(
        score is not None and score < target for score, target in scores
    ):
        message = "Not every goal is attained: give another outcome."
        raise stage_problem(message, case, code="NOT_ATTAINED")
