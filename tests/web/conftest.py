"""One server a worker, on the pilot's records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from joserfc.jwk import OKPKey

from citywide.identity.tokens import issue
from walls.databases import owning
from web.serving import AUDIENCE, ISSUER, Client, Token, served


@pytest.fixture(scope="session")
def issuer_key() -> OKPKey:
    """The signing key of the local issuer."""
    return OKPKey.generate_key("Ed25519")


@pytest.fixture(scope="session")
def token(issuer_key: OKPKey) -> Token:
    """A bearer token for a user."""

    def made(subject: str, **changes: Any) -> str:
        claims = {"key": issuer_key, "issuer": ISSUER, "audience": AUDIENCE, **changes}
        return issue(subject, **claims)

    return made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def address(pilot_url: str, secret: bytes, issuer_key: OKPKey) -> AsyncIterator[str]:
    """The address of the application, on the pilot's records."""
    async with served(pilot_url, secret, issuer_key) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def client(address: str, token: Token) -> AsyncIterator[Client]:
    """A client of the served application."""
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        yield Client(http, token)


@pytest_asyncio.fixture(loop_scope="session")
async def owner(pilot_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection to the database that is served."""
    async with owning(pilot_url) as connection:
        yield connection


@pytest_asyncio.fixture(loop_scope="session")
async def areas_locked(pilot_url: str) -> AsyncIterator[None]:
    """Whoever reads areas waits, in the database, until the test is over."""
    async with owning(pilot_url) as connection, connection.transaction():
        await connection.execute("LOCK TABLE area IN ACCESS EXCLUSIVE MODE")
        yield
