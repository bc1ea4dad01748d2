"""Alembic runs the revisions that a database lacks, over the one database driver."""

from __future__ import annotations

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from citywide.db.session import Audience


async def upgrade(url: str, revision: str) -> None:
    """Run every revision up to `revision` that is missing, in one transaction.

    Raises the driver's own errors.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(url),
        poolclass=NullPool,
    )
    try:
        async with engine.begin() as owner:
            await owner.run_sync(_upgrade, revision)
    except DBAPIError as error:
        # SQLAlchemy wraps the driver's error twice, and repeats the values that it quotes; whoever
        # asked knows only the driver's.
        raise (error.orig and error.orig.__cause__) or error from None
    finally:
        await engine.dispose()


def configuration() -> Config:
    """Where the revisions are."""
    config = Config()
    config.set_main_option("script_location", "citywide.db:migrations")
    return config


def _upgrade(connection: Connection, revision: str) -> None:
    # Two at once: the second waits, and then finds nothing missing.
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('citywide migrate'))"))
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    # A server says at its start which revision it finds, and connects as this audience.
    reader = Audience.IDENTITY.login
    connection.execute(text(f"GRANT SELECT ON alembic_version TO {reader}"))
