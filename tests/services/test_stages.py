"""The stages of a group on their own: forward, one at a time, and a plan that follows them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from citywide.rules.fields import faults_of
from citywide.services.courses import SeriesCourse
from citywide.services.groups import PlannedSessionDraft, SessionPlan, session_faults
from citywide.services.words import SESSION_STAGES, GroupStageName

START = date(2014, 12, 1)
STAGES = [*GroupStageName]
RUNS: Any = {"valid_from": START, "valid_until": date(2015, 12, 1)}


@given(st.lists(st.sampled_from(SeriesCourse.steps()), max_size=12))
def test_whatever_is_asked_for_the_stages_passed_are_the_first_ones_in_order(
    wanted: list[Any],
) -> None:
    passed = STAGES[:1]
    for step in wanted:
        if SeriesCourse.refusal(passed[-1], step) is None:
            passed.append(step.to)
    assert passed == STAGES[: len(passed)]


def test_nothing_follows_the_last_stage_and_nothing_leads_to_the_first() -> None:
    assert SeriesCourse.possible(STAGES[-1]) == ()
    assert [step.to for step in SeriesCourse.steps()] == STAGES[1:]


def sessions_of(stages: list[GroupStageName]) -> tuple[PlannedSessionDraft, ...]:
    """A session of each stage, on days that follow each other."""
    return tuple(
        PlannedSessionDraft(planned_on=START + timedelta(days=days), stage=stage, theme="写春联")
        for days, stage in enumerate(stages)
    )


@given(
    st.lists(st.sampled_from(SESSION_STAGES), max_size=6),
    st.lists(st.sampled_from(SESSION_STAGES), max_size=6),
)
def test_a_plan_falls_back_exactly_when_it_is_not_sorted(
    before: list[GroupStageName], stages: list[GroupStageName]
) -> None:
    together = [*before, *stages]
    faults = [*session_faults(sessions_of(stages), RUNS, before=before)]
    assert (faults == []) == (together == sorted(together, key=STAGES.index))


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_plan_is_bounded_with_what_was_planned_before(new: int, before: int) -> None:
    sessions = sessions_of([GroupStageName.CLOSING] * new)
    plan = SessionPlan(series_id=UUID(int=1), version=1, sessions=sessions)
    faults = [
        *faults_of(plan, today=START),
        *session_faults(sessions, RUNS, before=["FORMATION"] * before),
    ]
    assert (faults == []) == (0 < new <= 52 - before)
