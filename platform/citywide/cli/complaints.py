"""What a command does when it cannot go on: a sentence on standard error, and an exit code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import asyncpg
import typer

from citywide.db.complaining import without_values
from citywide.db.outage import reason_of
from citywide.errors import OperatorError, UnavailableError
from citywide.settings import Settings

# The person at the command line can mend it; it is our fault; they pressed Ctrl-C (128 + SIGINT).
MENDABLE, OURS, INTERRUPTED = 2, 1, 130

# What a database says of itself, whatever it was asked: it is lost, full, read-only or closing.
_OF_THE_DATABASE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
    ConnectionError,
    TimeoutError,
)


@contextmanager
def complaints() -> Iterator[None]:
    """Turn what a person can mend into a sentence and exit code 2."""
    try:
        yield
    except OperatorError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(MENDABLE) from error
    except BrokenPipeError:
        # Not the database's: see `read_or_not`.
        raise
    except (*_OF_THE_DATABASE, UnavailableError) as error:
        without_values(error)
        reason = reason_of(error.__cause__ or error).rstrip(".")
        typer.echo(f"The database cannot be used: {reason}.", err=True)
        raise typer.Exit(MENDABLE) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED) from error


@contextmanager
def read_or_not() -> Iterator[None]:
    """Go on, or end in peace, when whoever read the output has seen enough of it."""
    try:
        yield
    except BrokenPipeError:
        # What is left of it, in Python's buffer, goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def our_fault(error: Exception) -> NoReturn:
    """Say that citywide failed, keep the traceback in a file, and end with exit code 1."""
    without_values(error)
    told = "".join(traceback.format_exception(error))
    place = _kept(told)
    where = "follows" if place is None else f"is in {place}"
    typer.echo(
        f"This is a fault of citywide: {type(error).__name__}. What happened {where}; "
        "please report it.",
        err=True,
    )
    if place is None:
        typer.echo(told, err=True)
    sys.exit(OURS)


def _kept(told: str) -> str | None:
    """The file with what happened, its owner's alone: in the data folder, if there is one.

    A service may write nowhere else. None where no file can be made.
    """
    folder = None
    with suppress(OSError, ValueError):
        data = Settings().data.expanduser()
        if data.is_dir():
            folder = data.resolve() / "faults"
            folder.mkdir(mode=0o700, exist_ok=True)
    for place in (folder, None) if folder else (None,):
        with suppress(OSError):
            descriptor, name = tempfile.mkstemp(".txt", "citywide-fault-", place)  # mode 0600
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(told)
            return name
    return None
