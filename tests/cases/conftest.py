"""The story of one case, not yet opened."""

from __future__ import annotations

import pytest_asyncio

from cases.story import Story
from walls.house import House


@pytest_asyncio.fixture(loop_scope="session")
async def story(pilot: House) -> Story:
    """The story before its case is opened."""
    return await Story.of(pilot)
