"""The benchmark of fairness: a quiet agency's small request, alone and beside another's floods."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

import asyncpg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from citywide.bench import load
from citywide.bench.city import Extent, copied, measured_city
from citywide.bench.floods import floods_of, with_bad_token, without_body
from citywide.bench.machine import machine
from citywide.bench.operations import LOOKUP, Asked
from citywide.bench.reads import Effort
from citywide.bench.report import SHARED_CPUS, Round
from citywide.bench.requests import posted
from citywide.bench.workers import Server, served
from citywide.db.embedded import running_database
from citywide.domain import CATALOGUE
from citywide.errors import OperatorError
from citywide.identity.keys import Keys, deployment_keys
from citywide.ids import NodeId
from citywide.settings import Settings
from citywide.web import app

# The aim: beside any flood the quiet agency waits at most so many times as long as alone.
AIM_RATIO = 2.0
# What one agency's scripts keep busy.
FLOOD_CONNECTIONS = 4
# A person reads what is there before they ask for the next thing.
QUIET_PAUSE_S = 0.01
# A flood is under way before the quiet agency is measured beside it.
FLOOD_LEAD_S = 0.5
DATABASE = "citywide_bench_fairness"
# Of every agency: its director, who may read what is measured and what floods.
_DIRECTORS = """
SELECT m.subject, m.tenant_id FROM member m
JOIN member_role r ON r.tenant_id = m.tenant_id AND r.member_id = m.id AND r.role = 'director'
ORDER BY m.subject LIMIT 2
"""
_FILES = "SELECT tenant_id, id FROM beneficiary WHERE tenant_id = $1 ORDER BY id LIMIT 100"
_PLACES = """
SELECT m.subject, m.tenant_id, m.bureau_id, m.id AS member_id, b.id AS beneficiary_id,
  e.project_id, s.area_id
FROM member m
JOIN beneficiary b ON b.tenant_id = m.tenant_id AND b.worker_id = m.id
JOIN enrolment e ON e.tenant_id = b.tenant_id AND e.beneficiary_id = b.id
JOIN site s ON s.tenant_id = b.tenant_id AND s.id = b.site_id
WHERE m.tenant_id = $1 ORDER BY b.id LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """One flood's rounds: the quiet agency alone and beside it, and what the flood came to."""

    description: str
    alone: list[Round]
    beside: list[Round]
    floods_per_second: list[float]
    refused_share: float
    worker_bytes: int

    def ratio(self, figure: str) -> float:
        """How many times as long the quiet agency waits, by the medians of the rounds."""
        return self.middle(self.beside, figure) / self.middle(self.alone, figure)

    @staticmethod
    def middle(rounds: list[Round], figure: str) -> float:
        """The median of a figure over rounds."""
        return float(median(getattr(each, figure) for each in rounds))


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """What every flood makes of the quiet agency's time."""

    began_at: str
    machine: dict[str, Any]
    parameters: dict[str, Any]
    floods: dict[str, Beside]

    @property
    def worst(self) -> float:
        """The greatest ratio of medians."""
        return max(each.ratio("p50_ms") for each in self.floods.values())

    def show(self, console: Console) -> None:
        """Print a table, and the aim."""
        table = Table(title="A quiet agency's look-up, beside what another agency floods")
        table.add_column("flood", no_wrap=True)
        for name in ("per s", "p50 ms", "ratio", "p99 ms", "ratio", "MB"):
            table.add_column(name, justify="right", no_wrap=True)
        for name, each in self.floods.items():
            cells = [name, f"{median(each.floods_per_second):.0f}"]
            for figure in ("p50_ms", "p99_ms"):
                alone, beside = each.middle(each.alone, figure), each.middle(each.beside, figure)
                cells += [f"{alone:.1f} {beside:.1f}", f"{beside / alone:.1f}"]
            table.add_row(*cells, f"{each.worker_bytes / 1_000_000:.0f}")
        console.print(table)
        console.print(SHARED_CPUS.format(cpus=self.machine["cpus"]))
        reached = "Reached" if self.worst <= AIM_RATIO else "Not reached"
        console.print(
            f"The aim is at most {AIM_RATIO} times as long beside any flood (p50). "
            f"Measured: {self.worst:.2f}. {reached}."
        )

    def as_json(self) -> dict[str, Any]:
        """As it is written to a file."""
        floods = {
            name: {
                **asdict(each),
                "ratio": {figure: each.ratio(figure) for figure in ("p50_ms", "p99_ms")},
            }
            for name, each in self.floods.items()
        }
        aim = {"ratio": AIM_RATIO, "reached": self.worst <= AIM_RATIO}
        return {
            "benchmark": "fairness",
            "date": self.began_at,
            "machine": self.machine,
            "parameters": self.parameters,
            "floods": floods,
            "aim": aim,
        }


def benchmark_fairness(
    settings: Settings, extent: Extent, effort: Effort, workers: int, *, console: Console
) -> FairnessReport:
    """Serve a copy of the city; ask as a quiet agency, alone and beside each flood of another.

    Raises `OperatorError` as the benchmark of reads does, and when a quiet request is refused.
    """
    keys = deployment_keys(settings.data)
    run = _Run(settings, keys, extent, effort, workers, console)
    with running_database(settings) as server_url:
        url = asyncio.run(measured_city(server_url, extent, secret=keys.secret, console=console))
        return asyncio.run(run.measured(url))


@dataclass(frozen=True, slots=True)
class _Run:
    settings: Settings
    keys: Keys
    extent: Extent
    effort: Effort
    workers: int
    console: Console

    async def measured(self, city_url: str) -> FairnessReport:
        began_at = datetime.now(UTC).isoformat(timespec="seconds")
        async with copied(city_url, DATABASE) as url:
            connection = await asyncpg.connect(url)
            try:
                quiet, floods = await self._requests(connection)
                postgres = await connection.fetchval("SHOW server_version")
            finally:
                await connection.close()
            found = {}
            with Progress(console=self.console) as bar:
                task = bar.add_task("Measuring", total=len(floods) * self.effort.rounds)
                for name, (description, requests) in floods.items():
                    # Each flood meets a new server: none is measured in what another left behind.
                    async with self._server(url) as server:
                        await load.bodies(server.port, quiet, FLOOD_CONNECTIONS)
                        found[name] = await self._beside(server, description, quiet, requests)
                    bar.advance(task, self.effort.rounds)
        return FairnessReport(
            began_at=began_at,
            machine={**machine(), "postgres": postgres},
            parameters={**asdict(self.extent), **asdict(self.effort), "workers": self.workers},
            floods=found,
        )

    def _server(self, url: str) -> Any:
        environment = {
            "CITYWIDE_HOME": str(self.settings.home.resolve()),
            "CITYWIDE_DATA": str(self.settings.data.resolve()),
            "DATABASE_URL": url,
        }
        return served(f"{app.__name__}:deployed", environment, workers=self.workers)

    async def _requests(
        self, connection: asyncpg.Connection
    ) -> tuple[list[bytes], dict[str, tuple[str, list[bytes]]]]:
        """The quiet agency's requests, and each flood's description and requests."""
        directors = await connection.fetch(_DIRECTORS)
        if len(directors) < len(("quiet", "flooding")):
            raise OperatorError("Fairness is measured between two agencies: make a larger city.")
        quiet, flooding = directors
        tokens: dict[str, str] = {}

        def sent(asked: Asked) -> bytes:
            return posted(asked, self.keys, self.settings, tokens)

        files = await connection.fetch(_FILES, quiet["tenant_id"])
        tag = CATALOGUE.entities["Beneficiary"].tag
        lookups = [
            Asked(
                quiet["subject"],
                LOOKUP,
                {"id": NodeId(tag, each["tenant_id"], each["id"]).encode()},
            )
            for each in files
        ]
        places = await connection.fetch(_PLACES, flooding["tenant_id"])
        found = {
            each.name: (each.description, [sent(asked) for asked in each.asked])
            for each in floods_of(flooding["subject"], places)
        }
        lookup = sent(Asked(flooding["subject"], LOOKUP, {"id": "x"}))
        found["bad tokens"] = ("tokens that nobody signed", [with_bad_token(lookup)])
        found["no JSON"] = ("bodies that are no JSON", [without_body(lookup)])
        return [sent(each) for each in lookups], found

    async def _beside(
        self, server: Server, description: str, quiet: list[bytes], flood: list[bytes]
    ) -> Beside:
        alone, beside, rates, answers, refused = [], [], [], 0, 0
        for _ in range(self.effort.rounds):
            alone.append(Round.of(await load.applied(self._quiet(server, quiet))))
            flooding = load.Load(
                port=server.port,
                requests=[text.decode("latin-1") for text in flood],
                connections=FLOOD_CONNECTIONS,
                seconds=self.effort.seconds + 2 * FLOOD_LEAD_S,
                may_be_refused=True,
            )
            under_way = asyncio.create_task(load.applied(flooding))
            await asyncio.sleep(FLOOD_LEAD_S)
            beside.append(Round.of(await load.applied(self._quiet(server, quiet))))
            seen = await under_way
            rates.append(len(seen.latencies_ms) / seen.seconds)
            answers += len(seen.latencies_ms)
            refused += seen.refused
        memory = server.memory().worker
        return Beside(description, alone, beside, rates, refused / answers, memory)

    def _quiet(self, server: Server, requests: list[bytes]) -> load.Load:
        return load.Load(
            port=server.port,
            requests=[text.decode("latin-1") for text in requests],
            connections=1,
            seconds=self.effort.seconds,
            pause_s=QUIET_PAUSE_S,
        )
