"""`citywide migrate`: the database's owner brings it to the newest schema."""

from __future__ import annotations

import asyncio

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from citywide.audit.attesting import complete_trail
from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.db.embedded import running_database
from citywide.db.migrate import callable_functions, migrate
from citywide.identity.keys import Keys, deployment_keys

_WITHDRAWING = (
    "The logins may call functions of PostgreSQL that they do not need ({}): a superuser takes "
    "them away once, as deploy/README.md says."
)

app = typer.Typer()


@app.command("migrate")
def migrate_database(data: DataFolder = None) -> None:
    """Bring the database to the newest schema; the owner's step of `up`."""
    with complaints():
        settings = chosen(data)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            asyncio.run(migrated(url, keys, Console(stderr=True)))
            callable_still = asyncio.run(callable_functions(url))
    if callable_still:
        typer.echo(_WITHDRAWING.format(", ".join(callable_still)), err=True)
    typer.echo("The database is at the newest schema.")


async def migrated(url: str, keys: Keys, console: Console) -> None:
    """The newest schema, and a trail that has its keys; says what it did to an older trail."""
    await migrate(url, secret=keys.secret)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    disable = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=disable) as bar:
        task = bar.add_task("The trail's keys", total=None)

        def advance(slug: str, done: int, total: int) -> None:
            bar.update(task, description=f"The trail of {slug}", completed=done, total=total)

        sentences = await complete_trail(url, secret=keys.secret, progress=advance)
    for sentence in sentences:
        typer.echo(sentence)
