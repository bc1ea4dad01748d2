"""What a deployed server writes down: little, whatever comes in, and nobody's secrets."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio

from citywide.errors import RETRY_AFTER_S
from citywide.identity.keys import deployment_keys
from citywide.identity.tokens import issue
from citywide.settings import Settings
from web.serving import Client, free_port, running, until_it_answers

START = "from citywide.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A server in a process of its own, and all it has written."""

    client: Client
    log: Path

    def written(self) -> str:
        return self.log.read_text(encoding="utf-8")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def deployed(
    pilot_url: str, secret: bytes, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Deployed]:
    data = tmp_path_factory.mktemp("deployed")
    (data / "keys").mkdir()
    (data / "keys" / "secret").write_bytes(secret)
    keys, settings, log = deployment_keys(data), Settings(), data / "log"

    def token(user: str) -> str:
        return issue(user, key=keys.issuer, issuer=settings.issuer, audience=settings.audience)

    port = free_port()
    environment = {**os.environ, "DATABASE_URL": pilot_url}
    words = ["serve", "--data", str(data), "--port", str(port)]
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", START, *words, env=environment, stdout=DEVNULL, stderr=errors
        )
    address = f"http://127.0.0.1:{port}"
    try:
        await until_it_answers(address)
        async with httpx.AsyncClient(base_url=address, timeout=30) as http:
            yield Deployed(Client(http, token), log)
    finally:
        process.terminate()
        await process.wait()


async def test_a_thousand_mistakes_in_a_document_are_not_written_down(deployed: Deployed) -> None:
    before = deployed.written()
    fields = " ".join(f"x{number}: nothing{number}" for number in range(1_000))
    for _ in range(20):
        response = await deployed.client.ask("bureau.officer", f"{{ {fields} }}")
        assert len(response.json()["errors"]) <= 6
        assert len(response.content) < 3_000
    assert deployed.written() == before


async def test_a_refused_token_is_not_written_down(deployed: Deployed) -> None:
    before = deployed.written()
    for token in ("x" * 8_000, "a.b.c", deployed.client.token("bureau.officer")[:-1]):
        headers = {"authorization": f"Bearer {token}"}
        response = await deployed.client.http.get("/graphql", headers=headers)
        assert response.status_code == 401
    assert deployed.written() == before


QUERY = "query Q($name: String!) { areas(where: { name: { eq: $name } }) { totalCount } }"


async def test_a_fault_of_ours_is_written_down_once_and_told_to_nobody(
    deployed: Deployed, owner: asyncpg.Connection
) -> None:
    before = deployed.written()
    await owner.execute("REVOKE SELECT ON area FROM citywide_bureau")
    try:
        response = await deployed.client.ask("bureau.officer", QUERY, name="a secret")
    finally:
        await owner.execute("GRANT SELECT ON area TO citywide_bureau")
    assert response.status_code == 500
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL"}
    assert not re.search(r"asyncpg|postgres|denied|SELECT|Traceback", response.text)
    assert await deployed.client.data("bureau.officer", "{ viewer { name } }")
    written = deployed.written().removeprefix(before)
    [entry] = [json.loads(line) for line in written.splitlines()]
    assert entry["event"] == "request failed"
    assert "permission denied" in entry["exception"]
    assert len(written) < 6_000
    assert "a secret" not in written


@pytest.mark.usefixtures("areas_locked")
async def test_a_session_that_the_database_ends_is_an_outage_of_one_line(
    deployed: Deployed, owner: asyncpg.Connection
) -> None:
    before = deployed.written()
    task = asyncio.create_task(deployed.client.ask("bureau.officer", QUERY, name="a secret"))
    [statement] = await running(owner, 1, 5)
    await owner.execute("SELECT pg_terminate_backend($1)", statement["pid"])
    response = await task
    assert (response.status_code, response.headers["retry-after"]) == (503, str(RETRY_AFTER_S))
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert not re.search(r"asyncpg|postgres|terminat|SELECT|Traceback", response.text)
    assert await deployed.client.data("bureau.officer", "{ viewer { name } }")
    [line] = deployed.written().removeprefix(before).splitlines()
    assert json.loads(line)["event"] == "the database is away"
    assert len(line) < 500
    assert "a secret" not in line
