"""A server in a process of its own that can be killed, and what is on record afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import psutil


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its process, which leads a group of its own, and its address."""

    process: asyncio.subprocess.Process
    address: str

    def kill(self) -> None:
        """End it and its workers at once, in the middle of whatever they do.

        Workers are in process groups of their own; one that outlived its parent would end in peace.
        """
        parent = psutil.Process(self.process.pid)
        for each in (*parent.children(recursive=True), parent):
            each.kill()


@asynccontextmanager
async def served(database_url: str, data: Path) -> AsyncIterator[Server]:
    """`citywide serve` on the database, with its keys below `data`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment: Mapping[str, str] = {**os.environ, "DATABASE_URL": database_url}
    command = [str(Path(sys.executable).with_name("citywide")), "serve"]
    command += ["--port", str(port), "--data", str(data)]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, start_new_session=True, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    ready = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
    assert ready.startswith("ready "), ready
    try:
        yield Server(process, f"http://127.0.0.1:{port}")
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


async def answered(client: httpx.AsyncClient, body: object, token: str) -> object:
    """The answer of one operation; None when the connection broke."""
    try:
        response = await client.post(
            "/graphql", json=body, headers={"authorization": f"Bearer {token}"}
        )
        return response.json()
    except httpx.HTTPError:
        return None


async def sessions_ended(owner: asyncpg.Connection) -> None:
    """Wait until the database has noticed that a killed server is gone."""
    for _ in range(200):
        busy = await owner.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'citywide' AND state <> 'idle'"
        )
        if not busy:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("Sessions of the killed server are still at work.")
