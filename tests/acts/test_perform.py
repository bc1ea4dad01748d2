"""A mutation is one transaction: rows, audit entry, events and idempotency key, or nothing."""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import Any

import pytest

from citywide.audit.sealing import opened_words
from citywide.db.sealed import derived_key
from citywide.errors import Code
from walls.house import House

READ = """{ beneficiaries(first: 2, where: {worker: {subject: {eq: "shouqianshou.worker1"}}}) {
    nodes { id } }
  agencies { nodes { projects { nodes { id } } agreements { nodes {
    sites { area { id } } } } members(where: {subject: {eq: "shouqianshou.worker1"}}) {
    nodes { id } } } } }"""
TABLES = ("service_record", "attendance", "audit_entry", "outbox", "idempotency_key")


async def a_visit(house: House, **changes: Any) -> dict[str, Any]:
    """The input of a good visit by worker 1 of 手牵手."""
    found = await house.data("shouqianshou.worker1", READ)
    [agency] = found["agencies"]["nodes"]
    return {
        "number": "T-1",
        "projectId": agency["projects"]["nodes"][0]["id"],
        "kind": "VISIT",
        "medium": "IN_PERSON",
        "servedOn": "2015-11-10",
        "durationMinutes": 45,
        "areaId": agency["agreements"]["nodes"][0]["sites"][0]["area"]["id"],
        "title": "上门探访",
        "beneficiaryIds": [found["beneficiaries"]["nodes"][0]["id"]],
        "workerIds": [agency["members"]["nodes"][0]["id"]],
        "volunteerIds": [],
        **changes,
    }


async def counts(house: House) -> dict[str, int]:
    """How many rows each written table has."""
    return {table: await house.owner.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


async def test_a_mutation_writes_its_rows_and_reads_them_back(pilot: House) -> None:
    before = await counts(pilot)
    done = await pilot.act(
        "shouqianshou.worker1",
        "recordService",
        "serviceRecord { number kind title agency { slug } attendances { totalCount } }",
        **await a_visit(pilot),
    )
    assert done == {
        "__typename": "RecordServiceSuccess",
        "serviceRecord": {
            "number": "T-1",
            "kind": "VISIT",
            "title": "上门探访",
            "agency": {"slug": "shouqianshou"},
            "attendances": {"totalCount": 2},
        },
    }
    after = await counts(pilot)
    assert {name: after[name] - before[name] for name in TABLES} == {
        "service_record": 1,
        "attendance": 2,
        "audit_entry": 1,
        "outbox": 1,
        "idempotency_key": 1,
    }
    [entry] = await pilot.owner.fetch("SELECT * FROM audit_entry")
    told = json.loads(entry["entry"])
    assert (entry["actor"], entry["coordinate"]) == (
        "shouqianshou.worker1",
        "Mutation.recordService",
    )
    assert [change["table"] for change in told["changes"]] == [
        "service_record",
        "attendance",
        "attendance",
    ]
    assert "上门探访" not in entry["entry"]
    opened = opened_words(pilot.database.sealer, entry["tenant_id"], told)
    assert opened["input"]["title"] == "上门探访"


async def test_the_same_key_again_does_nothing_and_answers_the_same(pilot: House) -> None:
    visit = await a_visit(pilot)
    answers = [
        await pilot.act(
            "shouqianshou.worker1", "recordService", "serviceRecord { id }", key="k", **visit
        )
        for _ in range(3)
    ]
    assert answers[0] == answers[1] == answers[2]
    assert (await counts(pilot))["outbox"] == 1


async def test_the_same_key_at_the_same_time_is_done_once(pilot: House) -> None:
    visit = await a_visit(pilot)
    answers = await asyncio.gather(
        *(
            pilot.act(
                "shouqianshou.worker1", "recordService", "serviceRecord { id }", key="k", **visit
            )
            for _ in range(6)
        )
    )
    assert {answer["__typename"] for answer in answers} == {"RecordServiceSuccess"}
    assert len({answer["serviceRecord"]["id"] for answer in answers}) == 1
    assert (await counts(pilot))["audit_entry"] == 1


async def test_a_key_used_for_something_else_is_a_problem(pilot: House) -> None:
    visit = await a_visit(pilot)
    await pilot.act("shouqianshou.worker1", "recordService", key="k", **visit)
    before = await counts(pilot)
    again = await pilot.act(
        "shouqianshou.worker1", "recordService", key="k", **{**visit, "number": "T-2"}
    )
    assert (again["__typename"], again["code"]) == ("IdempotencyProblem", "KEY_REUSED")
    assert await counts(pilot) == before


async def test_a_broken_rule_is_a_problem_that_names_the_field_and_nothing_is_written(
    pilot: House,
) -> None:
    before = await counts(pilot)
    answer = await pilot.act(
        "shouqianshou.worker1",
        "recordService",
        **await a_visit(pilot, servedOn="2031-01-01", durationMinutes=0, title=" "),
    )
    assert (answer["__typename"], answer["code"]) == ("InputProblem", "INVALID_INPUT")
    paths = {".".join(fault["path"]) for fault in answer["faults"]}
    assert {"servedOn", "durationMinutes", "title"} <= paths
    assert await counts(pilot) == before


async def test_another_agencys_id_is_as_unknown_as_one_that_never_was(pilot: House) -> None:
    before = await counts(pilot)
    theirs = await pilot.data("yijiaqin.director", "{ beneficiaries(first: 1) { nodes { id } } }")
    [stranger] = theirs["beneficiaries"]["nodes"]
    answers = [
        await pilot.act(
            "shouqianshou.director",
            "recordService",
            **await a_visit(pilot, beneficiaryIds=[given]),
        )
        for given in (stranger["id"], stranger["id"][:-4] + "AAAA", "nonsense")
    ]
    messages = {(answer["__typename"], answer["message"]) for answer in answers}
    assert messages == {("InputProblem", "There is no Beneficiary with this id.")}
    assert {tuple(answer["path"]) for answer in answers} == {("beneficiaryIds", "0")}
    assert await counts(pilot) == before


async def test_a_worker_cannot_record_for_a_colleague_but_the_director_can(pilot: House) -> None:
    visit = await a_visit(pilot)
    before = await counts(pilot)
    denied = await pilot.act("shouqianshou.worker2", "recordService", **visit)
    assert (denied["__typename"], denied["code"]) == ("AccessProblem", "NOT_YOURS")
    assert await counts(pilot) == before
    allowed = await pilot.act("shouqianshou.director", "recordService", **visit)
    assert allowed["__typename"] == "RecordServiceSuccess"


@pytest.mark.parametrize(
    "user", ["shouqianshou.finance", "shouqianshou.volunteers", "bureau.officer", "supervisor.lead"]
)
async def test_who_may_not_is_refused_before_anything_is_read(pilot: House, user: str) -> None:
    before = await counts(pilot)
    visit = await a_visit(pilot)
    refusal = await pilot.refusal(
        user,
        "mutation($input: RecordServiceInput!) { recordService(input: $input) { __typename } }",
        input={**visit, "idempotencyKey": "k"},
    )
    assert refusal.code is Code.FORBIDDEN
    assert refusal.extensions["coordinates"] == ["Mutation.recordService"]
    assert await counts(pilot) == before


async def test_a_payload_that_may_not_be_read_refuses_before_anything_is_written(
    pilot: House,
) -> None:
    before = await counts(pilot)
    named = await pilot.forbidden(
        "shouqianshou.worker1",
        "mutation($input: RecordServiceInput!) { recordService(input: $input) {"
        " ... on RecordServiceSuccess { serviceRecord { agency { agreements { nodes { amount }"
        " } } } } } }",
        input={**await a_visit(pilot), "idempotencyKey": "k"},
    )
    assert named == {"Agreement.amount"}
    assert await counts(pilot) == before


async def test_the_audit_chain_has_one_link_for_each_act_in_the_order_of_commits(
    pilot: House, secret: bytes
) -> None:
    visit = await a_visit(pilot)
    await asyncio.gather(
        *(
            pilot.act("shouqianshou.worker1", "recordService", **{**visit, "number": f"T-{n}"})
            for n in range(8)
        )
    )
    entries = await pilot.owner.fetch("SELECT * FROM audit_entry ORDER BY position")
    assert [entry["position"] for entry in entries] == list(range(1, 9))
    link, key = b"", derived_key(secret, b"citywide audit chain")
    for entry in entries:
        position = entry["position"].to_bytes(8, "big")
        linked = entry["tenant_id"].bytes + link + position + entry["entry"].encode()
        link = hmac.digest(key, linked, "sha256")
        assert entry["hash"] == link
    head = await pilot.owner.fetchrow("SELECT * FROM audit_head")
    assert (head["position"], head["hash"]) == (8, link)
