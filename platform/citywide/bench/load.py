"""The load: kept-alive HTTP/1.1 connections that each send the next request when one is answered.

Run as a process of its own (`python -m citywide.bench.load`), which reads a `Load` as JSON from
its standard input and writes what it saw as JSON. The client is hand-written: on two cores a
general one would take more time than the server it measures.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, cast

import uvloop

from citywide.errors import OperatorError

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_ANSWERED = b"HTTP/1.1 200 "
# In a request this stands for a number that no other request of the load has: no two are equal.
SERIAL = "00000000"
# A load goes on for so many answers even when its time is over: fewer have no median.
LEAST_ANSWERS = 5


class AnswerError(Exception):
    """The server answered something else than 200."""


@dataclass(frozen=True, slots=True)
class Load:
    """Whom to ask, what (one text a request, its bytes as Latin-1), how and for how long.

    `pause_s` is what a connection waits after each answer; `may_be_refused` counts answers that
    are no success, which otherwise end the load.
    """

    port: int
    requests: list[str]
    connections: int
    seconds: float
    pause_s: float = 0.0
    may_be_refused: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What a load came to; latencies in milliseconds, in the order in which answers came.

    `refused` are the answers among them that were no success.
    """

    seconds: float
    latencies_ms: list[float]
    client_cpu_seconds: float
    refused: int = 0


class Connection(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._body_at = -1
        self._end = -1
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self._is_lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        # Not every loop's transports are subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, request: bytes) -> asyncio.Future[bytes]:
        """Send `request`; the future is the answer's body."""
        assert self._transport is not None
        self._received.clear()
        self._body_at = self._end = -1
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._received += data
        if self._end < 0 and (at := self._received.find(_HEAD_END)) >= 0:
            head = bytes(self._received[:at]).lower()
            length = head.partition(_LENGTH)[2].partition(b"\r\n")[0]
            self._body_at = at + len(_HEAD_END)
            self._end = self._body_at + int(length)
        if 0 <= self._end <= len(self._received):
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("The server hung up."))
        self._is_lost.set()

    async def close(self) -> None:
        """Hang up; returns when the connection is gone."""
        assert self._transport is not None
        self._transport.close()
        await self._is_lost.wait()

    def _finish(self) -> None:
        assert self._answer is not None
        if self._received.startswith(_ANSWERED):
            self._answer.set_result(bytes(self._received[self._body_at :]))
        else:
            self._answer.set_exception(AnswerError(self._received.decode(errors="replace")))


@asynccontextmanager
async def connected(port: int, number: int) -> AsyncIterator[list[Connection]]:
    """So many connections to this machine's `port`, which end with the block."""
    loop = asyncio.get_running_loop()
    opened: list[Connection] = []
    try:
        for _ in range(number):
            _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
            opened.append(connection)
        yield opened
    finally:
        for connection in opened:
            await connection.close()


async def bodies(port: int, requests: list[bytes], connections: int) -> list[bytes]:
    """The answer to each of `requests`, each sent once, in their order."""
    answers: list[bytes] = [b""] * len(requests)
    turn = count()

    async def ask(connection: Connection) -> None:
        while (place := next(turn)) < len(requests):
            answers[place] = await connection.ask(requests[place])

    async with connected(port, connections) as opened:
        await asyncio.gather(*(ask(each) for each in opened))
    return answers


async def apply(load: Load) -> Seen:
    """Keep every connection busy for the time, and then until the last answer is there."""
    requests = [text.encode("latin-1") for text in load.requests]
    serial = SERIAL.encode()
    latencies: list[float] = []
    refused: list[float] = []
    turn = count()
    async with connected(load.port, load.connections) as opened:
        cpu = time.process_time()
        started = time.perf_counter()
        deadline = started + load.seconds

        async def ask(connection: Connection) -> None:
            while (sent := time.perf_counter()) < deadline or len(latencies) < LEAST_ANSWERS:
                number = next(turn)
                request = requests[number % len(requests)].replace(serial, b"%08d" % (number + 1))
                try:
                    await connection.ask(request)
                except AnswerError:
                    if not load.may_be_refused:
                        raise
                    refused.append(sent)
                latencies.append((time.perf_counter() - sent) * 1000)
                if load.pause_s:
                    await asyncio.sleep(load.pause_s)

        await asyncio.gather(*(ask(each) for each in opened))
        seconds = time.perf_counter() - started
        cpu = time.process_time() - cpu
    return Seen(seconds, latencies, cpu, len(refused))


async def applied(load: Load) -> Seen:
    """Apply a load from a process of its own.

    Raises `OperatorError` when it could not be applied.
    """
    failure = "The load could not be applied; its messages are above."
    return Seen(**await run_apart(__name__, asdict(load), failure))


async def run_apart(module: str, job: dict[str, Any], failure: str) -> Any:
    """What a module run in a process of its own makes of a job, both as JSON.

    Raises `OperatorError` with `failure` when it ends in one.
    """
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    answer, _ = await client.communicate(json.dumps(job).encode())
    if client.returncode != 0:
        raise OperatorError(failure)
    return json.loads(answer)


def main() -> None:
    """Apply the load on standard input; write what was seen."""
    load = Load(**json.load(sys.stdin))
    try:
        seen = uvloop.run(apply(load))
    except AnswerError as error:
        sys.exit(f"A measured request was refused: {error}")
    json.dump(asdict(seen), sys.stdout)


if __name__ == "__main__":
    main()
