"""Bring a database to the newest schema: login roles, then Alembic's revisions.

Run as the schema's owner, which is never one of the audience logins. Alembic drives asyncpg
through SQLAlchemy, so the house has one database driver.
"""

from __future__ import annotations

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
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
    try:
        async with engine.begin() as owner:
            await owner.run_sync(_upgrade, revision)
    except CommandError as error:
        # Alembic has one class for all; ours are its own revisions, so this one is unknown to it.
        raise OperatorError(_newer(await _revision(url))) from error
    finally:
        await engine.dispose()


async def _revision(url: str) -> str | None:
    connection = await asyncpg.connect(url)
    try:
        found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    finally:
        await connection.close()
    return found


def _upgrade(connection: Connection, revision: str) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('citywide migrate'))"))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    # A server says at its start which revision it finds, and connects as this audience.
    reader = Audience.IDENTITY.login
    connection.execute(text(f"GRANT SELECT ON alembic_version TO {reader}"))


async def check_ready(url: str, *, secret: bytes) -> None:
    """Whether the database can be served: reached, migrated by this code, its walls in force.

    Connects as an audience, as the server will. Raises `OperatorError` with what to do.
    """
    login = Audience.IDENTITY
    try:
        connection = await asyncpg.connect(
            url, user=login.login, password=login_password(secret, login)
        )
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        sentence = (
            "The database does not know this deployment's logins: run `citywide migrate` with the "
            "data folder whose keys belong to it."
        )
        raise OperatorError(sentence) from error
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            raise OperatorError("The database is empty: run `citywide migrate`.")
        _check_revision(await connection.fetchval("SELECT version_num FROM alembic_version"))
        strong = await connection.fetch(_STRONG_LOGINS, [each.login for each in Audience])
    finally:
        await connection.close()
    if strong:
        names = ", ".join(row["rolname"] for row in strong)
        sentence = (
            f"The database role {names} could bypass row-level security: take SUPERUSER, "
            "BYPASSRLS, table ownership and membership in such roles away from it, or run "
            "`citywide migrate`."
        )
        raise OperatorError(sentence)


# Logins for which the second wall would not stand: they bypass it, own a table and could lower
# it, or may become a role that does.
_STRONG_LOGINS = """
SELECT login.rolname
FROM pg_roles AS login
WHERE login.rolname = ANY ($1::text[]) AND EXISTS (
    SELECT FROM pg_roles AS other
    WHERE pg_has_role(login.oid, other.oid, 'MEMBER') AND (
        other.rolsuper OR other.rolbypassrls
        OR EXISTS (SELECT FROM pg_class WHERE relowner = other.oid AND relrowsecurity)
    )
)
ORDER BY login.rolname
"""


def _check_revision(found: str | None) -> None:
    script = ScriptDirectory.from_config(_config())
    if found in script.get_heads():
        return
    if found in {each.revision for each in script.walk_revisions()}:
        sentence = f"The database is at revision {found} of its schema: run `citywide migrate`."
        raise OperatorError(sentence)
    raise OperatorError(_newer(found))


def _newer(found: str | None) -> str:
    return (
        f"The database was made by a newer citywide (its schema is at revision {found}): use "
        "that one, or another database."
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "citywide.db:migrations")
    return config
