"""What is asked for when a paper form is recorded, and the rules that every assessment obeys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from citywide.assessments.scoring import HIGHEST_SCORE
from citywide.beneficiaries.drafts import Caseload, file_faults, worker_faults
from citywide.errors import Fault, Path
from citywide.rules.legacy import past_faults
from citywide.rules.texts import NOTE_LENGTH, TITLE_LENGTH, text_faults

# The score from which the paper form of 2014 called a need of medium or of high urgency.
MEDIUM_FROM = 40
HIGH_FROM = 70


@dataclass(frozen=True, slots=True)
class AssessmentDraft:
    """An assessment on paper, its points added up by hand; `score` is 0 (no need) to 100."""

    beneficiary_id: UUID
    assessor_id: UUID
    instrument: str
    instrument_version: int
    assessed_on: date
    score: int
    summary: str


def assessment_faults(
    path: Path, draft: AssessmentDraft, caseload: Caseload, *, today: date
) -> Iterator[Fault]:
    """A paper form's rules."""
    yield from text_faults((*path, "instrument"), draft.instrument, longest=TITLE_LENGTH)
    yield from text_faults((*path, "summary"), draft.summary, longest=NOTE_LENGTH, lines=True)
    if not 0 <= draft.score <= HIGHEST_SCORE:
        yield Fault((*path, "score"), f"A score is 0 to {HIGHEST_SCORE}.")
    if draft.instrument_version < 1:
        yield Fault((*path, "instrument_version"), "Versions count from 1.")
    yield from setting_faults(
        path,
        caseload,
        beneficiary_id=draft.beneficiary_id,
        assessor_id=draft.assessor_id,
        assessed_on=draft.assessed_on,
        today=today,
    )


def setting_faults(
    path: Path,
    caseload: Caseload,
    *,
    beneficiary_id: UUID,
    assessor_id: UUID,
    assessed_on: date,
    today: date,
) -> Iterator[Fault]:
    """Who was assessed by whom, and when."""
    yield from past_faults((*path, "assessed_on"), assessed_on, today=today)
    yield from file_faults(path, beneficiary_id, caseload, field="assessed_on", day=assessed_on)
    yield from worker_faults((*path, "assessor_id"), assessor_id, caseload.workers, day=assessed_on)


def band(score: int) -> str:
    """How urgent the paper form of 2014 called a need of this score."""
    if score >= HIGH_FROM:
        return "HIGH"
    return "MEDIUM" if score >= MEDIUM_FROM else "LOW"
