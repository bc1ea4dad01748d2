"""`citywide bench`: measure this build on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console

from citywide.bench.city import Extent
from citywide.bench.events import Crowd, benchmark_events
from citywide.bench.fairness import benchmark_fairness
from citywide.bench.metrics import Records, benchmark_metrics
from citywide.bench.reads import Effort, benchmark_reads
from citywide.bench.writes import benchmark_writes
from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.web.seats import SOCKETS_PER_TENANT

ToFile = Annotated[Path | None, typer.Option("--json", help="Write the report to this file.")]
Seconds = Annotated[float, typer.Option(min=0.1, help="Load per operation and round.")]
Rounds = Annotated[int, typer.Option(min=1, help="Rounds, of which medians are taken.")]
Subscribers = Annotated[
    int, typer.Option(min=1, max=SOCKETS_PER_TENANT, help="WebSockets that wait.")
]
Events = Annotated[int, typer.Option(min=1, help="Records, one after the other.")]
Agencies = Annotated[int, typer.Option(min=1, help="Agencies of the made-up city.")]
OfAnAgency = Annotated[int, typer.Option("--records", min=10, help="Records of an agency.")]
Workers = Annotated[int, typer.Option(min=1, help="The server's worker processes.")]
Beneficiaries = Annotated[int, typer.Option(min=10, help="Files of an agency.")]


class Shown(Protocol):
    """What a benchmark has to say."""

    def show(self, console: Console) -> None:
        """Print it."""

    def as_json(self) -> dict[str, Any]:
        """As it is written to a file."""


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
    extent, effort = Extent(agencies, beneficiaries), Effort(rounds, seconds)
    _run(partial(benchmark_reads, chosen(data), extent, effort), to)


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
    extent, effort = Extent(agencies, beneficiaries), Effort(rounds, seconds)
    _run(partial(benchmark_writes, chosen(data), extent, effort), to)


@app.command("events")
def events(
    *,
    to: ToFile = None,
    data: DataFolder = None,
    subscribers: Subscribers = 1_000,
    rounds: Events = 10,
    agencies: Agencies = 100,
    beneficiaries: Beneficiaries = 1_000,
) -> None:
    """Measure how long it takes until every subscriber knows of a recorded service.

    Like `bench writes` in a copy of the city; the subscribers are members that are added to it.
    """
    extent, crowd = Extent(agencies, beneficiaries), Crowd(subscribers, rounds)
    _run(partial(benchmark_events, chosen(data), extent, crowd), to)


@app.command("metrics")
def metrics(
    *,
    to: ToFile = None,
    data: DataFolder = None,
    rounds: Rounds = 5,
    agencies: Agencies = 1_000,
    records: OfAnAgency = 5_000,
    few: Agencies = 10,
) -> None:
    """Time a city's records by agency and month, and one agency's among few and among many.

    Both cities are made in databases of their own, which are dropped at the end.
    """
    extent = Records(agencies, records, few)
    _run(partial(benchmark_metrics, chosen(data), extent, rounds), to)


@app.command("fairness")
def fairness(
    *,
    to: ToFile = None,
    data: DataFolder = None,
    seconds: Seconds = 3.0,
    rounds: Rounds = 3,
    agencies: Agencies = 100,
    beneficiaries: Beneficiaries = 1_000,
    workers: Workers = 2,
) -> None:
    """Time a quiet agency's look-up alone and beside each flood that another agency sends.

    Like `bench writes` in a copy of the city, by servers of their own.
    """
    extent, effort = Extent(agencies, beneficiaries), Effort(rounds, seconds)
    _run(partial(benchmark_fairness, chosen(data), extent, effort, workers), to)


def _run(benchmark: Callable[..., Shown], to: Path | None) -> None:
    console = Console()
    with complaints():
        report = benchmark(console=console)
    report.show(console)
    if to is not None:
        text = json.dumps(report.as_json(), ensure_ascii=False, indent=2)
        to.write_text(f"{text}\n", encoding="utf-8")
