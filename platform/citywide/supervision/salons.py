"""Use cases of salons, as mutations: plan them in turn, hold them, cancel them."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, of_tenant, rows_with, tenant_rows
from citywide.acts.problems import wrong_state
from citywide.cases.deidentified import check_deidentified
from citywide.cases.problems import RevealingProblem
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.rules.legacy import optional_text_faults, past_faults
from citywide.rules.periods import Span
from citywide.rules.texts import NOTE_LENGTH, TITLE_LENGTH, text_faults
from citywide.supervision.drafts import CancelDraft, HeldDraft, SalonDraft
from citywide.supervision.hosts import Colleague, Hosted, next_host
from citywide.supervision.models import SALON, SALON_ATTENDANCE
from citywide.tenancy.models import MEMBER, MEMBER_ROLE

# Planned or written down after the fact, but not of another agreement.
FARTHEST = timedelta(days=366)
# More than an agency has members is a mistake.
MOST_ATTENDEES = 200
# Salons are for who works with the persons served; the rotation is theirs.
HOST_ROLE = "social_worker"
# What a cancelled salon is not: hosted.
COUNTED = ("PLANNED", "HELD")
NO_SALON = "No salon of this agency has this id."
NO_HOST = "Nobody with this id is a social worker of this agency on that day."


@mutation(gives="Salon", problems=[RevealingProblem])
async def plan_salon(act: Act, draft: SalonDraft) -> UUID:
    """Plan a salon; without a host it is whose turn it is, another host needs a reason."""
    today = act.desk.today
    faults = [
        *text_faults(("topic",), draft.topic, longest=TITLE_LENGTH),
        *optional_text_faults(("host_reason",), draft.host_reason, longest=TITLE_LENGTH),
    ]
    if abs(draft.held_on - today) > FARTHEST:
        faults.append(Fault(("held_on",), f"A salon is within a year of {today}."))
    refuse(faults)
    await check_deidentified(act, {"topic": draft.topic})
    colleagues = await _colleagues(act, draft.held_on)
    turn = next_host(await _history(act), colleagues)
    if turn is None:
        raise wrong_state("No social worker is there to host on that day.", "heldOn")
    host_id = draft.host_id or turn.member_id
    if host_id not in {each.member_id for each in colleagues}:
        refuse([Fault(("host_id",), NO_HOST)])
    if host_id != turn.member_id and draft.host_reason is None:
        refuse([Fault(("host_reason",), "It is somebody else's turn: say why not theirs.")])
    row = act.desk.owned(
        id=new_id(),
        topic=draft.topic,
        held_on=draft.held_on,
        host_id=host_id,
        host_reason=None if host_id == turn.member_id else draft.host_reason,
        status="PLANNED",
    )
    [salon_id] = await insert_rows(act.transaction, table=SALON, rows=[row])
    return salon_id


@mutation(gives="Salon", problems=[RevealingProblem])
async def hold_salon(act: Act, draft: HeldDraft) -> UUID:
    """Record that a salon was held: what was learned, and who came."""
    salon = await _planned(act, draft.salon_id)
    faults = list(text_faults(("summary",), draft.summary, longest=NOTE_LENGTH, lines=True))
    faults += past_faults(("salon_id",), salon["held_on"], today=act.desk.today)
    if len(draft.attendee_ids) > MOST_ATTENDEES:
        faults.append(Fault(("attendee_ids",), f"At most {MOST_ATTENDEES} come."))
    attendees = {*draft.attendee_ids, salon["host_id"]}
    members = await tenant_rows(act.transaction, desk=act.desk, table=MEMBER, ids=attendees)
    if len(members) < len(attendees):
        faults.append(Fault(("attendee_ids",), "Somebody listed is no member of this agency."))
    if len(attendees) < 2:  # noqa: PLR2004 - nobody learns from each other alone
        faults.append(Fault(("attendee_ids",), "Somebody comes beside the host."))
    refuse(faults)
    await check_deidentified(act, {"summary": draft.summary})
    held = {"status": "HELD", "summary": draft.summary}
    await act.update(SALON, salon, held, version=draft.version)
    rows = [
        act.desk.owned(
            id=new_id(), salon_id=draft.salon_id, member_id=each, attended_on=salon["held_on"]
        )
        for each in sorted(attendees)
    ]
    await insert_rows(act.transaction, table=SALON_ATTENDANCE, rows=rows)
    return draft.salon_id


@mutation(gives="Salon")
async def cancel_salon(act: Act, draft: CancelDraft) -> UUID:
    """Cancel a planned salon with the reason; its host stays next in turn."""
    salon = await _planned(act, draft.salon_id)
    refuse(text_faults(("reason",), draft.reason, longest=TITLE_LENGTH))
    cancelled = {"status": "CANCELLED", "cancel_reason": draft.reason}
    await act.update(SALON, salon, cancelled, version=draft.version)
    return draft.salon_id


async def _planned(act: Act, salon_id: UUID) -> Record:
    salon = await act.find(SALON, salon_id, "salon_id", NO_SALON)
    act.check_worker(salon["host_id"], "salonId")
    if salon["status"] != "PLANNED":
        raise wrong_state(f"The salon is {salon['status'].lower()} already.", "salonId")
    return salon


async def _colleagues(act: Act, day: date) -> list[Colleague]:
    """Who can host on a day."""
    statement = select(
        MEMBER_ROLE.c.member_id, MEMBER_ROLE.c.valid_from, MEMBER_ROLE.c.valid_until
    ).where(MEMBER_ROLE.c.role == HOST_ROLE)
    roles = await act.transaction.rows(of_tenant(statement, MEMBER_ROLE, desk=act.desk))
    ids = {
        row["member_id"] for row in roles if Span(row["valid_from"], row["valid_until"]).covers(day)
    }
    members = await tenant_rows(act.transaction, desk=act.desk, table=MEMBER, ids=ids)
    return [
        Colleague(key, row["subject"]) for key, row in members.items() if row["status"] == "ACTIVE"
    ]


async def _history(act: Act) -> list[Hosted]:
    """Who hosted and is going to."""
    rows = await rows_with(
        act.transaction, desk=act.desk, column=SALON.c.status, values=list(COUNTED)
    )
    return [Hosted(row["host_id"], row["held_on"]) for row in rows]
