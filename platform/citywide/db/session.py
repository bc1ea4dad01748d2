"""The only function that opens transactions, and with them the first wall's context.

Whatever reads or writes a tenant's row does it between `Database.transaction(context)` and its
end. The context says for whom: it is set by one function in the database, `citywide_enter`, as
settings local to the transaction, so a pooled connection cannot keep the last tenant. Each
audience has a login role and a pool of its own, because a policy that compares one setting with
one column is proved once by PostgreSQL, and switching roles on a connection makes it plan again.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import asyncpg
from sqlalchemy import Executable, cast, func, literal, select
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.types import Integer, Text
from sqlalchemy.util import LRUCache

from citywide.db.complaining import without_values
from citywide.db.holdable import hold_every_day
from citywide.db.sealed import Sealer

# A statement that runs longer is a mistake or an attack; interactive answers take milliseconds.
STATEMENT_TIMEOUT_MS = 5_000
# Two cores: more connections than this queue in the database instead of in the pool.
POOL_SIZE = 8
# A request waits this long for a free connection before it is told that the server is busy.
POOL_WAIT_S = 5.0
DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]
# Compiled statements of use cases: a few hundred shapes, some kilobytes each.
_COMPILED: LRUCache[Any, Any] = LRUCache(1_000)


class Audience(StrEnum):
    """For whom rows are visible; each is a login role `citywide_<audience>` with its own policy."""

    AGENCY = "agency"  # rows of one tenant
    BUREAU = "bureau"  # rows of one bureau, read only
    SUPERVISOR = "supervisor"  # rows of the assigned tenants, read only
    IDENTITY = "identity"  # one subject's memberships
    OPERATOR = "operator"  # one bureau's manifests: agencies, agreements, staff

    @property
    def login(self) -> str:
        """The database role."""
        return f"citywide_{self.value}"


@dataclass(frozen=True, slots=True)
class Context:
    """For whom a transaction runs. What is None stays unset, and an unset setting shows no row."""

    audience: Audience
    tenant_id: UUID | None = None
    bureau_id: UUID | None = None
    tenants: tuple[UUID, ...] = ()
    subject: str | None = None
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS
    enter_sql: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "enter_sql", _enter_sql(self))


def _enter_sql(context: Context) -> str:
    """The call of `citywide_enter`, its values rendered as literals by SQLAlchemy.

    Literals, because `BEGIN` and the call go to the server in one simple query, which saves a
    round trip on every request and takes no bind parameters.
    """

    def text(value: object) -> Any:
        return cast(literal(None if value is None else str(value), Text), Text)

    call = select(
        func.citywide_enter(
            text(context.tenant_id),
            text(context.bureau_id),
            text(",".join(map(str, context.tenants)) or None),
            text(context.subject),
            literal(context.statement_timeout_ms, Integer),
        )
    )
    compiled = call.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True})
    return str(compiled).replace("%%", "%")


@dataclass(frozen=True, slots=True)
class Change:
    """One written row; `before` and `after` are the changed columns, both empty for a new row."""

    table: str
    row_id: UUID
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)


class BusyError(TimeoutError):
    """No connection became free in time: whoever asked may try again in a moment."""

    def __init__(self) -> None:
        super().__init__("No database connection became free in time; try again in a moment.")


class _PooledConnection(asyncpg.Connection):
    """A connection that is not reset on release: nothing here outlives its transaction."""

    def get_reset_query(self) -> str:
        return ""


class Transaction:
    """One open transaction of one context; `async with` begins and ends it.

    Beginning raises `BusyError`.
    """

    __slots__ = ("_begin", "_context", "_pool", "changes", "connection", "sealer")

    connection: Any

    def __init__(self, pool: asyncpg.Pool, context: Context, begin: str, sealer: Sealer) -> None:
        self._pool = pool
        # For what is written about the transaction itself: its entry of the audit trail.
        self.sealer = sealer
        self._context = context
        self._begin = begin
        # What was written, in order; the audit entry at the end tells it.
        self.changes: list[Change] = []

    async def __aenter__(self) -> Self:
        try:
            self.connection = await self._pool.acquire(timeout=POOL_WAIT_S)
        except TimeoutError:
            raise BusyError from None
        try:
            await self.connection.execute(f"{self._begin}; {self._context.enter_sql}")
        except BaseException:
            await self._give_back(failed=True)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            without_values(error)
            await self._give_back(failed=True)
            return
        try:
            await self.connection.execute("COMMIT")
        except BaseException as refused:
            without_values(refused)
            await self._give_back(failed=True)
            raise
        await self._pool.release(self.connection)

    async def _give_back(self, *, failed: bool) -> None:
        # Shielded: a cancelled request must still end its transaction before the next one gets
        # the connection; asyncpg first waits for the cancelled statement to stop.
        await asyncio.shield(self._end(failed=failed))

    async def _end(self, *, failed: bool) -> None:
        try:
            if failed and not self.connection.is_closed():
                await self.connection.execute("ROLLBACK")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self.connection.terminate()
        finally:
            await self._pool.release(self.connection)

    async def rows(self, statement: Executable) -> list[asyncpg.Record]:
        """Run a SQLAlchemy Core statement; its rows."""
        sql, values = compile_statement(statement)
        found: list[asyncpg.Record] = await self.connection.fetch(sql, *values)
        return found

    async def fetch(self, prepared: Prepared, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        """Run a statement that was made once; its rows. `values` are its parameters by name."""
        given = (values.get(name, own) for name, own in prepared.parameters)
        found: list[asyncpg.Record] = await self.connection.fetch(prepared.sql, *given)
        return found

    async def scalar(self, statement: Executable) -> Any:
        """Run a SQLAlchemy Core statement; the first column of its first row, or None."""
        sql, values = compile_statement(statement)
        return await self.connection.fetchval(sql, *values)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement made once, for those that every act runs: making one costs as much as running it.

    `parameters` are the names of its `bindparam`s in order, each with its own value, if any.
    """

    sql: str
    parameters: tuple[tuple[str, object], ...]

    @classmethod
    def of(cls, statement: Executable) -> Self:
        """The text of a statement whose parameters are named `bindparam`s."""
        sql, parameters = compile_text(statement)
        return cls(sql, tuple(parameters))


def compile_text(statement: Executable) -> tuple[str, list[tuple[str, object]]]:
    """The SQL text with `$1 …`, and its parameters in that order: name and own value, if any."""
    compiled = statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]
    return str(compiled), [(name, compiled.params[name]) for name in compiled.positiontup or ()]


def compile_statement(statement: Executable) -> tuple[str, list[object]]:
    """The SQL text with `$1 …` and its bind values in that order.

    A statement of the same shape is compiled once. This is what SQLAlchemy's own connection does
    before it runs a statement (`engine/default.py`); without it an act spent more time on making
    the text of its statements than PostgreSQL on running them.
    """
    compiled: Any
    compiled, extracted, collected, _ = statement._compile_w_cache(  # noqa: SLF001
        DIALECT, compiled_cache=_COMPILED, column_keys=[]
    )
    values = compiled.construct_params(extracted_parameters=extracted, _collected_params=collected)
    return str(compiled), [values[name] for name in compiled.positiontup or ()]


class Database:
    """The pools, one per audience, and what seals with the deployment's secret."""

    def __init__(self, pools: Mapping[Audience, asyncpg.Pool], sealer: Sealer) -> None:
        self._pools = pools
        self.sealer = sealer

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        secret: bytes,
        audiences: Iterable[Audience] = (
            Audience.AGENCY,
            Audience.BUREAU,
            Audience.SUPERVISOR,
            Audience.IDENTITY,
        ),
        size: int = POOL_SIZE,
    ) -> Self:
        """Connect as each audience's login role; `url` names host and database, not the user."""
        pools = {}
        for audience in audiences:
            pools[audience] = await asyncpg.create_pool(
                url,
                user=audience.login,
                password=login_password(secret, audience),
                min_size=0,
                max_size=size,
                connection_class=_PooledConnection,
                init=hold_every_day,
                server_settings={"timezone": "UTC", "application_name": "citywide", "jit": "off"},
            )
        return cls(pools, Sealer(secret))

    async def close(self) -> None:
        """Close every pool; waits for open transactions."""
        for pool in self._pools.values():
            await pool.close()

    def read(self, context: Context) -> Transaction:
        """A read-only transaction for `context`."""
        return Transaction(self._pools[context.audience], context, "BEGIN READ ONLY", self.sealer)

    def write(self, context: Context) -> Transaction:
        """A read-write transaction for `context`."""
        return Transaction(self._pools[context.audience], context, "BEGIN", self.sealer)


def login_password(secret: bytes, audience: Audience) -> str:
    """The login role's password: derived from the deployment's secret, stored nowhere else."""
    return hmac.new(secret, f"login:{audience.login}".encode(), hashlib.sha256).hexdigest()
