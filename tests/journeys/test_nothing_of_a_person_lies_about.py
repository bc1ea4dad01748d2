"""A person's details lie in their own columns: in no trail, key, outbox, spool, log or fault file.

Everything is done over HTTP on a server of its own: what succeeds, what is refused and what is our
fault. Then whatever is left of it is searched for the details in every form, and for plain digests.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest

from beneficiaries.keeping import COLLEAGUE, DIRECTOR, WORKER, a_person, files_of
from citywide.audit.reads import PURPOSE_HEADER
from citywide.audit.sealing import is_sealed
from citywide.graph.mutate import Reading
from citywide.identity.keys import deployment_keys
from citywide.identity.tokens import issue
from citywide.projects.admission import Registration
from citywide.settings import Settings
from cli.operators import free_port, running
from deployments import data_folder
from journeys.canaries import (
    Canary,
    digested_in,
    dumped,
    files_below,
    found_in,
    server_log,
    written,
)
from walls.house import House

OFFICER = "bureau.officer"
PERSON = Canary()
# Where a detail has its place. Texts of a person's story stand where they were written.
OWN_COLUMNS = {
    ("beneficiary", "name"),
    ("beneficiary", "phone"),
    ("beneficiary", "address"),
    ("beneficiary", "born_on"),
    ("need", "question"),
    ("service_record", "title"),
    ("file_merge", "merge_reason"),
}
# What an entry of the trail says in clear, beside its changes; all else is sealed.
CLEAR = {
    "id",
    "tenant",
    "kind",
    "at",
    "actor",
    "coordinate",
    "member",
    "roles",
    "from",
    "operation",
}
CLEAR |= {"fields", "persons", "more_changes", "probed", "counts", "rows"}
CHANGED = {"table", "row"}
SEARCHED = """query Search($phone: String!) {
  beneficiaries(where: {phone: {eq: $phone}}) {
    nodes { id name phone address bornOn idNumber } } }"""


@dataclass(slots=True)
class Client:
    """Sends what people send, and keeps what they are answered."""

    http: httpx.AsyncClient
    tokens: dict[str, str]

    async def send(self, user: str, document: str, **variables: Any) -> Any:
        headers = {
            "authorization": f"Bearer {self.tokens[user]}",
            PURPOSE_HEADER: quote(f"看望{PERSON.name}"),
        }
        body = {"query": document, "variables": variables}
        return (await self.http.post("/graphql", json=body, headers=headers)).json()

    async def act(
        self, user: str, mutation: str, selection: str = "__typename", **given: Any
    ) -> Any:
        kind = f"{mutation[0].upper()}{mutation[1:]}"
        document = (
            f"mutation Act($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename "
            f"... on {kind}Success {{ {selection} }} ... on Problem {{ code message path }} }} }}"
        )
        # A frontend may make its key of what the form says.
        given.setdefault("idempotencyKey", f"{mutation} {PERSON.id_number} {len(str(given))}")
        answer = await self.send(user, document, input=given)
        return answer["data"][mutation] if "errors" not in answer else answer["errors"][0]


async def registration(house: House) -> dict[str, Any]:
    return await a_person(
        house,
        name=PERSON.name,
        phone=PERSON.phone,
        address=PERSON.address,
        bornOn=PERSON.born_on,
        idNumber=PERSON.id_number,
    )


async def told_story(house: House, client: Client, given: dict[str, Any]) -> None:
    """What goes well: a file, its changes, a need, a visit, a merge, and looks at all of it."""
    done = await client.act(WORKER, "registerBeneficiary", "beneficiary { id version }", **given)
    file = done["beneficiary"]
    assert (
        await client.act(WORKER, "registerBeneficiary", "beneficiary { id version }", **given)
        == done
    )
    for change in (
        {"phone": None},
        {"phone": PERSON.phone},
        {"address": PERSON.address + "内"},
        {"name": PERSON.name},
    ):
        done = await client.act(
            WORKER,
            "updateBeneficiary",
            "beneficiary { id version }",
            beneficiaryId=file["id"],
            version=file["version"],
            **change,
        )
        file = done["beneficiary"]
    start = await client.send(DIRECTOR, "{ needKinds { nodes { id } } }")
    kind = start["data"]["needKinds"]["nodes"][0]["id"]
    need = await client.act(
        WORKER,
        "raiseNeed",
        "need { id version }",
        beneficiaryId=file["id"],
        kindId=kind,
        question=f"{PERSON.name}问:{PERSON.story}",
        channel="VISIT",
    )
    assert "need" in need, need
    [other, *_] = await files_of(house)
    merged = await client.act(
        DIRECTOR,
        "mergeBeneficiaries",
        "fileMerge { id }",
        survivorId=other["id"],
        survivorVersion=other["version"],
        mergedId=file["id"],
        mergedVersion=file["version"],
        reason=f"都是{PERSON.name}，{PERSON.phone}",
    )
    assert "fileMerge" in merged, merged
    for user in (WORKER, DIRECTOR, OFFICER):
        await client.send(user, SEARCHED, phone=PERSON.phone)
    found = await client.send(DIRECTOR, SEARCHED, phone=PERSON.phone)
    assert found["data"]["beneficiaries"]["nodes"][0]["idNumber"] == PERSON.id_number


async def refused(client: Client, given: dict[str, Any]) -> None:
    """What is refused: bad input, doubles, keys used again, documents that are none."""
    bad: list[dict[str, Any]] = [
        {"fileNumber": "T-009"},
        {"bornOn": "1931-07-20"},
        {"phone": f"{PERSON.phone} x {PERSON.name}"},
        {"idNumber": PERSON.id_number[:-1] + "Y"},
        {"bornOn": PERSON.id_number},
        {"gender": PERSON.name},
        {"unknown": PERSON.address},
        {"siteId": PERSON.name},
        {"name": PERSON.name * 30},
    ]
    for changes in bad:
        answer = await client.act(WORKER, "registerBeneficiary", **{**given, **changes})
        assert answer.get("__typename") != "RegisterBeneficiarySuccess", answer
    reused = {**given, "idempotencyKey": "one", "fileNumber": "T-010"}
    for change in ({}, {"address": PERSON.address}):
        await client.act(WORKER, "registerBeneficiary", **{**reused, **change})
    await client.send(OFFICER, f'{{ beneficiaries(where: {{name: {{eq: "{PERSON.name}"}}}}) {{')
    await client.send(OFFICER, f'{{ {PERSON.phone}: "{PERSON.id_number}" }}')
    document = f'{{ beneficiaries(where: {{phone: {{eq: "{PERSON.phone}"}}}}) {{ totalCount }} }}'
    token = {"authorization": f"Bearer {client.tokens[DIRECTOR]}"}
    await client.http.get("/graphql", params={"query": document}, headers=token)
    await client.http.get(f"/{quote(PERSON.name)}/{PERSON.id_number}", headers=token)
    await client.http.post("/graphql", content=f"{{{PERSON.id_number}".encode(), headers=token)


async def our_faults(owner: asyncpg.Connection, client: Client, given: dict[str, Any]) -> None:
    """What is our fault: rows that the database refuses, and values that cannot be read."""
    await owner.execute("ALTER TABLE beneficiary ADD CONSTRAINT c CHECK (file_number <> 'T-666')")
    another = {**given, "idNumber": PERSON.other_number, "acknowledgeNearDuplicates": True}
    answer = await client.act(WORKER, "registerBeneficiary", **{**another, "fileNumber": "T-666"})
    assert answer["extensions"]["code"] == "INTERNAL", answer
    await owner.execute("CREATE UNIQUE INDEX u ON beneficiary (tenant_id, born_on, phone)")
    answer = await client.act(WORKER, "registerBeneficiary", **{**another, "fileNumber": "T-667"})
    assert answer["code"] == "CONTENDED", answer
    kept = await owner.fetchval(
        "UPDATE beneficiary SET id_number_sealed = '\\x02' || sha256('x') WHERE phone = $1"
        " RETURNING old.id_number_sealed",
        PERSON.phone,
    )
    answer = await client.send(DIRECTOR, SEARCHED, phone=PERSON.phone)
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL", answer
    await owner.execute(
        "UPDATE beneficiary SET id_number_sealed = $2 WHERE phone = $1", PERSON.phone, kept
    )


async def plain_request(house: House, given: dict[str, Any]) -> bytes:
    """What a plain digest of the registration would be over."""
    principal = await house.principal(WORKER)
    reading = Reading(house.schema.entities, principal.tenant_id)
    days = {name: date.fromisoformat(given[name]) for name in ("bornOn", "openedOn")}
    draft = reading.read(Registration, {**given, **days})
    return f"Mutation.registerBeneficiary\n{draft!r}".encode()


@pytest.mark.parametrize("name", PERSON.details)
def test_the_search_finds_a_detail_however_it_is_written(name: str) -> None:
    detail = PERSON.details[name]
    for form in written(detail):
        assert found_in(f"x{form}y", PERSON.details) >= {name}
    for before in (b"", b"a", b"ab", b"abc"):
        whole = b64encode(before + detail.encode() + b"after").decode()
        assert found_in(whole, PERSON.details) >= {name}
    for made in (hashlib.sha256, hashlib.sha1, hashlib.md5):
        digest = made(detail.encode())
        for form in (digest.hexdigest(), b64encode(digest.digest()).decode()):
            assert digested_in(f"x{form}y", detail.encode())
    assert not found_in("欧阳 139 1931 鸟笼", PERSON.details)


async def test_a_persons_details_lie_in_their_own_columns_and_nowhere_else(
    pilot: House, tmp_path: Path, secret: bytes
) -> None:
    data = data_folder(tmp_path / "data", secret)
    port, settings = free_port(), {"DATABASE_URL": pilot.url, "TMPDIR": str(tmp_path)}
    given = await registration(pilot)
    with running(
        "serve", "--data", data, "--port", port, output=tmp_path / "said", settings=settings
    ) as server:
        server.until("ready ")
        keys, outside = deployment_keys(data), Settings()
        tokens = {
            user: issue(user, key=keys.issuer, issuer=outside.issuer, audience=outside.audience)
            for user in (WORKER, COLLEAGUE, DIRECTOR, OFFICER)
        }
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            client = Client(http, tokens)
            await told_story(pilot, client, given)
            await refused(client, given)
            await our_faults(pilot.owner, client, given)
            # The chain's head is held: what is read now stays in its file.
            async with pilot.owner.transaction():
                await pilot.owner.execute("SELECT FROM audit_head FOR UPDATE")
                await client.send(DIRECTOR, SEARCHED, phone=PERSON.phone)
                spool = files_below(data / "reads")
            await asyncio.sleep(1)
    assert any("Query.beneficiaries" in text for text in spool.values()), spool
    logs = {"postgres.log": server_log(await pilot.owner.fetchval("SHOW data_directory"))}
    logs |= files_below(tmp_path / "said")
    assert any("request failed" in text for text in logs.values())
    for place, text in {**spool, **logs, **files_below(data / "reads")}.items():
        assert not found_in(text, PERSON.details), place

    for row in await pilot.owner.fetch("SELECT entry FROM audit_entry"):
        entry = json.loads(row["entry"])
        changes = entry.pop("changes", [])
        words = [value for name, value in entry.items() if name not in CLEAR]
        words += [value for each in changes for name, value in each.items() if name not in CHANGED]
        assert all(value is None or is_sealed(value) for value in words), entry

    dump = dumped(pilot.url)
    places = {
        (place, name) for place, text in dump.items() for name in found_in(text, PERSON.details)
    }
    assert {place for place, _ in places} <= OWN_COLUMNS, places
    assert {(("beneficiary", name), name) for name in ("name", "phone", "address")} <= places
    assert not [place for place, name in places if "number" in name]
    request = await plain_request(pilot, given)
    tenant = (await pilot.principal(WORKER)).tenant_id
    secrets = [*map(str.encode, PERSON.details.values()), request]
    secrets += [
        tenant.bytes + PERSON.id_number.encode(),
        str(tenant).encode() + PERSON.id_number.encode(),
    ]
    for texts in ({str(place): text for place, text in dump.items()}, spool, logs):
        for place, text in texts.items():
            assert not digested_in(text, *secrets), place
