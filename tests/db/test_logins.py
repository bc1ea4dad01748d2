"""What a login of an audience may do in the database beside reading and writing its tables."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from citywide.db.migrate import check_ready, migrate
from citywide.db.session import Audience, login_password
from citywide.db.verifiers import login_verifier
from citywide.errors import OperatorError

ALLOWED = {
    "compute": "SELECT 1 + 1",
    "enter a context": "SELECT citywide_enter(NULL, NULL, NULL, NULL, 1000)",
    "read its own rows": "SELECT count(*) FROM tenant",
    "take turns": "SELECT pg_advisory_xact_lock(1)",
    "see which transactions run": "SELECT pg_snapshot_xmin(pg_current_snapshot())",
}
DENIED = {
    "a temporary table": "CREATE TEMP TABLE t (x int)",
    "a temporary table by selecting": "SELECT 1 AS x INTO TEMP t",
    "a temporary view": "CREATE TEMP VIEW v AS SELECT 1",
    "a table": "CREATE TABLE t (x int)",
    "a schema": "CREATE SCHEMA s",
    "a function": "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "an operator": "CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)",
    "a type": "CREATE TYPE t AS (x int)",
    "a role": "CREATE ROLE r",
    "a database": "CREATE DATABASE d",
    "an extension": "CREATE EXTENSION btree_gist",
    "a large object": "SELECT lo_create(0)",
    "a large object of the older kind": "SELECT lo_creat(-1)",
    "a large object with content": "SELECT lo_from_bytea(0, 'x')",
    "open a large object": "SELECT lo_open(1, 131072)",
    "write a large object": "SELECT lowrite(0, 'x')",
    "read a large object": "SELECT lo_get(1)",
    "import a file": "SELECT lo_import('/etc/passwd')",
    "export a file": "SELECT lo_export(1, '/tmp/x')",
    "read a file": "SELECT pg_read_file('/etc/passwd')",
    "copy to a program": "COPY tenant TO PROGRAM 'true'",
    "copy to a file": "COPY tenant TO '/tmp/x'",
    "what others run": "SELECT query FROM pg_stat_activity",
    "what others run, by function": "SELECT * FROM pg_stat_get_activity(NULL)",
    "passwords": "SELECT rolpassword FROM pg_authid",
    "become another": "SET ROLE postgres",
    "sign in as another": "SET SESSION AUTHORIZATION postgres",
    "lower the wall": "ALTER TABLE tenant DISABLE ROW LEVEL SECURITY",
    "empty a table": "TRUNCATE tenant",
    "delete": "DELETE FROM tenant",
    "a setting of the server": "ALTER SYSTEM SET work_mem = '1GB'",
}


@pytest.fixture(params=list(Audience))
async def login(
    request: pytest.FixtureRequest, own_url: str, secret: bytes
) -> AsyncIterator[asyncpg.Connection]:
    """A session of one login after the other."""
    audience: Audience = request.param
    password = login_password(secret, audience)
    connection = await asyncpg.connect(own_url, user=audience.login, password=password)
    yield connection
    await connection.close()


@pytest.fixture
async def own_url(database_url: str, secret: bytes) -> str:
    """A migrated database; a copy as a restored backup is one, until it is migrated."""
    owner = await asyncpg.connect(database_url)
    name = await owner.fetchval("SELECT quote_ident(current_database())")
    await owner.execute(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC")
    await owner.close()
    with pytest.raises(OperatorError, match=r"may make tables.*: run `citywide migrate`"):
        await check_ready(database_url, secret=secret)
    await migrate(database_url, secret=secret)
    await check_ready(database_url, secret=secret)
    return database_url


async def test_a_login_does_what_it_is_there_for_and_nothing_else(
    login: asyncpg.Connection,
) -> None:
    for what, statement in ALLOWED.items():
        async with login.transaction():
            assert await login.fetch(statement) is not None, what
    for what, statement in DENIED.items():
        try:
            await login.execute(statement)
        except asyncpg.InsufficientPrivilegeError:
            continue
        raise AssertionError(what)
    assert await login.fetchval("SELECT count(*) FROM pg_largeobject_metadata") == 0


async def test_a_session_begins_with_the_logins_settings(login: asyncpg.Connection) -> None:
    for name, value in {
        "search_path": "public, pg_temp",
        "statement_timeout": "1min",
        "idle_in_transaction_session_timeout": "1min",
        "jit": "off",
    }.items():
        assert await login.fetchval(f"SHOW {name}") == value


@pytest.mark.parametrize(
    ("give", "take"),
    [
        ("GRANT TEMPORARY ON DATABASE {} TO citywide_bureau", "REVOKE TEMPORARY ON DATABASE {}"),
        ("GRANT CREATE ON SCHEMA public TO citywide_bureau", "REVOKE CREATE ON SCHEMA public"),
        ("ALTER ROLE citywide_bureau CREATEROLE", None),
    ],
)
async def test_a_login_that_may_make_something_is_refused(
    own_url: str, secret: bytes, give: str, take: str | None
) -> None:
    owner = await asyncpg.connect(own_url)
    name = await owner.fetchval("SELECT current_database()")
    back = f"{take} FROM citywide_bureau" if take else "ALTER ROLE citywide_bureau NOCREATEROLE"
    await owner.execute(give.format(name))
    try:
        with pytest.raises(OperatorError, match="citywide_bureau may make tables"):
            await check_ready(own_url, secret=secret)
    finally:
        await owner.execute(back.format(name))
        await owner.close()
    await check_ready(own_url, secret=secret)


async def test_migrating_again_leaves_the_passwords_as_a_pooler_copied_them(
    own_url: str, secret: bytes
) -> None:
    stored = "SELECT rolname, rolpassword, xmin FROM pg_authid WHERE rolname ~ '^citywide_'"
    owner = await asyncpg.connect(own_url)
    try:
        before = {row["rolname"]: row["rolpassword"] for row in await owner.fetch(stored)}
        assert before == {each.login: login_verifier(secret, each) for each in Audience}
        await migrate(own_url, secret=secret)
        after = {row["rolname"]: row["rolpassword"] for row in await owner.fetch(stored)}
        assert after == before
        # One that does not hold any more is mended.
        await owner.execute("ALTER ROLE citywide_agency PASSWORD 'forgotten'")
        await migrate(own_url, secret=secret)
        mended = {row["rolname"]: row["rolpassword"] for row in await owner.fetch(stored)}
        assert mended == before
    finally:
        await owner.close()
