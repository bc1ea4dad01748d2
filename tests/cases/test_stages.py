"""The stage machine of a case on its own, driven by random steps of random persons."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.cases.stages import (
    CaseApproval,
    CaseOutcome,
    CaseStage,
    CaseState,
    CaseStepKind,
    Goal,
    StageError,
    after,
    possible_steps,
)

WORKER, DIRECTOR, COLLEAGUE = (UUID(int=number) for number in range(1, 4))
PERSONS = st.sampled_from([WORKER, DIRECTOR, COLLEAGUE])
START = CaseState(CaseStage.INTAKE, WORKER)
GOALS = st.lists(
    st.builds(
        Goal, actions=st.integers(0, 2), target_score=st.integers(0, 10), score=st.integers(0, 10)
    ),
    max_size=3,
)
STEPS = st.tuples(
    st.sampled_from([step for step in CaseStepKind if step not in {"OPEN", "ASSIGN"}]),
    PERSONS,
    GOALS,
    st.sampled_from(CaseOutcome),
)
REACHED = (Goal(1, 8, 8),)


def walked(*steps: tuple[CaseStepKind, UUID]) -> CaseState:
    """The state after steps that must all be possible."""
    state = START
    for step, actor_id in steps:
        outcome = CaseOutcome.GOALS_ATTAINED
        state = after(state, step, actor_id=actor_id, goals=REACHED, outcome=outcome)
    return state


def refusal(state: CaseState, step: CaseStepKind, **given: Any) -> str | None:
    """The code with which a step is refused; None when it may be taken."""
    try:
        after(state, step, **given)
    except StageError as error:
        return error.code
    return None


PLANNED = (
    (CaseStepKind.COMPLETE_INTAKE, WORKER),
    (CaseStepKind.COMPLETE_ASSESSMENT, WORKER),
    (CaseStepKind.SUBMIT_PLAN, WORKER),
)
PROPOSED = (
    *PLANNED,
    (CaseStepKind.APPROVE_PLAN, DIRECTOR),
    (CaseStepKind.BEGIN_EVALUATION, WORKER),
    (CaseStepKind.PROPOSE_CLOSURE, WORKER),
)


def test_a_case_goes_through_the_six_stages() -> None:
    stages, state = [START.stage], START
    for step, actor_id in (*PROPOSED, (CaseStepKind.APPROVE_CLOSURE, DIRECTOR)):
        outcome = CaseOutcome.GOALS_ATTAINED
        state = after(state, step, actor_id=actor_id, goals=REACHED, outcome=outcome)
        stages.append(state.stage)
    assert list(dict.fromkeys(stages)) == list(CaseStage)
    assert state.is_closed


@given(st.lists(STEPS, max_size=25))
def test_whatever_is_tried_a_case_keeps_its_rules(
    steps: list[tuple[CaseStepKind, UUID, list[Goal], CaseOutcome]],
) -> None:
    state = START
    approved = 0
    for step, actor_id, goals, outcome in steps:
        before, given = state, {"actor_id": actor_id, "goals": goals, "outcome": outcome}
        is_possible = step in possible_steps(before)
        code = refusal(before, step, **given)
        if code is not None:
            early = step is CaseStepKind.PROPOSE_CLOSURE
            assert (code == "WRONG_STAGE") == (not is_possible) or early
            continue
        assert is_possible
        state = after(before, step, **given)
        assert (state.awaiting is None) == (state.author_id is None) == (state.returns_to is None)
        assert (state.awaiting is CaseApproval.CLOSURE) <= (state.stage is CaseStage.CLOSURE)
        if state.is_closed:
            assert before.awaiting is CaseApproval.CLOSURE
        if before.awaiting is not None:
            # Whatever waits is decided by somebody else, and by nothing else.
            assert actor_id not in {before.author_id, WORKER}
        if state.stage is CaseStage.INTERVENTION and before.stage is CaseStage.PLANNING:
            approved += 1
        if state.stage in {CaseStage.INTERVENTION, CaseStage.EVALUATION}:
            assert approved


@given(st.sampled_from([CaseStepKind.APPROVE_PLAN, CaseStepKind.RETURN_PLAN]), PERSONS, PERSONS)
def test_a_plan_is_decided_by_neither_its_author_nor_the_cases_worker(
    step: CaseStepKind, author_id: UUID, decider_id: UUID
) -> None:
    state = walked(*PLANNED[:2], (CaseStepKind.SUBMIT_PLAN, author_id))
    if decider_id in {author_id, WORKER}:
        with pytest.raises(StageError) as caught:
            after(state, step, actor_id=decider_id)
        assert caught.value.code == "OWN_WORK"
    else:
        after(state, step, actor_id=decider_id)


@pytest.mark.parametrize("goals", [(), (Goal(1, 8), Goal(0, 8))])
def test_a_plan_needs_a_goal_and_an_action_for_each(goals: tuple[Goal, ...]) -> None:
    with pytest.raises(StageError) as caught:
        after(walked(*PLANNED[:2]), CaseStepKind.SUBMIT_PLAN, actor_id=WORKER, goals=goals)
    assert caught.value.code == "INCOMPLETE_PLAN"


@given(GOALS, st.sampled_from(CaseOutcome))
def test_an_outcome_says_no_more_than_the_scores(goals: list[Goal], outcome: CaseOutcome) -> None:
    state = walked(*PROPOSED[:-1])
    is_refused = outcome is CaseOutcome.GOALS_ATTAINED and any(
        goal.score is None or goal.score < goal.target_score for goal in goals
    )
    step = CaseStepKind.PROPOSE_CLOSURE
    code = refusal(state, step, actor_id=WORKER, goals=goals, outcome=outcome)
    assert code == ("NOT_ATTAINED" if is_refused else None)


@pytest.mark.parametrize("outcome", CaseOutcome)
def test_a_case_ends_early_only_for_the_persons_own_reasons(outcome: CaseOutcome) -> None:
    ends_early = outcome in {"DECLINED", "MOVED", "DIED"}
    try:
        state = after(START, CaseStepKind.PROPOSE_CLOSURE, actor_id=WORKER, outcome=outcome)
    except StageError:
        assert not ends_early
    else:
        assert ends_early
        back = after(state, CaseStepKind.RETURN_CLOSURE, actor_id=DIRECTOR)
        assert back == START


def test_a_reopened_case_is_assessed_anew() -> None:
    closed = walked(*PROPOSED, (CaseStepKind.APPROVE_CLOSURE, DIRECTOR))
    assert possible_steps(closed) == (CaseStepKind.REOPEN,)
    opened = after(closed, CaseStepKind.REOPEN, actor_id=WORKER)
    assert opened == CaseState(CaseStage.ASSESSMENT, WORKER)
