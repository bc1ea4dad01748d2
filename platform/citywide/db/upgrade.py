"""Alembic runs the revisions that a database lacks, over the one database driver."""

from __future__ import annotations

import asyncio

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from citywide.db.revising import LOCK_TIMEOUT_MS
from citywide.db.session import Audience
from citywide.errors import OperatorError

# Between two attempts; what waited meanwhile has then been served.
LOCK_PAUSE_S = 0.5
# After this, some minutes, something holds the table that a person has to look at.
LOCK_ATTEMPTS = 300


async def upgrade(url: str, revision: str) -> None:
    """Run every revision up to `revision` that is missing, each in a transaction of its own.

    One that does not get a lock in time is tried again; those before it are done and stay. Raises
    `OperatorError` when a lock is not to be had, and the driver's own errors.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(url),
        poolclass=NullPool,
    )
    try:
        async with engine.connect() as owner:
            for _ in range(LOCK_ATTEMPTS):
                try:
                    await owner.run_sync(_upgrade, revision)
                except DBAPIError as error:
                    await owner.rollback()
                    if not isinstance(_of_the_driver(error), asyncpg.LockNotAvailableError):
                        raise
                    await asyncio.sleep(LOCK_PAUSE_S)
                else:
                    return
        sentence = (
            "The schema cannot be changed: a table that has to be is held by a session that does "
            "not end. What is done so far stays; end that session and migrate again."
        )
        raise OperatorError(sentence)
    except DBAPIError as error:
        # SQLAlchemy wraps the error twice, and repeats the values that it quotes.
        raise _of_the_driver(error) from None
    finally:
        await engine.dispose()


def _of_the_driver(error: DBAPIError) -> BaseException:
    """SQLAlchemy wraps the driver's error twice; whoever asked knows only the driver's."""
    return (error.orig and error.orig.__cause__) or error


def configuration() -> Config:
    """Where the revisions are."""
    config = Config()
    config.set_main_option("script_location", "citywide.db:migrations")
    return config


def _upgrade(connection: Connection, revision: str) -> None:
    # Two at once: the second waits, and then finds nothing missing. The session's lock outlives the
    # revisions' transactions, and goes with the session.
    connection.execute(text("SET lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(hashtext('citywide migrate'))"))
    connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
    connection.commit()
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    # A server says at its start which revision it finds, and connects as this audience.
    reader = Audience.IDENTITY.login
    connection.execute(text(f"GRANT SELECT ON alembic_version TO {reader}"))
    connection.commit()
