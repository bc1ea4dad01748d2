"""A server that is restarted on a socket that somebody else holds: nobody is refused meanwhile."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from citywide.settings import CHECKOUT
from cli.operators import COMMAND, PATIENCE_S, environment
from deployments import data_folder
from journeys.outages import ADD, NOBODY, Serving, until
from walls.house import House

# As systemd hands a socket over: the third descriptor, and whose it is.
HANDED_OVER = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<&"$HELD"'
# Beside the one that keeps its connection, some that make a new one for every request.
KEEPING, ANEW = 4, 2


@dataclass(frozen=True, slots=True)
class Unit:
    """What systemd keeps: the socket, and the service that it starts and stops."""

    held: socket.socket
    url: str
    data: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.held.getsockname()[1]}"

    @contextmanager
    def service(self, output: Path) -> Iterator[subprocess.Popen[bytes]]:
        output.mkdir()
        said = output / "out"
        arguments = ["serve", "--data", str(self.data), "--workers", "2"]
        settings = {"DATABASE_URL": self.url, "HELD": str(self.held.fileno())}
        with said.open("wb") as out, (output / "error").open("wb") as error:
            process = subprocess.Popen(
                ["/bin/bash", "-c", HANDED_OVER, str(COMMAND), *arguments],
                cwd=CHECKOUT,
                env=environment(settings),
                pass_fds=[self.held.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=error,
            )
        deadline = time.monotonic() + PATIENCE_S
        while b"ready " not in said.read_bytes():
            assert process.poll() is None, (output / "error").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


@dataclass(slots=True)
class Crowd:
    """Clients that ask without a pause, and what they were told."""

    address: str
    headers: dict[str, str]
    answers: list[str] = field(default_factory=list)
    added: int = 0
    is_over: bool = False

    async def has(self, count: int) -> bool:
        return len(self.answers) >= count

    async def keep(self, number: int) -> None:
        """Read and write over one connection, as long as the server lets it."""
        async with httpx.AsyncClient(base_url=self.address, timeout=60) as client:
            while not self.is_over:
                await self._ask(client, f"R{number}-{len(self.answers)}")

    async def come_anew(self) -> None:
        """A connection for each request."""
        while not self.is_over:
            async with httpx.AsyncClient(base_url=self.address, timeout=60) as client:
                await self._ask(client, None)

    async def _ask(self, client: httpx.AsyncClient, number: str | None) -> None:
        body: dict[str, object] = {"query": NOBODY}
        if number is not None:
            given = {"number": number, "name": "虚构", "registeredOn": "2015-11-09"}
            body = {"query": ADD, "variables": {"input": {**given, "idempotencyKey": number}}}
        try:
            response = await client.post("/graphql", json=body, headers=self.headers)
            is_good = response.status_code == 200 and "errors" not in response.json()
            self.answers.append("good" if is_good else response.text)
            self.added += is_good and number is not None
        except httpx.HTTPError as error:
            self.answers.append(repr(error))


@pytest.fixture
def unit(pilot: House, tmp_path: Path, secret: bytes) -> Iterator[Unit]:
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as held:
        yield Unit(held, pilot.url, data_folder(tmp_path / "data", secret))


async def test_a_restart_loses_no_request(unit: Unit, tmp_path: Path, pilot: House) -> None:
    sessions: list[int] = []

    async def subscribe(headers: dict[str, str]) -> None:
        """A session that is told to come again."""
        url = f"{unit.address.replace('http', 'ws', 1)}/graphql"
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as session:
            await session.send(json.dumps({"type": "connection_init", "payload": headers}))
            assert json.loads(await session.recv()) == {"type": "connection_ack"}
            await session.wait_closed()
            sessions.append(session.close_code or 0)

    headers = Serving.headers_of(unit.data, "shouqianshou.director")
    crowd = Crowd(unit.address, headers)
    with unit.service(tmp_path / "first") as first:
        clients = [asyncio.create_task(crowd.keep(number)) for number in range(KEEPING)]
        clients += [asyncio.create_task(crowd.come_anew()) for _ in range(ANEW)]
        session = asyncio.create_task(subscribe(headers))
        await until(lambda: crowd.has(100))
        first.send_signal(signal.SIGTERM)
        await asyncio.to_thread(first.wait, PATIENCE_S)
    before = len(crowd.answers)
    service = unit.service(tmp_path / "second")
    await asyncio.to_thread(service.__enter__)
    try:
        await session
        await until(lambda: crowd.has(before + 100))
        crowd.is_over = True
        await asyncio.gather(*clients)
    finally:
        await asyncio.to_thread(service.__exit__, None, None, None)
    lost = [answer for answer in crowd.answers if answer != "good"]
    assert lost == [], (len(lost), len(crowd.answers))
    assert len(crowd.answers) > 200
    assert sessions == [1012]
    # Each was done once, whatever became of the server.
    added = await pilot.owner.fetchval("SELECT count(*) FROM volunteer WHERE number LIKE 'R%'")
    assert added == crowd.added
