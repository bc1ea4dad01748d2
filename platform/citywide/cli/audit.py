"""`citywide audit`: whether the trail is as it was written, and what one entry of it says."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import select

from citywide.audit.reads import LONGEST_PURPOSE, purpose_of
from citywide.audit.showing import shown
from citywide.audit.verify import Chain, chains, faults
from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.cli.people import near, people
from citywide.db.embedded import running_database
from citywide.db.migrate import check_ready
from citywide.db.session import Audience, Context, Database
from citywide.errors import OperatorError, RefusalError
from citywide.identity.keys import Keys, deployment_keys
from citywide.tenancy.models import BUREAU

# Of one chain so many faults are told; the rest are counted.
FAULTS = 20

app = typer.Typer(help="The trail of what was written and read.", no_args_is_help=True)


@app.command("verify")
def verify(
    data: DataFolder = None,
    tenant: Annotated[
        str | None, typer.Option(help="The slug of one agency or bureau; default: all of them.")
    ] = None,
) -> None:
    """Recompute every chain of the audit trail; exit code 1 when something is not as written.

    Keep the hashes that are printed somewhere else: they show later that no chain was cut short.
    """
    with complaints():
        settings = chosen(data)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            is_whole = asyncio.run(_verified(url, keys, tenant, Console(stderr=True)))
    if not is_whole:
        raise typer.Exit(1)


@app.command("show")
def show(
    tenant: Annotated[str, typer.Argument(help="The slug of an agency or bureau.")],
    position: Annotated[int, typer.Argument(help="The entry's place in the chain.")],
    purpose: Annotated[str, typer.Option(help="Why you look; it is noted in the chain.")],
    data: DataFolder = None,
) -> None:
    """Print one entry of the audit trail with its words opened; the look is an entry of its own."""
    with complaints():
        settings = chosen(data)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            typer.echo(asyncio.run(_shown(url, keys, tenant, position, purpose)))


async def _shown(url: str, keys: Keys, tenant: str, position: int, purpose: str) -> str:
    try:
        reason = purpose_of(quote(purpose))
    except RefusalError:
        sentence = f"A purpose is a sentence of at most {LONGEST_PURPOSE} printable characters."
        raise OperatorError(sentence) from None
    async with people(url, secret=keys.secret) as database:
        [chain] = await _chains(database, tenant)
        entry = await shown(database, chain, position, reason or "")
    if entry is None:
        sentence = f"{tenant} has no entry {position}: its last is {chain.length}."
        raise OperatorError(sentence)
    return json.dumps(entry, ensure_ascii=False, indent=2)


async def _verified(url: str, keys: Keys, tenant: str | None, console: Console) -> bool:
    await check_ready(url, secret=keys.secret)
    audiences = (Audience.IDENTITY, Audience.OPERATOR)
    database = await Database.open(url, secret=keys.secret, audiences=audiences)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        found = await _chains(database, tenant)
        is_whole = True
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("Verifying", total=sum(chain.length for chain in found))
            for chain in found:
                bar.update(task, description=f"Verifying {chain.slug}")
                count = entries = 0
                async for fault in faults(database, chain):
                    if fault is None:
                        entries += 1
                        bar.advance(task)
                        continue
                    count += 1
                    if count <= FAULTS:
                        typer.echo(f"{chain.slug}: {fault}")
                is_whole = is_whole and not count
                typer.echo(_summary(chain, entries, count))
        return is_whole
    finally:
        await database.close()


async def _chains(database: Database, tenant: str | None) -> list[Chain]:
    async with database.read(Context(Audience.IDENTITY)) as transaction:
        bureaus = [row["id"] for row in await transaction.rows(select(BUREAU.c.id))]
    found = [chain for bureau in bureaus for chain in await chains(database, bureau)]
    if tenant is None:
        return found
    wanted = [chain for chain in found if chain.slug == tenant]
    if not wanted:
        known = near(tenant, [chain.slug for chain in found])
        raise OperatorError(f"There is no tenant {tenant}.{known}")
    return wanted


def _summary(chain: Chain, entries: int, count: int) -> str:
    if count:
        more = f", {count - FAULTS} of them not shown" if count > FAULTS else ""
        return f"{chain.slug}: {entries} entries, {count} faults{more}."
    if not entries:
        return f"{chain.slug}: no entries."
    return f"{chain.slug}: {entries} entries, whole; the head is {chain.head}."
