"""`citywide up`: one command starts everything, says how to use it, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from urllib.request import urlopen

import asyncpg
import pytest

from citywide.settings import CHECKOUT
from cli.conftest import Started
from cli.operators import (
    PATIENCE_S,
    Running,
    citywide,
    environment,
    free_port,
    processes_of,
    running,
)

PILOT = {
    "BENEFICIARIES_ON_FILE": 96,
    "SOCIAL_WORKER_TURNOUTS": 351,
    "VOLUNTEER_TURNOUTS": 627,
    "CASE_COUNSELLING": 73,
    "GROUP_ACTIVITIES": 26,
    "HOME_HELP": 142,
}
ROLES = {
    "bureau.officer": "officer",
    "bureau.budget": "budget_officer",
    "bureau.evaluator": "evaluator",
    "bureau.auditor": "auditor",
    "bureau.analyst": "analyst",
    "supervisor.lead": "supervisor",
    "supervisor.assistant1": "supervisor",
    "supervisor.assistant2": "supervisor",
}
WORKERS = {"shouqianshou": 13, "yijiaqin": 4, "yixin": 3}


def test_the_first_line_says_where_it_is_ready(started: Started) -> None:
    assert started.output.splitlines()[0] == f"ready http://127.0.0.1:{started.port}/graphql"


def test_a_table_names_every_user_with_their_role(started: Started) -> None:
    expected = dict(ROLES)
    for agency, workers in WORKERS.items():
        expected |= {
            f"{agency}.director": "director",
            f"{agency}.finance": "finance",
            f"{agency}.volunteers": "volunteer_manager",
            **{f"{agency}.worker{number}": "social_worker" for number in range(1, workers + 1)},
        }
    rows = re.findall(r"^ (\S+\.\S+) +\S+ +(\S+) +\S+", started.output, re.MULTILINE)
    assert dict(rows) == expected
    assert len(rows) == len(expected)


def test_the_pasted_line_answers_the_pilots_figures(started: Started, up: Running) -> None:
    line = up.until("curl ").splitlines()[-2]
    assert line.startswith("curl ")
    pasted = subprocess.run(
        ["bash", "-c", line],  # noqa: S607 -- a person's shell
        cwd=CHECKOUT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    rows = json.loads(pasted.stdout)["data"]["metrics"]["rows"]
    assert len(rows) == len(WORKERS)
    totals: dict[str, int] = {}
    for value in (value for row in rows for value in row["values"]):
        totals[value["measure"]] = totals.get(value["measure"], 0) + value["value"]
    assert totals == PILOT
    assert pasted.stderr == ""
    assert str(started.data) in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_server_and_its_database(
    started: Started, up: Running, number: signal.Signals
) -> None:
    # Once for the command, its worker and its PostgreSQL.
    assert len(processes_of(started.data)) == 3
    assert up.end(number) == (0, "")
    assert processes_of(started.data) == []


def test_an_impatient_interrupt_leaves_nothing_either(started: Started, up: Running) -> None:
    code, error = up.end(signal.SIGINT, times=300)
    assert code in {0, 130}
    assert "Traceback" not in error
    assert processes_of(started.data) == []


def test_a_client_that_holds_its_connection_does_not_hold_the_server(
    started: Started, up: Running
) -> None:
    with urlopen(f"http://127.0.0.1:{started.port}/health") as answer:
        assert answer.status == 200
        began = time.monotonic()
        assert up.end(signal.SIGINT) == (0, "")
    assert time.monotonic() - began < 5


def test_a_second_start_loads_nothing(started: Started, up: Running) -> None:
    assert "Loading" not in up.error.read_text(encoding="utf-8")
    plan = citywide("tenants", "plan", "--data", started.data)
    assert (plan.returncode, plan.stdout) == (0, "yueqing: nothing to change.\n")
    load = citywide("tenants", "load", "--data", started.data)
    assert (load.returncode, load.stdout) == (0, "yueqing: 0 rows loaded.\n")


def test_a_second_start_imports_neither_alembic_nor_the_benchmarks(
    started: Started, tmp_path: Path
) -> None:
    arguments = ("up", "--data", started.data, "--port", started.port)
    settings = {"PYTHONPROFILEIMPORTTIME": "1"}
    with running(*arguments, output=tmp_path, settings=settings) as server:
        server.until("ready ")
        imported = server.error.read_text(encoding="utf-8")
    assert "citywide.web.app" in imported
    for name in ("alembic", "citywide.db.upgrade", "citywide.bench", "sqlalchemy.orm"):
        assert f" {name}\n" not in imported


@pytest.mark.long
def test_a_second_start_is_ready_in_three_seconds(started: Started, tmp_path: Path) -> None:
    arguments = ("up", "--data", started.data, "--port", started.port)
    began = time.monotonic()
    with running(*arguments, output=tmp_path) as server:
        server.until("ready ")
        assert time.monotonic() - began < 3


async def test_a_first_start_that_is_interrupted_goes_on_at_the_next(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    arguments = ("up", "--data", data, "--port", port)
    with running(*arguments, output=tmp_path / "first") as first:
        await until_manifests_are_applied(data)
        code, error = first.end(signal.SIGINT)
        assert code == 130
        assert "Traceback" not in error
        assert "ready" not in first.out.read_text(encoding="utf-8")
    assert processes_of(data) == []
    with running(*arguments, output=tmp_path / "second") as second:
        second.until("ready ")
        assert citywide("tenants", "load", "--data", data).stdout == "yueqing: 0 rows loaded.\n"


async def until_manifests_are_applied(data: Path) -> None:
    """Wait for the moment after which a first start loads records, for a second or more."""
    deadline = time.monotonic() + PATIENCE_S
    while not await manifests_are_applied(data):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def manifests_are_applied(data: Path) -> bool:
    try:
        socket_folder = (data / "postgres" / "postmaster.pid").read_text().splitlines()[4]
        owner = await asyncpg.connect(f"postgresql://postgres@/citywide?host={socket_folder}")
    except (OSError, IndexError, asyncpg.PostgresError):
        return False
    try:
        return bool(await owner.fetchval("SELECT count(*) FROM tenant"))
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await owner.close()


def test_a_reader_who_has_seen_enough_does_not_end_the_server(
    started: Started, tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    arguments = ("up", "--data", started.data, "--port", started.port)
    with running(*arguments, output=tmp_path, out=writing) as server:
        until_it_answers(started.port)
        # Longer than it takes from the first answer to what nobody reads.
        time.sleep(0.5)
        until_it_answers(started.port)
        code, error = server.end(signal.SIGTERM)
    os.close(writing)
    assert code in {0, 1}
    assert "Traceback" not in error
    assert processes_of(started.data) == []


def test_a_worker_does_not_outlive_a_command_that_was_killed(started: Started, up: Running) -> None:
    os.kill(up.process.pid, signal.SIGKILL)
    up.process.wait()
    deadline = time.monotonic() + 20
    while any(str(started.port) in each for each in processes_of(started.data)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # The database is found running by the next command, which is its last user and stops it.
    assert citywide("token", "bureau.officer", "--data", started.data).returncode == 0
    assert processes_of(started.data) == []


def until_it_answers(port: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health") as answer:
                assert answer.status == 200
                return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
