"""The roll of volunteers: who is on it, what they offer, when they can come, and when they left."""

from __future__ import annotations

from typing import Any

import pytest

from volunteers.volunteering import (
    DIRECTOR,
    ENTRY,
    MANAGER,
    WORKER,
    areas,
    counts,
    register,
    skills,
    volunteer_id,
)
from walls.house import House

SLOT = {"weekday": "SATURDAY", "partOfDay": "MORNING"}
LATER = {"weekday": "SUNDAY", "partOfDay": "EVENING"}


async def test_a_volunteer_is_registered_with_what_they_offer_and_when(pilot: House) -> None:
    [law, repairs] = await skills(pilot, "LAW", "REPAIRS")
    [home] = await areas(pilot, "盐盆街道")
    given = {"areaId": home, "skillIds": [law, repairs], "slots": [SLOT]}
    answer = await register(pilot, "N-1", phone="100-0000-9999", **given)
    entry = answer["volunteer"]
    assert (entry["number"], entry["version"], entry["area"]) == ("N-1", 1, {"name": "盐盆街道"})
    codes = {each["skill"]["code"] for each in entry["abilities"]["nodes"]}
    assert codes == {"LAW", "REPAIRS"}
    assert entry["slots"]["nodes"] == [SLOT]


async def test_a_list_that_is_null_is_as_one_that_is_left_out(pilot: House) -> None:
    answer = await register(pilot, "N-1", skillIds=None, slots=None)
    entry = answer["volunteer"]
    assert (entry["abilities"]["nodes"], entry["slots"]["nodes"]) == ([], [])


async def test_the_pilots_words_for_skills_became_codes(pilot: House) -> None:
    read = """{ agencies { nodes { volunteers(where: {abilities: {skill: {code: {eq: "LAW"}}}}) {
        nodes { skills } } } } }"""
    found = (await pilot.data(MANAGER, read))["agencies"]["nodes"][0]["volunteers"]["nodes"]
    assert found
    assert {each["skills"] for each in found} == {"法律咨询"}


async def test_what_an_update_leaves_out_stays_and_a_list_replaces_the_earlier_one(
    pilot: House,
) -> None:
    [law, repairs] = await skills(pilot, "LAW", "REPAIRS")
    made = await register(pilot, "N-1", phone="100-0000-9999", skillIds=[law], slots=[SLOT])
    change = {"volunteerId": made["volunteer"]["id"], "version": 1}
    changed = await pilot.act(
        MANAGER, "updateVolunteer", ENTRY, **change, skillIds=[repairs], slots=[SLOT, LATER]
    )
    entry = changed["volunteer"]
    assert (entry["phone"], entry["version"]) == ("100-0000-9999", 2)
    assert [each["skill"]["code"] for each in entry["abilities"]["nodes"]] == ["REPAIRS"]
    assert sorted(entry["slots"]["nodes"], key=str) == sorted([SLOT, LATER], key=str)
    before = await counts(pilot)
    stale = await pilot.act(MANAGER, "updateVolunteer", **change, name="别人")
    assert (stale["__typename"], stale["currentVersion"]) == ("StaleVersionProblem", 2)
    assert await counts(pilot) == before
    back = await pilot.act(
        MANAGER,
        "updateVolunteer",
        ENTRY,
        **{**change, "version": 2},
        phone=None,
        skillIds=[law, repairs],
        slots=[],
    )
    assert back["volunteer"]["phone"] is None
    assert len(back["volunteer"]["abilities"]["nodes"]) == 2
    assert back["volunteer"]["slots"]["nodes"] == []


async def test_who_left_stays_on_record_and_turns_out_no_more(pilot: House) -> None:
    made = await register(pilot, "N-1")
    gone = {"volunteerId": made["volunteer"]["id"], "version": 1}
    leave = "recordVolunteerLeaving"
    for given, field in (
        ({"leftOn": "2015-11-12", "reason": "搬家"}, "leftOn"),
        ({"leftOn": "2015-05-31", "reason": "搬家"}, "leftOn"),
        ({"leftOn": "2015-11-01", "reason": ""}, "reason"),
    ):
        answer = await pilot.act(MANAGER, leave, **gone, **given)
        assert (given, answer["path"]) == (given, [field])
    done = await pilot.act(MANAGER, leave, ENTRY, **gone, leftOn="2015-11-01", reason="搬家")
    assert done["volunteer"]["leftOn"] == "2015-11-01"
    again = await pilot.act(
        MANAGER, leave, **{**gone, "version": 2}, leftOn="2015-11-01", reason="搬家"
    )
    assert again["__typename"] == "StateProblem"
    late = await pilot.act(MANAGER, "updateVolunteer", **{**gone, "version": 2}, name="周志愿者")
    assert (late["__typename"], late["code"]) == ("StateProblem", "WRONG_STATE")


async def test_bad_entries_name_the_field_and_leave_nothing(pilot: House) -> None:
    [law] = await skills(pilot, "LAW")
    await register(pilot, "N-1")
    before = await counts(pilot)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"number": "N-1"}, ["number"]),
        ({"number": "x" * 41}, ["number"]),
        ({"name": "a\u0007"}, ["name"]),
        ({"phone": "call me"}, ["phone"]),
        ({"registeredOn": "2015-11-12"}, ["registeredOn"]),
        ({"skillIds": [law, law]}, ["skillIds"]),
        ({"skillIds": [law[:-4] + "AAAA"]}, ["skillIds", "0"]),
        ({"slots": [SLOT, SLOT]}, ["slots"]),
        ({"skills": "x" * 10_000}, ["skills"]),
    ]
    for given, path in cases:
        answer = await register(pilot, **{"number": "N-2", **given})
        assert (given, answer["__typename"], answer["path"]) == (given, "InputProblem", path)
    assert await counts(pilot) == before


async def test_another_agencys_volunteer_is_as_unknown_as_one_that_never_was(
    pilot: House,
) -> None:
    theirs = await pilot.data(
        "yijiaqin.volunteers",
        "{ agencies { nodes { volunteers(first: 1) { nodes { id } } } } }",
    )
    [stranger] = theirs["agencies"]["nodes"][0]["volunteers"]["nodes"]
    before = await counts(pilot)
    for given in (stranger["id"], "nonsense"):
        answer = await pilot.act(DIRECTOR, "updateVolunteer", volunteerId=given, version=1)
        assert answer["message"] == "There is no Volunteer with this id."
    assert await counts(pilot) == before


@pytest.mark.parametrize(
    "user", [WORKER, "shouqianshou.finance", "bureau.officer", "supervisor.lead"]
)
async def test_the_roll_is_kept_by_who_manages_volunteers(pilot: House, user: str) -> None:
    before = await counts(pilot)
    known = await volunteer_id(pilot, "SQS-V001")
    inputs: dict[str, dict[str, Any]] = {
        "registerVolunteer": {"number": "N", "name": "N", "registeredOn": "2015-06-01"},
        "updateVolunteer": {"volunteerId": known, "version": 1},
        "recordVolunteerLeaving": {
            "volunteerId": known,
            "version": 1,
            "leftOn": "2015-11-01",
            "reason": "x",
        },
    }
    for name, given in inputs.items():
        kind = name[0].upper() + name[1:]
        document = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename }} }}"
        found = await pilot.forbidden(user, document, input={**given, "idempotencyKey": "k"})
        assert found == {f"Mutation.{name}"}
    assert await counts(pilot) == before
