"""Bring a database to the newest schema, and say whether one can be served as it is.

Migrating is the work of the schema's owner, which is never one of the audience logins: first the
logins, then whatever revisions are missing. Every command passes through one of the two
functions here, so what is wrong with a database is told here, in a sentence.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import asyncpg

from citywide.db.resealing import pending, reseal
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, login_password
from citywide.db.verifiers import login_verifier
from citywide.db.walls import (
    CALLABLE_FUNCTIONS,
    MAKING_LOGINS,
    STRONG_LOGINS,
    WITHDRAW_FUNCTIONS,
    login_statements,
    room_statements,
)
from citywide.errors import OperatorError

# The first version with uuidv7, RETURNING old/new and WITHOUT OVERLAPS.
OLDEST_SERVER = 18
# Longer than any database takes that is there; shorter than anyone waits for one that is not.
CONNECT_TIMEOUT_S = 10.0
# What the database says of itself, beside its revision, once its trail has its keys.
_TRAIL_KEPT = "the trail has its keys"
_VERSIONS = Path(__file__).with_name("migrations") / "versions"


def known_revisions() -> list[str]:
    """The schema's revisions, oldest first: the numbers with which their files' names begin."""
    return sorted(file.name.partition("_")[0] for file in _VERSIONS.glob("[0-9]*_*.py"))


async def migrate(url: str, *, secret: bytes, revision: str | None = None) -> None:
    """Create or update everything, up to the newest revision or the one named; idempotent.

    Raises `OperatorError` when the server is older than PostgreSQL 18, belongs to another
    deployment, has a revision that this code does not know, or a login that is too strong.
    """
    known = known_revisions()
    async with _connected(url) as owner:
        _check_server(owner)
        found = await _revision(owner)
        if found is not None and found not in known:
            raise OperatorError(_newer(found))
        async with owner.transaction():
            # Roles belong to the whole cluster: two migrations at once must not race for them.
            await owner.execute("SELECT pg_advisory_xact_lock(hashtext('citywide logins'))")
            await _check_fingerprint(owner, secret)
            await _check_strength(owner)
            verifiers = await _changed_verifiers(owner, secret)
            for statement in login_statements(verifiers, fingerprint=_fingerprint(secret)):
                await owner.execute(statement)
            await _make_room(owner)
    wanted = revision or known[-1]
    if found != wanted:
        # Importing Alembic takes longer than all the rest of a start, which seldom needs it.
        from citywide.db.upgrade import upgrade  # noqa: PLC0415

        await upgrade(url, wanted)
    async with _connected(url) as owner:
        if await pending(owner):
            await reseal(owner, Sealer(secret))
    if found is None and wanted == known[-1]:
        # There is no trail yet that had to be brought along.
        await keep_trail(url)


async def _changed_verifiers(owner: asyncpg.Connection, secret: bytes) -> dict[Audience, str]:
    """The verifiers that the server has not; one that it has stays, for a pooler copies it.

    Who may not look sets them all, to what they are.
    """
    wanted = {audience: login_verifier(secret, audience) for audience in Audience}
    if not await owner.fetchval("SELECT has_table_privilege('pg_authid', 'SELECT')"):
        return wanted
    rows = await owner.fetch("SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin")
    found = {row["rolname"]: row["rolpassword"] for row in rows}
    return {
        audience: verifier
        for audience, verifier in wanted.items()
        if found.get(audience.login) != verifier
    }


async def _make_room(owner: asyncpg.Connection) -> None:
    """Take from everybody what the logins do not need, as far as this owner may."""
    database = await owner.fetchval("SELECT quote_ident(current_database())")
    is_ours = await owner.fetchval(
        "SELECT pg_has_role(datdba, 'MEMBER') FROM pg_database WHERE datname = current_database()"
    )
    if is_ours:
        for statement in room_statements(database):
            await owner.execute(statement)
    if await owner.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        await owner.execute(WITHDRAW_FUNCTIONS)


async def callable_functions(url: str) -> list[str]:
    """What the logins may call and do not need, which only a superuser can take from them."""
    async with _connected(url) as owner:
        rows = await owner.fetch(CALLABLE_FUNCTIONS, [each.login for each in Audience])
    return [row["proname"] for row in rows]


async def trail_is_kept(url: str) -> bool:
    """Whether the trail is linked and digested with keys; asked as the database's owner."""
    async with _connected(url) as owner:
        return await _trail_is_kept(owner)


async def keep_trail(url: str) -> None:
    """Say for good that the trail has its keys; only then can the database be served."""
    async with _connected(url) as owner:
        await owner.execute(f"COMMENT ON TABLE alembic_version IS '{_TRAIL_KEPT}'")


async def _trail_is_kept(connection: asyncpg.Connection) -> bool:
    said = await connection.fetchval(
        "SELECT obj_description('alembic_version'::regclass, 'pg_class')"
    )
    return bool(said == _TRAIL_KEPT)


async def check_ready(url: str, *, secret: bytes) -> None:
    """Whether the database can be served: reached, migrated by this code, its walls in force.

    Connects as an audience, as the server will. Raises `OperatorError` with what to do.
    """
    login = Audience.IDENTITY
    password = login_password(secret, login)
    async with _connected(url, user=login.login, password=password) as reader:
        _check_server(reader)
        await _check_fingerprint(reader, secret)
        found, known = await _revision(reader), known_revisions()
        if found is None:
            raise OperatorError("The database is empty: run `citywide migrate`.")
        if found not in known:
            raise OperatorError(_newer(found))
        if found != known[-1]:
            sentence = f"The database is at revision {found} of its schema, which is not the "
            raise OperatorError(f"{sentence}newest: run `citywide migrate`.")
        if await pending(reader):
            sentence = "The database holds values that were sealed in an older way: "
            raise OperatorError(f"{sentence}run `citywide migrate`.")
        if not await _trail_is_kept(reader):
            sentence = "The chains of the audit trail do not have their keys yet: run "
            raise OperatorError(f"{sentence}`citywide migrate`.")
        await _check_strength(reader)
        await _check_makers(reader)


@asynccontextmanager
async def _connected(
    url: str, *, user: str | None = None, password: str | None = None
) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the URL's own user or as `user`; raises `OperatorError` if there is none."""
    try:
        connection = await asyncpg.connect(
            url,
            user=user,
            password=password,
            timeout=CONNECT_TIMEOUT_S,
            # An owner's statement may take as long as it needs; whoever only looks does not wait.
            command_timeout=None if user is None else CONNECT_TIMEOUT_S,
        )
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        if user is not None:
            raise OperatorError(_STRANGERS) from error
        raise OperatorError(_unreachable(error)) from error
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OperatorError(_unreachable(error)) from error
    try:
        yield connection
    finally:
        await connection.close()


def _unreachable(error: Exception) -> str:
    said = "it does not answer" if isinstance(error, TimeoutError) else str(error)
    reason = " ".join(said.split()).rstrip(".") or type(error).__name__
    return f"The database of DATABASE_URL cannot be used: {reason}."


_STRANGERS = (
    "The database does not know this deployment's logins: name the data folder whose keys belong "
    "to it with --data, or run `citywide migrate` if it has never been set up."
)


def _check_server(connection: asyncpg.Connection) -> None:
    version = connection.get_server_version()
    if version.major < OLDEST_SERVER:
        sentence = f"citywide needs PostgreSQL {OLDEST_SERVER} or newer; this server is "
        raise OperatorError(f"{sentence}{version.major}.{version.minor}.")


async def _revision(connection: asyncpg.Connection) -> str | None:
    """The revision of the database's schema; None when it has none yet."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return found


def _fingerprint(secret: bytes) -> str:
    """By which a database knows whose it is; tells nothing about the secret."""
    return hmac.new(secret, b"fingerprint", sha256).hexdigest()[:32]


async def _check_fingerprint(connection: asyncpg.Connection, secret: bytes) -> None:
    """Refuse a cluster that another deployment's secret set up.

    Its logins' passwords would be changed under a running server, and what is sealed with the
    other secret could not be opened.
    """
    found = await connection.fetchval(
        "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = $1",
        Audience.IDENTITY.login,
    )
    if found is not None and found != _fingerprint(secret):
        sentence = (
            "The database was set up with other keys than those of this data folder: name the "
            "folder that has them with --data, or restore them from your backup."
        )
        raise OperatorError(sentence)


async def _check_strength(connection: asyncpg.Connection) -> None:
    """Refuse logins for which row-level security would not stand."""
    strong = await connection.fetch(STRONG_LOGINS, [each.login for each in Audience])
    if strong:
        names = ", ".join(row["rolname"] for row in strong)
        sentence = (
            f"The database role {names} could bypass row-level security: take SUPERUSER, "
            "BYPASSRLS, REPLICATION, the ownership of tables and membership in roles that have "
            "them away from it."
        )
        raise OperatorError(sentence)


async def _check_makers(connection: asyncpg.Connection) -> None:
    """Refuse logins that may make something of their own in the database."""
    makers = await connection.fetch(MAKING_LOGINS, [each.login for each in Audience])
    if makers:
        names = ", ".join(row["rolname"] for row in makers)
        sentence = (
            f"The database role {names} may make tables, roles or databases: run `citywide "
            "migrate` as the database's owner, and take CREATEROLE, CREATEDB and CREATE away."
        )
        raise OperatorError(sentence)


def _newer(found: str) -> str:
    return (
        f"The database was made by a newer citywide (its schema is at revision {found}): use "
        "that one, or another database."
    )
