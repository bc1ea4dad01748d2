"""`citywide report`: the city and its agreements on paper and in workbooks."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from citywide.audit.anchors import Anchored, heads
from citywide.audit.read_writer import ReadWriter
from citywide.authz.membership import Memberships
from citywide.authz.principal import Principal
from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.cli.people import known
from citywide.db.embedded import running_database
from citywide.db.migrate import check_ready
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Database
from citywide.errors import OperatorError, RefusalError
from citywide.graph.cursors import Cursors
from citywide.graph.engine import Engine
from citywide.identity.keys import deployment_keys
from citywide.printing.press import Press
from citywide.reports.making import Documents, Period, reports
from citywide.reports.paper import printed
from citywide.reports.trail import trail_section
from citywide.reports.workbook import bound
from citywide.settings import Settings
from citywide.web.app import READS_FOLDER, Rules

# The tables and charts of a city of a hundred agencies.
ROOM = 4 << 20
PURPOSE = "出具报告"

app = typer.Typer()


@app.command("report")
def report(
    *,
    user: Annotated[str, typer.Argument(help="Whose rights it is read with: bureau.auditor, …")],
    data: DataFolder = None,
    out: Annotated[Path, typer.Option(help="The folder that the files are written to.")] = Path(
        "reports"
    ),
    agreement: Annotated[
        list[str] | None, typer.Option(help="Only agreements of these numbers.")
    ] = None,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day; default: an agreement's."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day after; default: an agreement's."),
    ] = None,
) -> None:
    """Write the reports on the city and on each agreement, as PDF and as workbook.

    What the member may not see is not in them, and that they read is in the audit trail.
    """
    with complaints():
        settings = chosen(data)
        period = _period(from_, until)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"The folder {out} cannot be written to: {error.strerror}."
            raise OperatorError(message) from error
        with running_database(settings) as url:
            try:
                asyncio.run(
                    _written(
                        settings, url, user=user, out=out, period=period, numbers=agreement or []
                    )
                )
            except RefusalError as refusal:
                raise OperatorError(refusal.message) from refusal


def _period(first: datetime | None, end: datetime | None) -> Period | None:
    if first is None and end is None:
        return None
    if first is None or end is None or first >= end:
        raise OperatorError("A period has --from and --until, and the first is before the second.")
    return Period(first.date(), end.date())


async def _written(
    settings: Settings,
    url: str,
    *,
    user: str,
    out: Path,
    period: Period | None,
    numbers: list[str],
) -> None:
    keys = deployment_keys(settings.data)
    await check_ready(url, secret=keys.secret)
    database = await Database.open(url, secret=keys.secret, audiences=Audience)
    read_writer = ReadWriter(database, settings.data / READS_FOLDER)
    press = Press(settings.fonts, room=ROOM)
    try:
        await known(database, user)
        principal = await Memberships(database).principal(user, None)
        rules = Rules.load(settings.home)
        read_writer.start()
        engine = Engine(
            rules.schema,
            rules.policy,
            database,
            Sealer(keys.secret),
            Cursors(keys.secret),
            reads=read_writer,
        )
        documents = Documents(engine, principal, settings.home / "schema" / "operations", PURPOSE)
        columns = (TextColumn("{task.description}"), TimeElapsedColumn())
        console = Console(stderr=True)
        is_silent = not console.is_terminal
        with Progress(*columns, console=console, transient=True, disable=is_silent) as bar:
            task = bar.add_task("Reading", total=None)
            trail = trail_section(await _heads(database, principal))
            async with aclosing(reports(documents, period, numbers)) as found:
                async for name, made in found:
                    each = replace(made, sections=(*made.sections, trail))
                    bar.update(task, description=f"Printing {name}")
                    for suffix, content in (
                        ("pdf", await printed(each, press)),
                        ("xlsx", bound(each)),
                    ):
                        path = out / f"{name}.{suffix}"
                        path.write_bytes(content)
                        typer.echo(path)
    finally:
        press.close()
        await read_writer.close()
        await database.close()


async def _heads(database: Database, principal: Principal) -> list[Anchored]:
    """Where the chains are: of an agency's member their own, of the bureau's all of the city."""
    found = await heads(database, principal.bureau_id)
    if principal.audience is Audience.AGENCY:
        return [each for each in found if each.tenant_id == principal.tenant_id]
    return found
