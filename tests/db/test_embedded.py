"""The embedded server: found again, waited for while it stops, stopped by its last user."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil
import pytest

from citywide.db import keeper
from citywide.db.address import without_user
from citywide.db.embedded import embedded_server
from citywide.db.migrate import migrate
from citywide.db.session import Audience, login_password

FORGETFUL = {"fsync": "off"}
SECRET = b"a secret of thirty-two bytes ..."
# As the versions before wrote it: whoever reached the socket was whoever they said.
TRUSTING = "local all all trust\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose cluster is made."""
    folder = tmp_path_factory.mktemp("embedded")
    with embedded_server(folder, FORGETFUL):
        pass
    return folder


def pid(data: Path) -> int | None:
    """The server's process, if one runs."""
    file = data / "postgres" / "postmaster.pid"
    return int(file.read_text().split()[0]) if file.exists() else None


def test_the_last_user_stops_the_server(data: Path) -> None:
    with embedded_server(data, FORGETFUL):
        first = pid(data)
        with embedded_server(data):
            assert pid(data) == first
        assert pid(data) == first
    assert pid(data) is None


def test_a_server_that_was_killed_is_started_again(data: Path) -> None:
    with embedded_server(data, FORGETFUL):
        first = pid(data)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(first)], timeout=10)
    with embedded_server(data, FORGETFUL):
        assert pid(data) not in {None, first}


async def test_a_server_that_is_stopping_is_waited_for(data: Path) -> None:
    with embedded_server(data, FORGETFUL) as url:
        server = pid(data)
        assert server is not None
        # It stops when its last session has ended, which is when nobody takes new ones any more.
        session = await asyncpg.connect(url)
        os.kill(server, signal.SIGTERM)
        file = data / "postgres" / "postmaster.pid"
        deadline = time.monotonic() + 10
        while "stopping" not in file.read_text():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_later(0.5, session.terminate)
        assert await asyncio.to_thread(started_again, data) not in {None, server}


def started_again(data: Path) -> int | None:
    """The process of the server that a second user gets."""
    with embedded_server(data, FORGETFUL):
        return pid(data)


def test_an_interrupt_while_the_server_stops_is_no_reason_to_leave_it(data: Path) -> None:
    program = (
        "import os, signal, threading, time\n"
        "from pathlib import Path\n"
        "from citywide.db.embedded import embedded_server\n"
        f"with embedded_server(Path({str(data)!r})):\n"
        "    threading.Thread(\n"
        "        target=lambda: [(time.sleep(0.005), os.killpg(0, signal.SIGINT))\n"
        "                        for _ in range(20)]\n"
        "    ).start()\n"
        "    time.sleep(60)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        start_new_session=True,
    )
    assert ended.returncode != 0
    assert pid(data) is None


def test_a_server_that_is_killed_while_it_is_used_is_started_again_but_not_for_ever(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keeper, "LOOK_S", 0.02)
    monkeypatch.setattr(keeper, "RESTARTS", 2)
    with embedded_server(data, FORGETFUL):
        seen = {pid(data)}
        for _ in range(2):
            killed = pid(data)
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda seen=seen: pid(data) not in {None, *seen} and is_ready(data))
            seen.add(pid(data))
        killed = pid(data)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        said = ""
        while "is not started again" not in said:
            said += capsys.readouterr().err
            time.sleep(0.02)
    assert said.count("has been started again") == 2
    with embedded_server(data, FORGETFUL):
        assert pid(data) not in {None, *seen}


def is_ready(data: Path) -> bool:
    """Whether the server has said that it takes connections."""
    return "ready" in (data / "postgres" / "postmaster.pid").read_text()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_nobody_else_reads_what_the_server_writes(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        with embedded_server(tmp_path / "data", FORGETFUL):
            mode = {path.name: path.stat().st_mode for path in (tmp_path / "data").iterdir()}
            socket = (tmp_path / "data" / "postgres" / ".s.PGSQL.5432").stat().st_mode
    finally:
        os.umask(before)
    # A server that root starts goes through the folder as another user, and sees nothing of it.
    assert not (tmp_path / "data").stat().st_mode & 0o066
    assert {name: each & 0o077 for name, each in mode.items()} == dict.fromkeys(mode, 0)
    assert not socket & 0o077


async def comes_in(url: str, user: str, password: str | None) -> bool:
    """Whether the server lets `user` in."""
    try:
        session = await asyncpg.connect(without_user(url), user=user, password=password)
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        return False
    except asyncpg.InterfaceError:  # A password is asked for, and there is none.
        return False
    await session.close()
    return True


@pytest.mark.parametrize("made_by_an_earlier_version", [False, True])
async def test_the_logins_prove_who_they_are(
    data: Path, *, made_by_an_earlier_version: bool
) -> None:
    if made_by_an_earlier_version:
        (data / "postgres" / "pg_hba.conf").write_text(TRUSTING)
        (data / "postgres" / "pg_ident.conf").write_text("")
    with embedded_server(data, FORGETFUL) as url:
        await migrate(url, secret=SECRET)
        for audience in Audience:
            right = login_password(SECRET, audience)
            assert await comes_in(url, audience.login, right)
            for wrong in (None, "", "postgres", right[:-1]):
                assert not await comes_in(url, audience.login, wrong), (audience, wrong)
        assert not await comes_in(url, "nobody", "nothing")


@pytest.mark.parametrize(
    ("url", "without"),
    [
        ("postgresql://o:secret@db.example/c", "postgresql://db.example/c"),
        ("postgresql://o@/c?host=%2Fa&port=5432", "postgresql:///c?host=%2Fa&port=5432"),
        ("postgresql://a:1,b:2/c?user=o&password=p", "postgresql://a:1,b:2/c"),
        ("postgresql:///c?passfile=%2Fx", "postgresql:///c"),
    ],
)
def test_a_url_without_its_user_names_host_and_database(url: str, without: str) -> None:
    assert without_user(url) == without
