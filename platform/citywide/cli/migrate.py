"""`citywide migrate`: the database's owner brings it to the newest schema."""

from __future__ import annotations

import asyncio

import typer

from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.db.embedded import running_database
from citywide.db.migrate import callable_functions, migrate
from citywide.identity.keys import deployment_keys

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
            asyncio.run(migrate(url, secret=keys.secret))
            callable_still = asyncio.run(callable_functions(url))
    if callable_still:
        typer.echo(_WITHDRAWING.format(", ".join(callable_still)), err=True)
    typer.echo("The database is at the newest schema.")
