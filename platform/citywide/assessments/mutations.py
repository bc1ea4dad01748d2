"""Use cases on one assessment, as mutations: draft, change, submit, approve or return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import catalogue_rows, insert_rows, rows_with
from citywide.acts.problems import not_yours, wrong_state
from citywide.assessments.commands import TAKEN
from citywide.assessments.drafts import setting_faults
from citywide.assessments.models import (
    ASSESSMENT,
    ASSESSMENT_ANSWER,
    INSTRUMENT,
    INSTRUMENT_BAND,
    INSTRUMENT_OPTION,
    INSTRUMENT_QUESTION,
)
from citywide.assessments.requests import (
    Answer,
    DecideAssessment,
    DraftAssessment,
    ReturnAssessment,
    UpdateAssessment,
)
from citywide.assessments.scoring import Band, Form, open_questions, result
from citywide.assessments.workflow import Status, Step, after, may_decide, refusal
from citywide.beneficiaries.commands import caseload_of
from citywide.beneficiaries.files import file_at_hand
from citywide.errors import Fault, refuse
from citywide.graph.mutate import UNSET, mutation
from citywide.ids import new_id
from citywide.rules.legacy import optional_text_faults
from citywide.rules.periods import Span
from citywide.rules.texts import NOTE_LENGTH, text_faults

# A remark beside an answer is a sentence or two.
REMARK_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Filled:
    """An instrument, and how it names its questions."""

    row: Record
    form: Form
    labels: Mapping[UUID, str]


@mutation(gives="Assessment")
async def draft_assessment(act: Act, asked: DraftAssessment) -> UUID:
    """Begin an assessment of a person's needs."""
    await file_at_hand(act, asked.beneficiary_id)
    instrument = await _instrument(act, asked.instrument_id)
    assessor_id = asked.assessor_id or act.principal.member_id
    faults = await _setting_faults(
        act, asked.beneficiary_id, assessor_id, asked.assessed_on, instrument
    )
    faults += _answer_faults(asked.answers, instrument.form)
    faults += optional_text_faults(("summary",), asked.summary, longest=NOTE_LENGTH, lines=True)
    refuse(faults)
    chosen = {answer.question_id: answer.option_id for answer in asked.answers}
    row = act.desk.owned(
        id=new_id(),
        beneficiary_id=asked.beneficiary_id,
        assessor_id=assessor_id,
        instrument=instrument.row["name"],
        instrument_version=instrument.row["version"],
        instrument_id=instrument.row["id"],
        assessed_on=asked.assessed_on,
        summary=asked.summary,
        source="ANSWERS",
        status="DRAFT",
        author_id=act.principal.member_id,
        **_scored(instrument.form, chosen),
    )
    [assessment_id] = await insert_rows(act.transaction, table=ASSESSMENT, rows=[row])
    await _insert_answers(act, assessment_id, asked.answers)
    return assessment_id


@mutation(gives="Assessment")
async def update_assessment(act: Act, asked: UpdateAssessment) -> UUID:
    """Change the answers of an assessment that is not submitted; the score follows."""
    row = await _at_hand(act, asked.assessment_id)
    _step(row, "update")
    act.check_version(row, asked.version)
    instrument = await _instrument(act, row["instrument_id"])
    faults = list(_answer_faults(asked.answers, instrument.form))
    values: dict[str, Any] = {}
    if asked.summary is not UNSET:
        faults += optional_text_faults(("summary",), asked.summary, longest=NOTE_LENGTH, lines=True)
        values["summary"] = asked.summary
    if asked.assessed_on is not UNSET:
        values["assessed_on"] = asked.assessed_on
        faults += await _setting_faults(
            act,
            row["beneficiary_id"],
            row["assessor_id"],
            asked.assessed_on,
            instrument,
            but=row["id"],
        )
    refuse(faults)
    held = await _answers(act, row["id"])
    new = [answer for answer in asked.answers if answer.question_id not in held]
    for answer in asked.answers:
        if answer.question_id in held:
            change = {"option_id": answer.option_id, "note": answer.note}
            await act.update(ASSESSMENT_ANSWER, held[answer.question_id], change)
    await _insert_answers(act, row["id"], new)
    chosen = {question: answer["option_id"] for question, answer in held.items()}
    chosen |= {answer.question_id: answer.option_id for answer in asked.answers}
    values |= _scored(instrument.form, chosen)
    await act.update(ASSESSMENT, row, values, version=asked.version)
    return asked.assessment_id


@mutation(gives="Assessment")
async def submit_assessment(act: Act, asked: DecideAssessment) -> UUID:
    """Hand in an assessment for approval; every question must have an answer."""
    row = await _at_hand(act, asked.assessment_id)
    status = _step(row, "submit")
    act.check_version(row, asked.version)
    instrument = await _instrument(act, row["instrument_id"])
    held = await _answers(act, row["id"])
    chosen = {question: answer["option_id"] for question, answer in held.items()}
    faults = [
        Fault(("answers",), f"Question {instrument.labels[question]} has no answer.")
        for question in open_questions(instrument.form, chosen)
    ]
    if row["summary"] is None:
        faults.append(Fault(("summary",), "Say what it comes to before you submit it."))
    refuse(faults)
    values = {"status": status, "submitted_on": act.desk.today, "return_reason": None}
    values |= _scored(instrument.form, chosen)
    await act.update(ASSESSMENT, row, values, version=asked.version)
    act.tell("approvalRequested", row["id"])
    return asked.assessment_id


@mutation(gives="Assessment")
async def approve_assessment(act: Act, asked: DecideAssessment) -> UUID:
    """Approve an assessment that somebody else wrote."""
    row = await _at_hand(act, asked.assessment_id)
    await _decide(act, row, "approve", asked.version, {})
    return asked.assessment_id


@mutation(gives="Assessment")
async def return_assessment(act: Act, asked: ReturnAssessment) -> UUID:
    """Return an assessment to its author, saying what is to be mended."""
    row = await _at_hand(act, asked.assessment_id)
    refuse(text_faults(("reason",), asked.reason, longest=NOTE_LENGTH, lines=True))
    await _decide(act, row, "return", asked.version, {"return_reason": asked.reason})
    return asked.assessment_id


async def _decide(
    act: Act, row: Record, step: Step, version: int, values: Mapping[str, Any]
) -> None:
    status = _step(row, step)
    member_id = act.principal.member_id
    if not may_decide(member_id, author_id=row["author_id"], assessor_id=row["assessor_id"]):
        raise not_yours("Somebody else than its author decides about it.", "assessmentId")
    decision = {"status": status, "decided_by_id": member_id, "decided_on": act.desk.today}
    await act.update(ASSESSMENT, row, {**decision, **values}, version=version)


async def _at_hand(act: Act, assessment_id: UUID) -> Record:
    """An assessment of a file that the actor keeps, or may answer for."""
    message = "There is no assessment with this id."
    row = await act.find(ASSESSMENT, assessment_id, "assessment_id", message)
    await file_at_hand(act, row["beneficiary_id"], "assessment_id")
    return row


def _step(row: Record, step: Step) -> Status:
    status = after(row["status"], step)
    if status is None:
        raise wrong_state(refusal(row["status"]), "assessmentId")
    return status


def _scored(form: Form, chosen: Mapping[UUID, UUID | None]) -> dict[str, Any]:
    found = result(form, chosen)
    if found is None:
        return {"score": None, "band": None}
    return {"score": found.score, "band": found.band}


async def _instrument(act: Act, instrument_id: UUID) -> Filled:
    """The form with its options and bands; an unknown id was refused with the input."""
    found = await catalogue_rows(act.transaction, table=INSTRUMENT, ids={instrument_id})
    if instrument_id not in found:
        refuse([Fault(("instrument_id",), "There is no instrument with this id.")])
    question, option, band = INSTRUMENT_QUESTION, INSTRUMENT_OPTION, INSTRUMENT_BAND
    questions = await act.transaction.rows(
        select(question)
        .where(question.c.instrument_id == instrument_id)
        .order_by(question.c.position)
    )
    options = await act.transaction.rows(
        select(option)
        .join(question, question.c.id == option.c.question_id)
        .where(question.c.instrument_id == instrument_id)
    )
    bands = await act.transaction.rows(select(band).where(band.c.instrument_id == instrument_id))
    points: dict[UUID, dict[UUID, int]] = {row["id"]: {} for row in questions}
    for row in options:
        points[row["question_id"]][row["id"]] = row["score"]
    form = Form(points, [Band(row["band"], row["from_score"]) for row in bands])
    return Filled(found[instrument_id], form, {row["id"]: row["code"] for row in questions})


async def _setting_faults(
    act: Act,
    beneficiary_id: UUID,
    assessor_id: UUID,
    assessed_on: date,
    instrument: Filled,
    *,
    but: UUID | None = None,
) -> list[Fault]:
    """The day lies within the file, the assessor's work and the instrument's use, and is free."""
    caseload = await caseload_of(
        act.transaction,
        desk=act.desk,
        beneficiary_ids={beneficiary_id},
        worker_ids={assessor_id},
    )
    faults = list(
        setting_faults(
            (),
            caseload,
            beneficiary_id=beneficiary_id,
            assessor_id=assessor_id,
            assessed_on=assessed_on,
            today=act.desk.today,
        )
    )
    if not Span(instrument.row["valid_from"], instrument.row["valid_until"]).covers(assessed_on):
        faults.append(Fault(("assessed_on",), "The instrument is not in use on this day."))
    others = await rows_with(
        act.transaction,
        desk=act.desk,
        column=ASSESSMENT.c.beneficiary_id,
        values=[beneficiary_id],
    )
    key = (instrument.row["name"], assessed_on)
    if any((row["instrument"], row["assessed_on"]) == key for row in others if row["id"] != but):
        faults.append(Fault(("assessed_on",), TAKEN))
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
            yield Fault(("answers", place, "question_id"), "This question is answered twice.")
        seen.add(answer.question_id)
        yield from optional_text_faults(
            ("answers", place, "note"), answer.note, longest=REMARK_LENGTH
        )


async def _answers(act: Act, assessment_id: UUID) -> dict[UUID, Record]:
    rows = await rows_with(
        act.transaction,
        desk=act.desk,
        column=ASSESSMENT_ANSWER.c.assessment_id,
        values=[assessment_id],
    )
    return {row["question_id"]: row for row in rows}


async def _insert_answers(act: Act, assessment_id: UUID, answers: Sequence[Answer]) -> None:
    rows = [
        act.desk.owned(
            id=new_id(),
            assessment_id=assessment_id,
            question_id=answer.question_id,
            option_id=answer.option_id,
            note=answer.note,
        )
        for answer in answers
    ]
    await insert_rows(act.transaction, table=ASSESSMENT_ANSWER, rows=rows)
