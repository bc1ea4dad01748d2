"""What counts as an outage, and how few lines tell of one."""

from __future__ import annotations

import asyncpg
import pytest
from structlog.testing import capture_logs

from citywide.db.outage import BACK_S, STILL_S, AwayError, Outage, UnchangingError, away
from citywide.db.session import BusyError
from citywide.errors import Code, RefusalError

AWAY: list[tuple[BaseException, type[Exception] | None]] = [
    (ConnectionRefusedError("10.0.0.7"), AwayError),
    (ConnectionResetError(), AwayError),
    (FileNotFoundError(".s.PGSQL.5432"), AwayError),
    (TimeoutError(), AwayError),
    (asyncpg.CannotConnectNowError("starting up"), AwayError),
    (asyncpg.AdminShutdownError("terminating"), AwayError),
    (asyncpg.CrashShutdownError("terminating"), AwayError),
    (asyncpg.ConnectionDoesNotExistError("closed"), AwayError),
    (asyncpg.TooManyConnectionsError("too many clients"), AwayError),
    (asyncpg.OutOfMemoryError("out of memory"), AwayError),
    (asyncpg.LockNotAvailableError("lock timeout"), AwayError),
    (asyncpg.PostgresIOError("could not read block"), AwayError),
    (asyncpg.QueryCanceledError("statement timeout"), AwayError),
    (asyncpg.DiskFullError("no space left"), UnchangingError),
    (BusyError(), BusyError),
    (asyncpg.UniqueViolationError("twice"), None),
    (asyncpg.InsufficientPrivilegeError("denied"), None),
    (asyncpg.UndefinedColumnError("no such column"), None),
    # In a transaction that wrote it is one; the transaction knows.
    (asyncpg.ReadOnlySQLTransactionError("read-only"), None),
    (asyncpg.DataError("invalid input for query argument"), None),
    (asyncpg.InterfaceError("the server expects 2 arguments"), None),
    (RefusalError(Code.TIMEOUT, "ask for less"), None),
    (ZeroDivisionError(), None),
]


@pytest.mark.parametrize(("error", "kind"), AWAY, ids=lambda value: type(value).__name__)
def test_an_error_is_an_outage_or_a_fault(
    error: BaseException, kind: type[Exception] | None
) -> None:
    found = away(error)
    assert (None if found is None else type(found)) is kind
    assert found is None or "10.0.0.7" not in found.message


def test_an_outage_is_told_when_it_begins_each_minute_and_when_it_is_over() -> None:
    now = 0.0
    outage = Outage("away", "back", clock=lambda: now)
    with capture_logs() as logs:
        outage.answered()
        for _ in range(int(3 * STILL_S) * 10):
            now += 0.1
            outage.failed(ConnectionRefusedError("a  reason\nin lines"))
            # One connection is back before the others.
            outage.answered()
        now += BACK_S
        outage.answered()
        outage.answered()
    assert [each["event"] for each in logs] == ["away", "away", "away", "back"]
    assert logs[0]["reason"] == "ConnectionRefusedError: a reason in lines"
    assert logs[-1]["failures"] == int(3 * STILL_S) * 10
