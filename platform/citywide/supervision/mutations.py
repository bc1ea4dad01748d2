"""Use cases of supervision, as mutations: sessions, advice and the agency's answers."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from asyncpg import Record

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, rows_with, tenant_rows
from citywide.acts.problems import wrong_state
from citywide.cases.models import CASE_FILE
from citywide.errors import Fault, InvalidError, refuse
from citywide.graph.mutate import mutation
from citywide.ids import NodeId, new_id
from citywide.projects.models import PROJECT
from citywide.rules.legacy import past_faults
from citywide.rules.texts import NOTE_LENGTH, text_faults
from citywide.supervision.drafts import AnswerDraft, SupervisionDraft
from citywide.supervision.models import ADVICE, SUPERVISION, SUPERVISION_PARTICIPANT
from citywide.tenancy.models import MEMBER

# A session ends on the day it began.
LONGEST_MINUTES = 24 * 60
# What one session leads to must be few enough to be followed up.
MOST_ADVICE = 20
MOST_PARTICIPANTS = 50
# Advice that may wait longer than this is for the next agreement.
LONGEST_ADVICE = timedelta(days=366)
NO_MEMBER = "No member of this agency has this id."
NO_ADVICE = "No advice to this agency has this id."


@mutation(gives="Supervision")
async def record_supervision(act: Act, draft: SupervisionDraft) -> UUID:
    """Record a supervision session on a project's plan or a case, and the advice given."""
    refuse(_faults(draft, act))
    supervisor = await act.find(MEMBER, act.principal.member_id, "held_on", NO_MEMBER)
    subject = draft.case_id or draft.project_id
    assert subject is not None
    member_ids = {each.row_id for each in draft.participant_ids}
    _check_assigned(act, draft, subject)
    act.move_to(subject.tenant_id)
    if draft.case_id is not None:
        case = await act.find(CASE_FILE, subject.row_id, "case_id", "There is no such case.")
        act.persons.add(case["beneficiary_id"])
        member_ids.add(case["worker_id"])
        begun = case["opened_on"]
    else:
        project = await act.find(PROJECT, subject.row_id, "project_id", "There is no such project.")
        begun = project["valid_from"]
    if draft.held_on < begun:
        refuse([Fault(("held_on",), f"What it is about began on {begun}.")])
    members = await tenant_rows(act.transaction, desk=act.desk, table=MEMBER, ids=member_ids)
    if len(members) < len(member_ids):
        refuse([Fault(("participant_ids",), NO_MEMBER)])
    session = act.desk.owned(
        id=new_id(),
        project_id=draft.project_id and draft.project_id.row_id,
        case_id=draft.case_id and draft.case_id.row_id,
        held_on=draft.held_on,
        duration_minutes=draft.duration_minutes,
        observations=draft.observations,
        supervisor_id=act.principal.member_id,
        supervisor_name=supervisor["name"],
    )
    [session_id] = await insert_rows(act.transaction, table=SUPERVISION, rows=[session])
    participants = [
        act.desk.owned(
            id=new_id(), supervision_id=session_id, member_id=each, joined_on=draft.held_on
        )
        for each in sorted(member_ids)
    ]
    await insert_rows(act.transaction, table=SUPERVISION_PARTICIPANT, rows=participants)
    advice = [
        act.desk.owned(
            id=new_id(),
            supervision_id=session_id,
            advice=each.advice,
            given_on=act.desk.today,
            due_on=each.due_on,
            status="OPEN",
        )
        for each in draft.advice
    ]
    for advice_id in await insert_rows(act.transaction, table=ADVICE, rows=advice):
        act.tell("adviceGiven", advice_id)
    return session_id


@mutation(gives="Advice")
async def take_up_advice(act: Act, draft: AnswerDraft) -> UUID:
    """Say that advice is taken up, and what is done about it."""
    return await _answer(act, draft, "TAKEN_UP")


@mutation(gives="Advice")
async def decline_advice(act: Act, draft: AnswerDraft) -> UUID:
    """Decline advice with the reason."""
    return await _answer(act, draft, "DECLINED")


async def _answer(act: Act, draft: AnswerDraft, status: str) -> UUID:
    advice = await act.find(ADVICE, draft.advice_id, "advice_id", NO_ADVICE)
    sat = await rows_with(
        act.transaction,
        desk=act.desk,
        column=SUPERVISION_PARTICIPANT.c.supervision_id,
        values=[advice["supervision_id"]],
    )
    me = act.principal.member_id
    act.check_worker(me if _is_among(me, sat) else None, "adviceId")
    if advice["status"] != "OPEN":
        raise wrong_state("This advice was answered already.", "adviceId")
    refuse(text_faults(("answer",), draft.answer, longest=NOTE_LENGTH, lines=True))
    values = {
        "status": status,
        "answer": draft.answer,
        "answered_on": act.desk.today,
        "answered_by_id": me,
    }
    await act.update(ADVICE, advice, values, version=draft.version)
    act.tell("adviceAnswered", draft.advice_id)
    return draft.advice_id


def _is_among(member_id: UUID, participants: list[Record]) -> bool:
    return any(row["member_id"] == member_id for row in participants)


def _check_assigned(act: Act, draft: SupervisionDraft, subject: NodeId) -> None:
    """The subject and who took part are of one agency that the supervisor is assigned to."""
    name = "case_id" if draft.case_id is not None else "project_id"
    agencies = set(act.principal.tenants) - {act.principal.tenant_id}
    if subject.tenant_id not in agencies:
        raise InvalidError([Fault((name,), "You are assigned to no agency with this.")])
    for place, each in enumerate(draft.participant_ids):
        if each.tenant_id != subject.tenant_id:
            raise InvalidError([Fault(("participant_ids", place), NO_MEMBER)])


def _faults(draft: SupervisionDraft, act: Act) -> list[Fault]:
    today = act.desk.today
    faults = [
        *past_faults(("held_on",), draft.held_on, today=today),
        *text_faults(("observations",), draft.observations, longest=NOTE_LENGTH, lines=True),
    ]
    if (draft.case_id is None) == (draft.project_id is None):
        message = "A session is about a project's plan or about a case: give one of the two."
        faults.append(Fault(("case_id",), message))
    if not 0 < draft.duration_minutes <= LONGEST_MINUTES:
        message = f"A session lasts 1 to {LONGEST_MINUTES} minutes."
        faults.append(Fault(("duration_minutes",), message))
    if not 0 < len(draft.participant_ids) <= MOST_PARTICIPANTS:
        message = f"1 to {MOST_PARTICIPANTS} members take part."
        faults.append(Fault(("participant_ids",), message))
    if len(draft.advice) > MOST_ADVICE:
        faults.append(Fault(("advice",), f"At most {MOST_ADVICE} follow from one session."))
    for place, each in enumerate(draft.advice):
        path = ("advice", place)
        faults += text_faults((*path, "advice"), each.advice, longest=NOTE_LENGTH, lines=True)
        if not today < each.due_on <= today + LONGEST_ADVICE:
            faults.append(Fault((*path, "due_on"), f"Advice is due after {today}, within a year."))
    return faults
