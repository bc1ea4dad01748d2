"""The figures of a run: medians over rounds, ratios, the aim, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from citywide.bench.load import Seen
from citywide.bench.workers import Memory

COMPILED = "compiled"
FLOOR = "floor"
# The aim of every benchmark: a warm worker smaller than this.
AIM_WORKER_BYTES = 150_000_000
_MEGABYTE = 1_000_000
SHARED_CPUS = (
    "Client, server and PostgreSQL share this machine's {cpus} processors: the figures compare "
    "the contenders with each other, not with other machines."
)


@dataclass(frozen=True, slots=True)
class Round:
    """One contender under load for one operation, once."""

    requests: int
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    client_cpu_share: float

    @classmethod
    def of(cls, seen: Seen) -> Round:
        """The figures of a load."""
        ordered = sorted(seen.latencies_ms)
        return cls(
            requests=len(ordered),
            requests_per_second=len(ordered) / seen.seconds,
            p50_ms=percentile(ordered, 50),
            p99_ms=percentile(ordered, 99),
            client_cpu_share=seen.client_cpu_seconds / seen.seconds,
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """One operation: what it asks, how large its answers are, every round of each contender."""

    name: str
    description: str
    document: str
    requests: int
    connections: int
    answer_bytes: int
    rounds: dict[str, list[Round]]

    def ratios(self) -> list[float]:
        """Of each round: the compiled way's requests per second as a share of the floor's."""
        pairs = zip(self.rounds[COMPILED], self.rounds[FLOOR], strict=True)
        return [one.requests_per_second / other.requests_per_second for one, other in pairs]

    def middle(self, contender: str, figure: str) -> float:
        """The median of a figure over a contender's rounds."""
        figures: list[float] = [getattr(each, figure) for each in self.rounds[contender]]
        return median(figures)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run has to say; `aim_ratio` is the share of the floor to reach."""

    benchmark: str
    title: str
    aim_ratio: float
    began_at: str
    machine: dict[str, Any]
    parameters: dict[str, Any]
    measured: tuple[Measured, ...]
    memory: dict[str, Memory]

    @property
    def passed(self) -> bool:
        """Whether the aim is reached."""
        ratios = [median(each.ratios()) for each in self.measured]
        return min(ratios) >= self.aim_ratio and self.memory[COMPILED].worker < AIM_WORKER_BYTES

    def sentence(self) -> str:
        """The aim in plain words, with what was measured."""
        shares = ", ".join(f"{each.name} {median(each.ratios()):.2f}" for each in self.measured)
        memory = self.memory[COMPILED]
        return (
            f"The aim is at least {self.aim_ratio} of the floor's requests per second for each "
            f"operation and a warm worker below {AIM_WORKER_BYTES // _MEGABYTE} MB. "
            f"Measured: {shares}; {memory.worker / _MEGABYTE:.0f} MB, and "
            f"{memory.supervisor / _MEGABYTE:.0f} MB for its supervisor. "
            f"{'Reached' if self.passed else 'Not reached'}."
        )

    def as_json(self) -> dict[str, Any]:
        """The report as it is written to a file."""
        return {
            "benchmark": self.benchmark,
            "date": self.began_at,
            "machine": self.machine,
            "parameters": self.parameters,
            "operations": {each.name: _operation(each) for each in self.measured},
            "memory": {
                name: {"worker_bytes": each.worker, "supervisor_bytes": each.supervisor}
                for name, each in self.memory.items()
            },
            "aim": {
                "ratio": self.aim_ratio,
                "worker_bytes": AIM_WORKER_BYTES,
                "reached": self.passed,
                "sentence": self.sentence(),
            },
        }

    def show(self, console: Console) -> None:
        """Print a table, and the aim."""
        table = Table(title=self.title)
        table.add_column("operation")
        for name in ("answer", "req/s", "p50 ms", "p99 ms", "floor req/s", "p50 ms", "p99 ms"):
            table.add_column(name, justify="right")
        table.add_column("ratio (rounds)", justify="right")
        for each in self.measured:
            table.add_row(*_row(each))
        console.print(table)
        console.print(SHARED_CPUS.format(cpus=self.machine["cpus"]))
        console.print(self.sentence())


def _row(each: Measured) -> Sequence[str]:
    cells = [each.name, f"{each.answer_bytes / 1000:.1f} kB"]
    for contender in (COMPILED, FLOOR):
        cells.append(f"{each.middle(contender, 'requests_per_second'):.1f}")
        cells.append(f"{each.middle(contender, 'p50_ms'):.2f}")
        cells.append(f"{each.middle(contender, 'p99_ms'):.2f}")
    ratios = each.ratios()
    cells.append(f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})")
    return cells


def _operation(each: Measured) -> dict[str, Any]:
    ratios = each.ratios()
    return {
        "description": each.description,
        "document": each.document,
        "different_requests": each.requests,
        "connections": each.connections,
        "answer_bytes": each.answer_bytes,
        "contenders": {name: _contender(each, name) for name in each.rounds},
        "ratio": {
            "median": median(ratios),
            "lowest": min(ratios),
            "highest": max(ratios),
            "rounds": ratios,
        },
    }


def _contender(each: Measured, name: str) -> dict[str, Any]:
    figures = ("requests_per_second", "p50_ms", "p99_ms")
    medians = {figure: each.middle(name, figure) for figure in figures}
    return {**medians, "rounds": [asdict(found) for found in each.rounds[name]]}


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest figure that `percent` of all do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
