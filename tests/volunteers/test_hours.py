"""Volunteers' hours: who organises records, a second person vouches, and a day has 24 of them."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.ids import new_id
from citywide.rules.fields import faults_of
from citywide.rules.periods import Span
from citywide.volunteers.hours import DAY_MINUTES, HoursDraft, Turnout, hours_faults
from volunteers.volunteering import DIRECTOR, MANAGER, WORKER, counts, register
from walls.house import House

HOURS = """volunteerHours { id status minutes version activity refusalReason decidedOn
    recorder { subject } decider { subject } volunteer { number } serviceRecord { number } }"""
TURNOUT = """query($me: String!) { serviceRecords(first: 1, orderBy: [{field: NUMBER}], where: {
    attendances: {role: {eq: VOLUNTEER}}, and: [{attendances: {role: {eq: WORKER}}}]}) { nodes {
    id servedOn durationMinutes attendances(first: 50) { nodes { role person {
        ... on Member { subject } ... on Volunteer { id number } } } } } }
    viewer { subject } agencies(where: {slug: {eq: $me}}) { totalCount } }"""
RECORDED_ON = date(2015, 11, 11)


async def turnout(house: House) -> tuple[dict[str, Any], str, str]:
    """A service with a volunteer: its hours as recorded, its worker, its number of minutes."""
    found = await house.data(MANAGER, TURNOUT, me="shouqianshou")
    [record] = found["serviceRecords"]["nodes"]
    people = record["attendances"]["nodes"]
    volunteer = next(each["person"] for each in people if each["role"] == "VOLUNTEER")
    worker = next(each["person"]["subject"] for each in people if each["role"] == "WORKER")
    hours = {
        "volunteerId": volunteer["id"],
        "serviceRecordId": record["id"],
        "servedOn": record["servedOn"],
        "minutes": record["durationMinutes"],
        "activity": "协助走访",
    }
    return hours, worker, volunteer["number"]


async def a_day(house: House, **changes: Any) -> dict[str, Any]:
    """Hours that belong to no service, of a volunteer who has none yet."""
    made = await register(house, f"N-{changes.pop('number', 1)}")
    entry = made["volunteer"]["id"]
    given = {"volunteerId": entry, "servedOn": "2015-11-10", "minutes": 90, "activity": "写春联"}
    return {**given, **changes}


async def test_hours_are_recorded_by_one_and_certified_by_another(pilot: House) -> None:
    hours, worker, number = await turnout(pilot)
    made = await pilot.act(worker, "recordVolunteerHours", HOURS, **hours)
    recorded = made["volunteerHours"]
    assert (recorded["status"], recorded["recorder"]) == ("RECORDED", {"subject": worker})
    assert recorded["volunteer"] == {"number": number}
    decision = {"hoursId": recorded["id"], "version": 1}
    done = await pilot.act(MANAGER, "certifyVolunteerHours", HOURS, **decision)
    certified = done["volunteerHours"]
    assert (certified["status"], certified["decider"]) == ("CERTIFIED", {"subject": MANAGER})
    assert (certified["version"], certified["decidedOn"]) == (2, "2015-11-11")
    again = await pilot.act(DIRECTOR, "refuseVolunteerHours", **decision, reason="重复")
    assert (again["__typename"], again["code"]) == ("StateProblem", "WRONG_STATE")


@pytest.mark.parametrize("user", [MANAGER, DIRECTOR])
async def test_nobody_vouches_for_what_they_recorded(pilot: House, user: str) -> None:
    made = await pilot.act(user, "recordVolunteerHours", HOURS, **await a_day(pilot))
    decision = {"hoursId": made["volunteerHours"]["id"], "version": 1}
    before = await counts(pilot)
    for name, more in (("certifyVolunteerHours", {}), ("refuseVolunteerHours", {"reason": "x"})):
        answer = await pilot.act(user, name, **decision, **more)
        assert (answer["__typename"], answer["code"]) == ("AccessProblem", "NOT_YOURSELF")
    assert await counts(pilot) == before
    other = DIRECTOR if user == MANAGER else MANAGER
    stale = await pilot.act(other, "certifyVolunteerHours", **{**decision, "version": 7})
    assert stale["__typename"] == "StaleVersionProblem"


async def test_refused_hours_count_nowhere_and_may_be_recorded_again(pilot: House) -> None:
    hours, worker, _ = await turnout(pilot)
    made = await pilot.act(worker, "recordVolunteerHours", HOURS, **hours)
    twice = await pilot.act(worker, "recordVolunteerHours", **hours, key="again")
    assert twice["__typename"] in {"StateProblem", "InputProblem"}
    refused = await pilot.act(
        MANAGER,
        "refuseVolunteerHours",
        HOURS,
        hoursId=made["volunteerHours"]["id"],
        version=1,
        reason="时长不符",
    )
    assert refused["volunteerHours"]["refusalReason"] == "时长不符"
    better = {**hours, "minutes": hours["minutes"] - 1}
    again = await pilot.act(worker, "recordVolunteerHours", HOURS, **better)
    assert again["volunteerHours"]["status"] == "RECORDED"


async def test_a_worker_records_for_own_services_only(pilot: House) -> None:
    hours, worker, _ = await turnout(pilot)
    others = [f"shouqianshou.worker{n}" for n in range(1, 14)]
    stranger = next(each for each in others if each != worker)
    found = await pilot.data(MANAGER, TURNOUT, me="shouqianshou")
    there = {
        each["person"].get("subject")
        for each in found["serviceRecords"]["nodes"][0]["attendances"]["nodes"]
    }
    stranger = next(each for each in others if each not in there)
    day = await a_day(pilot)
    before = await counts(pilot)
    for user, what in ((stranger, hours), (worker, day), (WORKER, day)):
        answer = await pilot.act(user, "recordVolunteerHours", **what)
        assert (answer["__typename"], answer["code"]) == ("AccessProblem", "NOT_YOURS")
    assert await counts(pilot) == before


async def test_bad_hours_name_the_field_and_leave_nothing(pilot: House) -> None:
    hours, _, _ = await turnout(pilot)
    day = await a_day(pilot)
    before = await counts(pilot)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({**day, "minutes": 0}, ["minutes"]),
        ({**day, "minutes": DAY_MINUTES + 1}, ["minutes"]),
        ({**day, "servedOn": "2015-11-12"}, ["servedOn"]),
        ({**day, "servedOn": "2015-05-31"}, ["servedOn"]),
        ({**day, "activity": " "}, ["activity"]),
        ({**day, "activity": "x" * 10_000}, ["activity"]),
        ({**hours, "volunteerId": day["volunteerId"]}, ["serviceRecordId"]),
        ({**hours, "minutes": hours["minutes"] + 1}, ["minutes"]),
        ({**day, "serviceRecordId": "nonsense"}, ["serviceRecordId"]),
    ]
    for given_hours, path in cases:
        answer = await pilot.act(MANAGER, "recordVolunteerHours", **given_hours)
        paths = [fault["path"] for fault in answer["faults"]]
        assert (answer["__typename"], path in paths) == ("InputProblem", True), answer
    assert await counts(pilot) == before


async def test_a_day_has_24_hours_however_many_record_at_once(pilot: House) -> None:
    day = await a_day(pilot, minutes=500)
    answers = await asyncio.gather(
        *(pilot.act(MANAGER, "recordVolunteerHours", **day) for _ in range(5))
    )
    kinds = sorted(each["__typename"] for each in answers)
    assert kinds == ["InputProblem"] * 3 + ["RecordVolunteerHoursSuccess"] * 2


async def test_a_colleague_sees_hours_but_not_what_was_done(pilot: House) -> None:
    hours, worker, _ = await turnout(pilot)
    await pilot.act(worker, "recordVolunteerHours", HOURS, **hours)
    read = "{ volunteerHours { nodes { minutes activity } } }"
    mine = (await pilot.data(worker, read))["volunteerHours"]["nodes"]
    assert mine == [{"minutes": hours["minutes"], "activity": "协助走访"}]
    other = next(f"shouqianshou.worker{n}" for n in (1, 2) if worker[-1] != str(n))
    theirs = (await pilot.data(other, read))["volunteerHours"]["nodes"]
    assert theirs == [{"minutes": hours["minutes"], "activity": None}]
    assert "VolunteerHours.id" in await pilot.forbidden(
        "bureau.officer", "{ volunteerHours { nodes { id } } }"
    )


days = st.dates(date(2015, 1, 1), RECORDED_ON + timedelta(days=3))


@given(
    minutes=st.integers(-10, 2_000),
    served_on=days,
    registered_on=days,
    left_on=st.none() | days,
    earlier=st.integers(0, DAY_MINUTES),
    service=st.none() | st.builds(Turnout, days, st.integers(1, 600), st.booleans()),
)
def test_hours_that_are_accepted_fit_the_day_the_roll_and_the_service(
    *,
    minutes: int,
    served_on: date,
    registered_on: date,
    left_on: date | None,
    earlier: int,
    service: Turnout | None,
) -> None:
    draft = HoursDraft(
        volunteer_id=new_id(), served_on=served_on, minutes=minutes, activity="写春联"
    )
    on_roll = Span(registered_on, left_on)
    faults = [
        *faults_of(draft, today=RECORDED_ON),
        *hours_faults(draft, on_roll=on_roll, turnout=service, minutes_of_day=earlier),
    ]
    fits = (
        0 < minutes <= DAY_MINUTES - earlier
        and registered_on <= served_on <= RECORDED_ON
        and (left_on is None or served_on < left_on)
        and (
            service is None
            or (
                service.was_there
                and service.served_on == served_on
                and minutes <= service.duration_minutes
            )
        )
    )
    assert (not faults) is fits
