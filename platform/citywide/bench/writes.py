"""The benchmark of writes: recording a service, and the same rows written by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import asyncpg
from rich.console import Console
from rich.progress import Progress

from citywide.bench import load, writes_floor
from citywide.bench.city import Extent, copied, measured_city
from citywide.bench.machine import machine
from citywide.bench.operations import Asked
from citywide.bench.reads import Effort
from citywide.bench.report import COMPILED, FLOOR, Measured, Report, Round
from citywide.bench.requests import posted
from citywide.bench.workers import Server, served
from citywide.db.embedded import running_database
from citywide.domain import CATALOGUE
from citywide.errors import OperatorError
from citywide.identity.keys import Keys, deployment_keys
from citywide.ids import NO_TENANT, NodeId
from citywide.settings import Settings
from citywide.web import app

# The aim: this share of the floor's records per second.
AIM_RATIO = 0.5
OPERATION = "record"
CONNECTIONS = 8
# More than either contender can answer in a second: no request is sent twice.
MOST_PER_SECOND = 3_000
DATABASE = "citywide_bench_writes"
DOCUMENT = """
mutation Record($input: RecordServiceInput!) {
  recordService(input: $input) {
    __typename
    ... on RecordServiceSuccess { serviceRecord { id number servedOn project { name } } }
    ... on Problem { code message }
  }
}
"""
DESCRIPTION = "record a home help of one worker for one person"
# A worker, a file of theirs, and the project that the person takes part in.
_PLACES = """
SELECT m.subject, m.tenant_id, m.bureau_id, m.id AS member_id, b.id AS beneficiary_id,
  e.project_id, s.area_id
FROM member m
JOIN beneficiary b ON b.tenant_id = m.tenant_id AND b.worker_id = m.id
JOIN enrolment e ON e.tenant_id = b.tenant_id AND e.beneficiary_id = b.id
JOIN site s ON s.tenant_id = b.tenant_id AND s.id = b.site_id
ORDER BY md5(b.id::text) LIMIT $1
"""
# As many different persons as a busy quarter of an hour of a city sees.
PLACES = 400


def benchmark_writes(
    settings: Settings, extent: Extent, effort: Effort, *, console: Console
) -> Report:
    """Serve a copy of the city both ways and record services.

    Raises `OperatorError` as the benchmark of reads does, and when a record that was answered is
    not on file.
    """
    keys = deployment_keys(settings.data)
    run = _Run(settings, keys, extent, effort, console)
    with running_database(settings) as server_url:
        url = asyncio.run(measured_city(server_url, extent, secret=keys.secret, console=console))
        return asyncio.run(run.measured(url))


@dataclass(frozen=True, slots=True)
class _Run:
    settings: Settings
    keys: Keys
    extent: Extent
    effort: Effort
    console: Console

    async def measured(self, city_url: str) -> Report:
        began_at = datetime.now(UTC).isoformat(timespec="seconds")
        async with copied(city_url, DATABASE) as url:
            connection = await asyncpg.connect(url)
            try:
                places = await served_places(connection, PLACES)
                postgres = await connection.fetchval("SHOW server_version")
                before = await connection.fetchval("SELECT count(*) FROM service_record")
                async with self._servers(url) as servers:
                    sizes = await self._warmed(servers, places)
                    rounds = await self._rounds(servers, places)
                    memory = {name: server.memory() for name, server in servers.items()}
                after = await connection.fetchval("SELECT count(*) FROM service_record")
            finally:
                await connection.close()
        answered = len(places) * 2 + sum(each.requests for all_ in rounds.values() for each in all_)
        if after - before != answered:
            sentence = f"{answered} records were answered, {after - before} are on file."
            raise OperatorError(sentence)
        return Report(
            benchmark="writes",
            title="Writes: recording a service over the same rows written by hand",
            aim_ratio=AIM_RATIO,
            began_at=began_at,
            machine={**machine(), "postgres": postgres},
            parameters={**asdict(self.extent), **asdict(self.effort)},
            measured=(
                Measured(
                    name=OPERATION,
                    description=DESCRIPTION,
                    document=DOCUMENT.strip(),
                    requests=len(places),
                    connections=CONNECTIONS,
                    answer_bytes=sizes,
                    rounds=rounds,
                ),
            ),
            memory=memory,
        )

    @asynccontextmanager
    async def _servers(self, url: str) -> AsyncIterator[dict[str, Server]]:
        environment = {
            "CITYWIDE_HOME": str(self.settings.home.resolve()),
            "CITYWIDE_DATA": str(self.settings.data.resolve()),
            "DATABASE_URL": url,
        }
        async with (
            served(f"{app.__name__}:deployed", environment) as compiled,
            served(f"{writes_floor.__name__}:floor", environment) as floor,
        ):
            yield {COMPILED: compiled, FLOOR: floor}

    async def _warmed(self, servers: dict[str, Server], places: list[asyncpg.Record]) -> int:
        for name, server in servers.items():
            requests = self._requests(name, places, "warm", len(places))
            answers = await load.bodies(server.port, requests, CONNECTIONS)
            for answer in answers:
                if b'"number"' not in answer:
                    sentence = f"The {name} way does not record: {answer[:300].decode()}"
                    raise OperatorError(sentence)
        return len(answers[0])

    async def _rounds(
        self, servers: dict[str, Server], places: list[asyncpg.Record]
    ) -> dict[str, list[Round]]:
        found: dict[str, list[Round]] = {each: [] for each in servers}
        number = int(MOST_PER_SECOND * self.effort.seconds) + CONNECTIONS
        with Progress(console=self.console) as bar:
            task = bar.add_task("Measuring", total=self.effort.rounds * len(servers))
            for turn in range(self.effort.rounds):
                # Each goes first in every other round: neither always finds the caches warm.
                for each in list(servers)[:: 1 if turn % 2 == 0 else -1]:
                    requests = self._requests(each, places, f"{turn}", number)
                    job = load.Load(
                        port=servers[each].port,
                        requests=[text.decode("latin-1") for text in requests],
                        connections=CONNECTIONS,
                        seconds=self.effort.seconds,
                    )
                    found[each].append(Round.of(await load.applied(job)))
                    bar.advance(task)
        return found

    def _requests(
        self, contender: str, places: list[asyncpg.Record], turn: str, number: int
    ) -> list[bytes]:
        """So many records that were never sent before."""
        tokens: dict[str, str] = {}
        made = []
        for place in range(number):
            row = places[place % len(places)]
            label = f"{contender[0]}{turn}-{place}"
            if contender == FLOOR:
                made.append(writes_floor.posted(row, label))
                continue
            asked = Asked(row["subject"], DOCUMENT, {"input": recording(row, label)})
            made.append(posted(asked, self.keys, self.settings, tokens))
        return made


async def served_places(connection: asyncpg.Connection, number: int) -> list[asyncpg.Record]:
    """So many persons' files, each with a worker who may record a service for them."""
    return list(await connection.fetch(_PLACES, number))


def recording(row: asyncpg.Record, label: str) -> dict[str, object]:
    """The input of a record at a place, numbered `label`."""

    def outside(entity: str, row_id: object, *, is_shared: bool = False) -> str:
        tenant_id = NO_TENANT if is_shared else row["tenant_id"]
        return NodeId(CATALOGUE.entities[entity].tag, tenant_id, row_id).encode()  # type: ignore[arg-type]

    return {
        "idempotencyKey": label,
        "number": label,
        "projectId": outside("Project", row["project_id"]),
        "kind": "HOME_HELP",
        "medium": "IN_PERSON",
        "servedOn": writes_floor.SERVED_ON.isoformat(),
        "durationMinutes": writes_floor.MINUTES,
        "areaId": outside("Area", row["area_id"], is_shared=True),
        "title": writes_floor.TITLE,
        "beneficiaryIds": [outside("Beneficiary", row["beneficiary_id"])],
        "workerIds": [outside("Member", row["member_id"])],
        "volunteerIds": [],
    }
