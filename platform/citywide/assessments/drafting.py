"""Use cases of assessments that are not handed in yet: begin one, and change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.workspace import Workspace
from citywide.assessments.courses import AssessmentCourse, find_assessment
from citywide.assessments.instruments import Instrument, find_instrument
from citywide.assessments.models import ASSESSMENT, ASSESSMENT_ANSWER, AssessmentAnswerRow
from citywide.assessments.occasions import occasion_faults
from citywide.assessments.scoring import Form, result
from citywide.assessments.words import AssessmentSource, AssessmentStatus
from citywide.beneficiaries.files import find_file
from citywide.beneficiaries.models import BeneficiaryRow
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import UNSET, Unset, day, draft, id_of, line, list_of, paragraph, version
from citywide.rules.periods import Span

# A remark beside an answer is a sentence or two.
REMARK_LENGTH = 200


@draft
class Answer:
    """An answer to one question; null takes it back."""

    question_id: UUID = id_of("InstrumentQuestion", "The question.")
    option_id: UUID | None = id_of("InstrumentOption", "The chosen answer.")
    note: str | None = line("What was said beyond it.", REMARK_LENGTH, default=None)


@draft
class AssessmentDraft:
    """A new assessment; questions may stay open until it is submitted."""

    beneficiary_id: UUID = id_of("Beneficiary", "Who is assessed.")
    instrument_id: UUID = id_of("Instrument", "The form.")
    assessed_on: date = day("The day of the assessment.", past=True)
    assessor_id: UUID | None = id_of("Member", "Who assessed; left out: you.", default=None)
    answers: tuple[Answer, ...] = list_of("The answers so far.", default=())
    summary: str | None = paragraph("What it comes to, in your words.", default=None)


@mutation(gives="Assessment")
async def draft_assessment(act: Act, draft: AssessmentDraft) -> UUID:
    """Begin an assessment of a person's needs."""
    file = await find_file(act, draft.beneficiary_id)
    instrument = await find_instrument(act, draft.instrument_id, "instrument_id")
    assessor_id = draft.assessor_id or act.member_id
    faults = await _use_faults(act, file, instrument, assessor_id, draft.assessed_on)
    refuse([*faults, *_answer_faults(draft.answers, instrument.form)])
    chosen = {answer.question_id: answer.option_id for answer in draft.answers}
    assessment_id = await act.insert(
        ASSESSMENT,
        draft,
        assessor_id=assessor_id,
        author_id=act.member_id,
        instrument=instrument.row["name"],
        instrument_version=instrument.row["version"],
        source=AssessmentSource.ANSWERS,
        status=AssessmentStatus.DRAFT,
        **scored(instrument.form, chosen),
    )
    for answer in draft.answers:
        await act.insert(ASSESSMENT_ANSWER, answer, assessment_id=assessment_id)
    return assessment_id


@draft
class AssessmentUpdate:
    """Changes to a draft, or to what was returned; what is left out stays."""

    assessment_id: UUID = id_of("Assessment", "Which one.")
    version: int = version("The version of it that you read.")
    assessed_on: date | Unset = day("The day of the assessment.", past=True, default=UNSET)
    answers: tuple[Answer, ...] = list_of("The answers to write.", default=())
    summary: str | Unset | None = paragraph("What it comes to.", default=UNSET)


@mutation(gives="Assessment")
async def update_assessment(act: Act, draft: AssessmentUpdate) -> UUID:
    """Change the answers of an assessment that is not submitted; the score follows."""
    row, file = await find_assessment(act, draft.assessment_id)
    act.check(AssessmentCourse.change, row, "assessment_id")
    act.check_version(row, draft)
    assert row["instrument_id"] is not None, "a form on paper is approved, and cannot be changed"
    instrument = await find_instrument(act, row["instrument_id"], "assessment_id")
    faults = list(_answer_faults(draft.answers, instrument.form))
    if draft.assessed_on is not UNSET:
        assessor_id, but = row["assessor_id"], row["id"]
        faults += await _use_faults(act, file, instrument, assessor_id, draft.assessed_on, but=but)
    refuse(faults)
    held = await answers_of(act, row["id"])
    for answer in draft.answers:
        if answer.question_id in held:
            await act.update(ASSESSMENT_ANSWER, held[answer.question_id], answer)
        else:
            await act.insert(ASSESSMENT_ANSWER, answer, assessment_id=row["id"])
    chosen = {question: answer["option_id"] for question, answer in held.items()}
    chosen |= {answer.question_id: answer.option_id for answer in draft.answers}
    await act.update(ASSESSMENT, row, draft, **scored(instrument.form, chosen))
    return row["id"]


async def answers_of(work: Workspace, assessment_id: UUID) -> dict[UUID, AssessmentAnswerRow]:
    """What an assessment's questions were answered with, by question."""
    rows = await work.rows(ASSESSMENT_ANSWER, assessment_id=assessment_id)
    return {row["question_id"]: row for row in rows}


def scored(form: Form, chosen: Mapping[UUID, UUID | None]) -> dict[str, Any]:
    """Score and band of the chosen options, as columns; both are open while a question is."""
    found = result(form, chosen)
    return {"score": found and found.score, "band": found and found.band}


async def _use_faults(
    work: Workspace,
    file: BeneficiaryRow,
    instrument: Instrument,
    assessor_id: UUID,
    assessed_on: date,
    *,
    but: UUID | None = None,
) -> list[Fault]:
    """The occasion is one that there can be, and the instrument is in use on its day."""
    faults = await occasion_faults(
        work,
        file,
        instrument=instrument.row["name"],
        assessor_id=assessor_id,
        assessed_on=assessed_on,
        but=but,
    )
    if not Span.of(instrument.row).covers(assessed_on):
        faults.append(Fault(("assessed_on",), "The instrument is not in use on this day."))
    return faults


def _answer_faults(answers: Sequence[Answer], form: Form) -> Iterator[Fault]:
    """Each answer is an option of a question of the form, and no question is answered twice."""
    seen = set()
    for place, answer in enumerate(answers):
        options = form.questions.get(answer.question_id)
        if options is None:
            yield Fault(("answers", place, "question_id"), "This form has no such question.")
        elif answer.option_id is not None and answer.option_id not in options:
            yield Fault(("answers", place, "option_id"), "The question has no such answer.")
        if answer.question_id in seen:
            message = "This question is answered twice."
            yield Fault(("answers", place, "question_id"), message, "LISTED_TWICE")
        seen.add(answer.question_id)
