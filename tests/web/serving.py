"""The application on a real server, and a client that signs in."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
from granian.server.embed import Server
from joserfc.jwk import OKPKey
from starlette.applications import Starlette

from citywide.audit.reads import PURPOSE_HEADER
from citywide.identity.issuers import LocalIssuer
from citywide.identity.tokens import Verifier
from citywide.settings import CHECKOUT, TENANT_POINTS
from citywide.web.app import Deployment, Rules, create_app
from citywide.web.listening import server_options
from walls.house import PURPOSE, made_policy, made_schema

ISSUER, AUDIENCE = "https://citywide.test", "citywide"

Token = Callable[..., str]

RUNNING = """
    SELECT pid, state, query FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'citywide_bureau' AND state <> 'idle'
"""


@dataclass(frozen=True, slots=True)
class Client:
    """Asks as one user or another."""

    http: httpx.AsyncClient
    token: Token

    async def ask(
        self, user: str | None, query: str, headers: dict[str, str] | None = None, **variables: Any
    ) -> httpx.Response:
        """POST an operation."""
        sent = {PURPOSE_HEADER: quote(PURPOSE)} | (headers or {})
        if user is not None:
            sent["authorization"] = f"Bearer {self.token(user)}"
        body = {"query": query, "variables": variables}
        return await self.http.post("/graphql", json=body, headers=sent)

    async def data(self, user: str, query: str, **variables: Any) -> Any:
        """The data of an operation that must succeed."""
        response = await self.ask(user, query, **variables)
        answer = response.json()
        assert "errors" not in answer, answer
        return answer["data"]


@asynccontextmanager
async def served(
    url: str, secret: bytes, issuer_key: OKPKey, points: int = TENANT_POINTS
) -> AsyncIterator[str]:
    """The address of the application on the database at the owner's `url`, under granian."""
    verifier = Verifier(LocalIssuer(issuer_key), issuer=ISSUER, audience=AUDIENCE)
    with TemporaryDirectory() as reads:
        rules = Rules(made_schema(), made_policy(made_schema()))
        deployment = Deployment(CHECKOUT, url, secret, verifier, Path(reads), tenant_points=points)
        app = create_app(deployment, rules)
        async with running_app(app) as address:
            yield address


@asynccontextmanager
async def running_app(app: Starlette) -> AsyncIterator[str]:
    """The address of an application under granian."""
    port = free_port()
    server = Server(app, port=port, log_enabled=False, **server_options())
    serving = asyncio.create_task(server.serve())
    address = f"http://127.0.0.1:{port}"
    await until_it_answers(address)
    yield address
    server.stop()  # type: ignore[no-untyped-call]
    await serving


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def until_it_answers(address: str) -> None:
    """Wait for a server that is starting."""
    async with httpx.AsyncClient(base_url=address) as client:
        for _ in range(200):
            try:
                await client.get("/health")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
    raise TimeoutError(address)


async def running(owner: asyncpg.Connection, count: int, within_s: float) -> list[Any]:
    """What runs, as soon as that is `count` statements."""
    end = time.monotonic() + within_s
    while True:
        found = await owner.fetch(RUNNING)
        if len(found) == count or time.monotonic() > end:
            return list(found)
        await asyncio.sleep(0.01)
