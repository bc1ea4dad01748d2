"""A house with a city to live in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from life.scene import prepared
from walls.house import House


@pytest_asyncio.fixture(loop_scope="session")
async def life_house(funded: House) -> AsyncIterator[House]:
    """The pilot with its year of money, and work that goes on beyond it."""
    await prepared(funded)
    yield funded
