"""Bring a database to the newest schema: login roles, then Alembic's revisions.

Run as the schema's owner, which is never one of the audience logins. Alembic drives asyncpg
through SQLAlchemy, so the house has one database driver.
"""

from __future__ import annotations

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from citywide.db.session import Audience, login_password
from citywide.db.walls import login_statements
from citywide.errors import OperatorError

# The first version with uuidv7, RETURNING old/new and WITHOUT OVERLAPS.
OLDEST_SERVER = 180_000


async def migrate(url: str, *, secret: bytes, revision: str = "head") -> None:
    """Create or update everything; idempotent.

    Raises `OperatorError` when the server is older than PostgreSQL 18 or the database has a
    revision that this code does not know.
    """
    connection = await asyncpg.connect(url)
    try:
        if int(await connection.fetchval("SHOW server_version_num")) < OLDEST_SERVER:
            version = await connection.fetchval("SHOW server_version")
            sentence = f"citywide needs PostgreSQL 18 or newer; this server is {version}."
            raise OperatorError(sentence)
        async with connection.transaction():
            # Roles belong to the whole cluster: two migrations at once must not race for them.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('citywide logins'))")
            passwords = {audience: login_password(secret, audience) for audience in Audience}
            for statement in login_statements(passwords):
                await connection.execute(statement)
    finally:
        await connection.close()

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(url),
        poolclass=NullPool,
    )
    async with engine.begin() as owner:
        await owner.run_sync(_upgrade, revision)
    await engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "citywide.db:migrations")
    config.attributes["connection"] = connection
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('citywide migrate'))"))
    command.upgrade(config, revision)
