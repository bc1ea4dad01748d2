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
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, ClassVar, Final, Self
from uuid import UUID

import asyncpg
from sqlalchemy import Executable, cast, func, literal, select
from sqlalchemy.types import Integer, Text

from citywide.db.compiled import DIALECT, Prepared, compile_statement
from citywide.db.complaining import without_values
from citywide.db.digests import TrailKeys
from citywide.db.holdable import hold_every_day
from citywide.db.outage import AwayError, Outage, UncertainError, UnchangingError, away
from citywide.db.places import Place, Places
from citywide.db.sealed import Sealer
from citywide.errors import Code, UnavailableError

# A statement that runs longer is a mistake or an attack; interactive answers take milliseconds.
STATEMENT_TIMEOUT_MS = 5_000
# Two cores: more connections than this queue in the database instead of in the pool.
POOL_SIZE = 8
# A request waits this long for a free connection before it is told that the server is busy.
POOL_WAIT_S = 5.0
# A server that is there accepts a connection in milliseconds; one that hangs never does. Shorter
# than the wait above, which would otherwise be taken for a crowd.
CONNECT_TIMEOUT_S = 4.0
# Beginning takes less than a millisecond. This long is a server that hangs, or a connection whose
# other end is gone without a word.
BEGIN_TIMEOUT_S = 5.0
# The database ends a statement by itself; one that it does not end so long after its time hangs.
STATEMENT_GRACE_S = 3.0
# A commit waits for the disk, which may be busy for a while.
COMMIT_TIMEOUT_S = 5.0
# What is cancelled is waited for so long before its connection is given up instead.
END_TIMEOUT_S = 2.0
READ, WRITE = "BEGIN READ ONLY", "BEGIN"
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# On for a standby, for a database that is set so, and for a login that is.
_ONLY_READS = select(func.current_setting("transaction_read_only"))
# How a statement fails whose connection is gone.
_OF_A_LOSS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


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

    @property
    def patience_s(self) -> float:
        """How long an answer to one statement is waited for."""
        return self.statement_timeout_ms / 1000 + STATEMENT_GRACE_S

    def __post_init__(self) -> None:
        object.__setattr__(self, "enter_sql", _enter_sql(self))

    @property
    def tenant(self) -> UUID | str | None:
        """With whom its transactions share fairly what there is (`places`)."""
        return self.tenant_id or self.bureau_id or self.subject


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


class BusyError(UnavailableError):
    """No connection became free in time: whoever asked may try again in a moment."""

    code: ClassVar[Code] = Code.TIMEOUT

    def __init__(self) -> None:
        super().__init__("No database connection became free in time; try again in a moment.")


class _PooledConnection(asyncpg.Connection):
    """A connection that is not reset on release: nothing here outlives its transaction."""

    def get_reset_query(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class _Outages:
    """What this process has seen of the database: that it is away, or that it only reads."""

    all: Outage
    changes: Outage


@dataclass(frozen=True, slots=True)
class _Line:
    """What the transactions of one audience share: connections, whose turn it is, what is known."""

    pool: asyncpg.Pool
    places: Places
    outages: _Outages
    sealer: Sealer
    keys: TrailKeys


class Transaction:
    """One open transaction of one context; `async with` begins and ends it.

    Every step has an end, also when the database hangs. Raises `BusyError` when no connection
    became free, `AwayError` when the database is away or is lost on the way, and of this
    `UncertainError` when it is lost while it commits what was written.
    """

    __slots__ = (
        "_begin",
        "_context",
        "_is_heavy",
        "_line",
        "_place",
        "changes",
        "connection",
        "written",
    )

    connection: Any
    _place: Place

    def __init__(
        self, line: _Line, context: Context, *, begin: str, is_heavy: bool = False
    ) -> None:
        self._line = line
        self._is_heavy = is_heavy
        self._context = context
        self._begin = begin
        # What was written, in order; the audit entry at the end tells it.
        self.changes: list[Change] = []
        # The digest of each written row as it is now, by its owner, its table and its id.
        self.written: dict[tuple[UUID, str, UUID], bytes] = {}

    async def __aenter__(self) -> Self:
        self.connection = await self._connected()
        try:
            await self.connection.execute(
                f"{self._begin}; {self._context.enter_sql}", timeout=BEGIN_TIMEOUT_S
            )
        except BaseException as error:
            await self._failed(error)
            raise
        self._line.outages.all.answered()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            await self._failed(error)
            return
        try:
            await self.connection.execute("COMMIT", timeout=COMMIT_TIMEOUT_S)
        except BaseException as failure:
            await self._failed(failure, is_committing=self._writes)
            raise
        if self._writes:
            self._line.outages.changes.answered()
        await self._release()

    @property
    def sealer(self) -> Sealer:
        """For what is written about the transaction itself: its entry of the audit trail."""
        return self._line.sealer

    @property
    def keys(self) -> TrailKeys:
        """What links the entry to its chain, and digests the rows that it tells."""
        return self._line.keys

    @property
    def _writes(self) -> bool:
        return self._begin == WRITE

    async def _connected(self) -> Any:
        """A connection of this audience's pool: the one place where somebody waits for one."""
        try:
            async with asyncio.timeout(POOL_WAIT_S) as wait:
                self._place = await self._line.places.take(
                    self._context.tenant, is_heavy=self._is_heavy
                )
                try:
                    return await self._line.pool.acquire()
                except BaseException:
                    self._line.places.give_back(self._place)
                    raise
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if wait.expired():
                raise BusyError from None
            # Whatever is the reason, there is no connection to be had.
            self._line.outages.all.failed(error)
            raise AwayError from error

    async def _release(self) -> None:
        try:
            await self._line.pool.release(self.connection)
        finally:
            self._line.places.give_back(self._place)

    async def _failed(self, error: BaseException, *, is_committing: bool = False) -> None:
        """End the transaction; raises what an outage means to whoever asked."""
        without_values(error)
        # Shielded: a cancelled request must still end its transaction before the next one gets
        # the connection; asyncpg first waits for the cancelled statement to stop.
        is_lost = self._is_lost(error)
        await asyncio.shield(self._end(is_lost=is_lost))
        found = AwayError() if is_lost else self._away(error)
        if found is None or found is error:
            return
        if isinstance(found, UnchangingError):
            self._line.outages.changes.failed(error)
        else:
            self._line.outages.all.failed(error)
        if is_committing and not isinstance(found, UnchangingError):
            raise UncertainError from error
        raise found from error

    def _is_lost(self, error: BaseException) -> bool:
        """Whether nothing more can be said to the server, or will be answered by it."""
        try:
            is_closed: bool = self.connection.is_closed()
        except asyncpg.InterfaceError:
            # The pool has taken it back already.
            is_closed = True
        return isinstance(error, TimeoutError) or (is_closed and isinstance(error, _OF_A_LOSS))

    def _away(self, error: BaseException) -> UnavailableError | None:
        if isinstance(error, asyncpg.QueryCanceledError):
            # The statement's own time: the caller's to mend, where there is a caller.
            return None
        if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
            # In a transaction that said that it only reads, it is our fault.
            return UnchangingError() if self._writes else None
        return away(error)

    async def _end(self, *, is_lost: bool) -> None:
        try:
            if not is_lost and not self.connection.is_closed():
                await self.connection.execute("ROLLBACK", timeout=END_TIMEOUT_S)
                return
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            is_lost = True
        finally:
            if is_lost:
                with suppress(asyncpg.InterfaceError):
                    self.connection.terminate()
            await self._release()

    def wrote(self, owner_id: UUID, table: str, row: Any) -> None:
        """Note what a row is after a write, which `returned` its id and what it says.

        Its owner is the tenant, or the bureau where it keeps the row for its city.
        """
        digest = self.keys.digest(table, row["canonical_row"])
        self.written[owner_id, table, row["id"]] = digest

    async def rows(self, statement: Executable) -> list[asyncpg.Record]:
        """Run a SQLAlchemy Core statement; its rows."""
        sql, values = compile_statement(statement)
        found: list[asyncpg.Record] = await self.connection.fetch(
            sql, *values, timeout=self._context.patience_s
        )
        return found

    async def fetch(self, prepared: Prepared, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        """Run a statement that was made once; its rows. `values` are its parameters by name."""
        given = (values.get(name, own) for name, own in prepared.parameters)
        found: list[asyncpg.Record] = await self.connection.fetch(
            prepared.sql, *given, timeout=self._context.patience_s
        )
        return found

    async def scalar(self, statement: Executable) -> Any:
        """Run a SQLAlchemy Core statement; the first column of its first row, or None."""
        sql, values = compile_statement(statement)
        return await self.connection.fetchval(sql, *values, timeout=self._context.patience_s)


class Database:
    """The pools, one per audience, and what seals with the deployment's secret."""

    def __init__(self, pools: Mapping[Audience, asyncpg.Pool], secret: bytes, *, size: int) -> None:
        """`size` is how many connections each pool has at most."""
        self.sealer: Final = Sealer(secret)
        keys = TrailKeys.of(secret)
        outages = _Outages(
            Outage("the database is away", "the database is back"),
            Outage("the database takes no changes", "the database takes changes again"),
        )
        self._lines: Final = {
            audience: _Line(pool, Places(size), outages, self.sealer, keys)
            for audience, pool in pools.items()
        }

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
                timeout=CONNECT_TIMEOUT_S,
                # Of what is not given a time of its own; asking for the end of a statement, too.
                command_timeout=STATEMENT_TIMEOUT_MS / 1000 + STATEMENT_GRACE_S,
                server_settings={"timezone": "UTC", "application_name": "citywide", "jit": "off"},
            )
        return cls(pools, secret, size=size)

    async def close(self) -> None:
        """Close every pool; waits for open transactions, but not for a database that hangs."""
        for line in self._lines.values():
            with suppress(TimeoutError):
                async with asyncio.timeout(COMMIT_TIMEOUT_S):
                    await line.pool.close()

    def read(self, context: Context, *, is_heavy: bool = False) -> Transaction:
        """A read-only transaction for `context`; heavy ones are few at a time."""
        line = self._lines[context.audience]
        return Transaction(line, context, begin=READ, is_heavy=is_heavy)

    def snapshot(self, context: Context) -> Transaction:
        """A read-only transaction all of whose statements see the same moment."""
        return Transaction(self._lines[context.audience], context, begin=SNAPSHOT)

    def write(self, context: Context) -> Transaction:
        """A read-write transaction for `context`."""
        return Transaction(self._lines[context.audience], context, begin=WRITE)

    async def check_changes(self) -> None:
        """Whether the database takes changes now; raises `UnavailableError`."""
        async with self.write(Context(Audience.IDENTITY)) as transaction:
            if await transaction.scalar(_ONLY_READS) == "on":
                raise UnchangingError


def login_password(secret: bytes, audience: Audience) -> str:
    """The login role's password: derived from the deployment's secret, stored nowhere else."""
    return hmac.new(secret, f"login:{audience.login}".encode(), hashlib.sha256).hexdigest()
