"""A backup as README.md tells to make it, brought back on another server."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from citywide.authz.policy import Policy
from citywide.db.embedded import _binaries, embedded_server
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Database
from citywide.exchange.manifests import apply
from citywide.exchange.pilot import load_pilot
from citywide.exchange.year import load_year
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests
from cli.conftest import FORGETFUL, Production
from cli.operators import citywide, environment, figures, free_port, running

YUEQING = CHECKOUT / "tenants" / "yueqing"


@pytest.fixture
async def loaded(production: Production, house: str, secret: bytes, shipped: Policy) -> str:
    """The name of a database with the pilot and its money."""
    database = await Database.open(production.owners(house), secret=secret, audiences=Audience)
    try:
        city = load_manifests(YUEQING)
        await apply(database, city)
        sealer = Sealer(secret)
        await load_pilot(database, YUEQING / "pilot", city, sealer=sealer)
        await load_year(database, YUEQING / "pilot", city, policy=lambda: shipped, sealer=sealer)
    finally:
        await database.close()
    return house


def test_a_backup_of_database_roles_and_keys_is_a_deployment_again(
    production: Production, loaded: str, tmp_path: Path
) -> None:
    roles = tool("pg_dumpall", "--roles-only", f"--dbname={production.url}")
    dump = tmp_path / "citywide.dump"
    source = production.url.replace("/citywide?", f"/{loaded}?")
    tool("pg_dump", "--format=custom", f"--file={dump}", source)
    shutil.copytree(production.data / "keys", tmp_path / "data" / "keys")

    with embedded_server(tmp_path / "server", FORGETFUL) as url:
        # The administrator is there already: that one line of the roles is refused.
        tool("psql", "--quiet", url, text=roles)
        tool("pg_restore", "--exit-on-error", f"--dbname={url}", str(dump))
        settings = {"DATABASE_URL": url, "CITYWIDE_DATA": str(tmp_path / "data")}
        assert citywide("migrate", settings=settings).returncode == 0
        token = citywide("token", "shouqianshou.director", settings=settings).stdout.strip()
        port = free_port()
        arguments = ("serve", "--port", port)
        with running(*arguments, output=tmp_path / "output", settings=settings) as server:
            server.until("ready ")
            assert figures(port, token)[0] == 27
        # Nothing is left to do: the schema, the walls, the manifests and the records are there.
        load = citywide("tenants", "load", settings=settings)
        assert load.stdout == "yueqing: 0 rows loaded.\n"


def tool(name: str, *arguments: str, text: str | None = None) -> str:
    """Run one of PostgreSQL's own tools; its output."""
    ended = subprocess.run(
        [_binaries() / name, *arguments],
        input=text,
        env={**environment(), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
