"""Use cases of a case's plan: what leads to it, hand it in, have it approved, revise it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from citywide.acts.act import Act
from citywide.cases.casework import ReasonedStepDraft, StepDraft, take_step
from citywide.cases.courses import CaseCourse, stage_problem
from citywide.cases.goals import standing_goals
from citywide.cases.models import CASE_ACTION, CASE_FILE
from citywide.cases.problems import CaseStageProblem
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, paragraph

# A plan that nobody looks at for longer than this is none.
LONGEST_REVIEW = timedelta(days=366)


@mutation(gives="Case", problems=[CaseStageProblem])
async def complete_intake(act: Act, draft: StepDraft) -> UUID:
    """End the intake: the agency and the person agree to work together."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    return await take_step(act, CaseCourse.complete_intake, case, draft)


@draft
class FindingsDraft(StepDraft):
    """What the assessment of a case found."""

    findings: str = paragraph("The person's situation, strengths and needs.")


@mutation(gives="Case", problems=[CaseStageProblem])
async def complete_case_assessment(act: Act, draft: FindingsDraft) -> UUID:
    """End the assessment of a case with its findings; planning begins."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    return await take_step(act, CaseCourse.complete_assessment, case, draft)


@draft
class PlanDraft(StepDraft):
    """A plan to hand in; its goals and actions stand in the case already."""

    plan: str = paragraph("The plan in words: the approach and the agreement with them.")
    review_on: date = day("The day on which the plan is looked at again.")


@mutation(gives="Case", problems=[CaseStageProblem])
async def submit_case_plan(act: Act, draft: PlanDraft) -> UUID:
    """Hand in the plan for approval: its goals, and an action for each at least."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    if not act.today < draft.review_on <= act.today + LONGEST_REVIEW:
        message = f"A plan is looked at again after {act.today} and within a year."
        refuse([Fault(("review_on",), message, "OUT_OF_RANGE", {"today": str(act.today)})])
    act.check(CaseCourse.submit_plan, case, "case_id")
    goals = await standing_goals(act, case)
    if not goals:
        message = "A plan has at least one goal."
        raise stage_problem(message, case, code="INCOMPLETE_PLAN")
    actions = await act.rows(CASE_ACTION, case_id=case["id"])
    pursued = {action["goal_id"] for action in actions if action["dropped_on"] is None}
    if any(goal["id"] not in pursued for goal in goals):
        message = "Every goal of a plan has at least one action."
        raise stage_problem(message, case, code="INCOMPLETE_PLAN")
    return await take_step(act, CaseCourse.submit_plan, case, draft)


@mutation(gives="Case", problems=[CaseStageProblem])
async def approve_case_plan(act: Act, draft: StepDraft) -> UUID:
    """Approve a plan that somebody else handed in; the intervention begins."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    return await take_step(act, CaseCourse.approve_plan, case, draft)


@mutation(gives="Case", problems=[CaseStageProblem])
async def return_case_plan(act: Act, draft: ReasonedStepDraft) -> UUID:
    """Return a plan to its author with the reason; it can be handed in again."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    return await take_step(act, CaseCourse.return_plan, case, draft)


@mutation(gives="Case", problems=[CaseStageProblem])
async def revise_case_plan(act: Act, draft: ReasonedStepDraft) -> UUID:
    """Go back to planning: the approved plan no longer fits."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    return await take_step(act, CaseCourse.revise_plan, case, draft)
