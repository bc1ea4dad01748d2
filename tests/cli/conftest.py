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
from citywide.db.migrate import migrate
from citywide.db.walls import WITHDRAW_FUNCTIONS
from cli.operators import Running, free_port, running
from deployments import data_folder, server_folder

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
    """A server of an organisation's own: an administrator's URL, and databases with an owner.

    `data` is the data folder whose keys belong to its logins.
    """

    url: str
    data: Path

    async def administer(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the administrator."""
        connection = await asyncpg.connect(self.url, database=database)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def owners(self, database: str) -> str:
        """The owner's URL of a database."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=f"{OWNER}:{PASSWORD}@", path=f"/{database}").geturl()

    async def database(self, template: str = "template1") -> str:
        """The name of a new database: empty, or a copy."""
        name = f"house_{next(_NUMBERS)}"
        await self.administer(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
        # A copy has everything of its original but this.
        await self.administer(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
        return name

    def settings(self, database: str) -> dict[str, str]:
        """What an operator sets to use a database."""
        return {"DATABASE_URL": self.owners(database), "CITYWIDE_DATA": str(self.data)}


@pytest.fixture(scope="session")
async def production(
    secret: bytes, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Production]:
    """PostgreSQL with passwords, and an owner of databases who is no superuser."""
    with server_folder() as server_data, embedded_server(server_data, FORGETFUL) as url:
        (server_data / "postgres" / "pg_hba.conf").write_text(_ACCESS)
        server = Production(url, data_folder(tmp_path_factory.mktemp("keys"), secret))
        await server.administer(
            "SELECT pg_reload_conf()",
            f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{PASSWORD}'",
        )
        # What README tells an administrator to do in the database.
        await server.administer(WITHDRAW_FUNCTIONS, database="template1")
        yield server


@pytest.fixture(scope="session")
async def migrated(production: Production, secret: bytes) -> str:
    """The name of a migrated database without tenants, which is only ever copied."""
    name = await production.database()
    await migrate(production.owners(name), secret=secret)
    return name


@pytest.fixture
async def house(production: Production, migrated: str) -> str:
    """The name of a migrated database of the test's own, without tenants."""
    return await production.database(migrated)
