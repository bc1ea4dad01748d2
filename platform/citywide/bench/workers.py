"""A contender in a granian server of its own: its worker processes and their supervisor."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

from citywide.bench.load import AnswerError, connected
from citywide.errors import OperatorError

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20
# What is measured is the server, not when it refuses to go on.
MEASURED_POINTS = "1000000000"
_HEALTH = b"GET /health HTTP/1.1\r\nHost: bench\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident set sizes in bytes: of the largest worker, and of the process over them."""

    worker: int
    supervisor: int


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and the port it answers on."""

    process: subprocess.Popen[bytes]
    port: int

    def memory(self) -> Memory:
        """What the processes hold now."""
        supervisor = psutil.Process(self.process.pid)
        # Beside the workers a small process keeps track of shared resources.
        children = [each.memory_info().rss for each in supervisor.children()]
        return Memory(worker=max(children), supervisor=supervisor.memory_info().rss)


@asynccontextmanager
async def served(
    factory: str, environment: Mapping[str, str], *, workers: int = 1
) -> AsyncIterator[Server]:
    """Serve the application that `module:function` makes until the block ends.

    Raises `OperatorError` when it does not answer in time.
    """
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory"]
    command += ["--workers", str(workers), "--loop", "uvloop", "--log-level", "warning"]
    command += ["--host", "127.0.0.1", "--port", str(port), factory]
    given = {**os.environ, "CITYWIDE_TENANT_POINTS": MEASURED_POINTS, **environment}
    process = subprocess.Popen(command, env=given)  # noqa: ASYNC220, S603
    try:
        await _answers(process, port)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


async def _answers(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            async with connected(port, 1) as (connection,):
                await connection.ask(_HEALTH)
        except (OSError, AnswerError):
            await asyncio.sleep(0.1)
        else:
            return
    raise OperatorError("The measured server does not start; its messages are above.")
