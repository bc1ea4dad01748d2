"""`citywide up`: everything in one command, for whoever wants to see it run."""

from __future__ import annotations

import asyncio
import json
import shlex

import typer
from rich.console import Console
from rich.table import Table

from citywide.cli.complaints import complaints, read_or_not
from citywide.cli.migrate import migrated
from citywide.cli.options import HOST, PORT, DataFolder, Host, Port, Workers, chosen
from citywide.cli.serve import servable
from citywide.cli.tenants import City, applied, cities, loaded
from citywide.db.embedded import running_database
from citywide.db.migrate import check_ready
from citywide.identity.keys import Keys, deployment_keys
from citywide.settings import Settings
from citywide.tenancy.manifests import AgencyManifest, BureauManifest
from citywide.web.app import Rules
from citywide.web.serve import address, serve

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
# A pipe has no width: a table that is read later is not squeezed into eighty columns.
WIDTH_OF_A_PIPE = 120

app = typer.Typer()


@app.command("up")
def up(data: DataFolder = None, host: Host = HOST, port: Port = PORT, workers: Workers = 1) -> None:
    """Start everything: database, migrations, tenants, the pilot's records, the server."""
    with complaints():
        settings = chosen(data)
        rules = servable(settings, host, port)
        found = cities(settings, None)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            asyncio.run(_prepared(url, found, keys, Console(stderr=True), rules))

            def ready() -> None:
                with read_or_not():
                    typer.echo(f"ready {address(host, port)}/graphql")
                    _introduce(settings, f"{address(host, port)}/graphql", found)

            serve(settings, url, rules, host=host, port=port, workers=workers, ready=ready)


async def _prepared(
    url: str, found: list[City], keys: Keys, console: Console, rules: Rules
) -> None:
    await migrated(url, keys, console)
    await check_ready(url, secret=keys.secret)
    for city in found:
        await applied(url, city, keys)
        await loaded(url, city, keys, console, lambda: rules.policy)


def _introduce(settings: Settings, endpoint: str, found: list[City]) -> None:
    """Who can sign in, and a line to paste."""
    console = Console()
    width = None if console.is_terminal else WIDTH_OF_A_PIPE
    table = Table("user", "name", "roles", "of", title="Demo users (invented)", box=None)
    for city in found:
        tenants: list[BureauManifest | AgencyManifest] = [city.manifests.bureau]
        for tenant in (*tenants, *city.manifests.agencies):
            for member in tenant.staff:
                roles = ", ".join(held.role for held in member.roles)
                table.add_row(member.subject, member.name, roles, tenant.name)
    console.print(table, width=width)
    if settings.jwks is not None:
        typer.echo(f"Sign in with a token of {settings.issuer}.")
        return
    is_default = settings.data == Settings.model_fields["data"].default
    where = "" if is_default else f" --data {shlex.quote(str(settings.data))}"
    token = f"uv run citywide token {{}}{where}"
    body = json.dumps({"query": " ".join(QUESTION.split())})
    if settings.database_url is not None:
        typer.echo("Where you paste the following, DATABASE_URL must be set as it is here.")
    typer.echo(
        f"A token for one of them: {token.format('USER')}\n"
        "Paste this for the pilot's figures, an agency a row:\n\n"
        f"curl -s {endpoint} -H 'content-type: application/json' "
        f'-H "authorization: Bearer $({token.format(ASKING)})" '
        f"-d {shlex.quote(body)}\n"
    )
