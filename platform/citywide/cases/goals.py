"""Use cases of a case's goals and of what is done for them: plan it, record it, give it up."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.beneficiaries.others_eyes import HARMLESS, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.cases.casework import early_faults, part_and_case
from citywide.cases.courses import ActionCourse, CaseCourse, GoalCourse
from citywide.cases.models import (
    CASE_ACTION,
    CASE_FILE,
    CASE_GOAL,
    GOAL_SCORE,
    CaseFileRow,
    CaseGoalRow,
)
from citywide.cases.problems import CaseStageProblem
from citywide.cases.words import ActionState
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, line, list_of, paragraph, whole
from citywide.rules.texts import TITLE_LENGTH

HIGHEST_SCORE = 10
# More goals or actions than a page shows are no plan that somebody follows.
MOST_GOALS = 12
MOST_ACTIONS = 60


@draft
class GoalDraft:
    """A goal to set."""

    case_id: UUID = id_of("Case", "The case.")
    aim: str = line("What is to be different; names nobody.", TITLE_LENGTH)
    starting_score: int = whole("Where the person stands now.", most=HIGHEST_SCORE)
    target_score: int = whole("Where they want to stand.", most=HIGHEST_SCORE)
    due_on: date = day("By when.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="CaseGoal", problems=[CaseStageProblem, RevealingProblem])
async def set_goal(act: Act, draft: GoalDraft) -> UUID:
    """Set a goal of the plan while it is made; supervisors read it, so it names nobody."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    act.check(CaseCourse.change_its_plan, case, "case_id")
    faults = []
    if draft.target_score <= draft.starting_score:
        start = str(draft.starting_score)
        message = f"The target must be higher than the start, {start}."
        faults.append(Fault(("target_score",), message, "OUT_OF_RANGE", {"start": start}))
    if draft.due_on <= act.today:
        message = f"A goal is due after today, {act.today}."
        faults.append(Fault(("due_on",), message, "OUT_OF_RANGE", {"today": str(act.today)}))
    refuse(faults)
    if len(await act.rows(CASE_GOAL, case_id=case["id"])) >= MOST_GOALS:
        raise wrong_state(f"A case has at most {MOST_GOALS} goals.")
    about = case["beneficiary_id"]
    await check_deidentified(act, draft, {"aim": draft.aim}, about=about)
    return await act.insert(CASE_GOAL, draft)


@draft
class DropGoalDraft:
    """A goal to give up."""

    goal_id: UUID = id_of("CaseGoal", "The goal.")
    reason: str = paragraph("Why it is given up.")


@mutation(gives="CaseGoal", problems=[CaseStageProblem])
async def drop_goal(act: Act, draft: DropGoalDraft) -> UUID:
    """Give up a goal, and with it its open actions, while the plan is made or revised."""
    goal, case = await part_and_case(act, CASE_GOAL, draft.goal_id, "goal_id")
    act.check(CaseCourse.change_its_plan, case, "goal_id")
    dropped: dict[str, Any] = {"dropped_on": act.today, "drop_reason": draft.reason}
    await act.take(GoalCourse.drop, goal, draft, "goal_id", **dropped)
    for action in await act.rows(CASE_ACTION, goal_id=goal["id"]):
        if ActionCourse.state_of(action) is ActionState.OPEN:
            await act.take(ActionCourse.drop, action, draft, "goal_id", **dropped)
    return goal["id"]


@draft
class ScoreDraft:
    """Where the person stands on a goal."""

    goal_id: UUID = id_of("CaseGoal", "The goal.")
    scored_on: date = day("The day on which they were asked.", past=True)
    score: int = whole("Where they stand.", most=HIGHEST_SCORE)
    note: str | None = paragraph("What they said about it.", default=None)


@mutation(gives="CaseGoal", problems=[CaseStageProblem])
async def score_goal(act: Act, draft: ScoreDraft) -> UUID:
    """Record where the person stands on a goal; the newest score is the goal's."""
    goal, case = await part_and_case(act, CASE_GOAL, draft.goal_id, "goal_id")
    act.check(CaseCourse.record_its_progress, case, "goal_id")
    act.check(GoalCourse.score, goal, "goal_id")
    refuse(early_faults("scored_on", draft.scored_on, case["opened_on"]))
    earlier = await act.rows(GOAL_SCORE, goal_id=goal["id"])
    newest = max((row["scored_on"] for row in earlier), default=draft.scored_on)
    message = "The goal was scored on {} already."
    refuse(early_faults("scored_on", draft.scored_on, newest, message))
    await act.insert(GOAL_SCORE, draft, member_id=act.member_id)
    await act.update(CASE_GOAL, goal, score=draft.score)
    return goal["id"]


@draft
class ActionDraft:
    """An action to plan."""

    goal_id: UUID = id_of("CaseGoal", "The goal it serves.")
    what: str = line("What is to be done; names nobody.", TITLE_LENGTH)
    due_on: date = day("By when.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="CaseAction", problems=[CaseStageProblem, RevealingProblem])
async def plan_action(act: Act, draft: ActionDraft) -> UUID:
    """Plan an action for a goal; supervisors read it, so it names nobody."""
    goal, case = await part_and_case(act, CASE_GOAL, draft.goal_id, "goal_id")
    act.check(CaseCourse.change_its_plan, case, "goal_id")
    act.check(GoalCourse.plan_actions_for, goal, "goal_id")
    if not act.today < draft.due_on <= goal["due_on"]:
        limits = {"today": str(act.today), "max": str(goal["due_on"])}
        message = f"An action is due after today and by the goal's day, {goal['due_on']}."
        refuse([Fault(("due_on",), message, "OUT_OF_RANGE", limits)])
    if len(await act.rows(CASE_ACTION, case_id=case["id"])) >= MOST_ACTIONS:
        raise wrong_state(f"A case has at most {MOST_ACTIONS} actions.")
    about = case["beneficiary_id"]
    await check_deidentified(act, draft, {"what": draft.what}, about=about)
    return await act.insert(CASE_ACTION, draft, case_id=case["id"])


@draft
class DropActionDraft:
    """An action to give up."""

    action_id: UUID = id_of("CaseAction", "The action.")
    reason: str = paragraph("Why it is given up.")


@mutation(gives="CaseAction", problems=[CaseStageProblem])
async def drop_action(act: Act, draft: DropActionDraft) -> UUID:
    """Give up an action with the reason."""
    action, case = await part_and_case(act, CASE_ACTION, draft.action_id, "action_id")
    act.check(CaseCourse.drop_its_actions, case, "action_id")
    dropped: dict[str, Any] = {"dropped_on": act.today, "drop_reason": draft.reason}
    await act.take(ActionCourse.drop, action, draft, "action_id", **dropped)
    return action["id"]


@draft
class DoneDraft:
    """An action that was done."""

    action_id: UUID = id_of("CaseAction", "The action.")
    done_on: date = day("The day it was done.", past=True)
    result: str = paragraph("What came of it.")


@mutation(gives="CaseAction", problems=[CaseStageProblem])
async def complete_action(act: Act, draft: DoneDraft) -> UUID:
    """Record that an action of the approved plan was done, and what came of it."""
    action, case = await part_and_case(act, CASE_ACTION, draft.action_id, "action_id")
    act.check(CaseCourse.record_its_progress, case, "action_id")
    refuse(early_faults("done_on", draft.done_on, case["opened_on"]))
    await act.take(ActionCourse.complete, action, draft, "action_id")
    return action["id"]


async def standing_goals(act: Act, case: CaseFileRow) -> list[CaseGoalRow]:
    """The goals of a case that were not given up."""
    goals = await act.rows(CASE_GOAL, case_id=case["id"])
    return [goal for goal in goals if goal["dropped_on"] is None]
