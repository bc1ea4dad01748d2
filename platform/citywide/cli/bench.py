"""`citywide bench`: measure this build on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from citywide.bench.city import Extent
from citywide.bench.reads import Effort, benchmark_reads
from citywide.cli.complaints import DataFolder, chosen, complaints

app = typer.Typer(help="Measure this build on this machine.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `reads` a command of its own while it is the only one."""


@app.command("reads")
def reads(
    *,
    to: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file.")
    ] = None,
    data: DataFolder = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Load per operation and round.")] = 3.0,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, of which medians are taken.")] = 5,
    agencies: Annotated[int, typer.Option(min=1, help="Agencies of the made-up city.")] = 100,
    beneficiaries: Annotated[int, typer.Option(min=10, help="Files of an agency.")] = 1_000,
) -> None:
    """Compare four reads with the same SQL statements run by a hand-written handler.

    The city lies in a database of its own, citywide_bench, and is kept for the next run.
    """
    settings = chosen(data)
    console = Console()
    extent = Extent(agencies=agencies, beneficiaries=beneficiaries)
    with complaints():
        report = benchmark_reads(settings, extent, Effort(rounds, seconds), console=console)
    report.show(console)
    if to is not None:
        text = json.dumps(report.as_json(), ensure_ascii=False, indent=2)
        to.write_text(f"{text}\n", encoding="utf-8")
