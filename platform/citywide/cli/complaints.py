"""What a command does when it cannot go on: a sentence on standard error, and an exit code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import asyncpg
import typer

from citywide.errors import OperatorError
from citywide.settings import Settings

# The person at the command line can mend it; it is our fault; they pressed Ctrl-C (128 + SIGINT).
MENDABLE, OURS, INTERRUPTED = 2, 1, 130

DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="The folder of the embedded database and the keys; default .citywide. "
        "With DATABASE_URL only the keys are there.",
    ),
]

# The database says these of itself before any statement of ours runs.
_UNREACHABLE = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ClientConfigurationError,
    asyncpg.InsufficientPrivilegeError,
    ConnectionError,
    TimeoutError,
)


def chosen(data: Path | None) -> Settings:
    """The deployment's settings, with the data folder that the command names."""
    settings = Settings()
    return settings if data is None else settings.model_copy(update={"data": data})


@contextmanager
def complaints() -> Iterator[None]:
    """Turn what a person can mend into a sentence and exit code 2."""
    try:
        yield
    except OperatorError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(MENDABLE) from error
    except _UNREACHABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        typer.echo(f"The database cannot be used: {reason}.", err=True)
        raise typer.Exit(MENDABLE) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED) from error


def our_fault(error: Exception) -> NoReturn:
    """Say that citywide failed, keep the traceback in a file, and end with exit code 1."""
    descriptor, name = tempfile.mkstemp(prefix="citywide-fault-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    typer.echo(
        f"This is a fault of citywide: {type(error).__name__}. What happened is in {name}; "
        "please report it.",
        err=True,
    )
    sys.exit(OURS)
