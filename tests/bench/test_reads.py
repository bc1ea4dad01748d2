"""The benchmark of reads: what it reports on a tiny city, and that it finds that city again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from rich.console import Console

from citywide.bench import load
from citywide.bench.city import DATABASE, Extent, measured_city
from citywide.bench.load import AnswerError, Load, Seen
from citywide.bench.reads import Effort, benchmark_reads
from citywide.bench.report import COMPILED, FLOOR, Measured, Report, Round
from citywide.bench.workers import Memory
from citywide.settings import Settings
from deployments import data_folder

TINY = Extent(agencies=2, beneficiaries=12, records=2)
OPERATIONS = {"worklist", "file", "lookup", "metrics"}


@pytest.fixture(scope="module")
def report(
    server_url: str, secret: bytes, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The report of a short run, as it is written and read again."""
    data = data_folder(tmp_path_factory.mktemp("deployment"), secret)
    settings = Settings(DATABASE_URL=server_url, data=data)
    effort = Effort(rounds=2, seconds=0.1)
    made = benchmark_reads(settings, TINY, effort, console=Console(quiet=True))
    found: dict[str, Any] = json.loads(json.dumps(made.as_json()))
    return found


def test_every_operation_has_every_round_of_both_contenders(report: dict[str, Any]) -> None:
    assert set(report["operations"]) == OPERATIONS
    for operation in report["operations"].values():
        assert set(operation["contenders"]) == {COMPILED, FLOOR}
        assert operation["answer_bytes"] > len("{}")
        assert len(operation["ratio"]["rounds"]) == 2
        assert operation["ratio"]["lowest"] <= operation["ratio"]["median"]
        for contender in operation["contenders"].values():
            assert len(contender["rounds"]) == 2
            for each in contender["rounds"]:
                assert each["requests"] >= load.LEAST_ANSWERS
                assert 0 < each["p50_ms"] <= each["p99_ms"]
                assert each["requests_per_second"] > 0


def test_the_report_says_on_what_it_was_measured(report: dict[str, Any]) -> None:
    assert report["parameters"] == {
        "agencies": 2,
        "beneficiaries": 12,
        "records": 2,
        "rounds": 2,
        "seconds": 0.1,
    }
    assert report["machine"]["cpus"] >= 1
    assert report["machine"]["postgres"].startswith("18")
    assert report["machine"]["packages"]["granian"]


def test_the_worker_is_weighed_apart_from_its_supervisor(report: dict[str, Any]) -> None:
    for memory in report["memory"].values():
        assert memory["worker_bytes"] > memory["supervisor_bytes"] > 0


async def test_a_second_run_finds_the_city_and_another_extent_makes_a_new_one(
    server_url: str, secret: bytes, report: dict[str, Any]
) -> None:
    del report  # it made the city
    made = await _city_number(server_url)
    assert await _made_again(server_url, TINY, secret) == made
    larger = Extent(agencies=3, beneficiaries=12, records=2)
    assert await _made_again(server_url, larger, secret) != made


async def _made_again(server_url: str, extent: Extent, secret: bytes) -> int:
    console = Console(quiet=True)
    await measured_city(server_url, extent, secret=secret, console=console)
    return await _city_number(server_url)


async def _city_number(server_url: str) -> int:
    connection = await asyncpg.connect(server_url)
    try:
        statement = "SELECT oid FROM pg_database WHERE datname = $1"
        return int(await connection.fetchval(statement, DATABASE))
    finally:
        await connection.close()


async def test_the_client_counts_whole_answers_however_they_are_cut() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", b"do", b"ne") as port:
        assert await load.bodies(port, [b"first", b"second"], 2) == [b"done", b"done"]
        seen = await load.apply(Load(port=port, requests=["again"], connections=2, seconds=0.05))
    assert len(seen.latencies_ms) >= load.LEAST_ANSWERS


async def test_the_client_refuses_an_answer_that_is_no_success() -> None:
    async with answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") as port:
        with pytest.raises(AnswerError, match="503 Busy"):
            await load.bodies(port, [b"first"], 1)


@asynccontextmanager
async def answering(*pieces: bytes) -> AsyncIterator[int]:
    """The port of a server on this machine that answers whatever it reads with the same pieces."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.001)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def test_a_round_takes_its_percentiles_from_answers_that_came() -> None:
    latencies = [float(number) for number in range(100, 0, -1)]
    found = Round.of(Seen(seconds=2.0, latencies_ms=latencies, client_cpu_seconds=0.5))
    assert (found.requests, found.requests_per_second) == (100, 50.0)
    assert (found.p50_ms, found.p99_ms, found.client_cpu_share) == (50.0, 99.0, 0.25)


@pytest.mark.parametrize(
    ("rates", "worker_bytes", "said"),
    [
        ([80.0, 90.0, 70.0], 149_000_000, " Reached."),
        ([79.0, 90.0, 70.0], 149_000_000, " Not reached."),
        ([80.0, 90.0, 70.0], 150_000_000, " Not reached."),
    ],
)
def test_the_aim_is_about_the_median_round_and_the_worker(
    rates: list[float], worker_bytes: int, said: str
) -> None:
    report = Report(
        benchmark="reads",
        title="Reads",
        aim_ratio=0.8,
        began_at="2025-01-01T00:00:00+00:00",
        machine={"cpus": 2},
        parameters={},
        measured=(
            Measured(
                name="lookup",
                description="",
                document="",
                requests=1,
                connections=1,
                answer_bytes=1,
                rounds={
                    COMPILED: [Round(1, rate, 1.0, 1.0, 0.1) for rate in rates],
                    FLOOR: [Round(1, 100.0, 1.0, 1.0, 0.1) for _ in rates],
                },
            ),
        ),
        memory={COMPILED: Memory(worker_bytes, 1), FLOOR: Memory(1, 1)},
    )
    assert report.sentence().endswith(said)
    assert report.as_json()["aim"]["reached"] is (said == " Reached.")
