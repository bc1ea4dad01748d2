"""The schema's revisions: which there are, and that two migrations at once make one schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from citywide.db.migrate import check_ready, known_revisions, migrate
from citywide.db.upgrade import configuration


@pytest.fixture
async def empty_url(server_url: str) -> AsyncIterator[str]:
    """The owner's URL of an empty database of the test's own."""
    owner = await asyncpg.connect(server_url, database="postgres")
    try:
        await owner.execute("CREATE DATABASE migrated_twice TEMPLATE template0")
        yield urlsplit(server_url)._replace(path="/migrated_twice").geturl()
        await owner.execute("DROP DATABASE migrated_twice WITH (FORCE)")
    finally:
        await owner.close()


def test_the_names_of_the_files_are_alembics_revisions_in_their_order() -> None:
    script = ScriptDirectory.from_config(configuration())
    newest_first = [each.revision for each in script.walk_revisions()]
    assert known_revisions() == newest_first[::-1]
    assert script.get_heads() == [known_revisions()[-1]]


async def test_two_migrations_at_once_make_one_schema(empty_url: str, secret: bytes) -> None:
    await asyncio.gather(*(migrate(empty_url, secret=secret) for _ in range(2)))
    await check_ready(empty_url, secret=secret)
