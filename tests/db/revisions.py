"""Watching revisions on filled tables: what they hold, what they read meanwhile, what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Engine, event, text

from citywide.db.sealed import NONCE_BYTES, derived_key

# Rows of each filled table; whatever reads a table under a lock reads all of these.
ROWS = 2_000
# Locks for which somebody who writes or reads has to wait.
BLOCKING = "AccessExclusiveLock", "ExclusiveLock", "ShareRowExclusiveLock", "ShareLock"
HELD = text(
    "SELECT DISTINCT s.relname, l.mode, s.seq_tup_read, s.n_tup_upd + s.n_tup_del"
    " FROM pg_stat_xact_user_tables s"
    " LEFT JOIN pg_locks l ON l.relation = s.relid AND l.pid = pg_backend_pid() AND l.granted"
)
# What reads or writes a whole table, in a statement of its own.
WHOLE = re.compile(
    r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)(\w+ )?ON (ONLY )?(?P<index>\w+)"
    r"|ALTER TABLE (ONLY )?(?P<constraint>\w+) ADD CONSTRAINT (?!.*(NOT VALID|USING INDEX))"
    r"|ALTER TABLE (?P<column>\w+) ADD COLUMN .*(STORED|gen_random|uuidv|clock_)"
    r"|ALTER TABLE (?P<type>\w+) ALTER COLUMN \w+ (SET DATA )?TYPE"
    r"|(UPDATE|DELETE FROM) (?P<rows>\w+)(?!.*\bLIMIT\b)"
    r"|(VACUUM FULL|CLUSTER|REINDEX TABLE|LOCK TABLE) (?P<rewrite>\w+)",
    re.IGNORECASE | re.DOTALL,
)


class Watch:
    """What would hold agencies up, a sentence each."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._made = {"alembic_version"}
        # PostgreSQL counts on where the last transaction ended until it has told its statistics.
        self._before: dict[str, tuple[int, int]] = {}

    def begin(self, connection: Connection) -> None:
        self._before = {table: (read, changed) for table, _, read, changed in counted(connection)}

    def commit(self, connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            return  # Each statement was a transaction of its own, whose text is looked at.
        for table, mode, read, changed in counted(connection):
            read_before, changed_before = self._before.get(table, (0, 0))
            if table in self._made:
                continue
            if mode in BLOCKING and read - read_before >= ROWS:
                self.faults.append(f"{table} is read under {mode}")
            if changed - changed_before >= ROWS:
                self.faults.append(f"{table} is changed in one transaction")

    def statement(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said = " ".join(statement.split())
        if created := re.match(r"CREATE TABLE (\w+)", said):
            self._made.add(created[1])
        if (found := WHOLE.match(said)) and not set(found.groupdict().values()) & self._made:
            self.faults.append(said)


def counted(connection: Connection) -> list[Any]:
    """Table by table: a lock that is held, rows read, rows changed."""
    cursor = connection.connection.cursor()  # not an event of its own
    cursor.execute(str(HELD))
    found = list(cursor.fetchall())
    cursor.close()
    return found


@contextmanager
def watched() -> Iterator[list[str]]:
    """The faults of all that is run inside."""
    watch = Watch()
    listeners = (
        ("begin", watch.begin),
        ("commit", watch.commit),
        ("before_cursor_execute", watch.statement),
    )
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield watch.faults
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


_COLUMNS = """
SELECT attname, format_type(atttypid, NULL), pg_get_constraintdef(c.oid)
FROM pg_attribute a LEFT JOIN pg_constraint c
ON c.conrelid = attrelid AND contype = 'c' AND conkey = ARRAY[attnum]
WHERE attrelid = $1::regclass AND attnum > 0 AND attnotnull AND attgenerated = '' AND NOT atthasdef
AND NOT attisdropped
"""
_VALUES = {
    "uuid": "uuidv7()",
    "text": "'text ' || number",
    "bigint": "number",
    "boolean": "false",
    "date": "DATE '2015-01-01'",
    "timestamp with time zone": "now()",
    "bytea": "int4send(number)",
}


async def filled(owner: asyncpg.Connection) -> set[str]:
    """Fill what can be filled of the tables with rows that refer to nothing; which these are."""
    found = set()
    await owner.execute("SET session_replication_role = replica")  # no look at foreign keys
    listed = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1"
    for row in await owner.fetch(listed, "alembic_version"):
        table = row["tablename"]
        values = {
            column: _value(kind, check or "")
            for column, kind, check in await owner.fetch(_COLUMNS, table)
        }
        statement = (
            f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())}"
            f" FROM generate_series(1, {ROWS}) AS number"
        )
        try:
            await owner.execute(statement)
        except asyncpg.IntegrityConstraintViolationError:
            continue
        found.add(table)
    await owner.execute("SET session_replication_role = origin")
    return found


def _value(kind: str, check: str) -> str:
    word = re.search(r"'(\w+)'::text", check)
    return f"'{word[1]}'" if word and kind == "text" else _VALUES[kind]


async def seal_as_then(owner: asyncpg.Connection, secret: bytes) -> None:
    """Make the identity numbers what that revision's code sealed: bound to the tenant alone."""
    cipher = AESGCM(derived_key(secret, b"citywide sealed text"))
    rows = await owner.fetch("SELECT tenant_id, id FROM beneficiary")
    nonce = bytes(NONCE_BYTES)
    await owner.executemany(
        "UPDATE beneficiary SET id_number_sealed = $3 WHERE tenant_id = $1 AND id = $2",
        [
            (
                each["tenant_id"],
                each["id"],
                nonce + cipher.encrypt(nonce, b"1", each["tenant_id"].bytes),
            )
            for each in rows
        ],
    )
