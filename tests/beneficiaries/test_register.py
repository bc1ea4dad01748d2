"""Opening and changing files: duplicates are named, near-duplicates offered, nothing merged."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from beneficiaries.keeping import (
    COLLEAGUE,
    DIRECTOR,
    WORKER,
    a_person,
    act_with,
    files_of,
    id_number,
    paths,
    registered,
    snapshot,
)
from walls.house import House

TABLES = ("beneficiary", "worker_term", "likeness")
NEAR = "... on NearDuplicateProblem { nearDuplicates { existingId fileNumber } }"
DUPLICATE = "... on DuplicateProblem { existingId fileNumber }"


async def test_a_worker_opens_a_file_and_keeps_it(pilot: House) -> None:
    done = await pilot.act(
        WORKER,
        "registerBeneficiary",
        "beneficiary { name idNumber version closingReason worker { subject }"
        " workerTerms { nodes { validFrom validUntil member { subject } } } }",
        **await a_person(pilot),
    )
    assert done["beneficiary"] == {
        "name": "郑守田",
        "idNumber": id_number(date(1931, 2, 3)),
        "version": 1,
        "closingReason": None,
        "worker": {"subject": WORKER},
        "workerTerms": {
            "nodes": [
                {"validFrom": "2015-11-10", "validUntil": None, "member": {"subject": WORKER}}
            ]
        },
    }
    entry = await pilot.owner.fetchval("SELECT entry FROM audit_entry")
    assert id_number(date(1931, 2, 3)) not in entry


async def test_a_worker_opens_no_file_for_a_colleague_to_keep(pilot: House) -> None:
    person = await a_person(pilot, COLLEAGUE)
    before = await snapshot(pilot, *TABLES)
    denied = await pilot.act(WORKER, "registerBeneficiary", **person)
    assert (denied["__typename"], denied["path"]) == ("AccessProblem", ["workerId"])
    assert await snapshot(pilot, *TABLES) == before
    allowed = await pilot.act(DIRECTOR, "registerBeneficiary", **person)
    assert allowed["__typename"] == "RegisterBeneficiarySuccess"


@pytest.mark.parametrize("user", ["shouqianshou.volunteers", "bureau.officer", "supervisor.lead"])
async def test_who_does_not_serve_opens_no_file(pilot: House, user: str) -> None:
    person = await a_person(pilot)
    before = await snapshot(pilot, *TABLES)
    document = (
        "mutation($input: RegisterBeneficiaryInput!)"
        " { registerBeneficiary(input: $input) { __typename } }"
    )
    named = await pilot.forbidden(user, document, input={**person, "idempotencyKey": "k"})
    assert named == {"Mutation.registerBeneficiary"}
    assert await snapshot(pilot, *TABLES) == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"idNumber": "380382193102035139"}, "idNumber"),
        ({"gender": "FEMALE"}, "gender"),
        ({"openedOn": "2014-11-30"}, "openedOn"),
        ({"openedOn": "2015-11-12"}, "openedOn"),
        ({"name": "郑\u0000田"}, "name"),
        ({"address": "巷" * 201}, "address"),
        ({"phone": "call me"}, "phone"),
    ],
)
async def test_a_bad_file_is_refused_by_its_field(
    pilot: House, changes: dict[str, Any], field: str
) -> None:
    person = await a_person(pilot)
    if changes.get("idNumber") == person["idNumber"]:
        changes = {"idNumber": person["idNumber"][:-1] + "0"}
    before = await snapshot(pilot, *TABLES)
    refused = await pilot.act(WORKER, "registerBeneficiary", **{**person, **changes})
    assert field in paths(refused)
    assert await snapshot(pilot, *TABLES) == before


@pytest.mark.parametrize("form", ["new", "old"])
async def test_the_same_identity_number_leads_to_the_file_that_exists(
    pilot: House, form: str
) -> None:
    person = await a_person(pilot)
    first = await registered(pilot)
    before = await snapshot(pilot, *TABLES)
    number = person["idNumber"]
    # The old number of fifteen digits is the same person's.
    again = number[:6] + number[8:17] if form == "old" else number.lower()
    changed = {**person, "fileNumber": "T-002", "idNumber": again}
    problem = await act_with(pilot, WORKER, "registerBeneficiary", DUPLICATE, **changed)
    assert problem["__typename"] == "DuplicateProblem"
    assert (problem["existingId"], problem["fileNumber"]) == (first["id"], "T-001")
    assert await snapshot(pilot, *TABLES) == before


async def test_two_workers_at_once_open_one_file(pilot: House) -> None:
    mine, theirs = await a_person(pilot), await a_person(pilot, COLLEAGUE, fileNumber="T-002")
    answers = await asyncio.gather(
        act_with(pilot, WORKER, "registerBeneficiary", DUPLICATE, **mine),
        act_with(pilot, COLLEAGUE, "registerBeneficiary", DUPLICATE, **theirs),
    )
    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["DuplicateProblem", "RegisterBeneficiarySuccess"]
    number = id_number(date(1931, 2, 3))
    assert (
        await pilot.owner.fetchval("SELECT count(*) FROM beneficiary WHERE born_on = '1931-02-03'")
        == 1
    )
    assert number not in str(await pilot.owner.fetch("SELECT entry FROM audit_entry"))


async def test_another_agencys_file_on_the_same_person_is_not_betrayed(pilot: House) -> None:
    await registered(pilot)
    files = await pilot.data(
        "yixin.worker1",
        "{ beneficiaries(first: 1, where: {worker:"
        ' {subject: {eq: "yixin.worker1"}}}) { nodes { worker { id } site { id } } } }',
    )
    [file] = files["beneficiaries"]["nodes"]
    person = {
        **await a_person(pilot),
        "workerId": file["worker"]["id"],
        "siteId": file["site"]["id"],
    }
    done = await pilot.act("yixin.worker1", "registerBeneficiary", **person)
    assert done["__typename"] == "RegisterBeneficiarySuccess"


@pytest.mark.parametrize(
    ("name", "born_on", "basis"),
    [
        ("郑守田", "1931-02-03", "NAME_AND_BIRTH"),
        ("郑守天", "1931-02-03", "BIRTH"),
        ("郑守田", "1931-03-02", "NAME"),
    ],
)
async def test_a_near_duplicate_is_offered_once_and_kept_when_acknowledged(
    pilot: House, name: str, born_on: str, basis: str
) -> None:
    first = await registered(pilot)
    twin = await a_person(
        pilot,
        fileNumber="T-002",
        name=name,
        bornOn=born_on,
        idNumber=id_number(date.fromisoformat(born_on), 515),
    )
    before = await snapshot(pilot, *TABLES)
    offered = await act_with(pilot, WORKER, "registerBeneficiary", NEAR, **twin)
    assert offered["__typename"] == "NearDuplicateProblem"
    assert offered["nearDuplicates"] == [{"existingId": first["id"], "fileNumber": "T-001"}]
    assert await snapshot(pilot, *TABLES) == before
    done = await pilot.act(
        WORKER,
        "registerBeneficiary",
        "beneficiary { id mergedInto { id } }",
        **twin,
        acknowledgeNearDuplicates=True,
    )
    assert done["beneficiary"]["mergedInto"] is None
    document = """query ($id: ID!) { node(id: $id) { ... on Beneficiary {
      likenesses { nodes { basis other { fileNumber } } } } } }"""
    found = await pilot.data(DIRECTOR, document, id=done["beneficiary"]["id"])
    assert found["node"]["likenesses"]["nodes"] == [
        {"basis": basis, "other": {"fileNumber": "T-001"}}
    ]
    # A likeness tells one client's birth by another's.
    assert await pilot.forbidden(WORKER, document, id=done["beneficiary"]["id"]) >= {
        "Beneficiary.likenesses"
    }


async def test_an_update_changes_what_is_sent_and_clears_what_is_null(pilot: House) -> None:
    file = await registered(pilot, phone="100-0000-0001", address="范例巷1号")
    done = await pilot.act(
        WORKER,
        "updateBeneficiary",
        "beneficiary { name phone address version }",
        beneficiaryId=file["id"],
        version=1,
        name="郑守畴",
        phone=None,
    )
    assert done["beneficiary"] == {
        "name": "郑守畴",
        "phone": None,
        "address": "范例巷1号",
        "version": 2,
    }
    before = await snapshot(pilot, *TABLES)
    stale = await pilot.act(
        WORKER, "updateBeneficiary", beneficiaryId=file["id"], version=1, address=None
    )
    assert (stale["__typename"], stale["currentVersion"]) == ("StaleVersionProblem", 2)
    cleared = await pilot.act(
        WORKER, "updateBeneficiary", beneficiaryId=file["id"], version=2, name=None
    )
    assert paths(cleared) == {"name"}
    other = await pilot.act(
        WORKER, "updateBeneficiary", beneficiaryId=file["id"], version=2, bornOn="1931-02-04"
    )
    assert paths(other) == {"bornOn"}
    assert await snapshot(pilot, *TABLES) == before


async def test_an_identity_number_is_not_changed_to_one_on_file(pilot: House) -> None:
    first = await registered(pilot)
    number = id_number(date(1931, 2, 3))
    [own, *_] = await files_of(pilot)
    before = await snapshot(pilot, *TABLES)
    problem = await act_with(
        pilot,
        WORKER,
        "updateBeneficiary",
        DUPLICATE,
        beneficiaryId=own["id"],
        version=own["version"],
        idNumber=number,
        bornOn="1931-02-03",
        gender="MALE",
    )
    assert problem["__typename"] == "DuplicateProblem"
    assert problem["existingId"] == first["id"]
    assert await snapshot(pilot, *TABLES) == before
    corrected = await pilot.act(
        WORKER,
        "updateBeneficiary",
        "beneficiary { idNumber }",
        beneficiaryId=first["id"],
        version=1,
        idNumber=id_number(date(1931, 2, 3), 517),
    )
    assert corrected["beneficiary"]["idNumber"] == id_number(date(1931, 2, 3), 517)


async def test_a_colleagues_file_is_not_changed(pilot: House) -> None:
    [theirs, *_] = await files_of(pilot, COLLEAGUE)
    before = await snapshot(pilot, *TABLES)
    denied = await pilot.act(
        WORKER, "updateBeneficiary", beneficiaryId=theirs["id"], version=1, phone=None
    )
    assert denied["code"] == "NOT_YOURS"
    assert await snapshot(pilot, *TABLES) == before
