"""`citywide token`: a bearer token to sign in with."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.cli.people import known, people
from citywide.db.embedded import running_database
from citywide.errors import OperatorError
from citywide.identity.keys import deployment_keys
from citywide.identity.tokens import issue

app = typer.Typer()


@app.command("token")
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
            asyncio.run(_check_member(url, keys.secret, user))
        made = issue(user, key=keys.issuer, issuer=settings.issuer, audience=settings.audience)
    typer.echo(made)


async def _check_member(url: str, secret: bytes, user: str) -> None:
    async with people(url, secret=secret) as database:
        await known(database, user)
