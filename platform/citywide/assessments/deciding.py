"""Use cases that bring an assessment to a decision: submit, approve or return it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from citywide.acts.act import Act
from citywide.assessments.courses import AssessmentCourse, find_assessment
from citywide.assessments.drafting import answers_of, scored
from citywide.assessments.instruments import find_instrument
from citywide.assessments.scoring import open_questions
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import draft, id_of, paragraph, version


@draft
class AssessmentStep:
    """A step of an assessment."""

    assessment_id: UUID = id_of("Assessment", "Which one.")
    version: int = version("The version of it that you read.")


@mutation(gives="Assessment")
async def submit_assessment(act: Act, draft: AssessmentStep) -> UUID:
    """Hand in an assessment for approval; every question must have an answer."""
    row, _ = await find_assessment(act, draft.assessment_id)
    act.check(AssessmentCourse.submit, row, "assessment_id")
    act.check_version(row, draft)
    assert row["instrument_id"] is not None, "a form on paper is approved already"
    instrument = await find_instrument(act, row["instrument_id"], "assessment_id")
    held = await answers_of(act, row["id"])
    chosen = {question: answer["option_id"] for question, answer in held.items()}
    faults = [
        Fault(("answers",), f"Question {instrument.codes[question]} has no answer.")
        for question in open_questions(instrument.form, chosen)
    ]
    if row["summary"] is None:
        faults.append(Fault(("summary",), "Say what it comes to before you submit it."))
    refuse(faults)
    score = scored(instrument.form, chosen)
    handed_in: dict[str, Any] = {"submitted_on": act.today, "return_reason": None}
    await act.take(AssessmentCourse.submit, row, draft, "assessment_id", **handed_in, **score)
    return row["id"]


@mutation(gives="Assessment")
async def approve_assessment(act: Act, draft: AssessmentStep) -> UUID:
    """Approve an assessment that somebody else wrote."""
    row, _ = await find_assessment(act, draft.assessment_id)
    await act.take(
        AssessmentCourse.approve,
        row,
        draft,
        "assessment_id",
        decided_by_id=act.member_id,
        decided_on=act.today,
    )
    return row["id"]


@draft
class AssessmentReturn(AssessmentStep):
    """What is to be mended before an assessment can be approved."""

    reason: str = paragraph("What is to be mended.")


@mutation(gives="Assessment")
async def return_assessment(act: Act, draft: AssessmentReturn) -> UUID:
    """Return an assessment to its author, saying what is to be mended."""
    row, _ = await find_assessment(act, draft.assessment_id)
    await act.take(
        AssessmentCourse.send_back,
        row,
        draft,
        "assessment_id",
        decided_by_id=act.member_id,
        decided_on=act.today,
        return_reason=draft.reason,
    )
    return row["id"]
