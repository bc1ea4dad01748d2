"""Databases for the walls: the pilot, the pilot among neighbours, and an agency all alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Database
from citywide.exchange.manifests import apply
from citywide.exchange.pilot import load_pilot
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests

CITY = CHECKOUT / "tenants" / "yueqing"


async def cloned_as(name: str, template_url: str) -> str:
    """The owner's URL of a new copy of a database that nobody is connected to."""
    template = urlsplit(template_url).path.removeprefix("/")
    owner = await asyncpg.connect(template_url, database="postgres")
    try:
        await owner.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        # A copy has everything of its original but this.
        await owner.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    finally:
        await owner.close()
    return urlsplit(template_url)._replace(path=f"/{name}").geturl()


async def load_the_pilot(url: str, secret: bytes) -> None:
    """Apply the shipped manifests and load the pilot's year of records."""
    database = await Database.open(url, secret=secret, audiences=Audience, size=1)
    try:
        city = load_manifests(CITY)
        await apply(database, city)
        await load_pilot(database, CITY / "pilot", city, sealer=Sealer(secret))
    finally:
        await database.close()


@asynccontextmanager
async def owning(url: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection, which no wall stops."""
    owner = await asyncpg.connect(url)
    try:
        yield owner
    finally:
        await owner.close()
