"""An embedded server that is killed is started again, with all that was said to be done."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import psutil

from citywide.db.embedded import embedded_server
from deployments import data_folder
from journeys.outages import NOBODY, Serving, serving, settle, until

KILLS = 2


async def test_it_is_started_again_and_no_acknowledged_write_is_lost(
    tmp_path: Path, secret: bytes
) -> None:
    data = data_folder(tmp_path / "data", secret)
    with embedded_server(data) as url:
        await settle(url, secret)
        done: list[str] = []
        refused: list[int] = []
        with serving(None, data, tmp_path / "output") as server:
            writing = asyncio.create_task(write(server, done, refused))
            for _ in range(KILLS):
                before = len(done)

                async def has_written(before: int = before) -> bool:
                    return len(done) > before + 10

                await until(has_written)
                postmaster(data).kill()

                async def is_away(before: int = len(refused)) -> bool:
                    return len(refused) > before

                await until(is_away)

                async def answers() -> bool:
                    return (await server.query(NOBODY)).status == 200

                await until(answers, 60)
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            said = [line for line in server.log() if "has been started again" in line]
        owner = await asyncpg.connect(url)
        found = await owner.fetch("SELECT number FROM volunteer")
        await owner.close()
    assert set(done) <= {row["number"] for row in found}
    assert set(refused) == {503}
    # Two commands use it, and either may be the one that looks first.
    assert len(said) <= KILLS


async def write(server: Serving, done: list[str], refused: list[int]) -> None:
    number = 0
    while True:
        number += 1
        with suppress(httpx.HTTPError):
            answer = await server.add(f"E-{number}")
            if answer.status == 200 and "RegisterVolunteerSuccess" in answer.text:
                done.append(f"E-{number}")
            else:
                refused.append(answer.status)


def postmaster(data: Path) -> psutil.Process:
    return psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().split()[0]))
