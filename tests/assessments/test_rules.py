"""Scoring and the way of an assessment: pure functions, tried with random answers and steps."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.assessments.courses import AssessmentCourse
from citywide.assessments.paper import band
from citywide.assessments.scoring import Band, Form, open_questions, result
from citywide.assessments.words import AssessmentStatus, NeedBand
from citywide.rules.course import Step
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests

BANDS = [Band(NeedBand.LOW, 0), Band(NeedBand.MEDIUM, 30), Band(NeedBand.HIGH, 55)]
ORDER = {NeedBand.LOW: 0, NeedBand.MEDIUM: 1, NeedBand.HIGH: 2}


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
    assert found.band == reached[-1].word


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


@given(st.lists(st.sampled_from(AssessmentCourse.steps()), max_size=12))
def test_random_steps_never_skip_submission_or_leave_what_is_approved(steps: list[Step]) -> None:
    status = AssessmentStatus.DRAFT
    for step in steps:
        refusal = AssessmentCourse.refusal(status, step)
        if refusal is not None:
            assert refusal.startswith("The assessment is ")
            continue
        assert status is not AssessmentStatus.APPROVED
        if step in (AssessmentCourse.approve, AssessmentCourse.send_back):
            assert status is AssessmentStatus.SUBMITTED
        status = AssessmentStatus[str(step.to)]


@pytest.mark.parametrize("status", AssessmentStatus)
def test_every_status_but_the_last_goes_on_and_only_what_is_not_handed_in_changes(
    status: AssessmentStatus,
) -> None:
    assert bool(AssessmentCourse.possible(status)) == (status is not AssessmentStatus.APPROVED)
    is_open = AssessmentCourse.refusal(status, AssessmentCourse.change) is None
    assert is_open == (AssessmentCourse.refusal(status, AssessmentCourse.submit) is None)


@pytest.mark.parametrize("step", [AssessmentCourse.approve, AssessmentCourse.send_back])
def test_neither_author_nor_assessor_decides(step: Step) -> None:
    assert set(step.not_by) == {"author_id", "assessor_id"}


@pytest.mark.parametrize(
    ("score", "word"),
    [(0, "LOW"), (39, "LOW"), (40, "MEDIUM"), (69, "MEDIUM"), (70, "HIGH"), (100, "HIGH")],
)
def test_the_band_of_a_paper_form_follows_from_its_score(score: int, word: str) -> None:
    assert band(score) == word


def test_the_shipped_form_is_ours_and_adds_up() -> None:
    [instrument] = load_manifests(CHECKOUT / "tenants" / "yueqing").instruments
    assert "自拟" in instrument.provenance
    assert sum(max(o.score for o in q.options) for q in instrument.questions) == 100
    for question in instrument.questions:
        points = [option.score for option in question.options]
        assert points[0] == 0
        assert points == sorted(set(points))
