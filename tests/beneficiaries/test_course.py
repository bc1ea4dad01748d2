"""The course of a file: closed, reopened, handed over, judged anew, entitled, consented."""

from __future__ import annotations

from typing import Any

import pytest

from beneficiaries.keeping import (
    COLLEAGUE,
    DIRECTOR,
    WORKER,
    files_of,
    member_id,
    paths,
    registered,
    snapshot,
)
from citywide.ids import NO_TENANT, NodeId, named_id
from walls.house import House

TABLES = ("beneficiary", "worker_term", "classification", "entitlement", "consent")


async def test_a_file_is_closed_with_a_reason_and_reopened(pilot: House) -> None:
    [file, *_] = await files_of(pilot)
    given = {
        "beneficiaryId": file["id"],
        "version": file["version"],
        "reason": "MOVED",
        "closedOn": "2015-11-11",
    }
    done = await pilot.act(
        WORKER, "closeBeneficiary", "beneficiary { closedOn closingReason version }", **given
    )
    assert done["beneficiary"] == {
        "closedOn": "2015-11-11",
        "closingReason": "MOVED",
        "version": file["version"] + 1,
    }
    before = await snapshot(pilot, *TABLES)
    again = await pilot.act(WORKER, "closeBeneficiary", **{**given, "version": file["version"] + 1})
    assert again["code"] == "WRONG_STATE"
    reopening = {"beneficiaryId": file["id"], "version": file["version"] + 1}
    document = (
        "mutation($input: ReopenBeneficiaryInput!)"
        " { reopenBeneficiary(input: $input) { __typename } }"
    )
    named = await pilot.forbidden(WORKER, document, input={**reopening, "idempotencyKey": "k"})
    assert named == {"Mutation.reopenBeneficiary"}
    assert await snapshot(pilot, *TABLES) == before
    opened = await pilot.act(
        DIRECTOR, "reopenBeneficiary", "beneficiary { closedOn closingReason }", **reopening
    )
    assert opened["beneficiary"] == {"closedOn": None, "closingReason": None}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"closedOn": "2015-11-12"}, "closedOn"),
        ({"closedOn": "2014-12-01"}, "closedOn"),
        ({"reason": "MERGED"}, "reason"),
    ],
)
async def test_a_closing_that_makes_no_sense_is_refused(
    pilot: House, changes: dict[str, Any], field: str
) -> None:
    [file, *_] = await files_of(pilot)
    before = await snapshot(pilot, *TABLES)
    given = {"beneficiaryId": file["id"], "version": file["version"], "closedOn": "2015-11-01"}
    refused = await pilot.act(WORKER, "closeBeneficiary", **{**given, "reason": "DIED", **changes})
    assert paths(refused) == {field}
    assert await snapshot(pilot, *TABLES) == before


async def test_a_file_handed_over_leaves_one_caseload_and_enters_another(pilot: House) -> None:
    [file, *_] = await files_of(pilot)
    given = {
        "beneficiaryId": file["id"],
        "version": file["version"],
        "workerId": await member_id(pilot, COLLEAGUE),
        "validFrom": "2015-11-01",
    }
    terms = "beneficiary { workerTerms { nodes { validFrom validUntil member { subject } } } }"
    done = await pilot.act(DIRECTOR, "assignBeneficiary", terms, **given)
    kept = [
        (term["member"]["subject"], term["validUntil"])
        for term in done["beneficiary"]["workerTerms"]["nodes"]
    ]
    assert sorted(kept) == [(WORKER, "2015-11-01"), (COLLEAGUE, None)]
    document = "query ($id: ID!) { node(id: $id) { ... on Beneficiary { bornOn } } }"
    assert (await pilot.data(WORKER, document, id=file["id"]))["node"]["bornOn"] is None
    assert (await pilot.data(COLLEAGUE, document, id=file["id"]))["node"]["bornOn"]
    before = await snapshot(pilot, *TABLES)
    denied = await pilot.act(
        WORKER, "updateBeneficiary", beneficiaryId=file["id"], version=2, phone=None
    )
    assert denied["code"] == "NOT_YOURS"
    assert await snapshot(pilot, *TABLES) == before


async def test_a_file_given_to_the_wrong_worker_is_given_on_the_same_day(pilot: House) -> None:
    file = await registered(pilot, openedOn="2015-11-11")
    for place, subject in enumerate((COLLEAGUE, "shouqianshou.worker3")):
        done = await pilot.act(
            DIRECTOR,
            "assignBeneficiary",
            "beneficiary { worker { subject } workerTerms { totalCount } }",
            beneficiaryId=file["id"],
            version=1 + place,
            workerId=await member_id(pilot, subject),
            validFrom="2015-11-11",
        )
        assert done["beneficiary"] == {
            "worker": {"subject": subject},
            "workerTerms": {"totalCount": 1},
        }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"worker": "shouqianshou.finance"}, "workerId"),
        ({"worker": WORKER}, "workerId"),
        ({"validFrom": "2015-11-12"}, "validFrom"),
        ({"validFrom": "2014-11-12"}, "validFrom"),
    ],
)
async def test_a_handover_that_makes_no_sense_is_refused(
    pilot: House, changes: dict[str, Any], field: str
) -> None:
    [file, *_] = await files_of(pilot)
    worker = changes.get("worker", COLLEAGUE)
    before = await snapshot(pilot, *TABLES)
    refused = await pilot.act(
        DIRECTOR,
        "assignBeneficiary",
        beneficiaryId=file["id"],
        version=file["version"],
        workerId=await member_id(pilot, worker),
        validFrom=changes.get("validFrom", "2015-11-01"),
    )
    assert paths(refused) == {field}
    assert await snapshot(pilot, *TABLES) == before


async def test_several_entitlements_hold_at_once_and_each_ends_by_itself(pilot: House) -> None:
    file = await registered(pilot)
    codes = ("11", "41", "51")
    done = []
    for code in codes:
        category = NodeId("ecat", NO_TENANT, named_id("entitlement_category", code)).encode()
        granted = await pilot.act(
            WORKER,
            "grantEntitlement",
            "entitlement { id version }",
            beneficiaryId=file["id"],
            categoryId=category,
            validFrom="1985-01-01" if code != "51" else "2007-08-01",
        )
        done.append(granted["entitlement"])
    twice = await pilot.act(
        WORKER,
        "grantEntitlement",
        beneficiaryId=file["id"],
        categoryId=category,
        validFrom="2010-01-01",
    )
    assert paths(twice) == {"validFrom"}
    ending = {"entitlementId": done[0]["id"], "version": 1, "validUntil": "2015-11-01"}
    ended = await pilot.act(
        WORKER, "endEntitlement", "entitlement { validUntil version }", **ending
    )
    assert ended["entitlement"] == {"validUntil": "2015-11-01", "version": 2}
    again = await pilot.act(WORKER, "endEntitlement", **{**ending, "version": 2})
    assert again["code"] == "WRONG_STATE"
    before = await snapshot(pilot, *TABLES)
    stranger = await pilot.act(
        COLLEAGUE, "endEntitlement", **{**ending, "entitlementId": done[1]["id"]}
    )
    assert stranger["code"] == "NOT_YOURS"
    assert await snapshot(pilot, *TABLES) == before


async def test_a_consent_is_given_for_one_purpose_withdrawn_and_given_again(pilot: House) -> None:
    file = await registered(pilot)
    giving = {"beneficiaryId": file["id"], "purpose": "SHARING", "givenOn": "2015-11-10"}
    given = await pilot.act(WORKER, "giveConsent", "consent { id version }", **giving)
    twice = await pilot.act(WORKER, "giveConsent", **giving)
    assert (twice["code"], twice["path"]) == ("WRONG_STATE", ["purpose"])
    withdrawing = {"consentId": given["consent"]["id"], "version": 1}
    early = await pilot.act(WORKER, "withdrawConsent", **withdrawing, withdrawnOn="2015-11-09")
    assert paths(early) == {"withdrawnOn"}
    before = await snapshot(pilot, *TABLES)
    denied = await pilot.act(COLLEAGUE, "withdrawConsent", **withdrawing, withdrawnOn="2015-11-11")
    assert denied["code"] == "NOT_YOURS"
    assert await snapshot(pilot, *TABLES) == before
    done = await pilot.act(
        WORKER,
        "withdrawConsent",
        "consent { withdrawnOn }",
        **withdrawing,
        withdrawnOn="2015-11-11",
    )
    assert done["consent"] == {"withdrawnOn": "2015-11-11"}
    again = await pilot.act(WORKER, "giveConsent", **{**giving, "givenOn": "2015-11-11"})
    assert again["__typename"] == "GiveConsentSuccess"


async def test_bad_input_on_a_strangers_file_says_nothing_about_it(pilot: House) -> None:
    [theirs, *_] = (
        await pilot.data("yixin.director", "{ beneficiaries(first: 1) { nodes { id } } }")
    )["beneficiaries"]["nodes"]
    before = await snapshot(pilot, *TABLES)
    for mutation, more in (
        ("closeBeneficiary", {"version": 1, "reason": "DIED", "closedOn": "2015-11-01"}),
        ("giveConsent", {"purpose": "SHARING", "givenOn": "2015-11-10"}),
        ("updateBeneficiary", {"version": 1}),
    ):
        refused = await pilot.act(DIRECTOR, mutation, beneficiaryId=theirs["id"], **more)
        assert refused["message"] == "There is no Beneficiary with this id."
    assert await snapshot(pilot, *TABLES) == before
