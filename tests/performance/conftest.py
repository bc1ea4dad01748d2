"""The pilot's house with one connection an audience, and a house of some thousand files."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from citywide.authz.policy import Policy
from citywide.graph.schema import Schema
from performance.grown import grow
from walls.databases import cloned_as, load_the_pilot, owning
from walls.house import House, opened_house


@pytest.fixture(scope="session")
def schema(published: Schema) -> Schema:
    return published


@pytest.fixture(scope="session")
def policy(shipped: Policy) -> Policy:
    return shipped


@pytest.fixture(scope="session")
def house(planned: House) -> House:
    return planned


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def grown(
    template_url: str, secret: bytes, schema: Schema, policy: Policy
) -> AsyncIterator[House]:
    """Each agency's files and services, copied until there are some thousand."""
    url = await cloned_as("grown", template_url)
    await load_the_pilot(url, secret)
    async with owning(url) as owner:
        await grow(owner)
    async with opened_house(url, secret, schema, policy) as opened:
        yield opened
