"""`citywide ledger`: whether the books are whole."""

from __future__ import annotations

import asyncio

import typer

from citywide.budgets import verify
from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.db.embedded import running_database
from citywide.db.migrate import check_ready
from citywide.identity.keys import deployment_keys

app = typer.Typer(help="The double-entry ledger.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `verify` a command of its own while it is the only one."""


@app.command("verify")
def verify_books(data: DataFolder = None) -> None:
    """Compare every balance with its entries and every transaction with zero; 1 when one is off."""
    with complaints():
        settings = chosen(data)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            asyncio.run(check_ready(url, secret=keys.secret))
            found = asyncio.run(_found(url))
            accounts, entries = asyncio.run(verify.size(url))
    for fault in found:
        typer.echo(fault)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{accounts} accounts and {entries} entries: everything balances.")


async def _found(url: str) -> list[str]:
    return [fault async for fault in verify.faults(url)]
