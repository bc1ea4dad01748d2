"""Clients that do not keep up, and a database that has no time: nobody is left without a word."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from citywide.authz import membership
from citywide.ids import NodeId, new_id
from citywide.web import socket as served_socket
from events.clients import PROTOCOL, City, Socket

# A field asked for under so many names makes an event of some 85 kB.
NAMES = 300
TITLES = " ".join(f"a{number}: title" for number in range(NAMES))
LARGE = f"subscription {{ serviceRecorded {{ eventId serviceRecord {{ {TITLES} }} }} }}"
# Together far more than a connection holds: some three megabytes.
BURSTS, BURST = 10, 10


async def told_again(city: City, record: str, times: int) -> None:
    """Put events about a record into the outbox, each of a transaction of its own."""
    node = NodeId.decode(record)
    assert node is not None
    bureau_id = (await city.house.principal("shouqianshou.director")).bureau_id
    for _ in range(times):
        await city.house.owner.execute(
            "INSERT INTO outbox (tenant_id, bureau_id, id, topic, row_id, occurred_at, transaction)"
            " VALUES ($1, $2, $3, 'serviceRecorded', $4, now(),"
            " pg_current_xact_id()::text::bigint)",
            node.tenant_id,
            bureau_id,
            new_id(),
            node.row_id,
        )


async def listening(city: City, record: str, waiting: Socket) -> None:
    """Return when a socket is told of events, which says that the server has seen it subscribe."""
    while await waiting.is_quiet():
        await told_again(city, record, 1)
    while not await waiting.is_quiet():
        pass


@asynccontextmanager
async def a_small_client(city: City, user: str) -> AsyncIterator[Socket]:
    """A signed-in WebSocket that reads nothing ahead, over a connection that holds little."""
    host, _, port = city.address.removeprefix("http://").partition(":")
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    small.setblocking(False)  # noqa: FBT003 -- its own name for it
    await asyncio.get_running_loop().sock_connect(small, (host, int(port)))
    url = f"ws://{host}:{port}/graphql"
    async with connect(url, subprotocols=[PROTOCOL], sock=small, max_queue=1) as connection:
        found = Socket(connection)
        authorization = city.headers(user)["authorization"]
        await found.send(type="connection_init", payload={"authorization": authorization})
        assert await found.next() == {"type": "connection_ack"}
        yield found


async def test_a_client_that_takes_nothing_is_closed_and_others_are_told_at_once(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_socket, "SEND_S", 0.5)
    monkeypatch.setattr(served_socket, "CLOSE_S", 60)
    record = await city.record("E-1", title="很长的标题" * 19)
    user = "shouqianshou.director"
    async with a_small_client(city, user) as slow, city.signed_in(user) as quick:
        await slow.subscribe(LARGE)
        await listening(city, record, slow)
        await quick.subscribe(LARGE)
        await listening(city, record, quick)
        for _ in range(BURSTS):
            await told_again(city, record, BURST)
            # Patience for each of these is shorter than what the slow one is given altogether.
            for _ in range(BURST):
                assert "serviceRecorded" in await quick.data()
        await asyncio.sleep(1)
        with pytest.raises(ConnectionClosed):  # noqa: PT012 -- some messages come before
            for _ in range(BURST * BURSTS):
                await slow.connection.recv()
        code, reason = await slow.closed()
        assert (code, "resume" in reason) == (4408, True)


async def test_who_cannot_be_looked_up_is_told_to_try_again(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "POOL_WAIT_S", 0.3)
    users = [f"shouqianshou.worker{number}" for number in range(1, membership.LOOKUPS + 2)]
    answers: list[object] = []

    async def sign_in(user: str) -> None:
        async with city.socket() as connection:
            payload = {"authorization": city.headers(user)["authorization"]}
            await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
            try:
                answers.append(json.loads(await connection.recv()))
            except ConnectionClosed:
                answers.append(await Socket(connection).closed())

    async with city.house.owner.transaction():
        # Whoever is looked up waits for this.
        await city.house.owner.execute("LOCK TABLE member IN ACCESS EXCLUSIVE MODE")
        signing_in = [asyncio.create_task(sign_in(user)) for user in users]
        await asyncio.wait(signing_in, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*signing_in)
    refused, *others = answers
    assert refused == (1013, "No database connection became free in time; try again in a moment.")
    assert others == [{"type": "connection_ack"}] * membership.LOOKUPS
