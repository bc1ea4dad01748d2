"""`citywide audit`: whether the trail is as it was written, and what shows it later."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import select

from citywide.audit import anchors
from citywide.audit.anchors import Expectations, expectations, gone, heads, signed
from citywide.audit.attesting import attest
from citywide.audit.reads import LONGEST_PURPOSE, purpose_of
from citywide.audit.showing import shown
from citywide.audit.verify import Chain, Looked, chains, looked, verifying
from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.cli.people import near, people
from citywide.db.embedded import running_database
from citywide.db.migrate import check_ready
from citywide.db.session import Audience, Context, Database
from citywide.domain import CATALOGUE
from citywide.errors import OperatorError, RefusalError
from citywide.identity.keys import Keys, deployment_keys
from citywide.settings import Settings
from citywide.tenancy.models import BUREAU

# The rows of every domain's tables are looked at, which are known once its catalogue is imported.
assert CATALOGUE.entities

# Of one tenant so many faults are told; the rest are counted.
FAULTS = 20
# What an operator may give as a reason: a sentence.
LONGEST_REASON = 200

app = typer.Typer(help="The trail of what was written and read.", no_args_is_help=True)


@app.command("verify")
def verify(
    *,
    data: DataFolder = None,
    tenant: Annotated[
        str | None, typer.Option(help="Tell of one agency or bureau alone, by its slug.")
    ] = None,
    expect: Annotated[
        Path | None,
        typer.Option(
            help="A statement about heads that was kept elsewhere, or a folder of them; default: "
            "the folder of anchors, where it has any."
        ),
    ] = None,
) -> None:
    """Recompute the trail: every chain, every row that it tells, every statement about it.

    Exit code 1 when something is not as it was written, or when there was nothing to look at.
    """
    with complaints():
        settings = chosen(data)
        keys = deployment_keys(settings.data)
        expected = _expected(settings, expect, keys)
        with running_database(settings) as url:
            console = Console(stderr=True)
            is_whole = asyncio.run(verified(url, keys, tenant, console, expected))
    if not is_whole:
        raise typer.Exit(1)


@app.command("heads")
def print_heads(
    data: DataFolder = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write the statement to; default: print it.")
    ] = None,
) -> None:
    """Print a signed statement about where every chain is, to be kept on another machine."""
    with complaints():
        settings = chosen(data)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            statement = asyncio.run(_stated(url, settings, keys))
        if out is None:
            typer.echo(statement)
            return
        try:
            out.write_text(f"{statement}\n", encoding="ascii")
        except OSError as error:
            raise OperatorError(f"{out} cannot be written: {error.strerror}.") from error


@app.command("attest")
def attest_rows(
    *,
    data: DataFolder = None,
    tenant: Annotated[str, typer.Option(help="The slug of the agency or bureau.")],
    reason: Annotated[str, typer.Option(help="Why its rows are right as they are; a sentence.")],
) -> None:
    """Say in a tenant's chain that its rows are right as they are now, whoever wrote them.

    For rows that had to be mended by hand: look at what `verify` tells of them before.
    """
    with complaints():
        if not 0 < len(reason.strip()) <= LONGEST_REASON:
            raise OperatorError(f"A reason has 1 to {LONGEST_REASON} characters.")
        settings = chosen(data)
        keys = deployment_keys(settings.data)
        with running_database(settings) as url:
            rows = asyncio.run(_attested(url, keys, tenant, reason.strip()))
    typer.echo(f"{tenant}: {rows} rows are attested.")


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
        chain = await _chain(database, tenant)
        entry = await shown(database, chain, position, reason or "")
    if entry is None:
        sentence = f"{tenant} has no entry {position}: its last is {chain.length}."
        raise OperatorError(sentence)
    return json.dumps(entry, ensure_ascii=False, indent=2)


def _expected(settings: Settings, given: Path | None, keys: Keys) -> Expectations | None:
    """The statements to compare with: those named, or those that the server has written."""
    folder = settings.anchors_folder
    if given is None and not (folder.is_dir() and anchors.kept(folder)):
        typer.echo(f"No statement is compared: {folder} has none.", err=True)
        return None
    source = given or folder
    found = expectations(source, keys.issuer)
    typer.echo(f"Compared with {len(found.files)} statements in {source}.", err=True)
    return found


@dataclass(slots=True)
class _Tally:
    """What was looked at, by tenant."""

    entries: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def take(self, each: Looked) -> None:
        self.entries[each.slug] += each.entries
        self.rows[each.slug] += each.rows
        self.unknown[each.slug] += each.unknown
        if each.fault is not None:
            self.faults[each.slug] += 1
            if self.faults[each.slug] <= FAULTS:
                typer.echo(f"{each.slug}: {each.fault}")

    def summary(self, chain: Chain) -> str:
        slug = chain.slug
        seen = f"{slug}: {self.entries[slug]} entries, {self.rows[slug]} rows"
        if self.unknown[slug]:
            seen += f" ({self.unknown[slug]} of them from before entries told rows)"
        if count := self.faults[slug]:
            more = f", {count - FAULTS} of them not shown" if count > FAULTS else ""
            return f"{seen}, {count} faults{more}."
        return f"{seen}, whole; the head is {chain.head} at {chain.length}."


async def verified(
    url: str,
    keys: Keys,
    tenant: str | None,
    console: Console,
    expected: Expectations | None,
) -> bool:
    """Verify the whole trail, or what concerns one tenant; whether all of it is as written."""
    await check_ready(url, secret=keys.secret)
    audiences = (Audience.IDENTITY, Audience.OPERATOR)
    database = await Database.open(url, secret=keys.secret, audiences=audiences)
    tally, known = _Tally(), list[Chain]()
    by_tenant = {} if expected is None else expected.by_tenant
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("Verifying", total=None)
            for bureau_id in await _bureaus(database):
                async with verifying(database, bureau_id) as transaction:
                    found = await chains(transaction, bureau_id)
                    known += found
                    async for each in looked(transaction, found, by_tenant):
                        bar.advance(task, each.entries + each.rows)
                        if tenant in (None, each.slug):
                            tally.take(each)
    finally:
        await database.close()
    told = [chain for chain in known if tenant in (None, chain.slug)]
    if not told:
        nearest = "" if tenant is None else near(tenant, [chain.slug for chain in known])
        what = "no tenant" if tenant is None else f"no tenant {tenant}"
        raise OperatorError(f"There is {what}.{nearest}")
    for chain in told:
        typer.echo(tally.summary(chain))
    others = [] if expected is None else [*expected.faults]
    if expected is not None and tenant is None:
        others += gone(expected.by_tenant, [chain.tenant_id for chain in known])
    for sentence in others:
        typer.echo(sentence)
    return not others and not tally.faults and tally.entries.total() > 0


async def _bureaus(database: Database) -> list[UUID]:
    async with database.read(Context(Audience.OPERATOR)) as transaction:
        return [row["id"] for row in await transaction.rows(select(BUREAU.c.id))]


async def _stated(url: str, settings: Settings, keys: Keys) -> str:
    await check_ready(url, secret=keys.secret)
    database = await Database.open(url, secret=keys.secret, audiences=(Audience.BUREAU,))
    try:
        found = await heads(database)
    finally:
        await database.close()
    if not found:
        raise OperatorError("There is no chain to make a statement about.")
    return signed(found, datetime.now(UTC), key=keys.issuer, issuer=settings.issuer)


async def _attested(url: str, keys: Keys, tenant: str, reason: str) -> int:
    async with people(url, secret=keys.secret) as database:
        return await attest(database, await _chain(database, tenant), reason=reason)


async def _chain(database: Database, tenant: str) -> Chain:
    known: list[Chain] = []
    for bureau_id in await _bureaus(database):
        async with verifying(database, bureau_id) as transaction:
            known += await chains(transaction, bureau_id)
    for chain in known:
        if chain.slug == tenant:
            return chain
    nearest = near(tenant, [chain.slug for chain in known])
    raise OperatorError(f"There is no tenant {tenant}.{nearest}")
