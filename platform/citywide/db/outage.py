"""The one answer to: is the database away, or is it our fault? And the one place that logs it.

Away is whatever passes without anybody changing the request or the code: a server that is not
there, starts, stops or hangs, has no room or no connection left, or takes no changes because it
is a standby. Everything else that goes wrong in a transaction goes on as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import asyncpg
import structlog

from citywide.errors import UnavailableError

log = structlog.get_logger()

# An outage that goes on is told again after this: whoever reads the log only from here sees it.
STILL_S = 60.0
# What fails again so soon is one outage, not two: connections break one after the other.
BACK_S = 5.0
# The reason in the log: a sentence, not what somebody's statement said.
REASON_CHARACTERS = 200

# SQLSTATE classes: connections, resources (disk, memory, connections), the system underneath.
_CLASSES = ("08", "53", "58")
# Stopped by an administrator, by a crash, not yet started, dropped, idle for too long; and a lock
# that somebody else holds for too long.
_STATES = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "55P03"})
_DISK_FULL = "53100"


class AwayError(UnavailableError):
    """The database cannot be used right now."""

    sentence = "The database does not answer right now; try again in a moment."

    def __init__(self) -> None:
        super().__init__(self.sentence)


class UnchangingError(AwayError):
    """The database answers, and takes no changes: it is a standby, or its disk is full."""

    sentence = "Nothing can be changed right now; try again in a moment."


class UncertainError(AwayError):
    """The database was lost while it committed: what was asked for may have been done."""

    sentence = (
        "The database was lost before it said whether this was done: send it again with the same "
        "idempotencyKey, which never does it twice."
    )


def away(error: BaseException) -> UnavailableError | None:
    """What a failure of the database means to whoever asked; None when it is not an outage.

    A cancelled statement is one here: `within_time` has told those that the caller can mend.
    """
    match error:
        case UnavailableError():
            return error
        case asyncpg.PostgresError(sqlstate=state) if state == _DISK_FULL:
            return UnchangingError()
        case asyncpg.PostgresError(sqlstate=str(state)):
            is_away = state in _STATES or state.startswith(_CLASSES)
            return AwayError() if is_away or state == asyncpg.QueryCanceledError.sqlstate else None
        case asyncpg.DataError():
            # The driver's own complaint about a value that it was given.
            return None
        case OSError():
            # Time-outs and broken connections are among these.
            return AwayError()
        case _:
            return None


def reason_of(error: BaseException) -> str:
    """A line about a failure, for whoever looks after the deployment."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}"[:REASON_CHARACTERS].removesuffix(": ")


class Outage:
    """Tells the log when something begins to be away, that it still is, and when it is back."""

    def __init__(
        self, begins: str, ends: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._begins: Final = begins
        self._ends: Final = ends
        self._clock: Final = clock
        self._since: float | None = None
        self._told_at = self._failed_at = 0.0
        self._failures = 0

    def failed(self, error: BaseException) -> None:
        """Something could not be done because of it."""
        self._failed_at = self._clock()
        self._failures += 1
        if self._since is None:
            self._since = self._told_at = self._failed_at
            log.warning(self._begins, reason=reason_of(error))
        elif self._failed_at - self._told_at >= STILL_S:
            self._told_at = self._failed_at
            figures = {"seconds": round(self._failed_at - self._since), "failures": self._failures}
            log.warning(self._begins, reason=reason_of(error), is_still_so=True, **figures)

    def answered(self) -> None:
        """It did what it was asked for."""
        if self._since is None or self._clock() - self._failed_at < BACK_S:
            return
        seconds = round(self._failed_at - self._since)
        log.warning(self._ends, seconds=seconds, failures=self._failures)
        self._since, self._failures = None, 0
