"""Scoring and the way of an assessment: pure functions, tried with random answers and steps."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.assessments.scoring import Band, Form, open_questions, result
from citywide.assessments.workflow import STEPS, Status, Step, after, may_decide, refusal
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests

BANDS = [Band("LOW", 0), Band("MEDIUM", 30), Band("HIGH", 55)]
ORDER = {"LOW": 0, "MEDIUM": 1, "HIGH": 2}
STATUSES: list[Status] = ["DRAFT", "SUBMITTED", "RETURNED", "APPROVED"]
TAKEN: list[Step] = ["update", "submit", "approve", "return"]
MEMBERS = st.integers(0, 3).map(lambda number: UUID(int=number))


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """A form whose highest answers add up to 100."""
    number = draw(st.sampled_from([1, 2, 4, 5, 10]))
    questions = {}
    for place in range(number):
        points = draw(st.lists(st.integers(0, 100 // number), min_size=1, max_size=4))
        options = {UUID(int=1000 * (place + 1) + n): score for n, score in enumerate(points)}
        questions[UUID(int=place + 1)] = {**options, UUID(int=1000 * place + 999): 100 // number}
    return Form(questions, BANDS)


@st.composite
def filled(draw: st.DrawFn) -> tuple[Form, dict[UUID, UUID]]:
    form = draw(forms())
    chosen = {
        question: draw(st.sampled_from(list(options)))
        for question, options in form.questions.items()
    }
    return form, chosen


@given(filled())
def test_a_score_is_the_sum_of_the_points_and_lies_in_0_to_100(
    case: tuple[Form, dict[UUID, UUID]],
) -> None:
    form, chosen = case
    found = result(form, chosen)
    assert found is not None
    assert found.score == sum(form.questions[question][each] for question, each in chosen.items())
    assert 0 <= found.score <= 100
    reached = [band for band in BANDS if band.from_score <= found.score]
    assert found.band == reached[-1].name


@given(filled(), st.data())
def test_an_open_question_leaves_no_score(
    case: tuple[Form, dict[UUID, UUID]], data: st.DataObject
) -> None:
    form, chosen = case
    question = data.draw(st.sampled_from(list(chosen)))
    missing: dict[UUID, UUID | None] = {**chosen}
    if data.draw(st.booleans()):
        missing[question] = None
    else:
        del missing[question]
    assert result(form, missing) is None
    assert open_questions(form, missing) == [question]


@given(filled(), st.data())
def test_an_answer_of_more_need_never_lowers_score_or_band(
    case: tuple[Form, dict[UUID, UUID]], data: st.DataObject
) -> None:
    form, chosen = case
    question = data.draw(st.sampled_from(list(chosen)))
    options = form.questions[question]
    worse = max(options, key=lambda each: options[each])
    before, now = result(form, chosen), result(form, {**chosen, question: worse})
    assert before is not None
    assert now is not None
    assert now.score >= before.score
    assert ORDER[now.band] >= ORDER[before.band]


@given(st.lists(st.sampled_from(TAKEN), max_size=12))
def test_random_steps_never_skip_submission_or_leave_what_is_approved(steps: list[Step]) -> None:
    status: Status = "DRAFT"
    for step in steps:
        now = after(status, step)
        if now is None:
            assert refusal(status).startswith("The assessment is ")
            continue
        assert status != "APPROVED"
        if step in ("approve", "return"):
            assert status == "SUBMITTED"
        status = now


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_but_the_last_goes_on(status: Status) -> None:
    assert any(state == status for state, _ in STEPS) == (status != "APPROVED")


@given(MEMBERS, st.one_of(st.none(), MEMBERS), MEMBERS)
def test_nobody_decides_about_their_own(member: UUID, author: UUID | None, assessor: UUID) -> None:
    allowed = may_decide(member, author_id=author, assessor_id=assessor)
    assert allowed == (member not in {author, assessor})


def test_the_shipped_form_is_ours_and_adds_up() -> None:
    [instrument] = load_manifests(CHECKOUT / "tenants" / "yueqing").instruments
    assert "自拟" in instrument.provenance
    assert sum(max(o.score for o in q.options) for q in instrument.questions) == 100
    for question in instrument.questions:
        points = [option.score for option in question.options]
        assert points[0] == 0
        assert points == sorted(set(points))
