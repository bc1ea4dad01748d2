"""The stages of a group on their own: forward, one at a time, on days that follow each other."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from citywide.rules.periods import Span
from citywide.services.groups import PlannedSessionDraft, session_faults
from citywide.services.stages import (
    STAGES,
    entry_faults,
    next_stage,
    refusal_of_step,
    stages_fall,
)

TODAY = date(2015, 11, 11)
DAYS = st.dates(date(2014, 12, 1), date(2015, 12, 31))
PROJECT = UUID(int=1)


@given(st.lists(st.sampled_from(STAGES), max_size=12))
def test_whatever_is_asked_for_the_stages_passed_are_the_first_ones_in_order(
    wanted: list[str],
) -> None:
    passed = [STAGES[0]]
    for stage in wanted:
        if refusal_of_step(passed[-1], stage) is None:
            passed.append(stage)
    assert tuple(passed) == STAGES[: len(passed)]


def test_nothing_follows_the_last_stage() -> None:
    assert next_stage(STAGES[-1]) is None
    assert all(refusal_of_step(STAGES[-1], stage) for stage in STAGES)


@given(DAYS, DAYS)
def test_a_stage_is_entered_after_the_one_before_and_not_in_the_future(
    last: date, entered_on: date
) -> None:
    faults = list(entry_faults(("entered_on",), entered_on, last=last, today=TODAY))
    assert (faults == []) == (last <= entered_on <= TODAY)


@given(st.lists(st.sampled_from(STAGES), max_size=6))
def test_a_plan_falls_back_exactly_when_it_is_not_sorted(stages: list[str]) -> None:
    in_order = sorted(stages, key=STAGES.index)
    assert stages_fall(tuple(stages)) == (stages != in_order)


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_plan_is_bounded_with_what_was_planned_before(new: int, before: int) -> None:
    start = date(2014, 12, 1)
    sessions = [
        PlannedSessionDraft(
            planned_on=start + timedelta(days=number), stage="CLOSING", theme="写春联"
        )
        for number in range(new)
    ]
    runs = Span(start, date(2015, 12, 1))
    faults = list(session_faults(sessions, runs, before=["FORMATION"] * before))
    assert (faults == []) == (0 < new <= 52 - before)
