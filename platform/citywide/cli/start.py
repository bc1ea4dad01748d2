"""`citywide up` and its steps one by one: `migrate`, `serve`, and a `token` to sign in with."""

from __future__ import annotations

import asyncio
import json
import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from citywide.authz.membership import memberships_of
from citywide.cli.complaints import DataFolder, chosen, complaints
from citywide.cli.policy import checked_policy, near, subjects
from citywide.cli.tenants import City, applied, cities, loaded
from citywide.db.embedded import running_database
from citywide.db.migrate import check_ready, migrate
from citywide.db.session import Audience, Database
from citywide.errors import OperatorError
from citywide.identity.keys import Keys, deployment_keys
from citywide.identity.tokens import issue
from citywide.settings import Settings
from citywide.tenancy.manifests import AgencyManifest, BureauManifest
from citywide.web.serve import check_port, serve

HOST = "127.0.0.1"
PORT = 8000
# What the pasted command asks: the pilot's six figures, an agency a row.
QUESTION = """
query Figures {
  metrics(
    measures: [BENEFICIARIES_ON_FILE, SOCIAL_WORKER_TURNOUTS, VOLUNTEER_TURNOUTS,
      CASE_COUNSELLING, GROUP_ACTIVITIES, HOME_HELP]
    by: [AGENCY]
  ) { rows { keys { label } values { measure value } } }
}
"""
ASKING = "bureau.officer"

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65_535, help="The port to listen on.")]
Workers = Annotated[
    int, typer.Option(min=1, max=64, help="Worker processes; each needs about 150 MB.")
]


def up(data: DataFolder = None, host: Host = HOST, port: Port = PORT, workers: Workers = 1) -> None:
    """Start everything: database, migrations, tenants, the pilot's records, the server."""
    with complaints():
        settings = chosen(data)
        check_port(host, port)
        found = cities(settings, None)
        checked_policy(settings.home)
        keys = deployment_keys(settings.data)
        console = Console(stderr=True)
        with running_database(settings) as url:
            asyncio.run(_prepared(url, found, keys, console))
            address = f"http://{host}:{port}"

            def ready() -> None:
                typer.echo(f"ready {address}/graphql")
                _introduce(settings, data, address, found)

            serve(settings, url, host=host, port=port, workers=workers, ready=ready)


def migrate_database(data: DataFolder = None) -> None:
    """Bring the database to the newest schema; the owner's step of `up`."""
    with complaints():
        settings = chosen(data)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            asyncio.run(migrate(url, secret=keys.secret))
        typer.echo("The database is at the newest schema.")


def serve_only(
    data: DataFolder = None, host: Host = HOST, port: Port = PORT, workers: Workers = 1
) -> None:
    """Serve a database that is migrated already; the last step of `up`."""
    with complaints():
        settings = chosen(data)
        check_port(host, port)
        checked_policy(settings.home)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            asyncio.run(check_ready(url, secret=keys.secret))
            serve(
                settings,
                url,
                host=host,
                port=port,
                workers=workers,
                ready=lambda: typer.echo(f"ready http://{host}:{port}/graphql"),
            )


def token(
    user: Annotated[str, typer.Argument(help="A member, as shouqianshou.worker1.")],
    data: DataFolder = None,
) -> None:
    """Print a bearer token of the local issuer for a member, and nothing else."""
    with complaints():
        settings = chosen(data)
        if settings.jwks is not None:
            sentence = f"Tokens of this deployment are issued by {settings.issuer}, not here."
            raise OperatorError(sentence)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            asyncio.run(_check_member(url, keys, user))
        made = issue(user, key=keys.issuer, issuer=settings.issuer, audience=settings.audience)
        typer.echo(made)


async def _prepared(url: str, found: list[City], keys: Keys, console: Console) -> None:
    await migrate(url, secret=keys.secret)
    await check_ready(url, secret=keys.secret)
    for city in found:
        await applied(url, city, keys)
        await loaded(url, city, keys, console)


async def _check_member(url: str, keys: Keys, user: str) -> None:
    await check_ready(url, secret=keys.secret)
    audiences = (Audience.IDENTITY, Audience.OPERATOR)
    database = await Database.open(url, secret=keys.secret, audiences=audiences)
    try:
        if not await memberships_of(database, user):
            raise OperatorError(f"Nobody is called {user}.{near(user, await subjects(database))}")
    finally:
        await database.close()


def _introduce(settings: Settings, data: Path | None, address: str, found: list[City]) -> None:
    """Who can sign in, and a line to paste."""
    console = Console()
    # A pipe has no width: a table that is read later is not squeezed into eighty columns.
    width = None if console.is_terminal else 120
    table = Table("user", "name", "roles", "of", title="Demo users (invented)", box=None)
    for city in found:
        tenants: list[BureauManifest | AgencyManifest] = [city.manifests.bureau]
        for tenant in (*tenants, *city.manifests.agencies):
            for member in tenant.staff:
                roles = ", ".join(held.role for held in member.roles)
                table.add_row(member.subject, member.name, roles, tenant.name)
    console.print(table, width=width)
    if settings.jwks is not None:
        console.print(f"Sign in with a token of {settings.issuer}.", width=width)
        return
    where = "" if data is None else f" --data {shlex.quote(str(data))}"
    body = json.dumps({"query": " ".join(QUESTION.split())})
    typer.echo(
        "A token for one of them: uv run citywide token USER"
        f"{where}\nPaste this for the pilot's figures, an agency a row:\n\n"
        f"curl -s {address}/graphql -H 'content-type: application/json' "
        f'-H "authorization: Bearer $(uv run citywide token {ASKING}{where})" '
        f"-d {shlex.quote(body)}\n"
    )
