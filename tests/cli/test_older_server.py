"""A PostgreSQL below 18 is refused: a real one if the machine has one, and ours taken for one."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from citywide.db import migrate as house
from citywide.errors import OperatorError
from cli.operators import citywide, refused

# Where Debian's packages put the servers, a folder a version.
SERVERS = Path("/usr/lib/postgresql")


@pytest.fixture
def older_url() -> Iterator[str]:
    """The URL of a running server older than 18."""
    versions = [int(path.name) for path in SERVERS.glob("[0-9]*") if (path / "bin/initdb").exists()]
    version = max((each for each in versions if each < house.OLDEST_SERVER), default=None)
    if version is None:
        pytest.skip("This machine has no PostgreSQL below 18.")
    binaries = SERVERS / str(version) / "bin"
    # Root's temporary folders are closed to the user as whom PostgreSQL must run.
    folder = Path(tempfile.mkdtemp(prefix="older-"))
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    os.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [binaries / program, "-D", folder / "data", *arguments],
            user=account.pw_uid,
            group=account.pw_gid,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    try:
        run("initdb", "--auth=trust", "--username=postgres", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-w", "-s", "-l", str(folder / "log"), "-o", options, "start")
        yield f"postgresql://postgres@/postgres?host={folder}"
        run("pg_ctl", "-w", "-s", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("command", [("up",), ("migrate",)])
def test_a_real_older_server_is_refused(
    command: tuple[str, ...], older_url: str, tmp_path: Path
) -> None:
    settings = {"DATABASE_URL": older_url, "CITYWIDE_DATA": str(tmp_path)}
    sentence = refused(citywide(*command, settings=settings))
    found = r"citywide needs PostgreSQL 18 or newer; this server is 1[0-7]\.[0-9]+\."
    assert re.fullmatch(found, sentence)


async def test_our_own_server_is_refused_where_a_newer_one_is_needed(
    database_url: str, secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "OLDEST_SERVER", 99)
    with pytest.raises(OperatorError, match=r"needs PostgreSQL 99 or newer; this server is 18\."):
        await house.migrate(database_url, secret=secret)
    with pytest.raises(OperatorError, match=r"needs PostgreSQL 99 or newer; this server is 18\."):
        await house.check_ready(database_url, secret=secret)
