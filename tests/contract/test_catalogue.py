"""Every table obeys the rules of the two walls, and the database is what the code declares."""

from __future__ import annotations

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from citywide.db.migrate import migrate
from citywide.db.tables import METADATA, is_tenant_table
from citywide.domain import CATALOGUE
from contract.rules import broken_rules

TENANT = "tenant_id uuid NOT NULL, bureau_id uuid NOT NULL, id uuid NOT NULL"
KEY = "PRIMARY KEY (tenant_id, id)"
SECURE = """
    ALTER TABLE bad ENABLE ROW LEVEL SECURITY; ALTER TABLE bad FORCE ROW LEVEL SECURITY;
    GRANT SELECT ON bad TO citywide_agency;
"""
PLAIN = "tenant_id = nullif(current_setting('citywide.tenant', true), '')::uuid"
GOOD_POLICY = f"CREATE POLICY p ON bad TO citywide_agency USING ({PLAIN}) WITH CHECK ({PLAIN});"


def bad(columns: str, *, secure: str = SECURE + GOOD_POLICY, after: str = "") -> str:
    return f"CREATE TABLE bad ({columns}); {secure} {after}"


def policy(condition: str, check: str | None = None) -> str:
    return bad(
        f"{TENANT}, {KEY}",
        secure=f"{SECURE} CREATE POLICY p ON bad TO citywide_agency USING ({condition})"
        f" WITH CHECK ({check or condition});",
    )


BAD_TABLES = {
    "bad does not begin with tenant_id": bad(
        f"id uuid NOT NULL, tenant_id uuid NOT NULL, bureau_id uuid NOT NULL, {KEY}"
    ),
    "bad.bureau_id may be null or is missing": bad(
        f"tenant_id uuid NOT NULL, id uuid NOT NULL, {KEY}"
    ),
    "bad_pkey does not begin with tenant_id": bad(f"{TENANT}, PRIMARY KEY (id, tenant_id)"),
    "bad_code_key does not contain tenant_id": bad(f"{TENANT}, code text UNIQUE, {KEY}"),
    "bad_x is unique without tenant_id": bad(
        f"{TENANT}, code text, {KEY}", after="CREATE UNIQUE INDEX bad_x ON bad (code);"
    ),
    "bad_tenant_id_excl does not contain tenant_id": bad(
        f"{TENANT}, code text, {KEY}, CONSTRAINT bad_tenant_id_excl EXCLUDE (code WITH =)"
    ),
    "bad_tenant_fkey does not carry tenant_id": bad(
        f"{TENANT}, tenant uuid, {KEY},"
        " CONSTRAINT bad_tenant_fkey FOREIGN KEY (tenant) REFERENCES tenant (tenant_id)"
    ),
    "bad_fkey leads from a catalogue to a tenant's table": bad(
        "id uuid PRIMARY KEY CONSTRAINT bad_fkey REFERENCES tenant (tenant_id)", secure=""
    ),
    "bad_fkey does something else than NO ACTION or ON DELETE CASCADE": bad(
        f"{TENANT}, area_id uuid CONSTRAINT bad_fkey REFERENCES area ON DELETE SET NULL, {KEY}"
    ),
    "bad.sum has the type numeric": bad(f"{TENANT}, sum numeric, {KEY}"),
    "bad.during has the type daterange": bad(f"{TENANT}, during daterange, {KEY}"),
    "bad.mood has the type mood": "CREATE TYPE mood AS ENUM ('GOOD'); "
    + bad(f"{TENANT}, mood mood, {KEY}"),
    "bad_pkey does not begin with bureau_id": "CREATE TABLE bad"
    " (id uuid, bureau_id uuid, PRIMARY KEY (id, bureau_id))",
    "bad_kind_fkey does not carry bureau_id": "CREATE TABLE kind"
    " (bureau_id uuid, id uuid UNIQUE, PRIMARY KEY (bureau_id, id));"
    + bad(
        f"{TENANT}, kind uuid, {KEY},"
        " CONSTRAINT bad_kind_fkey FOREIGN KEY (kind) REFERENCES kind (id)"
    ),
    "bad has no primary key": bad(TENANT),
    "bad may name another bureau than its tenant's": bad(
        f"{TENANT}, {KEY}, FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id),"
        " FOREIGN KEY (bureau_id) REFERENCES bureau"
    ),
    "bad has no forced row-level security": bad(
        f"{TENANT}, {KEY}", after="ALTER TABLE bad NO FORCE ROW LEVEL SECURITY;"
    ),
    "bad has 0 policies for citywide_agency, not 1": bad(f"{TENANT}, {KEY}", secure=SECURE),
    "bad has 1 policies for citywide_agency, not 0": bad(
        f"{TENANT}, {KEY}", after="REVOKE ALL ON bad FROM citywide_agency;"
    ),
    "bad has 2 policies for citywide_agency, not 1": bad(
        f"{TENANT}, {KEY}", after=GOOD_POLICY.replace("POLICY p", "POLICY q")
    ),
    "p is more than one comparison": policy(f"{PLAIN} OR bureau_id = id"),
    "p is more than one comparison of a column": policy("tenant_id IN (SELECT id FROM area)"),
    "p is more than one comparison of a column with": policy("true"),
    "p checks something else than it shows": policy(PLAIN, "true"),
    "area is a catalogue with policies": "CREATE POLICY p ON area USING (true);",
    "bad has the trigger t": bad(
        f"{TENANT}, {KEY}",
        after="CREATE TRIGGER t BEFORE UPDATE ON bad EXECUTE FUNCTION"
        " suppress_redundant_updates_trigger();",
    ),
    "the function tell notifies": "CREATE FUNCTION tell() RETURNS void LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM pg_notify('a', 'b'); END $$",
    "the function enter calls set_config": "CREATE FUNCTION enter() RETURNS void LANGUAGE plpgsql"
    " AS $$ BEGIN PERFORM set_config('a.b', 'c', false); END $$",
    "the function tell looks for names where its caller says": "CREATE FUNCTION tell() RETURNS"
    " bigint LANGUAGE sql AS $$ SELECT count(*) FROM member $$",
    "the function all_of_it runs as its owner": "CREATE FUNCTION all_of_it() RETURNS SETOF member"
    " SECURITY DEFINER LANGUAGE sql AS $$ SELECT * FROM member $$",
}


async def test_every_table_obeys_the_rules(database_url: str) -> None:
    owner = await asyncpg.connect(database_url)
    try:
        assert await broken_rules(owner) == []
    finally:
        await owner.close()


async def test_the_rules_know_a_bad_table(database_url: str) -> None:
    owner = await asyncpg.connect(database_url)
    try:
        for fault, statements in BAD_TABLES.items():
            attempt = owner.transaction()
            await attempt.start()
            await owner.execute(statements)
            found = await broken_rules(owner)
            await attempt.rollback()
            assert [each for each in found if each.startswith(fault)], (fault, found)
        assert await broken_rules(owner) == []
    finally:
        await owner.close()


@pytest.mark.parametrize("kind", ["tenant", "catalogue"])
def test_the_metadata_holds_tables_of_each_kind(kind: str) -> None:
    assert CATALOGUE.entities
    tables = [t for t in METADATA.sorted_tables if is_tenant_table(t) == (kind == "tenant")]
    assert tables
    assert all(("tenant_id" in table.c) == (kind == "tenant") for table in tables)


async def test_the_migrated_database_is_what_the_code_declares(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(database_url),
        poolclass=NullPool,
    )
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_every_declared_check_is_in_the_database(database_url: str) -> None:
    """Alembic does not compare these."""
    declared = {
        (table.name, str(check.name))
        for table in METADATA.sorted_tables
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    owner = await asyncpg.connect(database_url)
    try:
        rows = await owner.fetch(
            "SELECT conrelid::regclass::text AS name, conname FROM pg_constraint"
            " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        )
    finally:
        await owner.close()
    assert {(row["name"], row["conname"]) for row in rows} == declared


async def test_migrating_again_changes_nothing(database_url: str, secret: bytes) -> None:
    owner = await asyncpg.connect(database_url)
    listed = (
        "SELECT c.relname, c.relkind, c.relacl::text, a.attname, a.atttypid, c.oid"
        " FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, 4"
    )
    try:
        before = await owner.fetch(listed)
        await migrate(database_url, secret=secret)
        assert await owner.fetch(listed) == before
    finally:
        await owner.close()
