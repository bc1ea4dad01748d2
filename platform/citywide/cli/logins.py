"""`citywide logins`: what a pooler in front of the database must know of its logins."""

from __future__ import annotations

import typer

from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.db.session import Audience
from citywide.db.verifiers import login_verifier
from citywide.identity.keys import deployment_keys

app = typer.Typer()


@app.command("logins")
def logins(data: DataFolder = None) -> None:
    """Print the logins with their SCRAM verifiers, as PgBouncer's `auth_file` has them."""
    with complaints():
        secret = deployment_keys(chosen(data).data).secret
        for audience in Audience:
            typer.echo(f'"{audience.login}" "{login_verifier(secret, audience)}"')
