"""Who is registered today takes part in a project, is served there, leaves and comes back."""

from __future__ import annotations

from typing import Any

import pytest

from beneficiaries.keeping import (
    COLLEAGUE,
    DIRECTOR,
    WORKER,
    a_person,
    files_of,
    paths,
    snapshot,
)
from walls.house import House

OFFICER = "bureau.officer"
_TAKING_PART = """query ($id: ID!) { node(id: $id) { ... on Beneficiary {
  enrolments { nodes { id version validFrom validUntil leavingReason project { id } } } } } }"""
_PLACE = """{ projects { nodes { id validUntil } }
  beneficiaries(first: 1) { nodes { site { area { id } } } } viewer { id } }"""


async def registered(house: House, **changes: Any) -> dict[str, Any]:
    """A new person's file."""
    given = await a_person(house, openedOn="2015-11-02", **changes)
    done = await house.act(WORKER, "registerBeneficiary", "beneficiary { id version }", **given)
    assert done["__typename"] == "RegisterBeneficiarySuccess", done
    return {**done["beneficiary"], "workerId": given["workerId"]}


async def enrolments_of(house: House, file: dict[str, Any]) -> list[dict[str, Any]]:
    found = await house.data(DIRECTOR, _TAKING_PART, id=file["id"])
    nodes: list[dict[str, Any]] = found["node"]["enrolments"]["nodes"]
    return sorted(nodes, key=lambda each: each["validFrom"])


async def served(house: House, file: dict[str, Any], day: str) -> Any:
    """What recording a visit of the person comes to."""
    place = await house.data(WORKER, _PLACE)
    return await house.act(
        WORKER,
        "recordService",
        "serviceRecord { id version }",
        projectId=place["projects"]["nodes"][0]["id"],
        kind="VISIT",
        medium="IN_PERSON",
        servedOn=day,
        durationMinutes=30,
        areaId=place["beneficiaries"]["nodes"][0]["site"]["area"]["id"],
        title="初访",
        beneficiaryIds=[file["id"]],
        workerIds=[file["workerId"]],
        volunteerIds=[],
    )


async def ended(house: House, user: str, enrolment: dict[str, Any], day: str, **more: Any) -> Any:
    given = {
        "enrolmentId": enrolment["id"],
        "version": enrolment["version"],
        "validUntil": day,
        "leavingReason": "COMPLETED",
        **more,
    }
    selection = "enrolment { id version validUntil leavingReason }"
    return await house.act(user, "endEnrolment", selection, **given)


async def test_who_is_registered_takes_part_in_the_one_project_there_is_and_can_be_served(
    pilot: House,
) -> None:
    file = await registered(pilot)
    [enrolment] = await enrolments_of(pilot, file)
    assert (enrolment["validFrom"], enrolment["validUntil"]) == ("2015-11-02", None)
    done = await served(pilot, file, "2015-11-04")
    assert done["__typename"] == "RecordServiceSuccess", done


async def test_who_is_registered_for_later_is_enrolled_later(pilot: House) -> None:
    file = await registered(pilot, projectIds=[])
    assert await enrolments_of(pilot, file) == []
    refused = await served(pilot, file, "2015-11-04")
    assert refused["faults"][0]["path"] == ["beneficiaryIds", "0"]
    [project] = (await pilot.data(WORKER, _PLACE))["projects"]["nodes"]
    enrolling = {"projectId": project["id"], "beneficiaryId": file["id"]}
    early = await pilot.act(WORKER, "enrolBeneficiary", **enrolling, validFrom="2015-11-01")
    assert paths(early) == {"validFrom"}
    done = await pilot.act(
        WORKER, "enrolBeneficiary", "enrolment { id }", **enrolling, validFrom="2015-11-04"
    )
    assert done["__typename"] == "EnrolBeneficiarySuccess", done
    twice = await pilot.act(WORKER, "enrolBeneficiary", **enrolling, validFrom="2015-11-04")
    assert paths(twice) == {"validFrom"}
    assert (await served(pilot, file, "2015-11-04"))["__typename"] == "RecordServiceSuccess"


async def test_a_project_that_is_none_refuses_the_whole_registration(pilot: House) -> None:
    before = await snapshot(pilot, "beneficiary", "enrolment", "worker_term")
    given = await a_person(pilot, projectIds=[(await files_of(pilot))[0]["id"]])
    refused = await pilot.act(WORKER, "registerBeneficiary", **given)
    assert [fault["path"] for fault in refused["faults"]] == [["projectIds", "0"]]
    assert await snapshot(pilot, "beneficiary", "enrolment", "worker_term") == before


async def test_who_leaves_is_served_no_more_and_may_come_back(pilot: House) -> None:
    file = await registered(pilot)
    await served(pilot, file, "2015-11-04")
    [enrolment] = await enrolments_of(pilot, file)
    contradicted = await ended(pilot, WORKER, enrolment, "2015-11-04")
    [fault] = contradicted["faults"]
    assert (fault["path"], fault["code"]) == (["validUntil"], "LATER_FACTS")
    assert "2015-11-04" in fault["message"]
    left = await ended(pilot, WORKER, enrolment, "2015-11-05")
    assert left["enrolment"]["leavingReason"] == "COMPLETED"
    assert (await served(pilot, file, "2015-11-05"))["faults"][0]["path"] == ["beneficiaryIds", "0"]
    again = await ended(pilot, WORKER, left["enrolment"], "2015-11-06")
    assert again["code"] == "WRONG_STATE"
    done = await pilot.act(
        WORKER,
        "enrolBeneficiary",
        projectId=enrolment["project"]["id"],
        beneficiaryId=file["id"],
        validFrom="2015-11-05",
    )
    assert done["__typename"] == "EnrolBeneficiarySuccess", done
    assert (await served(pilot, file, "2015-11-05"))["__typename"] == "RecordServiceSuccess"
    assert [each["validUntil"] for each in await enrolments_of(pilot, file)] == ["2015-11-05", None]


async def test_an_end_that_is_still_to_come_is_set_anew(pilot: House) -> None:
    file = await registered(pilot)
    [enrolment] = await enrolments_of(pilot, file)
    planned = await ended(pilot, WORKER, enrolment, "2016-03-01")
    sooner = await ended(pilot, WORKER, planned["enrolment"], "2015-11-20", leavingReason="MOVED")
    assert sooner["enrolment"] == {
        "id": enrolment["id"],
        "version": 3,
        "validUntil": "2015-11-20",
        "leavingReason": "MOVED",
    }


@pytest.mark.parametrize(
    ("user", "answer"),
    [
        (WORKER, "EndEnrolmentSuccess"),
        (DIRECTOR, "EndEnrolmentSuccess"),
        (COLLEAGUE, "AccessProblem"),
        ("shouqianshou.finance", "FORBIDDEN"),
        ("yijiaqin.director", "InputProblem"),
        (OFFICER, "FORBIDDEN"),
    ],
)
async def test_who_keeps_the_file_or_answers_for_all_lets_a_person_leave(
    pilot: House, user: str, answer: str
) -> None:
    file = await registered(pilot)
    [enrolment] = await enrolments_of(pilot, file)
    before = await snapshot(pilot, "enrolment")
    if answer == "FORBIDDEN":
        document = (
            """mutation ($i: EndEnrolmentInput!) { endEnrolment(input: $i) { __typename } }"""
        )
        given = {"enrolmentId": enrolment["id"], "version": 1, "validUntil": "2015-11-20"}
        given |= {"leavingReason": "MOVED", "idempotencyKey": "示例"}
        assert "Mutation.endEnrolment" in await pilot.forbidden(user, document, i=given)
    else:
        done = await ended(pilot, user, enrolment, "2015-11-20")
        assert done["__typename"] == answer
    is_done = answer == "EndEnrolmentSuccess"
    assert (await snapshot(pilot, "enrolment") == before) is not is_done
