"""A deployment that has been started before, and a PostgreSQL that asks for passwords."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from citywide.db.embedded import embedded_server
from cli.operators import Running, free_port, running

FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
OWNER, PASSWORD = "citywide_owner", "the-owners-password"
# The administrator comes in over the socket as before; everyone else proves who they are.
_ACCESS = "local all postgres trust\nlocal all all scram-sha-256\n"
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Started:
    """The data folder of a deployment, and what `up` said when it was made."""

    data: Path
    output: str
    port: str


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Started:
    """A deployment that `citywide up` made and that was stopped again."""
    data, port = tmp_path_factory.mktemp("started") / "data", free_port()
    with running(
        "up", "--data", data, "--port", port, output=tmp_path_factory.mktemp("output")
    ) as first:
        output = first.until("curl ")
    return Started(data, output, port)


@pytest.fixture
def up(started: Started, tmp_path: Path) -> Iterator[Running]:
    """`citywide up` on that deployment, ready."""
    arguments = ("up", "--data", started.data, "--port", started.port)
    with running(*arguments, output=tmp_path / "output") as server:
        server.until("curl ")
        yield server


@dataclass(frozen=True, slots=True)
class Production:
    """A server of an organisation's own: an administrator's URL, and databases with an owner."""

    url: str

    async def administer(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the administrator."""
        connection = await asyncpg.connect(self.url, database=database)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def database(self) -> str:
        """The owner's URL of a new, empty database."""
        name = f"house_{next(_NUMBERS)}"
        await self.administer(f"CREATE DATABASE {name} OWNER {OWNER}")
        parts = urlsplit(self.url)
        return parts._replace(netloc=f"{OWNER}:{PASSWORD}@", path=f"/{name}").geturl()


@pytest.fixture(scope="session")
async def production(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Production]:
    """PostgreSQL with passwords, and an owner of databases who is no superuser."""
    data = tmp_path_factory.mktemp("production")
    with embedded_server(data, FORGETFUL) as url:
        (data / "postgres" / "pg_hba.conf").write_text(_ACCESS)
        server = Production(url)
        await server.administer(
            "SELECT pg_reload_conf()",
            f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{PASSWORD}'",
        )
        yield server
