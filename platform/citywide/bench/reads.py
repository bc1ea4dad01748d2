"""The benchmark of reads: both contenders side by side, in interleaved rounds."""

from __future__ import annotations

import asyncio
import pickle
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import asyncpg
from rich.console import Console
from rich.progress import Progress

from citywide.bench import contenders, load
from citywide.bench.city import Extent, measured_city
from citywide.bench.contenders import STATEMENTS_VARIABLE, Statement
from citywide.bench.machine import machine
from citywide.bench.operations import CONNECTIONS, DESCRIPTIONS, DOCUMENTS, asked_of
from citywide.bench.report import COMPILED, FLOOR, Measured, Report, Round
from citywide.bench.requests import compiled_requests, floor_requests
from citywide.bench.statements import overheard
from citywide.bench.workers import Server, served
from citywide.db.embedded import running_database
from citywide.errors import OperatorError
from citywide.identity.keys import Keys, deployment_keys
from citywide.settings import Settings
from citywide.web import app

# The aim: of every operation this share of the floor's requests per second.
AIM_RATIO = 0.8

_Requests = Mapping[str, Mapping[str, list[bytes]]]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: rounds, each with `seconds` of load per operation and contender."""

    rounds: int = 5
    seconds: float = 3.0


def benchmark_reads(
    settings: Settings, extent: Extent, effort: Effort, *, console: Console
) -> Report:
    """Make the city, serve it both ways, compare the answers, measure.

    Raises `OperatorError` when the database cannot be used, a server does not start or the
    contenders' answers differ.
    """
    keys = deployment_keys(settings.data)
    run = _Run(settings, keys, extent, effort, console)
    with running_database(settings) as server_url:
        url = asyncio.run(measured_city(server_url, extent, secret=keys.secret, console=console))
        return asyncio.run(run.measured(url))


@dataclass(frozen=True, slots=True)
class _Run:
    """One run, once the city is there."""

    settings: Settings
    keys: Keys
    extent: Extent
    effort: Effort
    console: Console

    async def measured(self, url: str) -> Report:
        """The report."""
        began_at = datetime.now(UTC).isoformat(timespec="seconds")
        connection = await asyncpg.connect(url)
        try:
            asked = await asked_of(connection)
            postgres = await connection.fetchval("SHOW server_version")
        finally:
            await connection.close()
        secret, home = self.keys.secret, self.settings.home
        statements = await overheard(url, asked, secret=secret, home=home)
        async with self._servers(url, statements) as servers:
            requests = {
                COMPILED: compiled_requests(asked, self.keys, self.settings),
                FLOOR: floor_requests(asked),
            }
            sizes = await _warmed(servers, requests)
            rounds = await _rounds(servers, requests, self.effort, self.console)
            memory = {name: server.memory() for name, server in servers.items()}
        return Report(
            benchmark="reads",
            title="Reads: citywide over its own statements run by hand",
            aim_ratio=AIM_RATIO,
            began_at=began_at,
            machine={**machine(), "postgres": postgres},
            parameters={**asdict(self.extent), **asdict(self.effort)},
            measured=tuple(
                Measured(
                    name=name,
                    description=DESCRIPTIONS[name],
                    document=DOCUMENTS[name].strip(),
                    requests=len(asked[name]),
                    connections=CONNECTIONS[name],
                    answer_bytes=sizes[name],
                    rounds=rounds[name],
                )
                for name in asked
            ),
            memory=memory,
        )

    @asynccontextmanager
    async def _servers(
        self, url: str, statements: dict[str, list[Statement]]
    ) -> AsyncIterator[dict[str, Server]]:
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "statements"
            kept.write_bytes(pickle.dumps(statements))
            environment = {
                "CITYWIDE_HOME": str(self.settings.home.resolve()),
                "CITYWIDE_DATA": str(self.settings.data.resolve()),
                "DATABASE_URL": url,
                STATEMENTS_VARIABLE: str(kept),
            }
            async with (
                served(f"{app.__name__}:deployed", environment) as compiled,
                served(f"{contenders.__name__}:floor", environment) as floor,
            ):
                yield {COMPILED: compiled, FLOOR: floor}


async def _warmed(servers: Mapping[str, Server], requests: _Requests) -> dict[str, int]:
    """Every request once, and compared; the median size of each operation's answers.

    That is enough to warm: every connection runs each statement far more than the five times
    that PostgreSQL plans it anew, every token is verified and every plan is kept.
    """
    sizes = {}
    for name, connections in CONNECTIONS.items():
        answers = {}
        for each, server in servers.items():
            try:
                answers[each] = await load.bodies(server.port, requests[each][name], connections)
            except load.AnswerError as error:
                raise OperatorError(f"The {each} way refuses {name}: {error}") from error
        for mine, data in zip(answers[COMPILED], answers[FLOOR], strict=True):
            # Beside the data the compiled answer may say what is masked.
            if not mine.startswith(b'{"data":' + data) or len(data) <= len("{}"):
                raise OperatorError(f"The contenders answer {name} differently.")
        sizes[name] = int(median(len(each) for each in answers[FLOOR]))
    return sizes


async def _rounds(
    servers: Mapping[str, Server], requests: _Requests, effort: Effort, console: Console
) -> dict[str, dict[str, list[Round]]]:
    names = list(CONNECTIONS)
    found: dict[str, dict[str, list[Round]]] = {
        name: {each: [] for each in servers} for name in names
    }
    with Progress(console=console) as bar:
        task = bar.add_task("Measuring", total=effort.rounds * len(names) * len(servers))
        for number in range(effort.rounds):
            # Each goes first in every other round: neither always finds the caches warm.
            order = list(servers)[:: 1 if number % 2 == 0 else -1]
            for name in names:
                for each in order:
                    job = load.Load(
                        port=servers[each].port,
                        requests=[text.decode("latin-1") for text in requests[each][name]],
                        connections=CONNECTIONS[name],
                        seconds=effort.seconds,
                    )
                    found[name][each].append(Round.of(await load.applied(job)))
                    bar.advance(task)
    return found
