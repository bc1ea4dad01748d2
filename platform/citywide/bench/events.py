"""The benchmark of events: from a recorded service's answer to the last of its subscribers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
from rich.console import Console
from rich.table import Table

from citywide.bench.city import Extent, copied, measured_city
from citywide.bench.machine import machine
from citywide.bench.operations import PURPOSE, Asked
from citywide.bench.report import percentile
from citywide.bench.requests import posted
from citywide.bench.sockets import WARMING, Watch, Watched, watched
from citywide.bench.workers import Memory, served
from citywide.bench.writes import DOCUMENT, recording, served_places
from citywide.db.embedded import running_database
from citywide.identity.keys import Keys, deployment_keys
from citywide.identity.tokens import issue
from citywide.settings import Settings
from citywide.web import app

# The aim: the last subscriber is told within this time of the answer, in every round.
AIM_MS = 1_000
DATABASE = "citywide_bench_events"
SUBSCRIPTION = """
subscription Recorded {
  serviceRecorded { eventId occurredAt serviceRecord { id number servedOn title project { name } } }
}
"""
# Everybody is somebody: half of the bureau, who share what the database answers, and half of the
# agency, of whom each sees titles by a caseload of their own. More than any agency has.
_SUBSCRIBERS = """
WITH made AS (
  SELECT n, CASE WHEN n % 2 = 0 THEN $2::uuid ELSE $3::uuid END AS tenant_id, $3::uuid AS bureau_id,
    gen_random_uuid() AS id, 'subscriber' || n AS subject,
    CASE WHEN n % 2 = 0 THEN 'social_worker' ELSE 'officer' END AS role
  FROM generate_series(0, $1::int - 1) n),
members AS (
  INSERT INTO member (tenant_id, bureau_id, id, subject, name, status)
  SELECT tenant_id, bureau_id, id, subject, subject, 'ACTIVE' FROM made)
INSERT INTO member_role (tenant_id, bureau_id, id, member_id, role, valid_from)
SELECT tenant_id, bureau_id, gen_random_uuid(), id, role, date '2025-01-01' FROM made
"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many subscribe, and how many events they are told of."""

    subscribers: int = 1_000
    rounds: int = 10


def benchmark_events(
    settings: Settings, extent: Extent, crowd: Crowd, *, console: Console
) -> EventsReport:
    """Serve a copy of the city, subscribe, record services one after the other.

    Raises `OperatorError` as the benchmark of writes does, and when a subscriber is disconnected or
    not told.
    """
    keys = deployment_keys(settings.data)
    with running_database(settings) as server_url:
        url = asyncio.run(measured_city(server_url, extent, secret=keys.secret, console=console))
        return asyncio.run(_measured(url, settings, keys, extent, crowd))


async def _measured(
    city_url: str, settings: Settings, keys: Keys, extent: Extent, crowd: Crowd
) -> EventsReport:
    began_at = datetime.now(UTC).isoformat(timespec="seconds")
    async with copied(city_url, DATABASE) as url:
        connection = await asyncpg.connect(url)
        try:
            postgres = await connection.fetchval("SHOW server_version")
            [place] = await served_places(connection, 1)
            whose = (crowd.subscribers, place["tenant_id"], place["bureau_id"])
            await connection.execute(_SUBSCRIBERS, *whose)
        finally:
            await connection.close()
        environment = {
            "CITYWIDE_HOME": str(settings.home.resolve()),
            "CITYWIDE_DATA": str(settings.data.resolve()),
            "DATABASE_URL": url,
        }
        async with served(f"{app.__name__}:deployed", environment) as server:
            seen = await watched(_watch(server.port, settings, keys, place, crowd))
            memory = server.memory()
    return EventsReport(
        began_at=began_at,
        machine={**machine(), "postgres": postgres},
        parameters={**asdict(extent), **asdict(crowd)},
        seen=seen,
        memory=memory,
    )


def _watch(port: int, settings: Settings, keys: Keys, place: asyncpg.Record, crowd: Crowd) -> Watch:
    def init(subject: str) -> str:
        token = issue(subject, key=keys.issuer, issuer=settings.issuer, audience=settings.audience)
        payload = {"authorization": f"Bearer {token}", "purpose": PURPOSE}
        return json.dumps({"type": "connection_init", "payload": payload})

    marks = [f"event-{number}" for number in range(WARMING + crowd.rounds)]
    tokens: dict[str, str] = {}
    asked = (Asked(place["subject"], DOCUMENT, {"input": recording(place, mark)}) for mark in marks)
    return Watch(
        port=port,
        inits=[init(f"subscriber{number}") for number in range(crowd.subscribers)],
        subscribe=json.dumps({"type": "subscribe", "id": "1", "payload": {"query": SUBSCRIPTION}}),
        requests=[posted(each, keys, settings, tokens).decode("latin-1") for each in asked],
        marks=marks,
        rounds=crowd.rounds,
    )


@dataclass(frozen=True, slots=True)
class EventsReport:
    """Everything that a run has to say."""

    began_at: str
    machine: dict[str, Any]
    parameters: dict[str, Any]
    seen: Watched
    memory: Memory

    @property
    def last_ms(self) -> list[float]:
        """Of each round: from the answer to the last subscriber's receipt."""
        return [max(each.received_ms) for each in self.seen.rounds]

    @property
    def passed(self) -> bool:
        """Whether the aim is reached."""
        return max(self.last_ms) < AIM_MS

    def percent(self, percent: int) -> float:
        """Milliseconds within which `percent` of all receipts came."""
        return percentile(
            sorted(at for each in self.seen.rounds for at in each.received_ms), percent
        )

    def sentence(self) -> str:
        """The aim in plain words, with what was measured."""
        return (
            f"The aim is that each of {self.parameters['subscribers']} subscribers is told within "
            f"{AIM_MS} ms of the answer, every time. Measured over {len(self.last_ms)} records: "
            f"half of them within {self.percent(50):.0f} ms, 99 of 100 within "
            f"{self.percent(99):.0f}, the last one after {max(self.last_ms):.0f}. "
            f"{'Reached' if self.passed else 'Not reached'}."
        )

    def as_json(self) -> dict[str, Any]:
        """The report as it is written to a file."""
        return {
            "benchmark": "events",
            "date": self.began_at,
            "machine": self.machine,
            "parameters": self.parameters,
            "document": SUBSCRIPTION.strip(),
            "connecting_seconds": self.seen.connecting_s,
            "client_cpu_seconds": self.seen.client_cpu_seconds,
            "rounds": [
                {"answered_ms": each.answered_ms, "last_ms": last}
                for each, last in zip(self.seen.rounds, self.last_ms, strict=True)
            ],
            "told_ms": {f"p{each}": self.percent(each) for each in (50, 99, 100)},
            "memory": {
                "worker_bytes": self.memory.worker,
                "supervisor_bytes": self.memory.supervisor,
            },
            "aim": {"ms": AIM_MS, "reached": self.passed, "sentence": self.sentence()},
        }

    def show(self, console: Console) -> None:
        """Print a table, and the aim."""
        table = Table(title="Events: from a record's answer to its subscribers")
        for name in ("round", "answer ms", "first ms", "p50 ms", "p99 ms", "last ms"):
            table.add_column(name, justify="right")
        for number, each in enumerate(self.seen.rounds, start=1):
            ordered = sorted(each.received_ms)
            figures = (
                each.answered_ms,
                ordered[0],
                percentile(ordered, 50),
                percentile(ordered, 99),
                ordered[-1],
            )
            table.add_row(str(number), *(f"{figure:.0f}" for figure in figures))
        console.print(table)
        signed_in, megabytes = self.seen.connecting_s, self.memory.worker / 1_000_000
        console.print(f"Signing in took {signed_in:.1f} s; the worker has {megabytes:.0f} MB.")
        console.print(self.sentence())
