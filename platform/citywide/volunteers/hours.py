"""Use cases on volunteers' hours: one person records, another certifies, as mutations."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, of_tenant
from citywide.acts.problems import AccessProblem, ProblemError, wrong_state
from citywide.db.tables import METADATA
from citywide.errors import refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.rules.texts import TITLE_LENGTH, text_faults
from citywide.volunteers.drafts import (
    NO_VOLUNTEER,
    CertifyHours,
    HoursDraft,
    RefuseHours,
    Turnout,
    hours_faults,
)
from citywide.volunteers.models import VOLUNTEER, VOLUNTEER_HOURS

NO_HOURS = "There is no VolunteerHours with this id."


@mutation(gives="VolunteerHours")
async def record_volunteer_hours(act: Act, draft: HoursDraft) -> UUID:
    """Record hours that a volunteer gave; somebody else certifies them."""
    volunteer = await act.find(VOLUNTEER, draft.volunteer_id, "volunteer_id", NO_VOLUNTEER)
    await _lock(act, draft.volunteer_id)
    turnout = None
    if draft.service_record_id is not None:
        turnout = await _turnout(act, draft.service_record_id, draft.volunteer_id)
    else:
        # A worker vouches for services they turned out for themselves.
        act.check_worker(None, "serviceRecordId")
    earlier = await _recorded(act, draft)
    refuse(
        hours_faults(
            draft,
            registered_on=volunteer["registered_on"],
            left_on=volunteer["left_on"],
            turnout=turnout,
            minutes_of_day=sum(row["minutes"] for row in earlier),
            today=act.desk.today,
        )
    )
    if draft.service_record_id is not None and any(
        row["service_record_id"] == draft.service_record_id for row in earlier
    ):
        raise wrong_state("Their hours at this service are recorded already.", "serviceRecordId")
    row = act.desk.owned(
        id=new_id(),
        volunteer_id=draft.volunteer_id,
        service_record_id=draft.service_record_id,
        served_on=draft.served_on,
        minutes=draft.minutes,
        activity=draft.activity,
        status="RECORDED",
        recorded_by=act.principal.member_id,
        recorded_on=act.desk.today,
    )
    [hours_id] = await insert_rows(act.transaction, table=VOLUNTEER_HOURS, rows=[row])
    act.persons.add(draft.volunteer_id)
    act.tell("volunteerHoursRecorded", hours_id)
    return hours_id


@mutation(gives="VolunteerHours")
async def certify_volunteer_hours(act: Act, draft: CertifyHours) -> UUID:
    """Vouch for hours that somebody else recorded; they count on the certificate from now on."""
    hours = await _to_decide(act, draft.hours_id)
    await _decide(act, hours, draft.version, status="CERTIFIED")
    return draft.hours_id


@mutation(gives="VolunteerHours")
async def refuse_volunteer_hours(act: Act, draft: RefuseHours) -> UUID:
    """Decline to vouch for hours that somebody else recorded, with a reason."""
    hours = await _to_decide(act, draft.hours_id)
    refuse(text_faults(("reason",), draft.reason, longest=TITLE_LENGTH))
    await _decide(act, hours, draft.version, status="REFUSED", refusal_reason=draft.reason)
    return draft.hours_id


async def _to_decide(act: Act, hours_id: UUID) -> Record:
    hours = await act.find(VOLUNTEER_HOURS, hours_id, "hours_id", NO_HOURS)
    if hours["recorded_by"] == act.principal.member_id:
        message = "You recorded these hours: somebody else certifies or refuses them."
        raise ProblemError(AccessProblem(code="NOT_YOURSELF", message=message, path=["hoursId"]))
    if hours["status"] != "RECORDED":
        raise wrong_state(f"The hours are {hours['status']} already.", "hoursId")
    return hours


async def _decide(act: Act, hours: Record, version: int, **decision: object) -> None:
    by = {"decided_by": act.principal.member_id, "decided_on": act.desk.today}
    await act.update(VOLUNTEER_HOURS, hours, {**decision, **by}, version=version)
    act.persons.add(hours["volunteer_id"])
    act.tell("volunteerHoursDecided", hours["id"])


async def _lock(act: Act, volunteer_id: UUID) -> None:
    """Wait for whoever records hours of the same volunteer: a day has 24 for all together."""
    row = of_tenant(select(VOLUNTEER.c.id), VOLUNTEER, desk=act.desk)
    await act.transaction.rows(row.where(VOLUNTEER.c.id == volunteer_id).with_for_update())


async def _recorded(act: Act, draft: HoursDraft) -> list[Record]:
    """What counts already: of that day, or of that service on another day."""
    table = VOLUNTEER_HOURS
    statement = of_tenant(select(table), table, desk=act.desk).where(
        table.c.volunteer_id == draft.volunteer_id,
        table.c.served_on == draft.served_on,
        table.c.status != "REFUSED",
    )
    return await act.transaction.rows(statement)


async def _turnout(act: Act, record_id: UUID, volunteer_id: UUID) -> Turnout:
    """The service, and whether the volunteer was there; `NOT_YOURS` to a worker who was not.

    Services build on volunteers and are therefore looked up, not imported.
    """
    record, attendance = METADATA.tables["service_record"], METADATA.tables["attendance"]
    service = await act.find(
        record, record_id, "service_record_id", "There is no ServiceRecord with this id."
    )
    if service["status"] != "CURRENT":
        raise wrong_state("The service does not count: it took no place.", "serviceRecordId")
    present = of_tenant(
        select(attendance.c.member_id, attendance.c.volunteer_id), attendance, desk=act.desk
    ).where(attendance.c.service_record_id == record_id)
    rows = await act.transaction.rows(present)
    me = act.principal.member_id
    act.check_worker(me if any(row["member_id"] == me for row in rows) else None, "serviceRecordId")
    was_there = any(row["volunteer_id"] == volunteer_id for row in rows)
    return Turnout(service["served_on"], service["duration_minutes"], was_there)
