"""One database a worker, the pilot's records and stranger ones in it, that nothing changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest_asyncio

from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Database
from citywide.exchange.manifests import apply
from citywide.exchange.pilot import load_pilot
from citywide.graph.cursors import Cursors
from citywide.graph.engine import Engine
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests
from oracle.bench import Bench
from oracle.contract import contract
from oracle.stress import Stress
from oracle.world import World
from walls.house import MANY, NotedReads, made_policy, made_schema

YUEQING = CHECKOUT / "tenants" / "yueqing"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stressed_url(template_url: str, secret: bytes) -> str:
    """The owner's URL of a database with the pilot and the strange rows; written once."""
    owner = await asyncpg.connect(template_url, database="postgres")
    template = urlsplit(template_url).path.removeprefix("/")
    try:
        await owner.execute(f"CREATE DATABASE stressed TEMPLATE {template}")
        await owner.execute("REVOKE TEMPORARY ON DATABASE stressed FROM PUBLIC")
    finally:
        await owner.close()
    url = urlsplit(template_url)._replace(path="/stressed").geturl()
    sealer = Sealer(secret)
    database = await Database.open(url, secret=secret, audiences=Audience, size=1)
    try:
        city = load_manifests(YUEQING)
        await apply(database, city)
        await load_pilot(database, YUEQING / "pilot", city, sealer=sealer)
    finally:
        await database.close()
    owner = await asyncpg.connect(url)
    try:
        await Stress(owner, sealer).write()
        await owner.execute("ANALYZE")
    finally:
        await owner.close()
    return url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bench(stressed_url: str, secret: bytes) -> AsyncIterator[Bench]:
    """The engine and the oracle, side by side on one database."""
    schema = made_schema()
    policy = made_policy(schema)
    sealer, cursors = Sealer(secret), Cursors(secret)
    database = await Database.open(stressed_url, secret=secret, size=2)
    try:
        yield Bench(
            engine=Engine(
                schema, policy, database, sealer, cursors, reads=NotedReads(), probes=MANY
            ),
            database=database,
            world=await World.read(stressed_url),
            schema=contract(schema.sdl(), schema.entities),
            sealer=sealer,
            cursors=cursors,
        )
    finally:
        await database.close()
