"""Clients of subscriptions as a frontend has them: a WebSocket, and a stream of events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from acts.test_perform import a_visit
from citywide.audit.reads import PURPOSE_HEADER
from walls.house import PURPOSE, House
from web.serving import Client

PROTOCOL = Subprotocol("graphql-transport-ws")
# Until an event must be there; generous, since tests assert what comes and not when.
PATIENCE_S = 10.0
# So long nothing comes when nothing should: several looks of the relay.
QUIET_S = 0.8


@dataclass(frozen=True, slots=True)
class City:
    """A served city that a test acts in."""

    client: Client
    house: House
    address: str
    token: Callable[..., str]

    async def record(self, number: str, user: str = "shouqianshou.worker1", **changes: Any) -> str:
        """Record a service; its id."""
        visit = await a_visit(self.house, number=number, **changes)
        done = await self.house.act(user, "recordService", "serviceRecord { id }", **visit)
        assert done["__typename"] == "RecordServiceSuccess", done
        return str(done["serviceRecord"]["id"])

    def headers(self, user: str) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.token(user)}",
            PURPOSE_HEADER: quote(PURPOSE),
        }

    @asynccontextmanager
    async def socket(self, protocol: Subprotocol = PROTOCOL) -> AsyncIterator[ClientConnection]:
        """A WebSocket on which nothing has been said."""
        url = f"{self.address.replace('http', 'ws', 1)}/graphql"
        async with connect(url, subprotocols=[protocol]) as socket:
            yield socket

    @asynccontextmanager
    async def signed_in(self, user: str, **claims: Any) -> AsyncIterator[Socket]:
        """A WebSocket of a user."""
        async with self.socket() as socket:
            payload = {
                "authorization": f"Bearer {self.token(user, **claims)}",
                "purpose": quote(PURPOSE),
            }
            found = Socket(socket)
            await found.send(type="connection_init", payload=payload)
            assert await found.next() == {"type": "connection_ack"}
            yield found

    @asynccontextmanager
    async def stream(
        self, user: str, query: str, after: str | None = None, **variables: Any
    ) -> AsyncIterator[Stream]:
        """A stream of events."""
        headers = {**self.headers(user), "accept": "text/event-stream"}
        if after is not None:
            headers["last-event-id"] = after
        body = {"query": query, "variables": variables}
        url = "/graphql/stream"
        async with self.client.http.stream("POST", url, json=body, headers=headers) as response:
            if response.status_code == 200:
                yield Stream(response, response.aiter_lines())
                return
            await response.aread()
            raise AssertionError((response.status_code, response.text))


@dataclass(slots=True)
class Socket:
    """A signed-in WebSocket."""

    connection: ClientConnection
    _count: int = 0

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def next(self) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return json.loads(await self.connection.recv())

    async def subscribe(self, query: str, **variables: Any) -> str:
        """Subscribe, and wait until the server has seen it; the operation's id."""
        self._count += 1
        name = str(self._count)
        payload = {"query": query, "variables": variables}
        await self.send(type="subscribe", id=name, payload=payload)
        await asyncio.sleep(QUIET_S / 2)
        return name

    async def data(self) -> Any:
        message = await self.next()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def is_quiet(self) -> bool:
        try:
            async with asyncio.timeout(QUIET_S):
                await self.connection.recv()
        except TimeoutError:
            return True
        return False

    async def closed(self) -> tuple[int, str]:
        """How the server closes the connection."""
        async with asyncio.timeout(PATIENCE_S):
            await self.connection.wait_closed()
        return self.connection.close_code or 0, self.connection.close_reason or ""


@dataclass(slots=True)
class Stream:
    """An open stream."""

    response: httpx.Response
    _lines: AsyncIterator[str]
    _seen: list[str] = field(default_factory=list)

    async def next(self) -> dict[str, str]:
        """The fields of the next event; comments are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            found: dict[str, str] = {}
            async for line in self._lines:
                if line and not line.startswith(":"):
                    name, _, value = line.partition(":")
                    found[name] = value.strip()
                elif not line and found:
                    return found
        raise AssertionError("The stream ended.")

    async def begun(self) -> None:
        """Wait for the comment that says that the server has begun."""
        async with asyncio.timeout(PATIENCE_S):
            assert await anext(self._lines) == ":"
        await asyncio.sleep(QUIET_S / 2)
