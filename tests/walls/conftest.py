"""The pilot among neighbours, and the same databases without them to compare with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from citywide.authz.policy import Policy
from citywide.graph.schema import Schema
from walls.databases import cloned_as, load_the_pilot, owning
from walls.fieldwork import do_fieldwork
from walls.house import House, opened_house
from walls.neighbours import (
    ELSEWHERE,
    ELSEWHERE_BUREAU,
    YIJIAQIN,
    YUEQING,
    add_neighbours,
    assign_only,
    every_tenant,
    remove_tenants,
)


@pytest.fixture(scope="session")
def schema(published: Schema) -> Schema:
    return published


@pytest.fixture(scope="session")
def policy(shipped: Policy) -> Policy:
    return shipped


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def crowded_url(template_url: str, secret: bytes, schema: Schema, policy: Policy) -> str:
    """The pilot at work, a supervisor of 壹家亲 alone, and two copies of 壹家亲 beside it."""
    url = await cloned_as("crowded", template_url)
    await load_the_pilot(url, secret)
    async with opened_house(url, secret, schema, policy) as house:
        await do_fieldwork(house)
    async with owning(url) as owner:
        await assign_only(owner, "supervisor.assistant2", YIJIAQIN)
        await add_neighbours(owner)
        await owner.execute("ANALYZE")
    return url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def crowded(
    crowded_url: str, alone: House, within: House, secret: bytes
) -> AsyncIterator[House]:
    """The house with every tenant in it; opened last, for an open database is not copied."""
    engine = alone.engine
    assert engine.policy is within.engine.policy
    opening = opened_house(crowded_url, secret, engine.schema, engine.policy, like=alone)
    async with opening as house:
        yield house


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def alone(
    crowded_url: str, secret: bytes, schema: Schema, policy: Policy
) -> AsyncIterator[House]:
    """The same without any agency but 壹家亲: what its members see must be the same."""
    url = await cloned_as("alone", crowded_url)
    async with owning(url) as owner:
        await remove_tenants(owner, but=[YIJIAQIN, YUEQING])
        await owner.execute("ANALYZE")
    async with opened_house(url, secret, schema, policy) as house:
        yield house


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def within(
    crowded_url: str, alone: House, secret: bytes, schema: Schema, policy: Policy
) -> AsyncIterator[House]:
    """The same without the other bureau: what this bureau's members see must be the same."""
    url = await cloned_as("within", crowded_url)
    async with owning(url) as owner:
        elsewhere = {ELSEWHERE, ELSEWHERE_BUREAU}
        others = await every_tenant(owner)
        await remove_tenants(owner, but=[each for each in others if each not in elsewhere])
        await owner.execute("ANALYZE")
    async with opened_house(url, secret, schema, policy, like=alone) as house:
        yield house
