"""`citywide tenants`: what the manifests would change, doing it, and loading a pilot's records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from citywide.authz.policy import Policy
from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.db.embedded import running_database
from citywide.db.migrate import check_ready
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Database
from citywide.domain import CATALOGUE
from citywide.errors import OperatorError
from citywide.exchange import manifests
from citywide.exchange.pilot import load_pilot
from citywide.exchange.year import load_year
from citywide.identity.keys import Keys, deployment_keys
from citywide.settings import Settings
from citywide.tenancy import apply as tenancy
from citywide.tenancy.load import load_manifests
from citywide.tenancy.manifests import City as Manifests
from citywide.web.app import Rules

# Manifests name tables of the domain's folders, which are known once its catalogue is imported.
assert CATALOGUE.entities

app = typer.Typer(help="Bureaus, agencies and their records.", no_args_is_help=True)

CityName = Annotated[
    str | None, typer.Option("--city", help="One folder of tenants/; default: all of them.")
]


@dataclass(frozen=True, slots=True)
class City:
    """A city's folder below `tenants/`, read and checked."""

    folder: Path
    manifests: Manifests


@app.command("plan")
def plan(data: DataFolder = None, city: CityName = None) -> None:
    """Show what `apply` would change, a line a row; changes nothing."""
    with complaints():
        settings = chosen(data)
        found = cities(settings, city)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            for each in found:
                _tell(each, asyncio.run(_planned(url, each, keys)), "to change")


@app.command("apply")
def apply(data: DataFolder = None, city: CityName = None) -> None:
    """Make the database like the manifests, a city a transaction."""
    with complaints():
        settings = chosen(data)
        found = cities(settings, city)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            asyncio.run(check_ready(url, secret=keys.secret))
            for each in found:
                _tell(each, asyncio.run(applied(url, each, keys)), "changed")


@app.command("load")
def load(data: DataFolder = None, city: CityName = None) -> None:
    """Load the records in the city's folder `pilot/`; what is on record already stays."""
    with complaints():
        settings = chosen(data)
        found = cities(settings, city)
        keys = deployment_keys(settings.data)
        console = Console(stderr=True)
        with running_database(settings) as url:
            asyncio.run(check_ready(url, secret=keys.secret))
            for each in found:
                rows = asyncio.run(
                    loaded(url, each, keys, console, lambda: Rules.load(settings.home).policy)
                )
                typer.echo(f"{each.folder.name}: {rows} rows loaded.")


def cities(settings: Settings, name: str | None) -> list[City]:
    """The cities below `tenants/`, or the one of this name; raises `OperatorError`."""
    folder = settings.home / "tenants"
    known = {path.parent.name: path.parent for path in sorted(folder.glob("*/bureau.yaml"))}
    if name is not None and name not in known:
        sentence = f"{folder} has no city {name}. It has {', '.join(known) or 'none'}."
        raise OperatorError(sentence)
    if not known:
        raise OperatorError(f"{folder} has no city: a folder with a bureau.yaml.")
    wanted = [known[name]] if name is not None else known.values()
    return [City(path, load_manifests(path)) for path in wanted]


async def applied(url: str, city: City, keys: Keys) -> tenancy.Plan:
    """Apply one city's manifests; what was changed."""
    database = await Database.open(url, secret=keys.secret, audiences=(Audience.OPERATOR,))
    try:
        return await manifests.apply(database, city.manifests)
    finally:
        await database.close()


async def loaded(
    url: str, city: City, keys: Keys, console: Console, policy: Callable[[], Policy]
) -> int:
    """Load one city's records and its year with a progress bar; how many rows were new.

    Money is moved, and agreements are judged, by members with the rights that `policy` gives them.
    """
    folder = city.folder / "pilot"
    if not folder.is_dir():
        return 0
    audiences = (Audience.AGENCY, Audience.BUREAU, Audience.IDENTITY)
    database = await Database.open(url, secret=keys.secret, audiences=audiences)
    sealer = Sealer(keys.secret)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        disable = not console.is_terminal
        with Progress(*columns, console=console, transient=True, disable=disable) as bar:
            task = bar.add_task(f"Loading {city.folder.name}", total=None)

            def advance(slug: str, done: int, total: int) -> None:
                description = f"Loading {city.folder.name}: {slug}"
                bar.update(task, description=description, completed=done, total=total)

            summary = await load_pilot(
                database, folder, city.manifests, sealer=sealer, progress=advance
            )
            rows = await load_year(
                database,
                folder,
                city.manifests,
                policy=policy,
                sealer=sealer,
                progress=lambda done, total: advance("the year", done, total),
            )
    finally:
        await database.close()
    return summary.rows + rows


async def _planned(url: str, city: City, keys: Keys) -> tenancy.Plan:
    await check_ready(url, secret=keys.secret)
    database = await Database.open(url, secret=keys.secret, audiences=(Audience.OPERATOR,))
    try:
        return await tenancy.plan(database, city.manifests)
    finally:
        await database.close()


def _tell(city: City, planned: tenancy.Plan, what: str) -> None:
    for line in planned.lines():
        typer.echo(f"  {line}")
    count = len(planned.changes)
    typer.echo(f"{city.folder.name}: {f'{count} rows' if count else 'nothing'} {what}.")
