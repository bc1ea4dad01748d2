"""The use case on forms that were filled in, added up and approved on paper."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.workspace import Workspace
from citywide.assessments.models import ASSESSMENT
from citywide.assessments.occasions import occasion_faults
from citywide.assessments.scoring import HIGHEST_SCORE
from citywide.assessments.words import AssessmentSource, AssessmentStatus, NeedBand
from citywide.beneficiaries.files import find_file
from citywide.errors import refuse
from citywide.rules.fields import day, draft, id_of, line, paragraph, whole
from citywide.rules.texts import TITLE_LENGTH

# The score from which the paper form of 2014 called a need of medium or of high urgency.
MEDIUM_FROM = 40
HIGH_FROM = 70


@draft
class PaperForm:
    """An assessment on paper, its points added up by hand."""

    beneficiary_id: UUID = id_of("Beneficiary", "Who was assessed.")
    assessor_id: UUID = id_of("Member", "Who assessed.")
    instrument: str = line("The name that the form has.", TITLE_LENGTH)
    instrument_version: int = whole("Its version.", least=1)
    assessed_on: date = day("The day of the assessment.", past=True)
    score: int = whole("Points; 0 is no need.", most=HIGHEST_SCORE)
    summary: str = paragraph("What it comes to.")


async def record_paper_form(work: Workspace, draft: PaperForm) -> UUID:
    """Record a form on paper, marked as such; it was approved on paper as well."""
    file = await find_file(work, draft.beneficiary_id)
    faults = await occasion_faults(
        work,
        file,
        instrument=draft.instrument,
        assessor_id=draft.assessor_id,
        assessed_on=draft.assessed_on,
    )
    refuse(faults)
    return await work.insert(
        ASSESSMENT,
        draft,
        band=band(draft.score),
        source=AssessmentSource.PAPER,
        status=AssessmentStatus.APPROVED,
    )


def band(score: int) -> NeedBand:
    """How urgent the paper form of 2014 called a need of this score."""
    if score >= HIGH_FROM:
        return NeedBand.HIGH
    return NeedBand.MEDIUM if score >= MEDIUM_FROM else NeedBand.LOW
