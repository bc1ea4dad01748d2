"""`citywide bench`: measure this build on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Protocol

import typer
from rich.console import Console

from citywide.bench.city import Extent
from citywide.bench.reads import Effort, benchmark_reads
from citywide.bench.report import Report
from citywide.bench.writes import benchmark_writes
from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.settings import Settings

ToFile = Annotated[Path | None, typer.Option("--json", help="Write the report to this file.")]
Seconds = Annotated[float, typer.Option(min=0.1, help="Load per operation and round.")]
Rounds = Annotated[int, typer.Option(min=1, help="Rounds, of which medians are taken.")]
Agencies = Annotated[int, typer.Option(min=1, help="Agencies of the made-up city.")]
Beneficiaries = Annotated[int, typer.Option(min=10, help="Files of an agency.")]


class Benchmark(Protocol):
    """What measures: a city's extent and an effort in, a report out."""

    def __call__(
        self, settings: Settings, extent: Extent, effort: Effort, *, console: Console
    ) -> Report:
        """See `benchmark_reads`."""


app = typer.Typer(help="Measure this build on this machine.", no_args_is_help=True)


@app.command("reads")
def reads(
    *,
    to: ToFile = None,
    data: DataFolder = None,
    seconds: Seconds = 3.0,
    rounds: Rounds = 5,
    agencies: Agencies = 100,
    beneficiaries: Beneficiaries = 1_000,
) -> None:
    """Compare four reads with the same SQL statements run by a hand-written handler.

    The city lies in a database of its own, citywide_bench, and is kept for the next run.
    """
    _run(
        benchmark_reads, chosen(data), Extent(agencies, beneficiaries), Effort(rounds, seconds), to
    )


@app.command("writes")
def writes(
    *,
    to: ToFile = None,
    data: DataFolder = None,
    seconds: Seconds = 3.0,
    rounds: Rounds = 5,
    agencies: Agencies = 100,
    beneficiaries: Beneficiaries = 1_000,
) -> None:
    """Compare recording a service with the same rows written by a hand-written handler.

    It writes into a copy of the city of `bench reads`, which is dropped at the end.
    """
    _run(
        benchmark_writes, chosen(data), Extent(agencies, beneficiaries), Effort(rounds, seconds), to
    )


def _run(
    benchmark: Benchmark, settings: Settings, extent: Extent, effort: Effort, to: Path | None
) -> None:
    console = Console()
    with complaints():
        report = benchmark(settings, extent, effort, console=console)
    report.show(console)
    if to is not None:
        text = json.dumps(report.as_json(), ensure_ascii=False, indent=2)
        to.write_text(f"{text}\n", encoding="utf-8")
