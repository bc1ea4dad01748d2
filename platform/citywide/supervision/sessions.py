"""Use cases of supervision: sessions, the advice given in them, and the agency's answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.workspace import nothing
from citywide.beneficiaries.others_eyes import HARMLESS, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.cases.models import CASE_FILE
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.projects.models import PROJECT
from citywide.rules.course import Step
from citywide.rules.fields import day, draft, id_of, ids_of, list_of, paragraph, version, whole
from citywide.supervision.courses import AdviceCourse
from citywide.supervision.models import ADVICE, SUPERVISION, SUPERVISION_PARTICIPANT
from citywide.supervision.words import AdviceStatus
from citywide.tenancy.models import MEMBER

# A session ends on the day it began.
LONGEST_MINUTES = 24 * 60
# What one session leads to must be few enough to be followed up.
MOST_ADVICE = 20
MOST_PARTICIPANTS = 50
# Advice that may wait longer than this is for the next agreement.
LONGEST_ADVICE = timedelta(days=366)


@draft
class AdviceDraft:
    """Advice to give."""

    advice: str = paragraph("What the agency should do; names nobody who is served.")
    due_on: date = day("By when it should answer.")


@draft
class SupervisionDraft:
    """A session on a project's plan or on a case; exactly one of the two."""

    held_on: date = day("The day of the session.", past=True)
    duration_minutes: int = whole("How long it took, in minutes.", least=1, most=LONGEST_MINUTES)
    observations: str = paragraph("What the supervisor noticed; names nobody who is served.")
    participant_ids: tuple[NodeId, ...] = ids_of(
        "Member", "Who of the agency took part.", least=1, most=MOST_PARTICIPANTS
    )
    advice: tuple[AdviceDraft, ...] = list_of("What follows from it.", most=MOST_ADVICE, default=())
    project_id: NodeId | None = id_of("Project", "The project.", default=None)
    case_id: NodeId | None = id_of("Case", "The case; its worker takes part.", default=None)
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Supervision", problems=[RevealingProblem])
async def record_supervision(act: Act, draft: SupervisionDraft) -> UUID:
    """Record a supervision session on a project's plan or a case, and the advice given."""
    refuse(_faults(draft, act.today))
    supervisor = await act.find(MEMBER, act.member_id, "held_on")
    refuse(_agency_faults(act, draft))
    member_ids = {each.row_id for each in draft.participant_ids}
    about: UUID | None = None
    if draft.case_id is not None:
        case = await act.find(CASE_FILE, draft.case_id, "case_id")
        member_ids.add(case["worker_id"])
        begun, about = case["opened_on"], case["beneficiary_id"]
    else:
        assert draft.project_id is not None
        begun = (await act.find(PROJECT, draft.project_id, "project_id"))["valid_from"]
    if draft.held_on < begun:
        message = f"What it is about began on {begun}."
        refuse([Fault(("held_on",), message, "OUT_OF_RANGE", {"min": str(begun)})])
    if len(await act.by_id(MEMBER, member_ids)) < len(member_ids):
        refuse([nothing(MEMBER, "participant_ids")])
    given = {f"advice.{place}.advice": each.advice for place, each in enumerate(draft.advice)}
    texts = {"observations": draft.observations, **given}
    await check_deidentified(act, draft, texts, about=about)
    session_id = await act.insert(
        SUPERVISION,
        draft,
        project_id=draft.project_id and draft.project_id.row_id,
        case_id=draft.case_id and draft.case_id.row_id,
        supervisor_id=act.member_id,
        supervisor_name=supervisor["name"],
    )
    joined = {"supervision_id": session_id, "joined_on": draft.held_on}
    participants = [{**joined, "member_id": each} for each in sorted(member_ids)]
    await act.insert_all(SUPERVISION_PARTICIPANT, participants)
    for each in draft.advice:
        advice_id = await act.insert(
            ADVICE,
            each,
            supervision_id=session_id,
            given_on=act.today,
            status=AdviceStatus.OPEN,
        )
        act.announce("adviceGiven", advice_id)
    return session_id


def _faults(draft: SupervisionDraft, today: date) -> Iterator[Fault]:
    if (draft.case_id is None) == (draft.project_id is None):
        message = "A session is about a project's plan or about a case: give one of the two."
        yield Fault(("case_id",), message)
    for place, each in enumerate(draft.advice):
        if not today < each.due_on <= today + LONGEST_ADVICE:
            message = f"Advice is due after {today}, within a year."
            path = ("advice", place, "due_on")
            yield Fault(path, message, "OUT_OF_RANGE", {"today": str(today)})


def _agency_faults(act: Act, draft: SupervisionDraft) -> Iterator[Fault]:
    """The subject and who took part are of one agency that the supervisor is assigned to."""
    field, subject = "case_id", draft.case_id
    if subject is None:
        field, subject = "project_id", draft.project_id
    assert subject is not None
    if subject.tenant_id not in {*act.principal.tenants} - {act.principal.tenant_id}:
        yield Fault((field,), "You are assigned to no agency with this.", "NOT_FOUND")
        return
    for place, each in enumerate(draft.participant_ids):
        if each.tenant_id != subject.tenant_id:
            yield nothing(MEMBER, "participant_ids", place)


@draft
class AnswerDraft:
    """An answer to advice."""

    advice_id: UUID = id_of("Advice", "The advice.")
    version: int = version("The version that you read.")
    answer: str = paragraph("What is done about it, or why it is not; names nobody who is served.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Advice", problems=[RevealingProblem])
async def take_up_advice(act: Act, draft: AnswerDraft) -> UUID:
    """Say that advice is taken up, and what is done about it."""
    return await _answer(act, draft, AdviceCourse.take_up)


@mutation(gives="Advice", problems=[RevealingProblem])
async def decline_advice(act: Act, draft: AnswerDraft) -> UUID:
    """Decline advice with the reason."""
    return await _answer(act, draft, AdviceCourse.decline)


async def _answer(act: Act, draft: AnswerDraft, step: Step) -> UUID:
    """Answer advice; who may answer for themselves alone must have sat in the session."""
    advice = await act.find(ADVICE, draft.advice_id, "advice_id")
    sat = await act.rows(
        SUPERVISION_PARTICIPANT, supervision_id=advice["supervision_id"], member_id=act.member_id
    )
    act.check_worker(act.member_id if sat else None, "advice_id")
    act.check(step, advice, "advice_id")
    session = await act.find(SUPERVISION, advice["supervision_id"], "advice_id", anybodys=True)
    about: UUID | None = None
    if session["case_id"] is not None:
        case = await act.find(CASE_FILE, session["case_id"], "advice_id", anybodys=True)
        about = case["beneficiary_id"]
    await check_deidentified(act, draft, {"answer": draft.answer}, about=about)
    await act.take(
        step, advice, draft, "advice_id", answered_on=act.today, answered_by_id=act.member_id
    )
    act.announce("adviceAnswered", advice["id"])
    return advice["id"]
