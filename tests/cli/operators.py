"""The command as an operator runs it: a process of its own, with its output and its exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

import psutil

from citywide.cli import COMMANDS, main
from citywide.settings import CHECKOUT

FIGURES = "{ metrics(measures: [BENEFICIARIES_ON_FILE, HOME_HELP]) { rows { values { value } } } }"
COMMAND = Path(sys.executable).with_name("citywide")
# A start may compile every module, load the pilot and share two cores with other tests.
PATIENCE_S = 120.0
# What an operator's shell has set must not decide a test.
_SETTINGS = ("CITYWIDE_", "DATABASE_URL", "PG", "PYTHON")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without settings of citywide, and with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    return {**kept, **(more or {})}


# Has imported what commands import, which takes a second of two processors, and is forked for each.
_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload([f"citywide.cli.{name}" for name in COMMANDS if name != "bench"])


def citywide(
    *arguments: str | Path, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process of its own."""
    words = [str(COMMAND), *map(str, arguments)]
    with TemporaryDirectory() as folder:
        out, error = Path(folder) / "out", Path(folder) / "error"
        process = _FORKS.Process(target=_run, args=(words, environment(settings), out, error))
        process.start()
        process.join(PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(words, PATIENCE_S)
        said = [path.read_text(encoding="utf-8") for path in (out, error)]
    return subprocess.CompletedProcess(words, process.exitcode, *said)


def _run(words: list[str], settings: dict[str, str], out: Path, error: Path) -> None:
    """What the console script does, in a forked process."""
    os.chdir(CHECKOUT)
    os.environ.clear()
    os.environ.update(settings)
    for path, descriptor in ((os.devnull, 0), (out, 1), (error, 2)):
        flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode) for n, mode in enumerate("rww"))
    sys.argv = words
    main()


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """The sentence of a command that was refused: alone on standard error, with exit code 2."""
    assert "Traceback" not in result.stderr
    assert (result.returncode, result.stdout) == (2, ""), result
    assert result.stderr.endswith("\n")
    return result.stderr.removesuffix("\n")


@dataclass(frozen=True, slots=True)
class Running:
    """A command that goes on until a signal ends it."""

    process: subprocess.Popen[bytes]
    out: Path
    error: Path

    def until(self, text: str) -> str:
        """Wait for `text` on standard output; all that it says by then."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in (said := self.out.read_text(encoding="utf-8")):
            assert self.process.poll() is None, self.error.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, f"There is no {text!r} after {PATIENCE_S} s."
            time.sleep(0.01)
        return said

    def end(self, number: signal.Signals, *, times: int = 1) -> tuple[int, str]:
        """Signal the whole process group, as a terminal does; exit code and standard error."""
        for _ in range(times):
            os.killpg(self.process.pid, number)
            time.sleep(0.0001)  # About as long as one is handled: so two can meet.
        return self.process.wait(PATIENCE_S), self.error.read_text(encoding="utf-8")


@contextmanager
def running(
    *arguments: str | Path,
    output: Path,
    out: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Start a command in a process group of its own; it is terminated at the end.

    What it says goes to files in `output`; its standard output to the descriptor `out` if given.
    """
    output.mkdir(parents=True, exist_ok=True)
    said, error = output / "out", output / "error"
    with said.open("wb") as out_file, error.open("wb") as error_file:
        process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=CHECKOUT,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=out_file if out is None else out,
            stderr=error_file,
            start_new_session=True,
        )
    try:
        yield Running(process, said, error)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE_S)


def processes_of(data: Path) -> list[str]:
    """What runs for a data folder: its PostgreSQL, and commands that name it."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if any(str(data) in word for word in words):
            found.append(" ".join(words))
    return found


def free_port() -> str:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def figures(port: str, token: str) -> list[Any]:
    """What a user sees of two measures."""
    request = Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": FIGURES}).encode(),
        {"content-type": "application/json", "authorization": f"Bearer {token}"},
    )
    with urlopen(request) as response:  # noqa: S310 -- our own http address
        (row,) = json.load(response)["data"]["metrics"]["rows"]
    return [value["value"] for value in row["values"]]
