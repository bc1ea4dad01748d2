"""Use cases on volunteers' hours: one person records, another certifies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.db.tables import METADATA, RowTable
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.course import Step
from citywide.rules.fields import day, draft, id_of, line, version, whole
from citywide.rules.periods import Span
from citywide.rules.texts import TITLE_LENGTH
from citywide.volunteers.courses import HoursCourse
from citywide.volunteers.models import VOLUNTEER, VOLUNTEER_HOURS
from citywide.volunteers.words import HoursStatus

DAY_MINUTES = 24 * 60


@draft
class HoursDraft:
    """Hours that a volunteer gave, at a service or otherwise."""

    volunteer_id: UUID = id_of("Volunteer", "Whose hours.")
    service_record_id: UUID | None = id_of(
        "ServiceRecord", "The service they turned out for.", default=None
    )
    served_on: date = day("The day.", past=True)
    minutes: int = whole(
        "How long, in minutes.",
        least=1,
        most=DAY_MINUTES,
        message=f"Hours of a day are 1 to {DAY_MINUTES} minutes.",
    )
    activity: str = line("What they did, in one line.", TITLE_LENGTH)


@dataclass(frozen=True, slots=True)
class Turnout:
    """A service as far as a volunteer's hours depend on it; `was_there` is the volunteer."""

    served_on: date
    duration_minutes: int
    was_there: bool


@mutation(gives="VolunteerHours")
async def record_volunteer_hours(act: Act, draft: HoursDraft) -> UUID:
    """Record hours that a volunteer gave; somebody else certifies them."""
    # Whoever records hours of the same volunteer waits: a day has 24 for all together.
    volunteer = await act.find(VOLUNTEER, draft.volunteer_id, "volunteer_id", lock=True)
    turnout = None
    if draft.service_record_id is not None:
        turnout = await _turnout(act, draft.service_record_id, draft.volunteer_id)
    else:
        # A worker vouches for services they turned out for themselves.
        act.check_worker(None, "service_record_id")
    of_day = await act.rows(
        VOLUNTEER_HOURS, volunteer_id=draft.volunteer_id, served_on=draft.served_on
    )
    earlier = [row for row in of_day if row["status"] != HoursStatus.REFUSED]
    minutes_of_day = sum(row["minutes"] for row in earlier)
    on_roll = Span.of(volunteer, "registered_on", "left_on")
    refuse(hours_faults(draft, on_roll=on_roll, turnout=turnout, minutes_of_day=minutes_of_day))
    if turnout and draft.service_record_id in {row["service_record_id"] for row in earlier}:
        raise wrong_state("Their hours at this service are recorded already.", "service_record_id")
    hours_id = await act.insert(
        VOLUNTEER_HOURS,
        draft,
        status=HoursStatus.RECORDED,
        recorded_by=act.member_id,
        recorded_on=act.today,
    )
    act.persons.add(draft.volunteer_id)
    act.announce("volunteerHoursRecorded", hours_id)
    return hours_id


def hours_faults(
    draft: HoursDraft, *, on_roll: Span, turnout: Turnout | None, minutes_of_day: int
) -> Iterator[Fault]:
    """The rules of recorded hours beside those of their fields.

    `turnout` is the service that they name, `minutes_of_day` what is recorded of the volunteer
    on that day already, without what was refused.
    """
    if not on_roll.covers(draft.served_on):
        yield Fault(("served_on",), "They are not on the roll on that day.")
    if draft.minutes + minutes_of_day > DAY_MINUTES:
        message = f"With {minutes_of_day} minutes recorded already the day has more than 24 hours."
        yield Fault(("minutes",), message)
    if turnout is None:
        return
    if not turnout.was_there:
        yield Fault(("service_record_id",), "They are not among those who turned out for it.")
    if draft.served_on != turnout.served_on:
        yield Fault(("served_on",), f"The service was on {turnout.served_on}.")
    if draft.minutes > turnout.duration_minutes:
        yield Fault(("minutes",), f"The service took {turnout.duration_minutes} minutes.")


@draft
class HoursDecision:
    """Recorded hours that a second person vouches for."""

    hours_id: UUID = id_of("VolunteerHours", "Which hours.")
    version: int = version()


@mutation(gives="VolunteerHours")
async def certify_volunteer_hours(act: Act, draft: HoursDecision) -> UUID:
    """Vouch for hours that somebody else recorded; they count on the certificate from now on."""
    return await _decide(act, HoursCourse.certify, draft)


@draft
class HoursRefusal(HoursDecision):
    """Recorded hours that a second person does not vouch for."""

    reason: str = line("Why, in one line.", TITLE_LENGTH)


@mutation(gives="VolunteerHours")
async def refuse_volunteer_hours(act: Act, draft: HoursRefusal) -> UUID:
    """Decline to vouch for hours that somebody else recorded, with a reason."""
    return await _decide(act, HoursCourse.refuse, draft, refusal_reason=draft.reason)


async def _decide(act: Act, step: Step, draft: HoursDecision, **columns: Any) -> UUID:
    hours = await act.find(VOLUNTEER_HOURS, draft.hours_id, "hours_id")
    columns |= {"decided_by": act.member_id, "decided_on": act.today}
    await act.take(step, hours, draft, "hours_id", **columns)
    act.persons.add(hours["volunteer_id"])
    act.announce("volunteerHoursDecided", hours["id"])
    return hours["id"]


async def _turnout(act: Act, record_id: UUID, volunteer_id: UUID) -> Turnout:
    """The service, and whether the volunteer was there; `NOT_YOURS` to a worker who was not.

    Services build on volunteers and are therefore looked up, not imported.
    """
    services, attendances = (
        cast(RowTable[Any], METADATA.tables[name]) for name in ("service_record", "attendance")
    )
    service = await act.find(services, record_id, "service_record_id", anybodys=True)
    if service["status"] != "CURRENT":
        raise wrong_state("The service does not count: it took no place.", "service_record_id")
    present = await act.rows(attendances, service_record_id=record_id)
    members = {row["member_id"] for row in present}
    act.check_worker(act.member_id if act.member_id in members else None, "service_record_id")
    was_there = volunteer_id in {row["volunteer_id"] for row in present}
    return Turnout(service["served_on"], service["duration_minutes"], was_there)
