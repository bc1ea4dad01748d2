"""The use cases on a case's goals and actions, as mutations."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Record
from sqlalchemy import Table

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, rows_with
from citywide.acts.problems import wrong_state
from citywide.cases.commands import check_day, check_deidentified, check_stage, find_case
from citywide.cases.drafts import (
    ActionDraft,
    DoneDraft,
    DropActionDraft,
    DropGoalDraft,
    GoalDraft,
    ScoreDraft,
)
from citywide.cases.models import CASE_ACTION, CASE_GOAL, GOAL_SCORE
from citywide.cases.problems import CaseStageProblem, RevealingProblem
from citywide.cases.stages import CaseStage
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.rules.legacy import optional_text_faults
from citywide.rules.texts import NOTE_LENGTH, TITLE_LENGTH, text_faults

HIGHEST_SCORE = 10
# More goals or actions than a page shows are no plan that somebody follows.
MOST_GOALS = 12
MOST_ACTIONS = 60
NO_GOAL = "No goal of this agency's cases has this id."
NO_ACTION = "No action of this agency's cases has this id."


@mutation(gives="CaseGoal", problems=[CaseStageProblem, RevealingProblem])
async def set_goal(act: Act, draft: GoalDraft) -> UUID:
    """Set a goal of the plan while it is made; supervisors read it, so it names nobody."""
    case = await find_case(act, draft.case_id)
    check_stage(case, CaseStage.PLANNING)
    faults = list(text_faults(("aim",), draft.aim, longest=TITLE_LENGTH))
    for name in ("starting_score", "target_score"):
        faults += _score_faults(name, getattr(draft, name))
    if draft.target_score <= draft.starting_score:
        message = f"The target must be higher than the start, {draft.starting_score}."
        faults.append(Fault(("target_score",), message))
    if draft.due_on <= act.desk.today:
        faults.append(Fault(("due_on",), f"A goal is due after today, {act.desk.today}."))
    refuse(faults)
    await _check_room(act, CASE_GOAL, draft.case_id, MOST_GOALS)
    await check_deidentified(act, {"aim": draft.aim})
    row = act.desk.owned(
        id=new_id(),
        case_id=draft.case_id,
        aim=draft.aim,
        starting_score=draft.starting_score,
        target_score=draft.target_score,
        due_on=draft.due_on,
    )
    [goal_id] = await insert_rows(act.transaction, table=CASE_GOAL, rows=[row])
    return goal_id


@mutation(gives="CaseGoal", problems=[CaseStageProblem])
async def drop_goal(act: Act, draft: DropGoalDraft) -> UUID:
    """Give up a goal, and with it its open actions, while the plan is made or revised."""
    goal, case = await _part_and_case(act, CASE_GOAL, draft.goal_id, "goal_id", NO_GOAL)
    check_stage(case, CaseStage.PLANNING)
    _check_standing(goal, "goalId")
    refuse(text_faults(("reason",), draft.reason, longest=NOTE_LENGTH, lines=True))
    dropped = {"dropped_on": act.desk.today, "drop_reason": draft.reason}
    await act.update(CASE_GOAL, goal, dropped)
    for action in await rows_with(
        act.transaction, desk=act.desk, column=CASE_ACTION.c.goal_id, values=[draft.goal_id]
    ):
        if action["done_on"] is None and action["dropped_on"] is None:
            await act.update(CASE_ACTION, action, dropped)
    return draft.goal_id


@mutation(gives="CaseGoal", problems=[CaseStageProblem])
async def score_goal(act: Act, draft: ScoreDraft) -> UUID:
    """Record where the person stands on a goal; the newest score is the goal's."""
    goal, case = await _part_and_case(act, CASE_GOAL, draft.goal_id, "goal_id", NO_GOAL)
    check_stage(case, CaseStage.INTERVENTION, CaseStage.EVALUATION)
    _check_standing(goal, "goalId")
    faults = list(_score_faults("score", draft.score))
    faults += optional_text_faults(("note",), draft.note, longest=NOTE_LENGTH, lines=True)
    refuse(faults)
    check_day(act, case, "scored_on", draft.scored_on)
    earlier = await rows_with(
        act.transaction, desk=act.desk, column=GOAL_SCORE.c.goal_id, values=[draft.goal_id]
    )
    newest = max((row["scored_on"] for row in earlier), default=draft.scored_on)
    if draft.scored_on < newest:
        refuse([Fault(("scored_on",), f"The goal was scored on {newest} already.")])
    row = act.desk.owned(
        id=new_id(),
        goal_id=draft.goal_id,
        scored_on=draft.scored_on,
        score=draft.score,
        note=draft.note,
        member_id=act.principal.member_id,
    )
    await insert_rows(act.transaction, table=GOAL_SCORE, rows=[row])
    await act.update(CASE_GOAL, goal, {"score": draft.score})
    return draft.goal_id


@mutation(gives="CaseAction", problems=[CaseStageProblem, RevealingProblem])
async def plan_action(act: Act, draft: ActionDraft) -> UUID:
    """Plan an action for a goal; supervisors read it, so it names nobody."""
    goal, case = await _part_and_case(act, CASE_GOAL, draft.goal_id, "goal_id", NO_GOAL)
    check_stage(case, CaseStage.PLANNING)
    _check_standing(goal, "goalId")
    faults = list(text_faults(("what",), draft.what, longest=TITLE_LENGTH))
    if not act.desk.today < draft.due_on <= goal["due_on"]:
        message = f"An action is due after today and by the goal's day, {goal['due_on']}."
        faults.append(Fault(("due_on",), message))
    refuse(faults)
    await _check_room(act, CASE_ACTION, case["id"], MOST_ACTIONS)
    await check_deidentified(act, {"what": draft.what})
    row = act.desk.owned(
        id=new_id(),
        case_id=case["id"],
        goal_id=draft.goal_id,
        what=draft.what,
        due_on=draft.due_on,
    )
    [action_id] = await insert_rows(act.transaction, table=CASE_ACTION, rows=[row])
    return action_id


@mutation(gives="CaseAction", problems=[CaseStageProblem])
async def drop_action(act: Act, draft: DropActionDraft) -> UUID:
    """Give up an action with the reason."""
    action, case = await _part_and_case(act, CASE_ACTION, draft.action_id, "action_id", NO_ACTION)
    check_stage(case, CaseStage.PLANNING, CaseStage.INTERVENTION)
    _check_standing(action, "actionId")
    refuse(text_faults(("reason",), draft.reason, longest=NOTE_LENGTH, lines=True))
    dropped = {"dropped_on": act.desk.today, "drop_reason": draft.reason}
    await act.update(CASE_ACTION, action, dropped)
    return draft.action_id


@mutation(gives="CaseAction", problems=[CaseStageProblem])
async def complete_action(act: Act, draft: DoneDraft) -> UUID:
    """Record that an action of the approved plan was done, and what came of it."""
    action, case = await _part_and_case(act, CASE_ACTION, draft.action_id, "action_id", NO_ACTION)
    check_stage(case, CaseStage.INTERVENTION, CaseStage.EVALUATION)
    _check_standing(action, "actionId")
    refuse(text_faults(("result",), draft.result, longest=NOTE_LENGTH, lines=True))
    check_day(act, case, "done_on", draft.done_on)
    await act.update(CASE_ACTION, action, {"done_on": draft.done_on, "result": draft.result})
    return draft.action_id


async def _part_and_case(
    act: Act, table: Table, row_id: UUID, field_name: str, message: str
) -> tuple[Record, Record]:
    """A goal or an action as it stands once its case is locked, and the case."""
    part = await act.find(table, row_id, field_name, message)
    case = await find_case(act, part["case_id"], field_name)
    return await act.find(table, row_id, field_name, message), case


def _check_standing(row: Record, field_name: str) -> None:
    if row["dropped_on"] is not None:
        raise wrong_state("This was given up.", field_name)
    if row.get("done_on") is not None:
        raise wrong_state("This was done already.", field_name)


async def _check_room(act: Act, table: Table, case_id: UUID, most: int) -> None:
    rows = await rows_with(act.transaction, desk=act.desk, column=table.c.case_id, values=[case_id])
    if len(rows) >= most:
        raise wrong_state(f"A case has at most {most} of these.", "")


def _score_faults(name: str, score: int) -> list[Fault]:
    if 0 <= score <= HIGHEST_SCORE:
        return []
    return [Fault((name,), f"Scores go from 0 to {HIGHEST_SCORE}.")]
