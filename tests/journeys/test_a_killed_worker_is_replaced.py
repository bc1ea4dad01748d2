"""A worker that is killed is replaced, the only one too; one that cannot start is not."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from citywide.settings import CHECKOUT
from cli.operators import COMMAND, PATIENCE_S, environment, free_port
from deployments import data_folder
from journeys.outages import NOBODY, serving, until
from walls.house import House


def workers_of(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children()]


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_killed_worker_is_replaced(
    pilot: House, tmp_path: Path, secret: bytes, workers: str
) -> None:
    data = data_folder(tmp_path / "data", secret)
    with serving(pilot.url, data, tmp_path / "output", "--workers", workers) as server:
        first, *others = workers_of(server.command.process.pid)
        os.kill(first, signal.SIGKILL)

        async def is_replaced() -> bool:
            return len(set(workers_of(server.command.process.pid)) - {first, *others}) == 1

        await until(is_replaced)

        async def answers() -> bool:
            try:
                return (await server.query(NOBODY)).status == 200
            except OSError:
                return False

        await until(answers)
        assert server.command.process.poll() is None


def test_a_worker_that_never_answers_ends_the_server(
    pilot: House, tmp_path: Path, secret: bytes
) -> None:
    """The folder of reads is a file: the command itself does not look at it, each worker does."""
    data = data_folder(tmp_path / "data", secret)
    (data / "reads").write_text("in the way")
    ended = subprocess.run(
        [COMMAND, "serve", "--data", data, "--port", free_port()],
        cwd=CHECKOUT,
        env=environment({"DATABASE_URL": pilot.url}),
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 1
    assert b"ready" not in ended.stdout
