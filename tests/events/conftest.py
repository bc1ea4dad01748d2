"""A server of the test's own on a fresh copy of the pilot's city."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg
import httpx
import pytest
import pytest_asyncio
from joserfc.jwk import OKPKey

from citywide.authz.policy import Policy
from citywide.graph.schema import Schema
from citywide.identity.tokens import issue
from events.clients import City
from walls.databases import cloned_as
from walls.house import opened_house
from web.serving import AUDIENCE, ISSUER, Client, served

COPIES = count(1)


@asynccontextmanager
async def copied(template_url: str) -> AsyncIterator[str]:
    """A copy of a database, dropped at the end."""
    name = f"told_{next(COPIES)}"
    url = await cloned_as(name, template_url)
    try:
        yield url
    finally:
        owner = await asyncpg.connect(template_url, database="postgres")
        await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await owner.close()


@pytest.fixture(scope="session")
def issuer_key() -> OKPKey:
    """The signing key of the local issuer."""
    return OKPKey.generate_key("Ed25519")


@pytest_asyncio.fixture(loop_scope="session")
async def city(
    pilot_template: str, secret: bytes, issuer_key: OKPKey, published: Schema, shipped: Policy
) -> AsyncIterator[City]:
    """The pilot's city, served and acted in."""

    def token(subject: str, now: float | None = None) -> str:
        return issue(subject, key=issuer_key, issuer=ISSUER, audience=AUDIENCE, now=now)

    async with (
        copied(pilot_template) as url,
        opened_house(url, secret, published, shipped) as house,
        served(url, secret, issuer_key) as address,
        httpx.AsyncClient(base_url=address, timeout=30) as http,
    ):
        yield City(Client(http, token), house, address, token)
