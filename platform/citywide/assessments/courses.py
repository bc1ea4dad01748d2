"""The course of an assessment: written by one member, decided about by another."""

from __future__ import annotations

from uuid import UUID

from citywide.acts.workspace import Workspace
from citywide.assessments.models import ASSESSMENT, AssessmentRow
from citywide.assessments.words import AssessmentStatus
from citywide.beneficiaries.files import find_file
from citywide.beneficiaries.models import BeneficiaryRow
from citywide.rules.course import Allows, Course, Step

# Nobody decides about what they wrote down, or found out, themselves.
_MAKERS = ("author_id", "assessor_id")


class AssessmentCourse(
    Course,
    table=ASSESSMENT,
    states=AssessmentStatus,
    noun="The assessment",
    # A form on paper was approved on paper.
    begins=(AssessmentStatus.DRAFT, AssessmentStatus.APPROVED),
):
    """An assessment: drafted with its answers, approved or returned by somebody else."""

    submit = Step(
        AssessmentStatus.DRAFT,
        AssessmentStatus.RETURNED,
        to=AssessmentStatus.SUBMITTED,
        awaits=True,
    )
    approve = Step(AssessmentStatus.SUBMITTED, to=AssessmentStatus.APPROVED, not_by=_MAKERS)
    # `return` is a word of the language.
    send_back = Step(AssessmentStatus.SUBMITTED, to=AssessmentStatus.RETURNED, not_by=_MAKERS)
    change = Allows(AssessmentStatus.DRAFT, AssessmentStatus.RETURNED)


async def find_assessment(
    work: Workspace, assessment_id: UUID
) -> tuple[AssessmentRow, BeneficiaryRow]:
    """An assessment in the actor's caseload, and the file of whom it is about."""
    row = await work.find(ASSESSMENT, assessment_id, "assessment_id")
    return row, await find_file(work, row["beneficiary_id"], "assessment_id")
