"""Floods: many connections that want nothing but the places of others."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from citywide.web.listening import CONNECTIONS

HEAD = b"GET /health HTTP/1.1\r\nHost: flood\r\n"
UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nHost: flood\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SLOW_BODY = (
    b"POST /graphql HTTP/1.1\r\nHost: flood\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100000\r\n"
)
STREAM = (
    b"GET /graphql/stream?query=subscription%20%7B%20serviceRecorded%20%7B%20eventId%20%7D%20%7D"
    b" HTTP/1.1\r\nHost: flood\r\nAccept: text/event-stream\r\n"
)
# HTTP/2 without TLS: the preface, empty SETTINGS, then streams that are begun and reset at once.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


def resets(streams: int) -> bytes:
    """HEADERS without an end of headers, and RST_STREAM, for so many streams (RFC 9113 §6)."""
    sent = b""
    for number in range(1, 2 * streams, 2):
        name = number.to_bytes(4, "big")
        sent += bytes([0, 0, 1, 1, 4]) + name + b"\x82"
        sent += bytes([0, 0, 4, 3, 0]) + name + bytes([0, 0, 0, 8])
    return sent


@dataclass(frozen=True, slots=True)
class Flood:
    """What each connection says at once, and again and again while it is open."""

    opening: bytes = b""
    drip: bytes = b""
    connections: int = 1_100
    is_signed_in: bool = False


FLOODS: Mapping[str, Flood] = {
    "idle sockets": Flood(),
    "more sockets than are taken": Flood(connections=CONNECTIONS + 500),
    "slow heads": Flood(HEAD, b"A: b\r\n"),
    "slow bodies of nobody": Flood(SLOW_BODY + b"\r\n", b"{"),
    "slow bodies of an account": Flood(SLOW_BODY, b" ", is_signed_in=True),
    "kept connections": Flood(HEAD + b"\r\n"),
    "streams of an account": Flood(STREAM, is_signed_in=True),
    "streams of nobody": Flood(STREAM + b"\r\n"),
    "WebSockets without a word": Flood(UPGRADE),
    "endless heads": Flood(HEAD + b"A: ", b"a" * 65_536, connections=200),
    "HTTP/2 resets": Flood(PREFACE + resets(1_000), resets(1_000), connections=100),
}


@asynccontextmanager
async def flooding(
    address: str, flood: Flood, token: str, *, again: bool = False
) -> AsyncIterator[list[bytes]]:
    """A flood that goes on beside the block; the first bytes of answers that it is given.

    `again` opens a new connection for each one that is hung up on.
    """
    host, _, port = address.removeprefix("http://").partition(":")
    opening = flood.opening
    if flood.is_signed_in:
        opening += b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
    answers: list[bytes] = []

    async def connection() -> None:
        while True:
            with contextlib.suppress(OSError):
                await _held(host, int(port), opening, flood.drip, answers)
            if not again:
                return
            await asyncio.sleep(0.5)

    tasks = [asyncio.create_task(connection()) for _ in range(flood.connections)]
    try:
        # All of them have come, and the first ones were looked at.
        await asyncio.sleep(1)
        yield answers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _held(host: str, port: int, opening: bytes, drip: bytes, answers: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(opening)
        while True:
            try:
                async with asyncio.timeout(0.5):
                    answer = await reader.read(65_536)
            except TimeoutError:
                writer.write(drip)
                continue
            if not answer:
                return
            answers.append(answer[:100])
    finally:
        writer.transport.abort()


@contextmanager
def open_files(soft: int) -> Iterator[None]:
    """The bound on open files that a process finds which is started in the block."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
