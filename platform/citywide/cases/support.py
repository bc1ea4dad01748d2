"""The use cases on what surrounds a case, as mutations: sessions, conferences, pairings, risk."""

from __future__ import annotations

from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, rows_with, tenant_rows
from citywide.acts.problems import wrong_state
from citywide.cases.commands import check_day, check_open, find_case
from citywide.cases.drafts import (
    ConferenceDraft,
    EndPairingDraft,
    OutsiderDraft,
    PairingDraft,
    RiskDraft,
    SessionDraft,
)
from citywide.cases.models import (
    CASE_CONFERENCE,
    CASE_FILE,
    CASE_PAIRING,
    CASE_RISK,
    CASE_SESSION,
    CONFERENCE_PARTICIPANT,
)
from citywide.cases.problems import CaseStageProblem
from citywide.errors import Fault, InvalidError, Path, refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.rules.texts import NAME_LENGTH, NOTE_LENGTH, TITLE_LENGTH, text_faults
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.tenancy.models import MEMBER
from citywide.volunteers.models import VOLUNTEER

# A conference has as many as sit around a table.
MOST_PARTICIPANTS = 30
NO_RECORD = "No service record of this agency has this id."
NO_PAIRING = "No pairing of this agency's cases has this id."
NO_MEMBER = "No member of this agency has this id."
NO_VOLUNTEER = "No volunteer of this agency has this id."


@mutation(gives="CaseSession", problems=[CaseStageProblem])
async def link_case_session(act: Act, draft: SessionDraft) -> UUID:
    """Say that a recorded case session belongs to a case; to one at most."""
    case = await find_case(act, draft.case_id)
    check_open(case)
    record = await act.find(SERVICE_RECORD, draft.service_record_id, "service_record_id", NO_RECORD)
    path = ("service_record_id",)
    if record["status"] != "CURRENT":
        raise InvalidError([Fault(path, "The record was cancelled or corrected.")])
    if record["kind"] != "CASE_SESSION":
        raise InvalidError([Fault(path, "Only a record of the kind CASE_SESSION is a session.")])
    served = await rows_with(
        act.transaction,
        desk=act.desk,
        column=ATTENDANCE.c.service_record_id,
        values=[draft.service_record_id],
    )
    if case["beneficiary_id"] not in {
        row["beneficiary_id"] for row in served if not row["superseded"]
    }:
        raise InvalidError([Fault(path, "The session was not with the person of the case.")])
    if record["served_on"] < case["opened_on"]:
        message = f"The session was before the case was opened on {case['opened_on']}."
        raise InvalidError([Fault(path, message)])
    linked = await rows_with(
        act.transaction,
        desk=act.desk,
        column=CASE_SESSION.c.service_record_id,
        values=[draft.service_record_id],
    )
    if linked:
        raise wrong_state("The session belongs to a case already.", "serviceRecordId")
    row = act.desk.owned(
        id=new_id(),
        case_id=draft.case_id,
        service_record_id=draft.service_record_id,
        linked_on=act.desk.today,
    )
    [session_id] = await insert_rows(act.transaction, table=CASE_SESSION, rows=[row])
    return session_id


@mutation(gives="CaseConference", problems=[CaseStageProblem])
async def record_conference(act: Act, draft: ConferenceDraft) -> UUID:
    """Record a conference about a case: who took part, and what was concluded."""
    case = await find_case(act, draft.case_id)
    check_open(case)
    together = len(draft.member_ids) + len(draft.volunteer_ids) + len(draft.outsiders)
    faults = [
        *text_faults(("topic",), draft.topic, longest=TITLE_LENGTH),
        *text_faults(("conclusions",), draft.conclusions, longest=NOTE_LENGTH, lines=True),
        *(
            fault
            for place, outsider in enumerate(draft.outsiders)
            for fault in _outsider_faults(("outsiders", place), outsider)
        ),
    ]
    for name in ("member_ids", "volunteer_ids"):
        ids = getattr(draft, name)
        if len(set(ids)) < len(ids):
            faults.append(Fault((name,), "Someone is listed twice."))
    if not draft.member_ids or together < 2:  # noqa: PLR2004 - one alone confers with nobody
        message = "A conference has a member of the staff and somebody else at least."
        faults.append(Fault(("member_ids",), message))
    if together > MOST_PARTICIPANTS:
        faults.append(Fault(("member_ids",), f"At most {MOST_PARTICIPANTS} take part."))
    refuse(faults)
    check_day(act, case, "held_on", draft.held_on)
    await _check_known(act, draft)
    conference = act.desk.owned(
        id=new_id(),
        case_id=draft.case_id,
        held_on=draft.held_on,
        topic=draft.topic,
        conclusions=draft.conclusions,
    )
    [conference_id] = await insert_rows(act.transaction, table=CASE_CONFERENCE, rows=[conference])
    people = [
        *(_who(member_id=each) for each in draft.member_ids),
        *(_who(volunteer_id=each) for each in draft.volunteer_ids),
        *(_who(outsider=each) for each in draft.outsiders),
    ]
    rows = [act.desk.owned(id=new_id(), conference_id=conference_id, **who) for who in people]
    await insert_rows(act.transaction, table=CONFERENCE_PARTICIPANT, rows=rows)
    return conference_id


@mutation(gives="CasePairing", problems=[CaseStageProblem])
async def pair_case(act: Act, draft: PairingDraft) -> UUID:
    """Pair the person of a case with somebody who helps in it for a while."""
    case = await find_case(act, draft.case_id)
    check_open(case)
    given = [draft.member_id, draft.volunteer_id, draft.outsider]
    faults = list(text_faults(("purpose",), draft.purpose, longest=NOTE_LENGTH, lines=True))
    if len([each for each in given if each is not None]) != 1:
        message = "Name exactly one: a member, a volunteer or somebody from outside."
        faults.append(Fault(("member_id",), message))
    if draft.role == "VOLUNTEER" and draft.volunteer_id is None:
        faults.append(Fault(("volunteer_id",), "Who helps as a volunteer is on the roll."))
    if draft.outsider is not None:
        faults += _outsider_faults(("outsider",), draft.outsider)
    refuse(faults)
    check_day(act, case, "paired_on", draft.paired_on)
    who = _who(draft.member_id, draft.volunteer_id, draft.outsider)
    if draft.member_id is not None:
        await act.find(MEMBER, draft.member_id, "member_id", NO_MEMBER)
    if draft.volunteer_id is not None:
        await act.find(VOLUNTEER, draft.volunteer_id, "volunteer_id", NO_VOLUNTEER)
    running = await rows_with(
        act.transaction, desk=act.desk, column=CASE_PAIRING.c.case_id, values=[draft.case_id]
    )
    for row in running:
        if row["ended_on"] is None and all(row[name] == who[name] for name in who):
            raise wrong_state("They are paired already.", "caseId")
    pairing = act.desk.owned(
        id=new_id(),
        case_id=draft.case_id,
        role=draft.role,
        purpose=draft.purpose,
        paired_on=draft.paired_on,
        **who,
    )
    [pairing_id] = await insert_rows(act.transaction, table=CASE_PAIRING, rows=[pairing])
    return pairing_id


@mutation(gives="CasePairing", problems=[CaseStageProblem])
async def end_pairing(act: Act, draft: EndPairingDraft) -> UUID:
    """End a pairing with the reason."""
    pairing = await act.find(CASE_PAIRING, draft.pairing_id, "pairing_id", NO_PAIRING)
    case = await find_case(act, pairing["case_id"], "pairing_id")
    pairing = await act.find(CASE_PAIRING, draft.pairing_id, "pairing_id", NO_PAIRING)
    if pairing["ended_on"] is not None:
        raise wrong_state("The pairing has ended already.", "pairingId")
    refuse(text_faults(("reason",), draft.reason, longest=NOTE_LENGTH, lines=True))
    check_day(act, case, "ended_on", draft.ended_on)
    if draft.ended_on < pairing["paired_on"]:
        message = f"The pairing began on {pairing['paired_on']}."
        refuse([Fault(("ended_on",), message)])
    ended = {"ended_on": draft.ended_on, "end_reason": draft.reason}
    await act.update(CASE_PAIRING, pairing, ended)
    return draft.pairing_id


@mutation(gives="Case", problems=[CaseStageProblem])
async def rate_case_risk(act: Act, draft: RiskDraft) -> UUID:
    """Judge the risk of a case anew, with the reason; earlier judgements stay."""
    case = await find_case(act, draft.case_id)
    check_open(case)
    refuse(text_faults(("reason",), draft.reason, longest=NOTE_LENGTH, lines=True))
    check_day(act, case, "rated_on", draft.rated_on)
    earlier = await rows_with(
        act.transaction, desk=act.desk, column=CASE_RISK.c.case_id, values=[draft.case_id]
    )
    newest = max(row["rated_on"] for row in earlier)
    if draft.rated_on < newest:
        refuse([Fault(("rated_on",), f"The risk was judged on {newest} already.")])
    row = act.desk.owned(
        id=new_id(),
        case_id=draft.case_id,
        level=draft.level,
        reason=draft.reason,
        rated_on=draft.rated_on,
        member_id=act.principal.member_id,
    )
    await insert_rows(act.transaction, table=CASE_RISK, rows=[row])
    await act.update(CASE_FILE, case, {"risk": draft.level})
    return draft.case_id


async def _check_known(act: Act, draft: ConferenceDraft) -> None:
    """Everybody of the agency's own who is named is there."""
    members = await tenant_rows(
        act.transaction, desk=act.desk, table=MEMBER, ids=set(draft.member_ids)
    )
    volunteers = await tenant_rows(
        act.transaction, desk=act.desk, table=VOLUNTEER, ids=set(draft.volunteer_ids)
    )
    refuse(
        [
            *(
                Fault(("member_ids", place), NO_MEMBER)
                for place, each in enumerate(draft.member_ids)
                if each not in members
            ),
            *(
                Fault(("volunteer_ids", place), NO_VOLUNTEER)
                for place, each in enumerate(draft.volunteer_ids)
                if each not in volunteers
            ),
        ]
    )


def _outsider_faults(path: Path, outsider: OutsiderDraft) -> list[Fault]:
    return [
        *text_faults((*path, "name"), outsider.name, longest=NAME_LENGTH),
        *text_faults((*path, "profession"), outsider.profession, longest=TITLE_LENGTH),
    ]


def _who(
    member_id: UUID | None = None,
    volunteer_id: UUID | None = None,
    outsider: OutsiderDraft | None = None,
) -> dict[str, object]:
    return {
        "member_id": member_id,
        "volunteer_id": volunteer_id,
        "outside_name": outsider and outsider.name,
        "outside_profession": outsider and outsider.profession,
    }
