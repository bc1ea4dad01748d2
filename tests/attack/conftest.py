"""The city that is attacked, served by a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from attack.attackers import ATTACKERS
from attack.canaries import LEAST_COLUMNS, sign_texts
from attack.scene import Target
from citywide.authz.policy import Policy
from citywide.graph.schema import Schema
from citywide.identity.keys import deployment_keys
from deployments import data_folder
from walls.databases import cloned_as, load_the_pilot, owning
from walls.fieldwork import do_fieldwork
from walls.house import opened_house
from walls.neighbours import YIJIAQIN, add_neighbours, assign_only
from web.serving import free_port

# A budget would end an attack by its number; what each single request may do is the question here.
UNBOUNDED = "1000000000"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def attacked_url(template_url: str, secret: bytes, published: Schema, shipped: Policy) -> str:
    """The pilot at work among neighbours, every text of which carries its tenant's sign."""
    url = await cloned_as("attacked", template_url)
    await load_the_pilot(url, secret)
    async with opened_house(url, secret, published, shipped) as house:
        await do_fieldwork(house)
    async with owning(url) as owner:
        await assign_only(owner, "supervisor.assistant2", YIJIAQIN)
        await add_neighbours(owner)
        assert await sign_texts(owner) >= LEAST_COLUMNS
        await owner.execute("ANALYZE")
    return url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def target(
    attacked_url: str,
    secret: bytes,
    published: Schema,
    shipped: Policy,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Target]:
    """`citywide serve` on that city."""
    folder = tmp_path_factory.mktemp("attacked")
    data, log = data_folder(folder / "data", secret), folder / "log"
    async with opened_house(attacked_url, secret, published, shipped) as house:
        roles = {each.subject: (await house.principal(each.subject)).roles for each in ATTACKERS}
    keys = deployment_keys(data)
    async with _served(attacked_url, data, log) as port:
        yield Target(port, data, log, keys, published, shipped, roles)


@pytest_asyncio.fixture(loop_scope="session")
async def owner(attacked_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection, which no wall stops."""
    async with owning(attacked_url) as connection:
        yield connection


@asynccontextmanager
async def _served(url: str, data: Path, log: Path) -> AsyncIterator[int]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("citywide")), "serve"]
    command += ["--port", str(port), "--data", str(data)]
    with log.open("wb") as told:
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, "DATABASE_URL": url, "CITYWIDE_TENANT_POINTS": UNBOUNDED},
            stdout=asyncio.subprocess.PIPE,
            stderr=told,
        )
        assert process.stdout is not None
        ready = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        assert ready.startswith("ready "), ready
        try:
            yield port
        finally:
            process.terminate()
            await process.wait()
