"""A city on a PostgreSQL of its own that can be killed, stopped and made read-only."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import psutil
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from citywide.audit.reads import PURPOSE_HEADER
from citywide.db.embedded import embedded_server
from citywide.db.migrate import migrate
from citywide.db.sealed import Sealer
from citywide.exchange.manifests import apply
from citywide.exchange.pilot import load_pilot
from citywide.identity.keys import deployment_keys
from citywide.identity.tokens import issue
from citywide.settings import CHECKOUT, Settings
from citywide.tenancy.load import load_manifests
from cli.operators import Running, free_port, running
from deployments import server_folder

YUEQING = CHECKOUT / "tenants" / "yueqing"
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
WORKER, OFFICER = "shouqianshou.worker1", "bureau.officer"
PERSONS = "query Look { beneficiaries(first: 1) { nodes { name } } }"
NOBODY = "query Areas { areas { totalCount } }"
ADD = """mutation Add($input: RegisterVolunteerInput!) { registerVolunteer(input: $input) {
    __typename ... on RegisterVolunteerSuccess { volunteer { id } }
    ... on Problem { message } } }"""
# Longer than any answer may take while the database hangs.
BOUND_S = 20.0


@dataclass(slots=True)
class Postgres:
    """A server that is somebody else's: what happens to it is not citywide's doing."""

    folder: Path
    _running: ExitStack = field(default_factory=ExitStack)
    url: str = ""

    def start(self) -> None:
        self._running = ExitStack()
        self.url = self._running.enter_context(
            embedded_server(self.folder, FORGETFUL, is_kept=False)
        )

    def stop(self) -> None:
        self._running.close()

    def restart(self, *, as_standby: bool = False) -> None:
        """Stop what is left of it and start it; a standby only reads, and waits for changes."""
        self.stop()
        signal_file = self.folder / "postgres" / "standby.signal"
        if as_standby:
            signal_file.touch()
        else:
            signal_file.unlink(missing_ok=True)
        self.start()

    def kill(self) -> None:
        """End it without a word, as a machine ends that loses its power."""
        processes = self.processes()
        for each in processes:
            each.kill()
        psutil.wait_procs(processes)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let it neither answer nor be gone."""
        stopped = self.processes()
        for each in stopped:
            each.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for each in stopped:
                each.send_signal(signal.SIGCONT)

    def processes(self) -> list[psutil.Process]:
        lines = (self.folder / "postgres" / "postmaster.pid").read_text().splitlines()
        postmaster = psutil.Process(int(lines[0]))
        return [postmaster, *postmaster.children(recursive=True)]

    async def administer(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def rows(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.url)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()


@asynccontextmanager
async def pilots_postgres(secret: bytes) -> AsyncIterator[Postgres]:
    """A server with the pilot's records, its logins made with `secret`."""
    with server_folder() as folder:
        server = Postgres(folder)
        server.start()
        try:
            await settle(server.url, secret)
            yield server
        finally:
            server.stop()


async def settle(url: str, secret: bytes) -> None:
    """Make an empty database the pilot's city."""
    from conftest import opened  # noqa: PLC0415 -- it imports what this is imported by

    await migrate(url, secret=secret)
    async with opened(url, secret) as database:
        city = load_manifests(YUEQING)
        await apply(database, city)
        await load_pilot(database, YUEQING / "pilot", city, sealer=Sealer(secret))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door said, and after how long."""

    status: int
    text: str
    took_s: float
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """`citywide serve` in a process of its own."""

    command: Running
    port: str
    data: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> list[str]:
        """The lines on standard error."""
        return self.command.error.read_text(encoding="utf-8").splitlines()

    def headers(self, user: str) -> dict[str, str]:
        return self.headers_of(self.data, user)

    @staticmethod
    def headers_of(data: Path, user: str) -> dict[str, str]:
        """What a user of the deployment with these keys sends."""
        settings = Settings()
        token = issue(
            user,
            key=deployment_keys(data).issuer,
            issuer=settings.issuer,
            audience=settings.audience,
        )
        return {"authorization": f"Bearer {token}", PURPOSE_HEADER: quote("年度审计")}

    async def ask(
        self,
        method: str,
        path: str,
        user: str = OFFICER,
        body: Any = None,
        *,
        within_s: float = BOUND_S,
        **headers: str,
    ) -> Answer:
        async with httpx.AsyncClient(base_url=self.address, timeout=within_s) as client:
            began = time.monotonic()
            response = await client.request(
                method, path, json=body, headers={**self.headers(user), **headers}
            )
            took_s = time.monotonic() - began
        retry = response.headers.get("retry-after")
        return Answer(response.status_code, response.text, took_s, retry)

    async def query(
        self, document: str, user: str = OFFICER, *, within_s: float = BOUND_S, **variables: Any
    ) -> Answer:
        body = {"query": document, "variables": variables}
        return await self.ask("POST", "/graphql", user, body, within_s=within_s)

    async def add(self, number: str, user: str = "shouqianshou.director") -> Answer:
        given = {"number": number, "name": "虚构", "registeredOn": "2015-11-09"}
        return await self.query(ADD, user, input={**given, "idempotencyKey": number})

    async def sign_in(self, user: str = OFFICER) -> Answer:
        """How a WebSocket's sign-in is answered: the status is its close code, or 0."""
        began = time.monotonic()
        url = f"{self.address.replace('http', 'ws', 1)}/graphql"
        protocol = Subprotocol("graphql-transport-ws")
        async with connect(url, subprotocols=[protocol]) as socket:
            payload = {"authorization": self.headers(user)["authorization"]}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            said = ""
            with suppress(ConnectionClosed):
                async with asyncio.timeout(BOUND_S):
                    said = str(await socket.recv())
            took_s = time.monotonic() - began
            if said:
                return Answer(0, said, took_s)
            return Answer(socket.close_code or 0, socket.close_reason or "", took_s)


async def _mutation(server: Serving) -> Answer:
    return await server.add(f"V-{time.monotonic_ns()}")


async def _older(server: Serving) -> Answer:
    return await server.ask("POST", "/graphql", body={"query": NOBODY}, accept="application/json")


async def _newer(server: Serving) -> Answer:
    accept = "application/graphql-response+json"
    return await server.ask("POST", "/graphql", body={"query": NOBODY}, accept=accept)


async def _get(server: Serving) -> Answer:
    return await server.ask("GET", f"/graphql?query={quote(NOBODY)}")


async def _stream(server: Serving) -> Answer:
    return await server.ask("POST", "/graphql/stream", body={"query": NOBODY})


async def _answer_page(server: Serving) -> Answer:
    return await server.ask("GET", "/needs/x/answer.pdf", WORKER)


async def _certificate(server: Serving) -> Answer:
    return await server.ask("GET", "/volunteers/x/certificate.pdf", WORKER)


async def _schema(server: Serving) -> Answer:
    return await server.ask("GET", "/schema.graphql")


HTTP_DOORS: dict[str, Callable[[Serving], Any]] = {
    "a query in the older media type": _older,
    "a query in the newer media type": _newer,
    "a query by GET": _get,
    "a mutation": _mutation,
    "a stream": _stream,
    "the answer's page": _answer_page,
    "the certificate": _certificate,
    "the schema": _schema,
}


@contextmanager
def serving(url: str | None, data: Path, output: Path, *more: str) -> Iterator[Serving]:
    """`citywide serve` on a database, or on the embedded one; its keys are below `data`."""
    port = free_port()
    settings = {} if url is None else {"DATABASE_URL": url}
    arguments = ("serve", "--port", port, "--data", data, *more)
    with running(*arguments, output=output, settings=settings) as command:
        command.until("ready ")
        yield Serving(command, port, data)


async def until(is_so: Callable[[], Any], within_s: float = 30.0) -> None:
    """Wait for what has to come."""
    end = time.monotonic() + within_s
    while not await is_so():
        assert time.monotonic() < end, is_so
        await asyncio.sleep(0.1)


def kill(pid: int) -> None:
    """End one process without a word."""
    os.kill(pid, signal.SIGKILL)
