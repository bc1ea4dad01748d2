"""The courses of a case and of its goals, actions and pairings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from citywide.acts.problems import ProblemError
from citywide.cases.models import CASE_ACTION, CASE_FILE, CASE_GOAL, CASE_PAIRING
from citywide.cases.problems import CaseStageProblem
from citywide.cases.words import (
    ActionState,
    CaseApproval,
    CaseStage,
    CaseState,
    CaseStepKind,
    GoalState,
    PairingState,
)
from citywide.rules.course import Allows, Course, Row, Step
from citywide.rules.words import Words

_APPROVALS: Mapping[Words, CaseApproval] = {
    CaseState.PLAN_SUBMITTED: CaseApproval.PLAN,
    CaseState.CLOSURE_PROPOSED: CaseApproval.CLOSURE,
}
_STAGES: Mapping[Words, CaseStage] = {
    CaseState.PLAN_SUBMITTED: CaseStage.PLANNING,
    CaseState.CLOSURE_PROPOSED: CaseStage.CLOSURE,
    CaseState.CLOSED: CaseStage.CLOSURE,
}
# What is neither decided nor closed: the worker goes on with it.
_AT_WORK = (
    CaseState.INTAKE,
    CaseState.ASSESSMENT,
    CaseState.PLANNING,
    CaseState.INTERVENTION,
    CaseState.EVALUATION,
)
_OPEN = (*_AT_WORK, CaseState.PLAN_SUBMITTED, CaseState.CLOSURE_PROPOSED)
_DECIDERS = ("author_id", "worker_id")


def stage_problem(message: str, case: Row, *_path: str, code: str = "WRONG_STAGE") -> ProblemError:
    """What a step of a case is refused with: about the whole case, and what is possible now."""
    possible = CaseCourse.possible(CaseCourse.state_of(case))
    return ProblemError(
        CaseStageProblem(
            code=code,
            message=message,
            path=[],
            stage=case["stage"],
            awaiting=case["awaiting"],
            possible_steps=[kind_of(step).value for step in possible],
        )
    )


def _own_work(_message: str, case: Row, *_path: str) -> ProblemError:
    message = "Somebody else decides: not who handed it in, nor who works the case."
    return stage_problem(message, case, code="OWN_WORK")


def kind_of(step: Step) -> CaseStepKind:
    """What a step of a case is called in its history."""
    return CaseStepKind[step.name.replace(" ", "_").upper()]


def stage_of(state: Words) -> CaseStage:
    """The stage of the standard to which a state of a case belongs."""
    return _STAGES.get(state) or CaseStage[state.name]


class CaseCourse(Course, table=CASE_FILE, states=CaseState, noun="The case"):
    """A case from intake to closure; plan and closure are approved by somebody else."""

    problem = staticmethod(stage_problem)
    own_work = staticmethod(_own_work)

    complete_intake = Step(CaseState.INTAKE, to=CaseState.ASSESSMENT, says="complete the intake")
    complete_assessment = Step(
        CaseState.ASSESSMENT, to=CaseState.PLANNING, says="complete the assessment"
    )
    submit_plan = Step(
        CaseState.PLANNING, to=CaseState.PLAN_SUBMITTED, awaits=True, says="submit the plan"
    )
    approve_plan = Step(
        CaseState.PLAN_SUBMITTED,
        to=CaseState.INTERVENTION,
        not_by=_DECIDERS,
        says="approve the plan",
    )
    return_plan = Step(
        CaseState.PLAN_SUBMITTED, to=CaseState.PLANNING, not_by=_DECIDERS, says="return the plan"
    )
    revise_plan = Step(
        CaseState.INTERVENTION, CaseState.EVALUATION, to=CaseState.PLANNING, says="revise the plan"
    )
    begin_evaluation = Step(
        CaseState.INTERVENTION, to=CaseState.EVALUATION, says="begin the evaluation"
    )
    # A person dies, moves or declines at any stage; `closures` says what it takes.
    propose_closure = Step(
        *_AT_WORK, to=CaseState.CLOSURE_PROPOSED, awaits=True, says="propose to close it"
    )
    approve_closure = Step(
        CaseState.CLOSURE_PROPOSED,
        to=CaseState.CLOSED,
        not_by=_DECIDERS,
        says="approve the closure",
    )
    return_closure = Step(
        CaseState.CLOSURE_PROPOSED, leads=_AT_WORK, not_by=_DECIDERS, says="return the closure"
    )
    # What was found before may have changed: a reopened case is assessed anew.
    reopen = Step(CaseState.CLOSED, to=CaseState.ASSESSMENT)

    change_its_plan = Allows(CaseState.PLANNING)
    drop_its_actions = Allows(CaseState.PLANNING, CaseState.INTERVENTION)
    record_its_progress = Allows(CaseState.INTERVENTION, CaseState.EVALUATION)
    add_to_it = Allows(*_OPEN)
    hand_it_over = Allows(*_OPEN)

    @classmethod
    def state_of(cls, row: Row) -> CaseState:
        """Closed, waiting for an approval, or at a stage."""
        if row["closed_on"] is not None:
            return CaseState.CLOSED
        match row["awaiting"]:
            case CaseApproval.PLAN:
                return CaseState.PLAN_SUBMITTED
            case CaseApproval.CLOSURE:
                return CaseState.CLOSURE_PROPOSED
            case _:
                return CaseState[row["stage"]]

    @classmethod
    def values_of(cls, state: Words, row: Row) -> dict[str, Any]:
        """What waits remembers the stage that it goes back to when it is returned."""
        awaiting = _APPROVALS.get(state)
        return {
            "stage": stage_of(state),
            "awaiting": awaiting,
            "returns_to": row["stage"] if awaiting else None,
        }


class GoalCourse(
    Course,
    table=CASE_GOAL,
    states=GoalState,
    noun="The goal",
    days={GoalState.DROPPED: "dropped_on"},
):
    """A goal of a case's plan."""

    drop = Step(GoalState.STANDING, to=GoalState.DROPPED)
    score = Allows(GoalState.STANDING)
    plan_actions_for = Allows(GoalState.STANDING)


class ActionCourse(
    Course,
    table=CASE_ACTION,
    states=ActionState,
    noun="The action",
    days={ActionState.DONE: "done_on", ActionState.DROPPED: "dropped_on"},
):
    """Something to be done for a goal."""

    complete = Step(ActionState.OPEN, to=ActionState.DONE)
    drop = Step(ActionState.OPEN, to=ActionState.DROPPED)


class PairingCourse(
    Course,
    table=CASE_PAIRING,
    states=PairingState,
    noun="The pairing",
    days={PairingState.ENDED: "ended_on"},
):
    """Somebody who helps in a case for a while."""

    end = Step(PairingState.RUNNING, to=PairingState.ENDED)
