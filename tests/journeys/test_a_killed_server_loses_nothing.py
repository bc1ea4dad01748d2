"""Two hundred mutations of three agencies at once, the server killed in the middle."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from beneficiaries.keeping import id_number
from citywide.identity.keys import deployment_keys
from citywide.identity.tokens import issue
from citywide.settings import Settings
from journeys.killed import answered, served, sessions_ended
from walls.house import House

AGENCIES = ("shouqianshou", "yijiaqin", "yixin")
MUTATIONS = 201
# Among them persons are looked at, which has to be on record as well.
READS = 60
# So many are acknowledged before the kill: the rest is under way, or not sent yet.
ACKNOWLEDGED_BEFORE = 60
WHERE = """query Where($subject: String!) {
  agencies { nodes { members(where: {subject: {eq: $subject}}) { nodes { id } } } }
  needKinds(first: 1) { nodes { id } }
  projects(first: 1) { nodes { id enrolments(first: 5) { nodes { beneficiary { id } } }
    agreement { sites { id area { id } } } } } }"""


@dataclass(frozen=True, slots=True)
class Deed:
    """A mutation: the row it makes, the rows that belong to that one, and how often it tells."""

    gives: str
    table: str
    parts: dict[tuple[str, str], int]
    events: int


DEEDS = {
    "recordService": Deed(
        "serviceRecord", "service_record", {("attendance", "service_record_id"): 2}, 1
    ),
    "registerBeneficiary": Deed(
        "beneficiary", "beneficiary", {("worker_term", "beneficiary_id"): 1}, 0
    ),
    "raiseNeed": Deed("need", "need", {("need_step", "need_id"): 1}, 1),
    "openCase": Deed("case", "case_file", {("case_risk", "case_id"): 1}, 0),
    "registerVolunteer": Deed("volunteer", "volunteer", {}, 1),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """What an agency's director sends; a read has no deed."""

    agency: str
    body: dict[str, Any]
    deed: str | None


def inputs(deed: str, agency: str, found: Any, number: int) -> dict[str, Any]:
    """What a director gives to a mutation; every number is a different one."""
    [project] = found["projects"]["nodes"]
    [director] = found["agencies"]["nodes"][0]["members"]["nodes"]
    enrolled = project["enrolments"]["nodes"]
    person = enrolled[number % len(enrolled)]["beneficiary"]["id"]
    site = project["agreement"]["sites"][0]
    label = f"K-{agency}-{number}"
    match deed:
        case "recordService":
            return {
                "number": label,
                "projectId": project["id"],
                "kind": "VISIT",
                "medium": "IN_PERSON",
                "servedOn": "2015-11-09",
                "durationMinutes": 30,
                "areaId": site["area"]["id"],
                "title": "走访",
                "beneficiaryIds": [person],
                "workerIds": [director["id"]],
                "volunteerIds": [],
            }
        case "registerBeneficiary":
            born_on = date(1931, 1, 1) + timedelta(days=37 * number)
            return {
                "fileNumber": label,
                "name": f"虚构{number}",
                "gender": "MALE",
                "bornOn": born_on.isoformat(),
                "idNumber": id_number(born_on),
                "siteId": site["id"],
                "workerId": director["id"],
                "openedOn": "2015-11-09",
                "acknowledgeNearDuplicates": True,
            }
        case "raiseNeed":
            return {
                "beneficiaryId": person,
                "kindId": found["needKinds"]["nodes"][0]["id"],
                "question": f"补助为什么没有到账？（{label}）",
                "channel": "VISIT",
                "raisedOn": "2015-11-09",
            }
        case "openCase":
            return {
                "number": label,
                "beneficiaryId": person,
                "openedOn": "2015-11-09",
                "problem": "不愿与人来往。",
                "risk": "LOW",
                "riskReason": "生活有规律。",
            }
        case _:
            return {"number": label, "name": f"虚构{number}", "registeredOn": "2015-11-09"}


def doing(deed: str, agency: str, found: Any, number: int) -> Sent:
    """A mutation on its way."""
    kind = f"{deed[0].upper()}{deed[1:]}"
    document = (
        f"mutation Do($input: {kind}Input!) {{ {deed}(input: $input) {{ __typename"
        f" ... on {kind}Success {{ {DEEDS[deed].gives} {{ id }} }}"
        " ... on Problem { code message path } } }"
    )
    given = {**inputs(deed, agency, found, number), "idempotencyKey": str(uuid4())}
    return Sent(agency, {"query": document, "variables": {"input": given}}, deed)


def looking(agency: str, number: int) -> Sent:
    """A look at a person, under a name of its own by which the trail tells it."""
    name = f"Look{number}"
    document = f"query {name} {{ beneficiaries(first: 1) {{ nodes {{ name }} }} }}"
    return Sent(agency, {"query": document, "operationName": name}, None)


async def requests_of(house: House) -> list[Sent]:
    """Who sends what: agencies and deeds in turn, and looks among them."""
    found = {
        agency: await house.data(f"{agency}.director", WHERE, subject=f"{agency}.director")
        for agency in AGENCIES
    }
    deeds = list(DEEDS)
    requests = []
    for number in range(MUTATIONS):
        agency = AGENCIES[number % len(AGENCIES)]
        requests.append(doing(deeds[number % len(deeds)], agency, found[agency], number))
        if number * READS // MUTATIONS != (number + 1) * READS // MUTATIONS:
            requests.append(looking(agency, number))
    return requests


async def sent(address: str, data: Path, requests: list[Sent], answers: list[Any]) -> None:
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

        async def send(place: int, each: Sent) -> None:
            answers[place] = await answered(client, each.body, tokens[each.agency])

        await asyncio.gather(*(send(place, each) for place, each in enumerate(requests)))


def acknowledged(answers: list[Any]) -> list[int]:
    return [place for place, answer in enumerate(answers) if answer is not None]


async def rows_of(owner: asyncpg.Connection) -> dict[str, set[UUID]]:
    """The rows there are, of each kind that a deed makes."""
    return {
        deed: {row["id"] for row in await owner.fetch(f"SELECT id FROM {each.table}")}
        for deed, each in DEEDS.items()
    }


async def assert_whole(
    owner: asyncpg.Connection, secret: bytes, before: dict[str, set[UUID]]
) -> int:
    """Each new row has its parts, entry, events and key; every chain is unbroken. How many."""
    now = await rows_of(owner)
    total = 0
    for deed, each in DEEDS.items():
        new = now[deed] - before[deed]
        total += len(new)
        rows = {
            ("idempotency_key", "result_id"): 1,
            ("outbox", "row_id"): each.events,
            **each.parts,
        }
        for (table, column), expected in rows.items():
            found = await owner.fetch(
                f"SELECT {column} AS id FROM {table} WHERE {column} = ANY ($1)", list(new)
            )
            assert Counter(row["id"] for row in found) == Counter(list(new) * expected), table
        entries = await owner.fetch(
            "SELECT entry FROM audit_entry WHERE kind = 'WRITE' AND coordinate = $1",
            f"Mutation.{deed}",
        )
        told = [json.loads(entry["entry"])["changes"] for entry in entries]
        made = [UUID(c["row"]) for changes in told for c in changes if c["table"] == each.table]
        assert Counter(made) == Counter(new), deed
        keys = "SELECT count(*) FROM idempotency_key WHERE coordinate = $1"
        assert await owner.fetchval(keys, f"Mutation.{deed}") == len(new)
    assert await owner.fetchval("SELECT count(*) FROM idempotency_key") == total
    await assert_unbroken(owner, secret)
    return total


async def assert_unbroken(owner: asyncpg.Connection, secret: bytes) -> None:
    """Every chain is as it was written, up to its head."""
    key = HKDF(SHA256(), length=32, salt=None, info=b"citywide audit chain").derive(secret)
    for head in await owner.fetch("SELECT * FROM audit_head"):
        link = b""
        entries = await owner.fetch(
            "SELECT * FROM audit_entry WHERE tenant_id = $1 ORDER BY position", head["tenant_id"]
        )
        for position, entry in enumerate(entries, start=1):
            assert entry["position"] == position
            text = position.to_bytes(8, "big") + entry["entry"].encode()
            link = hmac.digest(key, head["tenant_id"].bytes + link + text, "sha256")
            assert entry["hash"] == link
        assert (head["position"], head["hash"]) == (len(entries), link)


@pytest.mark.parametrize("kill_after", [ACKNOWLEDGED_BEFORE])
async def test_every_acknowledged_write_is_there_and_nothing_is_half_written(
    pilot: House, tmp_path: Path, secret: bytes, kill_after: int
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "secret").write_bytes(secret)
    before = await rows_of(pilot.owner)
    requests = await requests_of(pilot)
    answers: list[Any] = [None] * len(requests)
    async with served(pilot.url, tmp_path) as server:
        sending = asyncio.create_task(sent(server.address, tmp_path, requests, answers))
        while len(acknowledged(answers)) < kill_after:
            await asyncio.sleep(0.005)
            assert not sending.done()
        server.kill()
        await sending
    # What was read in the last moment is still on its way to the chains.
    assert any(path.stat().st_size for path in (tmp_path / "reads").iterdir())
    first = acknowledged(answers)
    assert kill_after <= len(first) < len(requests)
    assert_done(requests, answers, first)
    # The database notices that its clients are gone before it is asked what it holds.
    await sessions_ended(pilot.owner)
    on_record = await assert_whole(pilot.owner, secret, before)
    done = [place for place in first if requests[place].deed is not None]
    assert len(done) <= on_record <= MUTATIONS

    # Clients that were not answered send the same again, and those that were do so as well.
    again: list[Any] = [None] * len(requests)
    deeds = [each for each in requests if each.deed is not None]
    repeated: list[Any] = [None] * len(deeds)
    async with served(pilot.url, tmp_path) as server:
        await sent(server.address, tmp_path, deeds, repeated)
    for place, answer in zip(
        (place for place, each in enumerate(requests) if each.deed is not None),
        repeated,
        strict=True,
    ):
        again[place] = answer
    assert_done(requests, again, [n for n, each in enumerate(requests) if each.deed is not None])
    for place in done:
        assert again[place] == answers[place]
    assert await assert_whole(pilot.owner, secret, before) == MUTATIONS
    await assert_looks_are_on_record(pilot.owner, requests, first)


def assert_done(requests: list[Sent], answers: list[Any], places: list[int]) -> None:
    """These were answered as they should be."""
    for place in places:
        data, deed = answers[place]["data"], requests[place].deed
        if deed is None:
            assert data["beneficiaries"]["nodes"][0]["name"]
        else:
            assert data[deed]["__typename"] == f"{deed[0].upper()}{deed[1:]}Success", data


async def assert_looks_are_on_record(
    owner: asyncpg.Connection, requests: list[Sent], answered_at: list[int]
) -> None:
    """Each look that was answered is in the trail once, although the server was killed."""
    entries = await owner.fetch("SELECT entry FROM audit_entry WHERE kind = 'READ'")
    looked = Counter(json.loads(entry["entry"])["operation"] for entry in entries)
    seen = [requests[place] for place in answered_at if requests[place].deed is None]
    names = [each.body["operationName"] for each in seen]
    assert names
    assert {name: looked[name] for name in names} == dict.fromkeys(names, 1)
