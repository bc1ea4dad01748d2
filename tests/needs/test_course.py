"""The course of a need under random commands: it never leaves its path, and loses no day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from citywide.needs.course import (
    ENDED,
    REACHED,
    STEPS,
    Action,
    DayError,
    Status,
    Stay,
    StepError,
    begun,
    due_date,
    moved,
    next_status,
)

BEGIN = date(2015, 3, 2)
actions = st.sampled_from(Action)
# How long after the last step; now and then before it.
gaps = st.integers(min_value=-3, max_value=60)


class Course(RuleBasedStateMachine):
    """Any command on any day, against a list of what was allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.stays: tuple[Stay, ...] = begun(BEGIN)
        self.taken: list[Action] = []

    @rule(action=actions, gap=gaps)
    def do(self, action: Action, gap: int) -> None:
        current = self.stays[-1]
        day = current.entered_on + timedelta(days=gap)
        before = self.stays
        if action not in STEPS[current.status]:
            with pytest.raises(StepError) as caught:
                moved(self.stays, action, day)
            self.check_sentence(str(caught.value), current.status)
        elif gap < 0:
            with pytest.raises(DayError):
                moved(self.stays, action, day)
        else:
            self.stays = moved(self.stays, action, day)
            self.taken.append(action)
            assert len(self.stays) == len(before) + 1
            assert self.stays[-2] == Stay(current.status, current.entered_on, day)
        # What was there is not touched, whatever came of it.
        assert self.stays[: len(before) - 1] == before[:-1]

    def check_sentence(self, sentence: str, status: Status) -> None:
        possible = sentence.partition("Possible steps: ")[2].rstrip(".")
        assert set(filter(None, possible.split(", "))) == set(STEPS[status])
        assert bool(possible) == (status not in ENDED)

    @invariant()
    def every_day_lies_in_one_stay(self) -> None:
        for earlier, later in zip(self.stays, self.stays[1:], strict=False):
            assert earlier.left_on == later.entered_on
        assert self.stays[0].entered_on == BEGIN
        assert self.stays[-1].left_on is None
        assert all(stay.left_on is None or stay.entered_on <= stay.left_on for stay in self.stays)

    @invariant()
    def an_answer_reaches_the_person_on_paper_alone(self) -> None:
        statuses = [stay.status for stay in self.stays]
        assert statuses[0] is Status.RAISED
        if Status.DELIVERED in statuses:
            path = [Status.REFERRED, Status.ANSWERED, Status.PRINTED, Status.DELIVERED]
            places = [statuses.index(status) for status in path]
            assert places == sorted(places)
        for status in (Status.ANSWERED, *REACHED, *ENDED):
            assert statuses.count(status) <= 1
        assert not (Status.WITHDRAWN in statuses and Status.DELIVERED in statuses)

    @invariant()
    def only_a_returned_question_is_referred_again(self) -> None:
        referred = self.taken.count(Action.REFER)
        assert referred - self.taken.count(Action.RETURN) in (0, 1)


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def test_every_status_is_reached_and_every_step_ends_somewhere_known() -> None:
    assert set(STEPS) == set(Status)
    reached = {status for steps in STEPS.values() for status in steps.values()}
    assert reached == set(Status) - {Status.RAISED}
    assert {Status.CLOSED, Status.WITHDRAWN} == ENDED


def test_from_every_status_the_end_can_be_reached() -> None:
    for status in Status:
        seen, onward = {status}, [status]
        while onward:
            for following in STEPS[onward.pop()].values():
                if following not in seen:
                    seen.add(following)
                    onward.append(following)
        assert seen & ENDED


def test_a_refusal_says_where_the_need_stands_and_what_can_be_done() -> None:
    with pytest.raises(StepError) as caught:
        next_status(Status.REFERRED, Action.DELIVER)
    assert str(caught.value) == (
        "The need is referred: you cannot deliver it now. Possible steps: answer, return, withdraw."
    )


@given(st.dates(), st.integers(min_value=1, max_value=366))
def test_a_due_date_counts_calendar_days_after_the_referral(day: date, days: int) -> None:
    if day.toordinal() + days <= date.max.toordinal():
        assert (due_date(day, days) - day).days == days
