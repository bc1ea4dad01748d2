"""No connection keeps a place for longer than it may, and nobody more places than they may."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from joserfc.jwk import OKPKey
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from citywide.authz.policy import Policy
from citywide.graph.schema import Schema
from citywide.identity.issuers import LocalIssuer
from citywide.identity.tokens import Verifier
from citywide.settings import CHECKOUT
from citywide.web import doorkeeper, graphql, listening
from citywide.web.app import Deployment, Rules, create_app
from citywide.web.entrance import Kind
from web.serving import AUDIENCE, ISSUER, Token, running_app

PROTOCOL = Subprotocol("graphql-transport-ws")
HEAD = b"GET /health HTTP/1.1\r\nHost: test\r\n"
PAGE = b"GET / HTTP/1.1\r\nHost: test\r\n"
BODY = (
    b"POST /graphql HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n"
)
STREAM = (
    b"GET /graphql/stream?query=subscription%7BserviceRecorded%7BeventId%7D%7D HTTP/1.1\r\n"
    b"Host: test\r\nAccept: text/event-stream\r\n"
)
UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
QUESTION = b'{"query": "{ viewer { name } }"}'
# For what is asked to end at once, on a busy machine.
PATIENCE_S = 10.0
PROXY = "127.0.0.9"


@dataclass(frozen=True, slots=True)
class House:
    """A served application of the test's own."""

    app: Starlette
    port: int
    token: Token

    def bearer(self, user: str) -> bytes:
        return b"Authorization: Bearer " + self.token(user).encode() + b"\r\n"

    @asynccontextmanager
    async def connection(
        self, opening: bytes = b"", source: str = "127.0.0.1"
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection from an address of this machine's that has said `opening`."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(source, 0)
        )
        writer.write(opening)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def status(self, request: bytes, source: str = "127.0.0.1") -> tuple[int, str]:
        """The status of an answer, and its head and body."""
        async with self.connection(request, source) as (reader, _), asyncio.timeout(PATIENCE_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            body = (await reader.read(10_000)).decode()
            return int(head.split()[1]), head + body

    async def asked(self, user: str, source: str = "127.0.0.1") -> tuple[int, str]:
        head = BODY.replace(b"1000", str(len(QUESTION)).encode())
        return await self.status(head + self.bearer(user) + b"\r\n" + QUESTION, source)

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not what():  # noqa: ASYNC110 -- nothing tells of it
                await asyncio.sleep(0.02)

    def taken(self, kind: Kind) -> int:
        number: int = self.app.state.seats[kind].taken_in_all
        return number

    def bound(self, kind: Kind, **caps: int) -> None:
        """Bound one kind of seat to what a test can fill."""
        seats = self.app.state.seats[kind]
        seats.caps = replace(seats.caps, **caps)


@pytest_asyncio.fixture(loop_scope="session")
async def house(  # noqa: PLR0917 -- what an application is made of
    pilot_url: str,
    secret: bytes,
    issuer_key: OKPKey,
    token: Token,
    published: Schema,
    shipped: Policy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    monkeypatch.setattr(listening, "HEAD_S", 1.0)
    monkeypatch.setattr(graphql, "BODY_SECONDS", 1.0)
    verifier = Verifier(LocalIssuer(issuer_key), issuer=ISSUER, audience=AUDIENCE)
    proxies = (ip_network(f"{PROXY}/32"),)
    deployment = Deployment(CHECKOUT, pilot_url, secret, verifier, tmp_path, proxies=proxies)
    app = create_app(deployment, Rules(published, shipped))
    async with running_app(app) as address:
        found = House(app, int(address.rpartition(":")[2]), token)
        yield found
        # Whatever a test did, in the end nobody has a seat and no connection is known.
        seats = app.state.seats.values()
        await found.until(lambda: all(each.is_empty for each in seats))
        await found.until(lambda: not app.state.doorkeeper.connections)


@pytest.mark.parametrize(
    ("opening", "drip", "user"),
    [
        (b"", b"", None),
        (b"GE", b"", None),
        (b"PRI * HT", b"", None),
        (HEAD, b"A: b\r\n", None),
        (HEAD + b"\r\n", b"", None),
        (HEAD + b"\r\n" + HEAD, b"A: b\r\n", None),
        (BODY + b"\r\n", b"{", None),
        (BODY, b" ", "bureau.analyst"),
        (STREAM + b"\r\n", b"", None),
    ],
)
async def test_whoever_says_nothing_or_too_little_is_hung_up_on(
    house: House, opening: bytes, drip: bytes, user: str | None
) -> None:
    if user is not None:
        opening += house.bearer(user) + b"\r\n"
    async with house.connection(opening) as (reader, writer), asyncio.timeout(PATIENCE_S):
        while True:
            try:
                async with asyncio.timeout(0.2):
                    if not await reader.read(10_000):
                        break
            except TimeoutError:
                writer.write(drip)
            except OSError:
                break


async def test_a_websocket_that_is_closed_and_does_not_hear_it_is_hung_up_on(house: House) -> None:
    async with house.connection(UPGRADE) as (reader, _):
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        # The frame that closes it; the connection goes on until the other end says the same.
        assert (await reader.readexactly(2))[0] == 0x88
        async with asyncio.timeout(PATIENCE_S):
            await reader.read()


async def test_whoever_takes_no_answer_is_hung_up_on(house: House) -> None:
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    small.setblocking(False)  # noqa: FBT003 -- its own name for it
    loop = asyncio.get_running_loop()
    await loop.sock_connect(small, ("127.0.0.1", house.port))
    user = house.bearer("bureau.analyst")
    # Answers of some megabytes, more than the system holds between the two ends.
    request = b"GET /schema.graphql HTTP/1.1\r\nHost: test\r\n" + user + b"\r\n"
    known = house.app.state.doorkeeper.connections
    await loop.sock_sendall(small, request * 50)
    await house.until(lambda: small.getsockname() in known)
    await house.until(lambda: small.getsockname() not in known)
    small.close()


async def test_whoever_is_told_something_stays(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorkeeper, "UNKNOWN_PER_ADDRESS", 0)
    monkeypatch.setattr(doorkeeper, "IDLE_PER_ACCOUNT", 0)
    stream = STREAM + house.bearer("yixin.director") + b"\r\n"
    async with (
        house.connection(stream) as (reader, _),
        a_socket(house, "yixin.director") as connection,
    ):
        await reader.readuntil(b"\r\n\r\n")
        assert json.loads(await connection.recv()) == {"type": "connection_ack"}
        await asyncio.sleep(2 * listening.HEAD_S)
        assert not reader.at_eof()
        await connection.send(json.dumps({"type": "ping"}))
        assert json.loads(await connection.recv()) == {"type": "pong"}


async def test_what_nobody_acknowledges_ends_a_connection(house: House) -> None:
    # A line that was cut cannot be had on one machine: the system does it, for whoever asks it to.
    stream = STREAM + house.bearer("yixin.director") + b"\r\n"
    async with house.connection(stream) as (reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        ours = writer.get_extra_info("sockname")
        keeper = house.app.state.doorkeeper
        await house.until(lambda: any(each.peer == ours for each in keeper._sockets.values()))
        with doorkeeper._opened((await keeper._seen())[ours]) as opened:
            bound = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        assert bound == doorkeeper.UNACKNOWLEDGED_S * 1000


async def test_a_head_is_bounded(house: House) -> None:
    status, _ = await house.status(HEAD + b"A: " + b"a" * 200_000)
    assert status in (400, 431)


async def test_an_account_that_has_too_much_under_way_waits_and_others_do_not(
    house: House,
) -> None:
    house.bound(Kind.REQUEST, account=2, tenant=3)
    async with AsyncExitStack() as stack:
        slow = BODY + house.bearer("yixin.director") + b"\r\n"
        for _ in range(2):
            await stack.enter_async_context(house.connection(slow))
        await house.until(lambda: house.taken(Kind.REQUEST) == 2)
        status, answer = await house.asked("yixin.director")
        assert status == 429
        assert "\r\nretry-after: 2\r\n" in answer
        assert "LIMIT_EXCEEDED" in answer
        assert "Your account has 2 requests" in answer
        # The agency has one place left; another one has all of its own.
        assert (await house.asked("yixin.worker1"))[0] == 200
        slow = BODY + house.bearer("yixin.worker1") + b"\r\n"
        await stack.enter_async_context(house.connection(slow))
        await house.until(lambda: house.taken(Kind.REQUEST) == 3)
        status, answer = await house.asked("yixin.worker2")
        assert (status, "Your agency has 3 requests" in answer) == (429, True)
        assert (await house.asked("shouqianshou.director"))[0] == 200
    await house.until(lambda: house.taken(Kind.REQUEST) == 0)
    assert (await house.asked("yixin.director"))[0] == 200


async def test_those_who_are_not_signed_in_take_no_place_of_those_who_are(house: House) -> None:
    house.bound(Kind.REQUEST, unknown=2, address=2)
    async with AsyncExitStack() as stack:
        # What follows a refused head is read for a while, and holds its seat.
        for _ in range(2):
            await stack.enter_async_context(house.connection(BODY + b"\r\n"))
        await house.until(lambda: house.taken(Kind.REQUEST) == 2)
        status, answer = await house.status(PAGE + b"\r\n")
        assert status == 429
        assert "without a sign-in" in answer
        # Who watches over the server does not take it for one that is broken.
        assert (await house.status(HEAD + b"\r\n"))[0] == 200
        assert (await house.asked("shouqianshou.director"))[0] == 200


async def test_when_all_places_are_taken_each_agency_still_has_some(house: House) -> None:
    house.bound(Kind.REQUEST, total=2, kept=2)
    async with AsyncExitStack() as stack:
        slow = BODY + house.bearer("yixin.director") + b"\r\n"
        for _ in range(2):
            await stack.enter_async_context(house.connection(slow))
        await house.until(lambda: house.taken(Kind.REQUEST) == 2)
        status, answer = await house.asked("yixin.worker1")
        assert status == 503
        assert "\r\nretry-after: 2\r\n" in answer
        assert (await house.asked("shouqianshou.director"))[0] == 200


async def test_an_account_has_so_many_streams_and_a_place_comes_back_with_each_end(
    house: House,
) -> None:
    house.bound(Kind.STREAM, account=2)
    stream = STREAM + house.bearer("yixin.director") + b"\r\n"
    async with AsyncExitStack() as stack:
        for _ in range(2):
            reader, _ = await stack.enter_async_context(house.connection(stream))
            assert b" 200 " in await reader.readuntil(b"\r\n")
        status, answer = await house.status(stream)
        assert (status, "Your account has 2 streams" in answer) == (429, True)
        other = STREAM + house.bearer("shouqianshou.director") + b"\r\n"
        async with house.connection(other) as (reader, _):
            assert b" 200 " in await reader.readuntil(b"\r\n")
    await house.until(lambda: house.taken(Kind.STREAM) == 0)


@asynccontextmanager
async def a_socket(house: House, user: str | None) -> AsyncIterator[Any]:
    url = f"ws://127.0.0.1:{house.port}/graphql"
    async with connect(url, subprotocols=[PROTOCOL]) as connection:
        if user is not None:
            payload = {"authorization": f"Bearer {house.token(user)}"}
            await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
        yield connection


async def closed(connection: Any) -> tuple[int, str]:
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(ConnectionClosed) as ended:
            await connection.recv()
    assert ended.value.rcvd is not None
    return ended.value.rcvd.code, ended.value.rcvd.reason


async def test_an_account_has_so_many_websockets_and_is_told_to_come_again(house: House) -> None:
    house.bound(Kind.SOCKET, account=2, unknown=5, address=5)
    user = "yixin.director"
    async with AsyncExitStack() as stack:
        for _ in range(2):
            socket_ = await stack.enter_async_context(a_socket(house, user))
            assert json.loads(await socket_.recv()) == {"type": "connection_ack"}
        refused = await stack.enter_async_context(a_socket(house, user))
        code, reason = await closed(refused)
        assert (code, "Your account has 2 WebSockets" in reason) == (1013, True)
        other = await stack.enter_async_context(a_socket(house, "shouqianshou.director"))
        assert json.loads(await other.recv()) == {"type": "connection_ack"}


async def test_websockets_that_say_nothing_give_way_to_one_that_signs_in(house: House) -> None:
    house.bound(Kind.SOCKET, unknown=3, address=3)
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(a_socket(house, None)) for _ in range(3)]
        began = time.monotonic()
        new = await stack.enter_async_context(a_socket(house, "shouqianshou.director"))
        assert json.loads(await new.recv()) == {"type": "connection_ack"}
        assert await closed(silent[0]) == (4408, "Connection initialisation timeout")
        # Long before its own time would have been up; the others still have theirs.
        assert time.monotonic() - began < 4
        assert house.taken(Kind.SOCKET) == 3


async def test_what_is_idle_is_bounded_by_address_and_by_account_the_oldest_goes_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorkeeper, "UNKNOWN_PER_ADDRESS", 3)
    monkeypatch.setattr(doorkeeper, "LOOK_S", 0.05)
    async with AsyncExitStack() as stack:
        known = house.app.state.doorkeeper.connections
        opened = []
        for number in range(3):
            opened.append(await stack.enter_async_context(house.connection()))
            await house.until(lambda number=number: len(known) == number + 1)
        other = await stack.enter_async_context(house.connection(source="127.0.0.2"))
        opened.append(await stack.enter_async_context(house.connection()))
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            assert await opened[0][0].read() == b""
        assert time.monotonic() - began < listening.HEAD_S
        assert not other[0].at_eof()
        assert not opened[-1][0].at_eof()
        # A proxy has its own bounds.
        for _ in range(4):
            await stack.enter_async_context(house.connection(source=PROXY))
        await house.until(lambda: sum(peer[0] == PROXY for peer in known) == 4)


async def test_an_account_keeps_so_many_connections_and_they_are_none_of_nobody_s(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorkeeper, "UNKNOWN_PER_ADDRESS", 0)
    monkeypatch.setattr(doorkeeper, "IDLE_PER_ACCOUNT", 2)
    head = BODY.replace(b"1000", str(len(QUESTION)).encode())
    request = head + house.bearer("yixin.director") + b"\r\n" + QUESTION
    async with AsyncExitStack() as stack:
        kept = []
        for _ in range(3):
            reader, writer = await stack.enter_async_context(house.connection(request))
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            kept.append((reader, writer))
        known = house.app.state.doorkeeper.connections
        oldest, *others = (writer.get_extra_info("sockname") for _, writer in kept)
        await house.until(lambda: oldest not in known)
        assert all(known[each].caller.subject == "yixin.director" for each in others)


async def test_whom_a_proxy_asks_for_is_counted_by_their_own_address(house: House) -> None:
    house.bound(Kind.REQUEST, unknown=10, address=1)
    forwarded = b"X-Forwarded-For: 203.0.113.1, 198.51.100.7\r\n"
    async with house.connection(BODY + forwarded + b"\r\n", PROXY):
        await house.until(lambda: house.taken(Kind.REQUEST) == 1)
        for source, said, status in (
            (PROXY, b"198.51.100.7", 429),
            (PROXY, b"203.0.113.1, 198.51.100.7", 429),
            (PROXY, b"198.51.100.7, 203.0.113.1", 200),
            (PROXY, b"203.0.113.1", 200),
            # Not a proxy of ours: it is itself, whatever it says.
            ("127.0.0.1", b"198.51.100.7", 200),
        ):
            request = PAGE + b"X-Forwarded-For: " + said + b"\r\n\r\n"
            assert ((await house.status(request, source))[0], said) == (status, said)


async def test_after_a_storm_of_connections_that_break_nobody_is_counted(house: House) -> None:
    user = house.bearer("yixin.director")
    openings = [
        b"", HEAD, HEAD + b"\r\n", BODY + b"\r\n", BODY + user + b"\r\n",
        STREAM + b"\r\n", STREAM + user + b"\r\n",
    ]  # fmt: skip

    async def broken(number: int) -> None:
        async with house.connection(openings[number % len(openings)]):
            await asyncio.sleep(number % 13 / 100)

    async def unsaid(number: int) -> None:
        with suppress(ConnectionClosed, OSError, TimeoutError):
            async with a_socket(house, "yixin.director" if number % 2 else None):
                await asyncio.sleep(number % 13 / 100)

    await asyncio.gather(*map(broken, range(210)), *map(unsaid, range(30)))
    # The fixture asks whether nobody is left.
    assert (await house.asked("shouqianshou.director"))[0] == 200
