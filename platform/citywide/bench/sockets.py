"""Subscribers: WebSockets that each wait for one topic, and somebody who makes things happen.

Run as a process of its own (`python -m citywide.bench.sockets`), which reads a `Watch` as JSON from
its standard input and writes what it saw as JSON. The client is hand-written for the reason that
`load` gives: it shares two processors with the server that it measures.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, cast

import uvloop

from citywide.bench.load import AnswerError, Connection, connected, run_apart

# Connections that are opened at a time: a thousand at once would measure the listening socket.
OPENING = 32
# Until every subscriber must have an event; beyond it the round has failed.
PATIENCE_S = 30.0
# Before the first round every subscriber has to be told of a record in so many attempts.
WARMING = 10
# Between rounds at least, and at most twice as long.
PAUSE_S = 0.5
# How often it is looked whether everybody was told.
LOOK_S = 0.05
_TEXT, _CLOSE, _PING = 1, 8, 9
_HEAD_END = b"\r\n\r\n"
_UPGRADED = b"HTTP/1.1 101 "
_SWITCH = (
    "GET /graphql HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
    "Sec-WebSocket-Key: {key}\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Watch:
    """Whom to ask; a message to sign in with for each subscriber; the message that subscribes.

    `requests` are HTTP requests (one text each, its bytes as Latin-1) that each cause one event;
    `marks` are what the event of each has in its text.
    """

    port: int
    inits: list[str]
    subscribe: str
    requests: list[str]
    marks: list[str]
    rounds: int


@dataclass(frozen=True, slots=True)
class Told:
    """One round: milliseconds from the request to its answer, and from the answer to each receipt.

    A receipt before the answer has a negative time.
    """

    answered_ms: float
    received_ms: list[float]


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watch came to; the seconds are those until all were signed in."""

    connecting_s: float
    rounds: list[Told]
    client_cpu_seconds: float


class Subscriber(asyncio.Protocol):
    """One WebSocket that speaks graphql-transport-ws and remembers when it was told what."""

    def __init__(self, init: str, subscribe: str) -> None:
        self._init = init
        self._subscribe = subscribe
        self._received = bytearray()
        self._is_upgraded = False
        self._transport: asyncio.Transport | None = None
        loop = asyncio.get_running_loop()
        self.signed_in: asyncio.Future[None] = loop.create_future()
        self.events: list[tuple[float, str]] = []
        self.ended: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        # Not every loop's transports are subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(_SWITCH.format(key=b64encode(os.urandom(16)).decode()).encode())

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        now = time.perf_counter()
        self._received += data
        if not self._is_upgraded:
            end = self._received.find(_HEAD_END)
            if end < 0:
                return
            if not self._received.startswith(_UPGRADED):
                self._end(self._received[:end].decode(errors="replace"))
                return
            del self._received[: end + len(_HEAD_END)]
            self._is_upgraded = True
            self._send(_TEXT, self._init.encode())
        while (frame := self._frame()) is not None:
            self._heard(*frame, now)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._end(str(exc or "The server hung up."))

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.close()

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame: its kind and payload. A server masks nothing."""
        had = self._received
        if len(had) < 2:  # noqa: PLR2004 -- a frame's head
            return None
        size, at = had[1] & 0x7F, 2
        for mark, width in ((126, 2), (127, 8)):
            if size == mark:
                size, at = int.from_bytes(had[2 : 2 + width], "big"), 2 + width
                break
        if len(had) < at + size:
            return None
        kind, payload = had[0] & 0x0F, bytes(had[at : at + size])
        del had[: at + size]
        return kind, payload

    def _heard(self, kind: int, payload: bytes, now: float) -> None:
        if kind == _CLOSE:
            code = int.from_bytes(payload[:2], "big")
            self._end(f"closed with {code}: {payload[2:].decode(errors='replace')}")
        elif kind == _PING:
            self._send(_PING + 1, payload)
        elif payload.startswith(b'{"type":"next"'):
            self.events.append((now, payload.decode()))
        else:
            self._said(json.loads(payload))

    def _said(self, message: Any) -> None:
        match message["type"]:
            case "connection_ack":
                self._send(_TEXT, self._subscribe.encode())
                if not self.signed_in.done():
                    self.signed_in.set_result(None)
            case "ping":
                self._send(_TEXT, b'{"type":"pong"}')
            case "error" | "complete":
                self._end(json.dumps(message))

    def _send(self, kind: int, payload: bytes) -> None:
        """A client masks: with a key of zeros, under which bytes stay as they are."""
        assert self._transport is not None
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")  # noqa: PLR2004
        self._transport.write(bytes([0x80 | kind]) + length + bytes(4) + payload)

    def _end(self, why: str) -> None:
        self.ended = self.ended or why
        if not self.signed_in.done():
            self.signed_in.set_exception(AnswerError(why))


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Everybody who waits, and whoever makes something happen."""

    subscribers: list[Subscriber]
    acting: Connection
    causes: Iterator[tuple[str, str]]

    async def told(self, patience_s: float) -> Told:
        """Make the next thing happen; who was told of it within the time, and when."""
        request, mark = next(self.causes)
        for each in self.subscribers:
            each.events.clear()
        sent = time.perf_counter()
        body = await self.acting.ask(request.encode("latin-1"))
        answered = time.perf_counter()
        if mark.encode() not in body:
            raise AnswerError(body.decode(errors="replace"))
        # A thousand events set for each round would be measured as well.
        while self._waits() and time.perf_counter() - answered < patience_s:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
        seen = [at for each in self.subscribers for at, text in each.events if mark in text]
        return Told((answered - sent) * 1000, [(at - answered) * 1000 for at in seen])

    async def warm(self) -> None:
        """Until everybody was told of the same: nothing else says that they are subscribed."""
        for _ in range(WARMING):
            if len((await self.told(PATIENCE_S / WARMING)).received_ms) == len(self.subscribers):
                return

    async def round(self) -> Told:
        """Something happens at any moment of the relay's turn; everybody is told once."""
        await asyncio.sleep(PAUSE_S * (1 + random.random()))  # noqa: S311 -- not a secret
        told = await self.told(PATIENCE_S)
        if len(told.received_ms) != len(self.subscribers):
            sentence = f"{len(told.received_ms)} of {len(self.subscribers)} were told."
            raise AnswerError(sentence)
        return told

    def _waits(self) -> bool:
        for each in self.subscribers:
            if each.ended is not None:
                raise AnswerError(f"A subscriber was disconnected: {each.ended}")
        return not all(each.events for each in self.subscribers)


async def watch(job: Watch) -> Watched:
    """Connect every subscriber, wait until each is told something, then measure the rounds."""
    started = time.perf_counter()
    subscribers = await _connected(job)
    connecting_s = time.perf_counter() - started
    async with connected(job.port, 1) as (acting,):
        crowd = _Crowd(subscribers, acting, iter(zip(job.requests, job.marks, strict=True)))
        await crowd.warm()
        cpu = time.process_time()
        rounds = [await crowd.round() for _ in range(job.rounds)]
        cpu = time.process_time() - cpu
    for subscriber in subscribers:
        subscriber.close()
    return Watched(connecting_s, rounds, cpu)


async def _connected(job: Watch) -> list[Subscriber]:
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(OPENING)

    async def opened(init: str) -> Subscriber:
        async with gate:
            _, subscriber = await loop.create_connection(
                lambda: Subscriber(init, job.subscribe), "127.0.0.1", job.port
            )
            await subscriber.signed_in
            return subscriber

    return list(await asyncio.gather(*map(opened, job.inits)))


async def watched(job: Watch) -> Watched:
    """Watch from a process of its own; raises `OperatorError` when not everybody was told."""
    failure = "The subscribers were not all told; their messages are above."
    seen = await run_apart(__name__, asdict(job), failure)
    return Watched(**{**seen, "rounds": [Told(**each) for each in seen["rounds"]]})


def main() -> None:
    """Watch as standard input says; write what was seen."""
    job = Watch(**json.load(sys.stdin))
    try:
        seen = uvloop.run(watch(job))
    except AnswerError as error:
        sys.exit(f"The measurement failed: {error}")
    json.dump(asdict(seen), sys.stdout)


if __name__ == "__main__":
    main()
