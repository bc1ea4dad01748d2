"""While somebody floods the server with connections, a quiet agency's requests go on."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
import pytest_asyncio

from attack.floods import FLOODS, flooding, open_files
from citywide.identity.keys import deployment_keys
from citywide.identity.tokens import issue
from citywide.settings import Settings
from journeys.killed import served

# A quiet request takes milliseconds. On a busy machine it may take seconds; a silenced agency
# waits for as long as somebody likes.
PATIENCE_S = 5.0
# Until what a flood has left behind is gone.
AFTERWARDS_S = 15.0
QUIET, LOUD = "shouqianshou.director", "yixin.director"
# What most systems give a process at its start.
USUAL_FILES = 1_024


@dataclass(frozen=True, slots=True)
class Besieged:
    """A server in processes of its own, and tokens for it."""

    address: str
    process: psutil.Process
    tokens: dict[str, str]

    async def ask(self) -> float:
        """One request of the quiet agency, over a new connection; how long it took."""
        began = time.monotonic()
        headers = {"authorization": f"Bearer {self.tokens[QUIET]}"}
        # Not the address that the floods come from.
        transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
        async with httpx.AsyncClient(
            base_url=self.address, timeout=PATIENCE_S, transport=transport
        ) as client:
            body = {"query": "{ viewer { name } }"}
            response = await client.post("/graphql", json=body, headers=headers)
        assert response.status_code == 200, response.text
        assert "errors" not in response.json(), response.text
        return time.monotonic() - began

    def connections(self) -> int:
        """Connections to the server that are open."""
        port = int(self.address.rpartition(":")[2])
        return sum(
            1
            for worker in self.process.children(recursive=True)
            for each in worker.net_connections("tcp")
            if each.laddr.port == port and each.status == psutil.CONN_ESTABLISHED
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def besieged(
    pilot_url: str, secret: bytes, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Besieged]:
    data: Path = tmp_path_factory.mktemp("besieged")
    (data / "keys").mkdir()
    (data / "keys" / "secret").write_bytes(secret)
    key, settings = deployment_keys(data).issuer, Settings()
    claims = {"key": key, "issuer": settings.issuer, "audience": settings.audience}
    tokens = {user: issue(user, **claims) for user in (QUIET, LOUD)}
    with open_files(USUAL_FILES):
        serving = served(pilot_url, data)
        server = await serving.__aenter__()
    try:
        yield Besieged(server.address, psutil.Process(server.process.pid), tokens)
    finally:
        await serving.__aexit__(None, None, None)


@pytest.fixture(scope="module", autouse=True)
def _enough_files() -> None:
    """The flood's own ends of its connections are files as well."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def withstands(besieged: Besieged, name: str, requests: int, *, again: bool) -> None:
    await besieged.ask()
    async with flooding(besieged.address, FLOODS[name], besieged.tokens[LOUD], again=again):
        took = [await besieged.ask() for _ in range(requests)]
        assert max(took) < PATIENCE_S
    async with asyncio.timeout(AFTERWARDS_S):
        while besieged.connections():  # noqa: ASYNC110 -- nothing tells of their end
            await asyncio.sleep(0.2)
    await besieged.ask()


@pytest.mark.parametrize("name", FLOODS)
async def test_a_quiet_agency_is_answered_during_a_flood_and_nothing_is_left_of_it(
    besieged: Besieged, name: str
) -> None:
    await withstands(besieged, name, requests=5, again=False)


@pytest.mark.long
@pytest.mark.parametrize("name", FLOODS)
async def test_a_quiet_agency_is_answered_during_a_flood_that_comes_again_and_again(
    besieged: Besieged, name: str
) -> None:
    await withstands(besieged, name, requests=100, again=True)
