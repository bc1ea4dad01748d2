"""Merging two files and splitting them: every row is kept, and a split is the exact undoing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from acts.test_perform import a_visit
from beneficiaries.keeping import COLLEAGUE, DIRECTOR, WORKER, files_of, paths, snapshot
from citywide.ids import NO_TENANT, NodeId
from walls.house import House

MOVING = ("entitlement", "consent", "assessment", "enrolment", "attendance")
TABLES = ("beneficiary", "file_merge", "file_move", *MOVING)
MERGE = "fileMerge { id version mergedOn survivor { id } merged { id closingReason } }"


async def a_merge(house: House) -> dict[str, Any]:
    """The input that continues the second of worker 1's files in the first."""
    survivor, merged, *_ = await files_of(house)
    return {
        "survivorId": survivor["id"],
        "survivorVersion": survivor["version"],
        "mergedId": merged["id"],
        "mergedVersion": merged["version"],
        "reason": "身份证号录入有误，两份档案是同一人。",
    }


def every_door(file_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Good inputs of all that is done to one file; what else they name is of the same agency."""
    file = NodeId.decode(file_id)
    assert file is not None
    named = {tag: NodeId(tag, file.tenant_id, file.row_id).encode() for tag in ("memb", "segm")}
    shared = {tag: NodeId(tag, NO_TENANT, file.row_id).encode() for tag in ("ecat", "inst", "nkin")}
    return [
        ("updateBeneficiary", {"version": 2, "phone": None}),
        ("closeBeneficiary", {"version": 2, "reason": "DIED", "closedOn": "2015-11-11"}),
        ("reopenBeneficiary", {"version": 2}),
        (
            "assignBeneficiary",
            {"version": 2, "workerId": named["memb"], "validFrom": "2015-11-11"},
        ),
        (
            "classifyBeneficiary",
            {
                "version": 2,
                "segmentId": named["segm"],
                "segmentedOn": "2015-10-10",
                "reason": "平稳",
            },
        ),
        ("grantEntitlement", {"categoryId": shared["ecat"], "validFrom": "2015-10-10"}),
        ("giveConsent", {"purpose": "SHARING", "givenOn": "2015-10-10"}),
        ("draftAssessment", {"instrumentId": shared["inst"], "assessedOn": "2015-10-10"}),
        (
            "openCase",
            {
                "number": "C-9",
                "openedOn": "2015-10-10",
                "problem": "不愿与人来往。",
                "risk": "LOW",
                "riskReason": "生活有规律。",
            },
        ),
        (
            "raiseNeed",
            {
                "kindId": shared["nkin"],
                "question": "补助为什么没有到账？",
                "channel": "VISIT",
                "raisedOn": "2015-10-10",
            },
        ),
    ]


async def owners(house: House) -> dict[str, dict[UUID, UUID]]:
    """Whose each row is."""
    return {
        table: {
            row["id"]: row["beneficiary_id"]
            for row in await house.owner.fetch(f"SELECT id, beneficiary_id FROM {table}")
        }
        for table in MOVING
    }


def row_id(outside: str) -> UUID:
    node = NodeId.decode(outside)
    assert node is not None
    return node.row_id


async def test_a_merge_moves_the_rows_and_a_split_moves_exactly_these_back(pilot: House) -> None:
    given = await a_merge(pilot)
    survivor, merged = row_id(given["survivorId"]), row_id(given["mergedId"])
    before, files = await owners(pilot), await snapshot(pilot, "beneficiary", *MOVING)
    done = (await pilot.act(DIRECTOR, "mergeBeneficiaries", MERGE, **given))["fileMerge"]
    assert done["merged"] == {"id": given["mergedId"], "closingReason": "MERGED"}
    after = await owners(pilot)
    assert {table: len(rows) for table, rows in after.items()} == {
        table: len(rows) for table, rows in before.items()
    }
    moved = {
        (table, each)
        for table in MOVING
        for each, owner in before[table].items()
        if after[table][each] != owner
    }
    assert {table for table, _ in moved} >= {"attendance", "assessment"}
    assert all(before[table][each] == merged for table, each in moved)
    assert all(after[table][each] == survivor for table, each in moved)
    # What the worker adds to the file that goes on stays there.
    consent = await pilot.act(
        WORKER,
        "giveConsent",
        "consent { id }",
        beneficiaryId=given["survivorId"],
        purpose="SHARING",
        givenOn="2015-11-11",
    )
    assert consent["__typename"] == "GiveConsentSuccess"
    split = await pilot.act(
        DIRECTOR,
        "splitBeneficiary",
        "fileMerge { splitOn merged { closingReason closedOn mergedInto { id } } }",
        mergeId=done["id"],
        version=done["version"],
        reason="是同名的两个人。",
    )
    assert split["fileMerge"] == {
        "splitOn": "2015-11-11",
        "merged": {"closingReason": None, "closedOn": None, "mergedInto": None},
    }
    restored = await owners(pilot)
    added = restored["consent"].pop(row_id(consent["consent"]["id"]))
    assert added == survivor
    assert restored == before
    again = await snapshot(pilot, "attendance", "assessment", "enrolment")
    assert again["attendance"] == files["attendance"]
    assert again["enrolment"] == files["enrolment"]


async def test_needs_cases_and_volunteers_go_over_and_one_consent_to_a_purpose_stands(
    pilot: House,
) -> None:
    given = await a_merge(pilot)
    survivor, merged = row_id(given["survivorId"]), row_id(given["mergedId"])
    person = {"beneficiaryId": given["mergedId"]}
    kinds = await pilot.data(WORKER, "{ needKinds(first: 1) { nodes { id } } }")
    roll = await pilot.data(
        DIRECTOR, "{ agencies { nodes { volunteers(first: 1) { nodes { id } } } } }"
    )
    [volunteer] = roll["agencies"]["nodes"][0]["volunteers"]["nodes"]
    consent = {"purpose": "SHARING", "givenOn": "2015-11-10"}
    acts: list[tuple[str, dict[str, Any]]] = [
        (
            "raiseNeed",
            {
                **person,
                "kindId": kinds["needKinds"]["nodes"][0]["id"],
                "question": "补助为什么没有到账？",
                "channel": "VISIT",
                "raisedOn": "2015-11-09",
            },
        ),
        (
            "openCase",
            {
                **person,
                "number": "C-1",
                "openedOn": "2015-11-09",
                "problem": "不愿与人来往。",
                "risk": "LOW",
                "riskReason": "生活有规律。",
            },
        ),
        ("linkVolunteerToBeneficiary", {**person, "volunteerId": volunteer["id"]}),
        ("giveConsent", {**person, **consent}),
        ("giveConsent", {"beneficiaryId": given["survivorId"], **consent}),
    ]
    for mutation, asked in acts:
        done = await pilot.act(DIRECTOR, mutation, **asked)
        assert done["__typename"].endswith("Success"), (mutation, done)

    async def owners(table: str) -> list[UUID]:
        found = await pilot.owner.fetch(
            f"SELECT beneficiary_id FROM {table} WHERE beneficiary_id = ANY ($1)",
            [survivor, merged],
        )
        return [row["beneficiary_id"] for row in found]

    moving = ("need", "case_file", "volunteer_link")
    assert [await owners(table) for table in moving] == [[merged]] * 3
    whole = await pilot.act(DIRECTOR, "mergeBeneficiaries", MERGE, **given)
    assert [await owners(table) for table in moving] == [[survivor]] * 3
    standing = await pilot.owner.fetch(
        "SELECT purpose FROM consent WHERE beneficiary_id = $1 AND withdrawn_on IS NULL", survivor
    )
    purposes = [row["purpose"] for row in standing]
    assert len(purposes) == len(set(purposes))
    assert "SHARING" in purposes
    split = {"mergeId": whole["fileMerge"]["id"], "version": 1, "reason": "是两个人。"}
    assert (await pilot.act(DIRECTOR, "splitBeneficiary", **split))["__typename"].endswith(
        "Success"
    )
    assert [await owners(table) for table in moving] == [[merged]] * 3


async def test_a_merged_file_is_worked_on_no_more_and_says_where_to_go(pilot: House) -> None:
    given = await a_merge(pilot)
    await pilot.act(DIRECTOR, "mergeBeneficiaries", **given)
    before = await snapshot(pilot, *TABLES)
    late = await pilot.act(
        WORKER,
        "recordService",
        **await a_visit(pilot, beneficiaryIds=[given["mergedId"]], servedOn="2015-10-10"),
    )
    assert paths(late) == {"beneficiaryIds.0"}
    refused = await pilot.act(
        WORKER, "updateBeneficiary", beneficiaryId=given["mergedId"], version=2, phone=None
    )
    assert (refused["__typename"], refused["code"]) == ("StateProblem", "WRONG_STATE")
    twice = await pilot.act(
        DIRECTOR, "mergeBeneficiaries", **{**given, "mergedVersion": 2, "survivorVersion": 1}
    )
    assert twice["code"] == "WRONG_STATE"
    for mutation, more in every_door(given["mergedId"]):
        refused = await pilot.act(DIRECTOR, mutation, beneficiaryId=given["mergedId"], **more)
        assert (refused["code"], refused["path"]) == ("WRONG_STATE", ["beneficiaryId"]), mutation
    assert await snapshot(pilot, *TABLES) == before
    document = "query ($id: ID!) { node(id: $id) { ... on Beneficiary { mergedInto { id } } } }"
    found = await pilot.data(WORKER, document, id=given["mergedId"])
    assert found["node"]["mergedInto"] == {"id": given["survivorId"]}


async def test_a_person_is_counted_once_after_a_merge(pilot: House) -> None:
    figures = """{ metrics(measures: [BENEFICIARIES_ON_FILE, HOME_HELP, CASE_COUNSELLING],
      where: {until: "2015-06-01"}) { rows { values { value } } } }"""

    async def values() -> list[int]:
        [row] = (await pilot.data(DIRECTOR, figures))["metrics"]["rows"]
        return [each["value"] for each in row["values"]]

    persons, *services = await values()
    await pilot.act(DIRECTOR, "mergeBeneficiaries", **await a_merge(pilot))
    # Person-times that were delivered stay delivered.
    assert await values() == [persons - 1, *services]


async def test_later_merges_are_undone_first(pilot: House) -> None:
    first, second, third = await files_of(pilot)
    as_found = await owners(pilot)
    merges = []
    for survivor, merged in ((second, third), (first, second)):
        given = {
            "survivorId": survivor["id"],
            "survivorVersion": survivor["version"],
            "mergedId": merged["id"],
            "mergedVersion": merged["version"],
            "reason": "同一人。",
        }
        done = await pilot.act(DIRECTOR, "mergeBeneficiaries", MERGE, **given)
        merges.append(done["fileMerge"])
    before = await snapshot(pilot, *TABLES)
    assert await owners(pilot) != as_found
    inner, outer = [{"mergeId": each["id"], "version": 1, "reason": "两个人。"} for each in merges]
    early = await pilot.act(DIRECTOR, "splitBeneficiary", **inner)
    assert early["code"] == "WRONG_STATE"
    assert await snapshot(pilot, *TABLES) == before
    for given in (outer, inner):
        done = await pilot.act(DIRECTOR, "splitBeneficiary", **given)
        assert done["__typename"] == "SplitBeneficiarySuccess"
    assert await owners(pilot) == as_found
    again = await pilot.act(DIRECTOR, "splitBeneficiary", **{**outer, "version": 2})
    assert again["code"] == "WRONG_STATE"


async def test_a_merge_is_refused_when_it_is_stale_or_makes_no_sense(pilot: House) -> None:
    given = await a_merge(pilot)
    before = await snapshot(pilot, *TABLES)
    stale = await pilot.act(DIRECTOR, "mergeBeneficiaries", **{**given, "survivorVersion": 7})
    assert (stale["__typename"], stale["path"]) == ("StaleVersionProblem", ["survivorVersion"])
    stale = await pilot.act(DIRECTOR, "mergeBeneficiaries", **{**given, "mergedVersion": 7})
    assert (stale["__typename"], stale["path"]) == ("StaleVersionProblem", ["mergedVersion"])
    alone = {**given, "mergedId": given["survivorId"]}
    assert paths(await pilot.act(DIRECTOR, "mergeBeneficiaries", **alone)) == {"mergedId"}
    silent = {**given, "reason": " "}
    assert paths(await pilot.act(DIRECTOR, "mergeBeneficiaries", **silent)) == {"reason"}
    [theirs] = (await pilot.data("yixin.director", "{ beneficiaries(first: 1) { nodes { id } } }"))[
        "beneficiaries"
    ]["nodes"]
    stranger = {**given, "mergedId": theirs["id"]}
    assert paths(await pilot.act(DIRECTOR, "mergeBeneficiaries", **stranger)) == {"mergedId"}
    assert await snapshot(pilot, *TABLES) == before


async def test_a_worker_merges_nothing(pilot: House) -> None:
    given = await a_merge(pilot)
    before = await snapshot(pilot, *TABLES)
    document = (
        "mutation($input: MergeBeneficiariesInput!)"
        " { mergeBeneficiaries(input: $input) { __typename } }"
    )
    for user in (WORKER, COLLEAGUE, "shouqianshou.finance", "bureau.auditor"):
        named = await pilot.forbidden(user, document, input={**given, "idempotencyKey": "k"})
        assert named == {"Mutation.mergeBeneficiaries"}
    assert await snapshot(pilot, *TABLES) == before
