"""The made-up city that is measured, in a database of its own that a second run finds again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from citywide.db.migrate import migrate
from citywide.errors import OperatorError

DATABASE = "citywide_bench"
_RECIPE = Path(__file__).with_name("city.sql")
# A title stands alone on a comment line of one word before the statements of a step.
_TITLE = "-- "


@dataclass(frozen=True, slots=True)
class Extent:
    """How large the city is: agencies, files of each, services of each file."""

    agencies: int = 100
    beneficiaries: int = 1_000
    records: int = 5

    @property
    def workers(self) -> int:
        """Social workers of an agency: some eighty files make a caseload."""
        return max(1, self.beneficiaries // 80)


async def measured_city(server_url: str, extent: Extent, *, secret: bytes, console: Console) -> str:
    """The owner's URL of a database with a city of this extent, made now unless it is there.

    Raises `OperatorError` when the owner is not a superuser: everyone else is behind the walls
    and cannot write other tenants' rows.
    """
    url = urlsplit(server_url)._replace(path=f"/{DATABASE}").geturl()
    mark = _mark(extent)
    if await _is_there(server_url, mark):
        await migrate(url, secret=secret)
        return url
    await _create(server_url)
    await migrate(url, secret=secret)
    await _fill(url, extent, console)
    await administer(server_url, f"COMMENT ON DATABASE {DATABASE} IS '{mark}'")
    return url


def _mark(extent: Extent) -> str:
    """What a complete city is marked with: its extent and the recipe it was made by."""
    recipe = hashlib.sha256(_RECIPE.read_bytes()).hexdigest()[:16]
    return json.dumps({**asdict(extent), "recipe": recipe})


async def _is_there(server_url: str, mark: str) -> bool:
    statement = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1"
    connection = await asyncpg.connect(server_url)
    try:
        if not await connection.fetchval(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        ):
            sentence = f"DATABASE_URL must name a superuser to make the database {DATABASE}."
            raise OperatorError(sentence)
        return bool(await connection.fetchval(statement, DATABASE) == mark)
    finally:
        await connection.close()


async def _create(server_url: str) -> None:
    await administer(server_url, f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await administer(
        server_url,
        f"CREATE DATABASE {DATABASE} LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' "
        "TEMPLATE template0",
    )


@asynccontextmanager
async def copied(server_url: str, name: str, *, template: str = DATABASE) -> AsyncIterator[str]:
    """A copy of the city that is written to and dropped: the next run finds the same one."""
    url = urlsplit(server_url)._replace(path=f"/{name}").geturl()
    outside = urlsplit(server_url)._replace(path="/postgres").geturl()
    await administer(outside, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await administer(outside, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield url
    finally:
        await administer(outside, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def administer(server_url: str, statement: str) -> None:
    """Run one statement as the owner."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _fill(url: str, extent: Extent, console: Console) -> None:
    steps = list(_steps(_RECIPE.read_text(encoding="utf-8")))
    bar = Progress(
        SpinnerColumn(),
        TextColumn("Making the city: {task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    connection = await asyncpg.connect(url)
    try:
        with bar:
            task = bar.add_task("", total=len(steps) + 1)
            async with connection.transaction():
                await _open(connection, extent)
                for title, statements in steps:
                    bar.update(task, description=title)
                    await connection.execute(statements)
                    bar.advance(task)
            # So that neither comes over a measurement later.
            bar.update(task, description="vacuum")
            await connection.execute("VACUUM (ANALYZE)")
            await connection.execute("CHECKPOINT")
            bar.advance(task)
    finally:
        await connection.close()


async def _open(connection: asyncpg.Connection, extent: Extent) -> None:
    """Foreign keys are not checked row by row: the recipe keeps them, and that takes minutes."""
    await connection.execute(
        "SET LOCAL session_replication_role = replica; SET LOCAL synchronous_commit = off; "
        "SET LOCAL work_mem = '256MB'; CREATE TEMP TABLE extent "
        "(agencies int, beneficiaries int, records int, workers int)"
    )
    await connection.execute(
        "INSERT INTO extent VALUES ($1, $2, $3, $4)",
        extent.agencies,
        extent.beneficiaries,
        extent.records,
        extent.workers,
    )


def _steps(recipe: str) -> Iterator[tuple[str, str]]:
    """The titles of the recipe, each with its statements."""
    title, lines = "", list[str]()
    for line in recipe.splitlines():
        if line.startswith(_TITLE) and line.removeprefix(_TITLE).isalpha():
            if title:
                yield title, "\n".join(lines)
            title, lines = line.removeprefix(_TITLE), []
        else:
            lines.append(line)
    yield title, "\n".join(lines)
