"""Revisions are run while agencies work: nobody waits for one as long as a table is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import asyncpg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from citywide.db import revising, upgrade
from citywide.db.migrate import known_revisions, migrate
from citywide.errors import OperatorError
from db.revisions import ROWS, filled, seal_as_then, watched

# The last revision that was written before revisions had rules; it makes a table anew.
BEFORE = "0017"
GROWING = {"service_record", "beneficiary", "audit_entry"}


@pytest.fixture
async def grown(server_url: str, secret: bytes) -> AsyncIterator[str]:
    """The owner's URL of a database at that revision whose tables are filled."""
    administrator = await asyncpg.connect(server_url, database="postgres")
    await administrator.execute("CREATE DATABASE grown TEMPLATE template0")
    url = urlsplit(server_url)._replace(path="/grown").geturl()
    try:
        await migrate(url, secret=secret, revision=BEFORE)
        owner = await asyncpg.connect(url)
        tables = await filled(owner)
        await seal_as_then(owner, secret)
        await owner.close()
        assert tables >= GROWING, tables
        yield url
    finally:
        await administrator.execute("DROP DATABASE grown WITH (FORCE)")
        await administrator.close()


async def test_no_newer_revision_reads_a_table_that_others_wait_for(
    grown: str, secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revising, "BATCH_ROWS", ROWS // 4)
    with watched() as faults:
        await migrate(grown, secret=secret)
    assert faults == []


BAD: dict[str, Callable[[Operations], object]] = {
    "is read under ShareLock": lambda op: op.execute("CREATE  INDEX i ON service_record (note)"),
    "CREATE INDEX i": lambda op: op.create_index("i", "service_record", ["note"]),
    "is read under AccessExclusiveLock": lambda op: op.execute(
        "ALTER TABLE service_record ADD COLUMN m date GENERATED ALWAYS AS (served_on) STORED"
    ),
    "ADD CONSTRAINT c CHECK": lambda op: op.create_check_constraint(
        "c", "service_record", "duration_minutes < 10000000"
    ),
    "service_record is read under Access": lambda op: (
        op.alter_column("service_record", "note", nullable=True, server_default="", type_=None)
        or op.execute("UPDATE service_record SET note = '' WHERE note IS NULL")
        or op.alter_column("service_record", "note", nullable=False)
    ),
    "is changed in one transaction": lambda op: op.execute("UPDATE service_record SET note = 'x'"),
    "DELETE FROM": lambda op: op.execute("DELETE FROM service_record"),
}


def good(_: Operations) -> None:
    revising.create_index("i", "service_record", ["note"])
    revising.create_index("i", "service_record", ["note"], where="note IS NOT NULL")
    revising.add_constraint("service_record", "c", "CHECK (duration_minutes < 10000000)")
    revising.fill("service_record", "note = 'none'", where="note IS NULL")
    revising.require("service_record", "note")


async def faults_of(url: str, change: Callable[[Operations], object]) -> list[str]:
    """What the watch says of a revision that does this; it is done."""

    def run(connection: Connection) -> None:
        context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
        with Operations.context(context) as op, context.begin_transaction(_per_migration=True):
            change(op)

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool
    )
    try:
        with watched() as faults:
            async with engine.connect() as connection:
                await connection.run_sync(run)
    finally:
        await engine.dispose()
    return faults


async def test_the_watch_knows_what_holds_agencies_up_and_what_does_not(
    grown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revising, "BATCH_ROWS", ROWS // 4)
    assert await faults_of(grown, good) == []
    owner = await asyncpg.connect(grown)
    try:
        assert await owner.fetchval("SELECT count(*) FROM service_record WHERE note = 'none'")
        required = (
            "SELECT attnotnull FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2"
        )
        assert await owner.fetchval(required, "service_record", "note")
        await owner.execute("DROP INDEX i; ALTER TABLE service_record DROP CONSTRAINT c")
        for number, (fault, change) in enumerate(BAD.items()):
            found = await faults_of(grown, change)
            assert [each for each in found if fault in each], (fault, found)
            await owner.execute("DROP INDEX IF EXISTS i")
            await owner.execute("ALTER TABLE service_record DROP CONSTRAINT IF EXISTS c")
            assert number < len(BAD)
    finally:
        await owner.close()


async def test_a_revision_that_waits_lets_others_pass(grown: str, secret: bytes) -> None:
    """A long read holds what the revision needs; a write that comes later is soon through."""
    reader, writer = await asyncpg.connect(grown), await asyncpg.connect(grown)
    reading = reader.transaction()
    await reading.start()
    # Every revision writes here that it is done.
    await reader.execute("LOCK TABLE alembic_version IN SHARE MODE")
    migrating = asyncio.create_task(migrate(grown, secret=secret))
    try:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        deadline = time.monotonic() + 60
        while not await writer.fetchval(waiting):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        while await writer.fetchval(waiting):  # it gives up by itself
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        assert not migrating.done()
        await reading.rollback()
        await migrating
        version = await writer.fetchval("SELECT version_num FROM alembic_version")
        assert version == known_revisions()[-1]
    finally:
        migrating.cancel()
        await reader.close()
        await writer.close()


async def test_a_lock_that_is_not_to_be_had_is_told(
    grown: str, secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "LOCK_ATTEMPTS", 2)
    holder = await asyncpg.connect(grown)
    async with holder.transaction():
        await holder.execute("LOCK TABLE alembic_version IN SHARE MODE")
        with pytest.raises(OperatorError, match="held by a session that does not end"):
            await migrate(grown, secret=secret)
    await holder.close()
