"""The course of a need under random steps: an answer reaches the person on paper alone."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from citywide.needs.course import ENDED, NeedCourse
from citywide.needs.words import NeedStatus
from citywide.rules.course import Step


class Course(RuleBasedStateMachine):
    """Any step at any time: the course takes those that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses = [NeedStatus.RAISED]
        self.taken: list[Step] = []

    @rule(step=st.sampled_from(NeedCourse.steps()))
    def do(self, step: Step) -> None:
        refusal = NeedCourse.refusal(self.statuses[-1], step)
        possible = NeedCourse.possible(self.statuses[-1])
        assert (refusal is None) == (step in possible)
        if refusal is None:
            assert isinstance(step.to, NeedStatus)
            self.statuses.append(step.to)
            self.taken.append(step)
        else:
            listed = refusal.partition("Possible steps: ")[2].rstrip(".")
            assert list(filter(None, listed.split(", "))) == [each.name for each in possible]

    @invariant()
    def an_answer_reaches_the_person_on_paper_alone(self) -> None:
        if NeedStatus.DELIVERED in self.statuses:
            path = (
                NeedStatus.REFERRED,
                NeedStatus.ANSWERED,
                NeedStatus.PRINTED,
                NeedStatus.DELIVERED,
            )
            places = [self.statuses.index(status) for status in path]
            assert places == sorted(places)
        for status in (NeedStatus.ANSWERED, *NeedCourse.follow_up.sources, *ENDED):
            assert self.statuses.count(status) <= 1
        assert not {NeedStatus.WITHDRAWN, NeedStatus.DELIVERED} <= set(self.statuses)

    @invariant()
    def only_a_returned_question_is_referred_again(self) -> None:
        referred = self.taken.count(NeedCourse.refer)
        assert referred - self.taken.count(NeedCourse.send_back) in (0, 1)


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def test_a_need_ends_closed_or_withdrawn_and_from_every_status_it_can() -> None:
    assert {NeedStatus.CLOSED, NeedStatus.WITHDRAWN} == ENDED
    for status in NeedStatus:
        seen, onward = {status}, [status]
        while onward:
            following = {step.to for step in NeedCourse.possible(onward.pop())} - seen
            seen |= following
            onward += following
        assert seen & ENDED


def test_a_refusal_says_where_the_need_stands_and_what_can_be_done() -> None:
    assert NeedCourse.refusal(NeedStatus.REFERRED, NeedCourse.deliver) == (
        "The need is referred: you cannot deliver it now. "
        "Possible steps: send back, answer, withdraw."
    )
