"""Who is registered today takes part in a project, is served there, leaves and comes back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from beneficiaries.keeping import (
    COLLEAGUE,
    DIRECTOR,
    WORKER,
    a_person,
    files_of,
    id_number,
    paths,
    snapshot,
)
from citywide.ids import NodeId
from walls.house import House

OFFICER = "bureau.officer"
LEFT_NUMBER = id_number(date(1929, 3, 4))
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


async def another_project(house: House, *, number: str = "续-2016") -> str:
    """A project of an agreement that follows: manifests make those, and this stands for one."""
    row = await house.owner.fetchrow(
        """
        WITH more AS (
          INSERT INTO agreement
            (tenant_id, bureau_id, id, number, scope, valid_from, valid_until, amount_fen)
          SELECT a.tenant_id, a.bureau_id, gen_random_uuid(), $1, a.scope, DATE '2015-11-01',
            DATE '2016-11-01', 1000
          FROM agreement a JOIN tenant t ON t.id = a.tenant_id WHERE t.slug = 'shouqianshou'
          RETURNING *)
        INSERT INTO project (tenant_id, bureau_id, id, agreement_id, name, goal, valid_from,
          valid_until)
        SELECT tenant_id, bureau_id, gen_random_uuid(), id, '续办', '续办', valid_from, valid_until
        FROM more RETURNING tenant_id, id""",
        number,
    )
    return NodeId("proj", row["tenant_id"], row["id"]).encode()


async def test_several_are_enrolled_together_or_nobody_is(pilot: House) -> None:
    project = await another_project(pilot)
    files = await files_of(pilot)
    given = {"projectId": project, "beneficiaryIds": [each["id"] for each in files]}
    before = await snapshot(pilot, "enrolment")
    early = await pilot.act(WORKER, "enrolBeneficiaries", **given, validFrom="2015-10-31")
    assert [fault["path"] for fault in early["faults"]] == [["validFrom"]]
    others = await files_of(pilot, COLLEAGUE)
    foreign = {**given, "beneficiaryIds": [files[0]["id"], others[0]["id"]]}
    denied = await pilot.act(WORKER, "enrolBeneficiaries", **foreign, validFrom="2015-11-02")
    assert (denied["code"], denied["path"]) == ("NOT_YOURS", ["beneficiaryIds"])
    assert await snapshot(pilot, "enrolment") == before
    done = await pilot.act(
        WORKER,
        "enrolBeneficiaries",
        "project { enrolments { totalCount } }",
        **given,
        validFrom="2015-11-02",
    )
    assert done["project"]["enrolments"]["totalCount"] == len(files)
    twice = await pilot.act(WORKER, "enrolBeneficiaries", **given, validFrom="2015-11-03")
    assert [fault["path"] for fault in twice["faults"]] == [
        ["beneficiaryIds", str(place)] for place in range(len(files))
    ]


async def test_who_moves_leaves_one_project_for_another_on_one_day(pilot: House) -> None:
    file = await registered(pilot)
    await served(pilot, file, "2015-11-04")
    project = await another_project(pilot)
    [enrolment] = await enrolments_of(pilot, file)
    moving = {"enrolmentId": enrolment["id"], "version": 1, "projectId": project}
    contradicted = await pilot.act(WORKER, "moveEnrolment", **moving, validFrom="2015-11-04")
    assert [fault["path"] for fault in contradicted["faults"]] == [["validFrom"]]
    stranger = await pilot.act(COLLEAGUE, "moveEnrolment", **moving, validFrom="2015-11-05")
    assert stranger["code"] == "NOT_YOURS"
    done = await pilot.act(WORKER, "moveEnrolment", **moving, validFrom="2015-11-05")
    assert done["__typename"] == "MoveEnrolmentSuccess", done
    first, second = await enrolments_of(pilot, file)
    assert (first["validUntil"], first["leavingReason"]) == ("2015-11-05", "OTHER_PROJECT")
    assert (second["validFrom"], second["project"]["id"]) == ("2015-11-05", project)


async def test_a_renewed_project_goes_on_with_those_who_are_left(pilot: House) -> None:
    project = await another_project(pilot)
    file = await registered(pilot)
    left = await registered(
        pilot, fileNumber="T-002", name="孟繁茂", bornOn="1929-03-04", idNumber=LEFT_NUMBER
    )
    [enrolment] = await enrolments_of(pilot, left)
    await ended(pilot, WORKER, enrolment, "2015-11-03")
    earlier = enrolment["project"]["id"]
    given = {"earlierProjectId": earlier, "projectId": project, "validFrom": "2015-11-05"}
    document = """mutation ($i: CarryOverEnrolmentsInput!) {
      carryOverEnrolments(input: $i) { __typename } }"""
    keyed = {**given, "idempotencyKey": "示例"}
    assert "Mutation.carryOverEnrolments" in await pilot.forbidden(WORKER, document, i=keyed)
    done = await pilot.act(DIRECTOR, "carryOverEnrolments", "project { id }", **given)
    assert done["project"] == {"id": project}
    assert [each["project"]["id"] for each in await enrolments_of(pilot, file)] == [
        earlier,
        project,
    ]
    assert len(await enrolments_of(pilot, left)) == 1
    again = await pilot.act(DIRECTOR, "carryOverEnrolments", **given)
    assert [fault["path"] for fault in again["faults"]] == [["earlierProjectId"]]
    same = await pilot.act(
        DIRECTOR, "carryOverEnrolments", **{**given, "projectId": given["earlierProjectId"]}
    )
    assert [fault["path"] for fault in same["faults"]] == [["projectId"]]
