"""The stages of a case as a pure state machine: which step may follow, and who may take it.

The stages are those of MZ/T 094-2017: 接案, 预估, 计划, 介入, 评估, 结案. Two steps wait for
somebody else: the plan and the closure are approved by a person who neither handed them in nor
works the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID


class CaseStage(StrEnum):
    """The stages of a case: 接案, 预估, 计划, 介入, 评估, 结案 (MZ/T 094-2017)."""

    INTAKE = "INTAKE"
    ASSESSMENT = "ASSESSMENT"
    PLANNING = "PLANNING"
    INTERVENTION = "INTERVENTION"
    EVALUATION = "EVALUATION"
    CLOSURE = "CLOSURE"


class CaseStepKind(StrEnum):
    """A step in a case's history."""

    OPEN = "OPEN"
    COMPLETE_INTAKE = "COMPLETE_INTAKE"
    COMPLETE_ASSESSMENT = "COMPLETE_ASSESSMENT"
    SUBMIT_PLAN = "SUBMIT_PLAN"
    APPROVE_PLAN = "APPROVE_PLAN"
    RETURN_PLAN = "RETURN_PLAN"
    REVISE_PLAN = "REVISE_PLAN"
    BEGIN_EVALUATION = "BEGIN_EVALUATION"
    PROPOSE_CLOSURE = "PROPOSE_CLOSURE"
    APPROVE_CLOSURE = "APPROVE_CLOSURE"
    RETURN_CLOSURE = "RETURN_CLOSURE"
    REOPEN = "REOPEN"
    ASSIGN = "ASSIGN"


class CaseApproval(StrEnum):
    """What of a case waits for approval."""

    PLAN = "PLAN"
    CLOSURE = "CLOSURE"


class CaseOutcome(StrEnum):
    """How a case ends."""

    GOALS_ATTAINED = "GOALS_ATTAINED"
    REFERRED = "REFERRED"
    DECLINED = "DECLINED"
    MOVED = "MOVED"
    DIED = "DIED"
    OTHER = "OTHER"


class RiskLevel(StrEnum):
    """How much is at stake for the person."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal of the plan that was not dropped, as far as the stages depend on it."""

    actions: int
    target_score: int
    score: int | None = None

    @property
    def is_attained(self) -> bool:
        """Whether the person stands where the goal wants them."""
        return self.score is not None and self.score >= self.target_score


@dataclass(frozen=True, slots=True)
class CaseState:
    """Where a case stands, whose it is, and what it waits for."""

    stage: CaseStage
    worker_id: UUID
    awaiting: CaseApproval | None = None
    author_id: UUID | None = None
    returns_to: CaseStage | None = None
    is_closed: bool = False


class StageError(Exception):
    """Why a step cannot be taken; the state stays as it is."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


_FROM = {
    CaseStepKind.COMPLETE_INTAKE: (CaseStage.INTAKE,),
    CaseStepKind.COMPLETE_ASSESSMENT: (CaseStage.ASSESSMENT,),
    CaseStepKind.SUBMIT_PLAN: (CaseStage.PLANNING,),
    CaseStepKind.REVISE_PLAN: (CaseStage.INTERVENTION, CaseStage.EVALUATION),
    CaseStepKind.BEGIN_EVALUATION: (CaseStage.INTERVENTION,),
    # A person dies, moves or declines at any stage; `propose_closure` says what it takes.
    CaseStepKind.PROPOSE_CLOSURE: tuple(stage for stage in CaseStage if stage != "CLOSURE"),
}
_TO = {
    CaseStepKind.COMPLETE_INTAKE: CaseStage.ASSESSMENT,
    CaseStepKind.COMPLETE_ASSESSMENT: CaseStage.PLANNING,
    CaseStepKind.REVISE_PLAN: CaseStage.PLANNING,
    CaseStepKind.BEGIN_EVALUATION: CaseStage.EVALUATION,
}
_DECISIONS = {
    CaseStepKind.APPROVE_PLAN: CaseApproval.PLAN,
    CaseStepKind.RETURN_PLAN: CaseApproval.PLAN,
    CaseStepKind.APPROVE_CLOSURE: CaseApproval.CLOSURE,
    CaseStepKind.RETURN_CLOSURE: CaseApproval.CLOSURE,
}
# What ends a case although its goals were not evaluated.
_ENDS_EARLY = frozenset({CaseOutcome.DECLINED, CaseOutcome.MOVED, CaseOutcome.DIED})


def possible_steps(state: CaseState) -> tuple[CaseStepKind, ...]:
    """The steps that the stage allows, whoever takes them and whatever else they need."""
    if state.is_closed:
        return (CaseStepKind.REOPEN,)
    if state.awaiting is not None:
        return tuple(step for step, what in _DECISIONS.items() if what is state.awaiting)
    return tuple(step for step, stages in _FROM.items() if state.stage in stages)


def after(
    state: CaseState,
    step: CaseStepKind,
    *,
    actor_id: UUID,
    goals: Sequence[Goal] = (),
    outcome: CaseOutcome | None = None,
) -> CaseState:
    """The state after `step`; raises `StageError` when the step may not be taken.

    `goals` matter for a plan that is handed in and for a closure, `outcome` for a closure.
    """
    if step not in possible_steps(state):
        raise StageError("WRONG_STAGE", _wrong_stage(state, step))
    match step:
        case CaseStepKind.SUBMIT_PLAN:
            _check_plan(goals)
            return replace(
                state,
                awaiting=CaseApproval.PLAN,
                author_id=actor_id,
                returns_to=CaseStage.PLANNING,
            )
        case CaseStepKind.PROPOSE_CLOSURE:
            _check_closure(state, goals, outcome)
            return replace(
                state,
                stage=CaseStage.CLOSURE,
                awaiting=CaseApproval.CLOSURE,
                author_id=actor_id,
                returns_to=state.stage,
            )
        case CaseStepKind.REOPEN:
            # What was found before may have changed: a reopened case is assessed anew.
            return CaseState(CaseStage.ASSESSMENT, state.worker_id)
        case step if step in _DECISIONS:
            if actor_id in {state.author_id, state.worker_id}:
                message = "Somebody else decides: not who handed it in, nor who works the case."
                raise StageError("OWN_WORK", message)
            return _decided(state, step)
        case _:
            return replace(state, stage=_TO[step])


def _decided(state: CaseState, step: CaseStepKind) -> CaseState:
    stage = {
        CaseStepKind.APPROVE_PLAN: CaseStage.INTERVENTION,
        CaseStepKind.APPROVE_CLOSURE: CaseStage.CLOSURE,
    }.get(step, state.returns_to)
    assert stage is not None
    is_closed = step is CaseStepKind.APPROVE_CLOSURE
    return CaseState(stage, state.worker_id, is_closed=is_closed)


def _check_plan(goals: Sequence[Goal]) -> None:
    if not goals:
        raise StageError("INCOMPLETE_PLAN", "A plan has at least one goal.")
    if any(goal.actions == 0 for goal in goals):
        raise StageError("INCOMPLETE_PLAN", "Every goal of a plan has at least one action.")


def _check_closure(state: CaseState, goals: Sequence[Goal], outcome: CaseOutcome | None) -> None:
    if outcome in _ENDS_EARLY:
        return
    if state.stage is not CaseStage.EVALUATION:
        message = "Before its evaluation a case ends only when the person declines, moves or dies."
        raise StageError("WRONG_STAGE", message)
    if any(goal.score is None for goal in goals):
        raise StageError("NOT_EVALUATED", "Score every goal before the case is closed.")
    if outcome is CaseOutcome.GOALS_ATTAINED and not all(goal.is_attained for goal in goals):
        raise StageError("NOT_ATTAINED", "Not every goal is attained: give another outcome.")


def _wrong_stage(state: CaseState, step: CaseStepKind) -> str:
    if state.is_closed:
        return f"The case is closed; {step} is for an open one: reopen it first."
    if state.awaiting is not None:
        return f"The {state.awaiting.lower()} waits for approval; {step} is not possible now."
    listed = ", ".join(possible_steps(state)) or "nothing"
    return f"In the stage {state.stage} the case allows {listed}, not {step}."
