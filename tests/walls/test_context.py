"""The second wall by itself: what a connection sees and may do, whatever statement it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from citywide.db.session import Audience, Context, Database, Transaction
from citywide.db.tables import APPEND_ONLY_KEY, METADATA, WRITERS_KEY
from walls.house import House
from walls.neighbours import (
    ELSEWHERE_BUREAU,
    SHOUQIANSHOU,
    TENANT_TABLES,
    YIJIAQIN,
    YUEQING,
    written_columns,
)

MANIFEST_TABLES = ["tenant", "agreement", "site", "assignment"]
READERS = [Audience.BUREAU, Audience.SUPERVISOR, Audience.IDENTITY]
NAMES = [table.name for table in TENANT_TABLES]
APPEND_ONLY = [table.name for table in TENANT_TABLES if table.info.get(APPEND_ONLY_KEY)]
READ_ONLY = [
    (table.name, audience)
    for table in TENANT_TABLES
    for audience in READERS
    if audience not in table.info.get(WRITERS_KEY, ())
]
# What the identity audience may look at; the others see every table.
OF_IDENTITY = {"tenant", "member", "member_role", "assignment", "agreement"}


def context_of(audience: Audience) -> Context:
    """A context that shows the audience something in every table."""
    match audience:
        case Audience.AGENCY:
            return Context(audience, tenant_id=YIJIAQIN, bureau_id=YUEQING)
        case Audience.BUREAU | Audience.OPERATOR:
            return Context(audience, bureau_id=YUEQING)
        case Audience.SUPERVISOR:
            return Context(audience, tenants=(YIJIAQIN, YUEQING))
        case Audience.IDENTITY:
            subject = "supervisor.lead"
            return Context(audience, subject=subject, tenants=(YIJIAQIN, YUEQING))


def visible_tables(audience: Audience) -> list[str]:
    return [name for name in NAMES if audience is not Audience.IDENTITY or name in OF_IDENTITY]


async def counts(transaction: Transaction, audience: Audience) -> dict[str, int]:
    return {
        name: await transaction.connection.fetchval(f'SELECT count(*) FROM "{name}"')
        for name in visible_tables(audience)
    }


@pytest.mark.parametrize("audience", Audience)
async def test_without_a_context_no_table_shows_a_row(crowded: House, audience: Audience) -> None:
    async with crowded.database.read(Context(audience)) as transaction:
        assert set((await counts(transaction, audience)).values()) == {0}


@pytest.mark.parametrize("audience", Audience)
async def test_with_a_context_every_table_shows_the_rows_of_it_alone(
    crowded: House, audience: Audience
) -> None:
    async with crowded.database.read(context_of(audience)) as transaction:
        found = await counts(transaction, audience)
    conditions = {
        Audience.AGENCY: f"tenant_id = '{YIJIAQIN}'",
        Audience.BUREAU: f"bureau_id = '{YUEQING}'",
        Audience.OPERATOR: f"bureau_id = '{YUEQING}'",
        Audience.SUPERVISOR: f"tenant_id IN ('{YIJIAQIN}', '{YUEQING}')",
        Audience.IDENTITY: f"tenant_id IN ('{YIJIAQIN}', '{YUEQING}')",
    }
    for name, seen in found.items():
        condition = conditions[audience]
        if audience is Audience.IDENTITY and name == "member":
            condition = "subject = 'supervisor.lead'"
        expected = await crowded.owner.fetchval(f'SELECT count(*) FROM "{name}" WHERE {condition}')
        assert seen == expected, name
    assert sum(found.values()) > 0


@pytest.mark.parametrize("audience", Audience)
async def test_a_context_does_not_outlive_its_transaction_on_a_pooled_connection(
    crowded_url: str, secret: bytes, crowded: House, audience: Audience
) -> None:
    assert crowded.url == crowded_url
    database = await Database.open(crowded_url, secret=secret, audiences=[audience], size=1)
    try:
        async with database.read(context_of(audience)) as transaction:
            first = await transaction.connection.fetchval("SELECT pg_backend_pid()")
            assert await transaction.connection.fetchval("SELECT count(*) FROM tenant")
        async with database.read(Context(audience)) as transaction:
            assert await transaction.connection.fetchval("SELECT pg_backend_pid()") == first
            assert set((await counts(transaction, audience)).values()) == {0}
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with database.read(context_of(audience)) as transaction:
                await transaction.connection.fetchval("SELECT 1 / 0")
        async with database.read(Context(audience)) as transaction:
            assert await transaction.connection.fetchval("SELECT pg_backend_pid()") == first
            assert set((await counts(transaction, audience)).values()) == {0}
    finally:
        await database.close()


async def test_the_logins_own_nothing_and_pass_no_wall(crowded: House) -> None:
    logins = [audience.login for audience in Audience]
    roles = await crowded.owner.fetch(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
        " FROM pg_roles WHERE rolname = ANY ($1)",
        logins,
    )
    assert {role["rolname"] for role in roles} == set(logins)
    assert not [role for role in roles if any(list(role.values())[1:])]
    owned = await crowded.owner.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
        " WHERE r.rolname = ANY ($1)",
        logins,
    )
    assert not owned
    memberships = await crowded.owner.fetch(
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
        " WHERE r.rolname = ANY ($1)",
        logins,
    )
    assert not memberships


# -- writing -----------------------------------------------------------------------------------


@asynccontextmanager
async def rolled_back(house: House, context: Context) -> AsyncIterator[asyncpg.Connection]:
    """A transaction for writing that leaves nothing behind, whatever happens in it."""

    transaction = await house.database.write(context).__aenter__()
    try:
        yield transaction.connection
    finally:
        await transaction._end(is_lost=False)


async def a_row(house: House, name: str, tenant_id: UUID) -> dict[str, Any]:
    written = written_columns(METADATA.tables[name])
    columns = ", ".join(f'"{column.name}"' for column in written)
    row = await house.owner.fetchrow(
        f'SELECT {columns} FROM "{name}" WHERE tenant_id = $1', tenant_id
    )
    return {} if row is None else dict(row)


async def insert_row(connection: Any, name: str, row: dict[str, Any]) -> None:
    columns = ", ".join(f'"{column}"' for column in row)
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await connection.execute(f'INSERT INTO "{name}" ({columns}) VALUES ({places})', *row.values())


OF_AGENCIES = [
    table.name
    for table in TENANT_TABLES
    if table.name not in MANIFEST_TABLES
    and Audience.AGENCY in table.info.get(WRITERS_KEY, [Audience.AGENCY])
]


@pytest.mark.parametrize("name", OF_AGENCIES)
async def test_an_agency_cannot_write_another_agencys_row(crowded: House, name: str) -> None:
    context = context_of(Audience.AGENCY)
    before = await crowded.owner.fetchval(f'SELECT count(*) FROM "{name}"')
    # Where the pilot has no row the keys alone will do: the wall stands before every other rule.
    theirs = await a_row(crowded, name, SHOUQIANSHOU) or {
        "tenant_id": SHOUQIANSHOU,
        "bureau_id": YUEQING,
    }
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with rolled_back(crowded, context) as connection:
            await insert_row(connection, name, {**theirs, "id": UUID(int=11)})
    own = await a_row(crowded, name, YIJIAQIN)
    if own and name not in APPEND_ONLY:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with rolled_back(crowded, context) as connection:
                await connection.execute(
                    f'UPDATE "{name}" SET tenant_id = $1 WHERE id = $2', SHOUQIANSHOU, own["id"]
                )
        async with rolled_back(crowded, context) as connection:
            changed = await connection.execute(
                f'UPDATE "{name}" SET id = id WHERE tenant_id = $1', SHOUQIANSHOU
            )
            # A row that is not there for them: nothing to change, and nothing said about it.
            assert changed == "UPDATE 0"
            assert await connection.execute(f'UPDATE "{name}" SET id = id') != "UPDATE 0"
    refused = [f'DELETE FROM "{name}"', f'TRUNCATE "{name}"']
    if name in APPEND_ONLY:
        refused.append(f'UPDATE "{name}" SET id = id')
    for statement in refused:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            async with rolled_back(crowded, context) as connection:
                await connection.execute(statement)
    assert await crowded.owner.fetchval(f'SELECT count(*) FROM "{name}"') == before


@pytest.mark.parametrize("name", MANIFEST_TABLES)
async def test_an_agency_cannot_write_what_manifests_declare(crowded: House, name: str) -> None:
    for statement in (f'UPDATE "{name}" SET id = id', f'DELETE FROM "{name}"'):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            async with rolled_back(crowded, context_of(Audience.AGENCY)) as connection:
                await connection.execute(statement)
    row = {**await a_row(crowded, name, YUEQING if name == "assignment" else YIJIAQIN)}
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        async with rolled_back(crowded, context_of(Audience.AGENCY)) as connection:
            await insert_row(connection, name, {**row, "id": UUID(int=12)})


@pytest.mark.parametrize(("name", "audience"), READ_ONLY)
async def test_who_only_reads_cannot_write_either(
    crowded: House, name: str, audience: Audience
) -> None:
    rights = await crowded.owner.fetchval(
        "SELECT string_agg(privilege, ' ') FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE',"
        " 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege"
        " WHERE has_table_privilege($1, $2, privilege)",
        audience.login,
        f'"{name}"',
    )
    assert rights is None
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        async with rolled_back(crowded, context_of(audience)) as connection:
            await connection.execute(f'UPDATE "{name}" SET id = id')


@pytest.mark.parametrize("audience", Audience)
async def test_a_reading_transaction_writes_nothing(crowded: House, audience: Audience) -> None:
    with pytest.raises((asyncpg.ReadOnlySQLTransactionError, asyncpg.InsufficientPrivilegeError)):
        async with crowded.database.read(context_of(audience)) as transaction:
            await transaction.connection.execute("UPDATE member SET name = name")


@pytest.mark.parametrize("audience", Audience)
async def test_no_login_may_create_anything(crowded: House, audience: Audience) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with rolled_back(crowded, Context(audience)) as connection:
            await connection.execute("CREATE TABLE public.loot (name text)")


def parents() -> list[tuple[str, str, str]]:
    """Every foreign key inside a tenant: table, column, the table it points to."""
    found = []
    for table in TENANT_TABLES:
        for constraint in table.foreign_key_constraints:
            columns = [column.name for column in constraint.columns]
            target = constraint.referred_table
            # A city's table is keyed by the bureau: its rows are every tenant's of the city.
            is_tenants = "tenant_id" in target.c
            if len(columns) > 1 and is_tenants and table.name not in MANIFEST_TABLES:
                found.append((table.name, columns[1], target.name))
    return sorted(found)


@pytest.mark.parametrize(("name", "column", "parent"), parents())
async def test_a_row_cannot_point_into_another_tenant(
    crowded: House, name: str, column: str, parent: str
) -> None:
    """A foreign key is checked past row-level security, so it has to carry the tenant itself."""
    row = await crowded.owner.fetchrow(
        f'SELECT * FROM "{name}" WHERE tenant_id = $1 AND {column} IS NOT NULL', YIJIAQIN
    )
    if row is None:
        pytest.skip("The pilot has no such row; the catalogue's rules hold its keys.")
    theirs = await crowded.owner.fetchrow(
        f'SELECT id FROM "{parent}" WHERE tenant_id = $1', SHOUQIANSHOU
    )
    assert theirs is not None
    # As the owner, whom no privilege and no policy holds back: the key alone has to refuse it.
    transaction = crowded.owner.transaction()
    await transaction.start()
    try:
        await crowded.owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await crowded.owner.execute(
                f'UPDATE "{name}" SET {column} = $1 WHERE tenant_id = $2 AND id = $3',
                theirs["id"],
                YIJIAQIN,
                row["id"],
            )
    finally:
        await transaction.rollback()


@pytest.mark.parametrize("name", OF_AGENCIES)
async def test_a_row_belongs_to_its_tenants_bureau(crowded: House, name: str) -> None:
    """Otherwise an agency could put a row before the eyes of a bureau that is not its own."""
    async with rolled_back(crowded, context_of(Audience.AGENCY)) as connection:
        if name in APPEND_ONLY or not await a_row(crowded, name, YIJIAQIN):
            row = {"tenant_id": YIJIAQIN, "bureau_id": ELSEWHERE_BUREAU, "id": UUID(int=13)}
            with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                await insert_row(connection, name, row)
            return
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute(f'UPDATE "{name}" SET bureau_id = $1', ELSEWHERE_BUREAU)
