"""Two hundred mutations of three agencies at once, the server killed in the middle."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from citywide.identity.keys import deployment_keys
from citywide.identity.tokens import issue
from citywide.settings import Settings
from journeys.killed import answered, served
from walls.house import House

AGENCIES = ("shouqianshou", "yijiaqin", "yixin")
MUTATIONS = 201
# So many are acknowledged before the kill: the rest is under way, or not sent yet.
ACKNOWLEDGED_BEFORE = 60
RECORD = """mutation Record($input: RecordServiceInput!) { recordService(input: $input) {
    __typename ... on RecordServiceSuccess { serviceRecord { id number } }
    ... on Problem { code message path } } }"""
WHERE = """query Where($subject: String!) {
  agencies { nodes { members(where: {subject: {eq: $subject}}) { nodes { id } } } }
  projects(first: 1) { nodes { id enrolments(first: 5) { nodes { beneficiary { id } } }
    agreement { sites { area { id } } } } } }"""


def inputs(agency: str, found: Any, number: int) -> dict[str, Any]:
    """A visit by the director of an agency."""
    [project] = found["projects"]["nodes"]
    [director] = found["agencies"]["nodes"][0]["members"]["nodes"]
    enrolled = project["enrolments"]["nodes"]
    return {
        "idempotencyKey": str(uuid4()),
        "number": f"K-{agency}-{number}",
        "projectId": project["id"],
        "kind": "VISIT",
        "medium": "IN_PERSON",
        "servedOn": "2015-11-09",
        "durationMinutes": 30,
        "areaId": project["agreement"]["sites"][0]["area"]["id"],
        "title": "走访",
        "beneficiaryIds": [enrolled[number % len(enrolled)]["beneficiary"]["id"]],
        "workerIds": [director["id"]],
        "volunteerIds": [],
    }


async def requests_of(house: House) -> list[tuple[str, dict[str, Any]]]:
    """Who sends what, an agency after the other."""
    found = {
        agency: await house.data(f"{agency}.director", WHERE, subject=f"{agency}.director")
        for agency in AGENCIES
    }
    return [
        (agency := AGENCIES[number % 3], inputs(agency, found[agency], number))
        for number in range(MUTATIONS)
    ]


async def sent(address: str, data: Path, requests: list[Any], answers: list[Any]) -> None:
    """Send all at once over a few connections; keep what is acknowledged."""
    settings = Settings()
    keys = deployment_keys(data)
    tokens = {
        agency: issue(
            f"{agency}.director",
            key=keys.issuer,
            issuer=settings.issuer,
            audience=settings.audience,
        )
        for agency in AGENCIES
    }
    limits = httpx.Limits(max_connections=24)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:

        async def send(place: int, agency: str, given: dict[str, Any]) -> None:
            body = {"query": RECORD, "variables": {"input": given}}
            answers[place] = await answered(client, body, tokens[agency])

        await asyncio.gather(*(send(n, who, what) for n, (who, what) in enumerate(requests)))


def acknowledged(answers: list[Any]) -> list[int]:
    return [place for place, answer in enumerate(answers) if answer is not None]


async def assert_whole(owner: asyncpg.Connection) -> int:
    """Every record has its attendances, audit entry, event and key; every chain is unbroken."""
    records = await owner.fetch("SELECT * FROM service_record WHERE number LIKE 'K-%'")
    ids = [record["id"] for record in records]
    assert len({record["number"] for record in records}) == len(records)
    for table, column, each in (
        ("attendance", "service_record_id", 2),
        ("outbox", "row_id", 1),
        ("idempotency_key", "result_id", 1),
    ):
        found = await owner.fetch(
            f"SELECT {column}, count(*) FROM {table} WHERE {column} = ANY ($1) GROUP BY 1", ids
        )
        assert {row[column]: row["count"] for row in found} == dict.fromkeys(ids, each), table
    written = await owner.fetchval(
        "SELECT count(*) FROM audit_entry WHERE coordinate = 'Mutation.recordService'"
    )
    assert written == len(records)
    assert await owner.fetchval("SELECT count(*) FROM outbox") == len(records)
    for head in await owner.fetch("SELECT * FROM audit_head"):
        link = b""
        entries = await owner.fetch(
            "SELECT * FROM audit_entry WHERE tenant_id = $1 ORDER BY position", head["tenant_id"]
        )
        for position, entry in enumerate(entries, start=1):
            assert entry["position"] == position
            text = position.to_bytes(8, "big") + entry["entry"].encode()
            link = hashlib.sha256(link + text).digest()
            assert entry["hash"] == link
        assert (head["position"], head["hash"]) == (len(entries), link)
    return len(records)


@pytest.mark.parametrize("kill_after", [ACKNOWLEDGED_BEFORE])
async def test_every_acknowledged_write_is_there_and_nothing_is_half_written(
    pilot: House, tmp_path: Path, secret: bytes, kill_after: int
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "secret").write_bytes(secret)
    requests = await requests_of(pilot)
    answers: list[Any] = [None] * MUTATIONS
    async with served(pilot.url, tmp_path) as server:
        sending = asyncio.create_task(sent(server.address, tmp_path, requests, answers))
        while len(acknowledged(answers)) < kill_after:
            await asyncio.sleep(0.005)
            assert not sending.done()
        server.kill()
        await sending
    first = acknowledged(answers)
    assert kill_after <= len(first) < MUTATIONS
    for place in first:
        assert answers[place]["data"]["recordService"]["__typename"] == "RecordServiceSuccess"
    # The database notices that its clients are gone before it is asked what it holds.
    await _no_sessions(pilot.owner)
    on_record = await assert_whole(pilot.owner)
    assert len(first) <= on_record <= MUTATIONS

    # Clients that were not answered send the same again, and those that were do so as well.
    again: list[Any] = [None] * MUTATIONS
    async with served(pilot.url, tmp_path) as server:
        await sent(server.address, tmp_path, requests, again)
    assert acknowledged(again) == list(range(MUTATIONS))
    for place in first:
        assert again[place] == answers[place]
    assert await assert_whole(pilot.owner) == MUTATIONS


async def _no_sessions(owner: asyncpg.Connection) -> None:
    for _ in range(200):
        busy = await owner.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'citywide' AND state <> 'idle'"
        )
        if not busy:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("Sessions of the killed server are still at work.")
