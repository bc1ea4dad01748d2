"""The shipped schema and policy, and the house with the pilot in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from citywide.authz.policy import Policy
from citywide.graph.schema import Schema
from walls.house import House, made_policy, made_schema, opened_house


@pytest.fixture(scope="session")
def schema() -> Schema:
    return made_schema()


@pytest.fixture(scope="session")
def policy(schema: Schema) -> Policy:
    return made_policy(schema)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(
    pilot_url: str, secret: bytes, schema: Schema, policy: Policy
) -> AsyncIterator[House]:
    async with opened_house(pilot_url, secret, schema, policy) as opened:
        yield opened
