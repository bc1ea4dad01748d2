"""`citywide serve`: the server alone, for a database that is set up already."""

from __future__ import annotations

import asyncio

import typer

from citywide.audit.anchoring import check_witness
from citywide.cli.complaints import complaints, read_or_not
from citywide.cli.options import HOST, PORT, DataFolder, Host, Port, Workers, chosen
from citywide.db.embedded import running_database
from citywide.db.migrate import check_ready
from citywide.identity.issuers import check_source
from citywide.identity.keys import deployment_keys
from citywide.settings import Settings
from citywide.web.app import Rules
from citywide.web.serve import address, check_port, serve

app = typer.Typer()


@app.command("serve")
def serve_only(
    data: DataFolder = None, host: Host = HOST, port: Port = PORT, workers: Workers = 1
) -> None:
    """Serve a database that is migrated already; the last step of `up`."""
    with complaints():
        settings = chosen(data)
        rules = servable(settings, host, port)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            asyncio.run(check_ready(url, secret=keys.secret))

            def ready() -> None:
                with read_or_not():
                    typer.echo(f"ready {address(host, port)}/graphql")

            serve(settings, url, rules, host=host, port=port, workers=workers, ready=ready)


def servable(settings: Settings, host: str, port: int) -> Rules:
    """Refuse whatever can be refused before anything is started; raises `OperatorError`."""
    check_port(host, port)
    if settings.jwks is not None:
        check_source(settings.jwks)
    if settings.anchor_url is not None:
        check_witness(settings.anchor_url)
    return Rules.load(settings.home)
