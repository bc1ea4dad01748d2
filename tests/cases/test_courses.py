"""The course of a case on its own, driven by random steps of random persons."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.acts.act import Act
from citywide.acts.problems import ProblemError
from citywide.cases.casework import StepDraft, take_step
from citywide.cases.closures import check_outcome
from citywide.cases.courses import CaseCourse, kind_of
from citywide.cases.models import CASE_FILE, CaseFileRow, CaseGoalRow
from citywide.cases.words import CaseApproval, CaseOutcome, CaseStage, CaseState, CaseStepKind
from citywide.rules.course import Step

WORKER, DIRECTOR, COLLEAGUE = (UUID(int=number) for number in range(1, 4))
PERSONS = st.sampled_from([WORKER, DIRECTOR, COLLEAGUE])
STEPS = st.sampled_from(CaseCourse.steps())
SCORES = st.lists(st.tuples(st.none() | st.integers(0, 10), st.integers(0, 10)), max_size=3)
TODAY = date(2015, 11, 11)


class Memory(Act):
    """A case that is kept in memory: what would be written is remembered."""

    def __init__(self) -> None:
        self.case: dict[str, Any] = dict.fromkeys(CASE_FILE.c.keys())
        self.case |= {"id": UUID(int=9), "worker_id": WORKER, "stage": CaseStage.INTAKE}
        self.history: list[CaseStepKind] = []
        self.events: list[Any] = []
        self.today = TODAY
        self.actor_id = WORKER

    @property
    def member_id(self) -> UUID:
        return self.actor_id

    def is_one_of(self, members: Iterable[UUID | None]) -> bool:
        return self.actor_id in {*members}

    async def update(self, *_: object, **columns: Any) -> None:
        self.case |= columns

    async def insert(self, _table: Any, _draft: object = None, /, **columns: Any) -> UUID:
        self.history.append(columns["kind"])
        return UUID(int=len(self.history))

    @property
    def row(self) -> CaseFileRow:  # type: ignore[override]
        return cast(CaseFileRow, self.case)

    @property
    def state(self) -> CaseState:
        return CaseCourse.state_of(self.case)

    def take_step(self, step: Step, actor_id: UUID) -> None:
        """Take a step through the room's one function."""
        self.actor_id = actor_id
        draft = StepDraft(case_id=self.case["id"], version=1)
        back = self.case["returns_to"] if step is CaseCourse.return_closure else None
        to = CaseState[back] if back else None
        before = cast(CaseFileRow, dict(self.case))
        asyncio.run(take_step(self, step, before, draft, to))


def refusal(memory: Memory, step: Step, actor_id: UUID) -> str | None:
    """The code with which a step is refused; None when it was taken."""
    try:
        memory.take_step(step, actor_id)
    except ProblemError as error:
        return error.problem.code
    return None


PLANNED = (
    (CaseCourse.complete_intake, WORKER),
    (CaseCourse.complete_assessment, WORKER),
    (CaseCourse.submit_plan, WORKER),
)
PROPOSED = (
    *PLANNED,
    (CaseCourse.approve_plan, DIRECTOR),
    (CaseCourse.begin_evaluation, WORKER),
    (CaseCourse.propose_closure, WORKER),
)
CLOSED = (*PROPOSED, (CaseCourse.approve_closure, DIRECTOR))


def walked(*steps: tuple[Step, UUID]) -> Memory:
    """A case after steps that must all be possible."""
    memory = Memory()
    for step, actor_id in steps:
        memory.take_step(step, actor_id)
    return memory


def outcome_refused(
    outcome: CaseOutcome, memory: Memory, scores: Sequence[tuple[int | None, int]] = ()
) -> str | None:
    """The code with which an outcome is refused; None when it may be proposed."""
    goals: list[Any] = [{"score": score, "target_score": target} for score, target in scores]
    try:
        check_outcome(outcome, memory.row, cast(list[CaseGoalRow], goals))
    except ProblemError as error:
        return error.problem.code
    return None


def test_every_step_has_a_name_in_the_history() -> None:
    kinds = [kind_of(step) for step in CaseCourse.steps()]
    assert {*CaseStepKind} - {*kinds} == {CaseStepKind.OPEN, CaseStepKind.ASSIGN}


def test_a_case_goes_through_the_six_stages() -> None:
    memory, stages = Memory(), [CaseStage.INTAKE]
    for step, actor_id in CLOSED:
        memory.take_step(step, actor_id)
        stages.append(memory.case["stage"])
    assert list(dict.fromkeys(stages)) == list(CaseStage)
    assert memory.case["closed_on"] == TODAY
    assert memory.history == [kind_of(step) for step, _ in CLOSED]


@given(st.lists(st.tuples(STEPS, PERSONS), max_size=25))
def test_whatever_is_tried_a_case_keeps_its_rules(steps: list[tuple[Step, UUID]]) -> None:
    memory, approved = Memory(), 0
    for step, actor_id in steps:
        before, row = memory.state, dict(memory.case)
        is_possible = step in CaseCourse.possible(before)
        if step is CaseCourse.return_closure and not is_possible:
            continue
        code = refusal(memory, step, actor_id)
        assert (code == "WRONG_STAGE") == (not is_possible)
        if code is not None:
            assert memory.case == row
            continue
        case: Mapping[str, Any] = memory.case
        assert (case["awaiting"] is None) == (case["author_id"] is None)
        assert (case["awaiting"] is None) == (case["returns_to"] is None)
        assert (case["awaiting"] is CaseApproval.CLOSURE) <= (case["stage"] is CaseStage.CLOSURE)
        if case["closed_on"] is not None:
            assert before is CaseState.CLOSURE_PROPOSED
        if row["awaiting"] is not None:
            # Whatever waits is decided by somebody else, and by nothing else.
            assert actor_id not in {row["author_id"], WORKER}
        if before is CaseState.PLAN_SUBMITTED and memory.state is CaseState.INTERVENTION:
            approved += 1
        if memory.state in {CaseState.INTERVENTION, CaseState.EVALUATION}:
            assert approved


@given(st.sampled_from([CaseCourse.approve_plan, CaseCourse.return_plan]), PERSONS, PERSONS)
def test_a_plan_is_decided_by_neither_its_author_nor_the_cases_worker(
    step: Step, author_id: UUID, decider_id: UUID
) -> None:
    memory = walked(*PLANNED[:2], (CaseCourse.submit_plan, author_id))
    is_own = decider_id in {author_id, WORKER}
    assert refusal(memory, step, decider_id) == ("OWN_WORK" if is_own else None)


@given(SCORES, st.sampled_from(CaseOutcome))
def test_an_outcome_says_no_more_than_the_scores(
    scores: list[tuple[int | None, int]], outcome: CaseOutcome
) -> None:
    memory = walked(*PROPOSED[:-1])
    expected = None
    if outcome not in {"DECLINED", "MOVED", "DIED"}:
        if any(score is None for score, _ in scores):
            expected = "NOT_EVALUATED"
        elif outcome == "GOALS_ATTAINED" and any((score or 0) < target for score, target in scores):
            expected = "NOT_ATTAINED"
    assert outcome_refused(outcome, memory, scores) == expected


@pytest.mark.parametrize("outcome", CaseOutcome)
def test_a_case_ends_early_only_for_the_persons_own_reasons(outcome: CaseOutcome) -> None:
    memory = Memory()
    ends_early = outcome in {"DECLINED", "MOVED", "DIED"}
    assert outcome_refused(outcome, memory) == (None if ends_early else "WRONG_STAGE")


@pytest.mark.parametrize("count", range(6))
def test_a_closure_that_is_returned_leaves_the_case_where_it_was(count: int) -> None:
    memory = walked(*PROPOSED[:count])
    before = dict(memory.case)
    if memory.state is CaseState.PLAN_SUBMITTED:
        assert refusal(memory, CaseCourse.propose_closure, WORKER) == "WRONG_STAGE"
        return
    memory.take_step(CaseCourse.propose_closure, WORKER)
    memory.take_step(CaseCourse.return_closure, DIRECTOR)
    assert memory.case == before


def test_a_reopened_case_is_assessed_anew() -> None:
    memory = walked(*CLOSED)
    assert CaseCourse.possible(memory.state) == (CaseCourse.reopen,)
    memory.take_step(CaseCourse.reopen, WORKER)
    assert memory.state is CaseState.ASSESSMENT
    assert memory.case["closed_on"] is None
