"""A server per test worker, a migrated template in it, and databases cloned from that template."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from xdist.scheduler import LoadScopeScheduling

from citywide.acts.workspace import Workspace
from citywide.authz.policy import Policy
from citywide.db.embedded import embedded_server
from citywide.db.migrate import migrate
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Context, Database
from citywide.domain import CATALOGUE
from citywide.exchange.manifests import apply
from citywide.exchange.pilot import load_pilot
from citywide.exchange.year import load_year
from citywide.graph.schema import Schema
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests
from deployments import server_folder
from walls.house import House, made_policy, made_schema, opened_house

# Manifests name tables of the domain folders, which are imported with the catalogue.
assert CATALOGUE.entities
YUEQING = CHECKOUT / "tenants" / "yueqing"

# A test's data need not survive a power cut.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
CLONES = count(1)

# Folders whose tests share what takes long to make: one worker runs all of one, and begins with it.
# The rest goes file by file, for a file's tests share more than others do.
TOGETHER = ("tests/walls", "tests/oracle", "tests/oversight")


def shared(nodeid: str) -> str:
    """The folder or the file with whose tests a test stays together."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


class Together(LoadScopeScheduling):
    """Sends all tests that share something to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return shared(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """How tests are spread, whatever `--dist` says."""
    return Together(config, log)


def pytest_configure() -> None:
    """Hear an interrupt, and let what tests start hear it, where the caller had it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that no worker waits for it at the end."""
    places = {folder: number for number, folder in enumerate(TOGETHER)}
    items.sort(key=lambda item: places.get(shared(item.nodeid), len(places)))
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(scope="session")
def secret() -> bytes:
    """The deployment's secret."""
    return b"a secret of thirty-two bytes ..."


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The owner's URL in this worker's own server, which stops with the worker."""
    with server_folder() as folder, embedded_server(folder, FORGETFUL) as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template_url(server_url: str, secret: bytes) -> str:
    """A migrated, empty database that is only ever cloned."""
    await migrate(server_url, secret=secret)
    return server_url


@pytest_asyncio.fixture(loop_scope="session")
async def database_url(template_url: str) -> AsyncIterator[str]:
    """The owner's URL of a migrated, empty database of the test's own."""
    async with cloned(template_url) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str, secret: bytes) -> AsyncIterator[Database]:
    """The test's own empty database, with a pool for every audience."""
    async with opened(database_url, secret) as database:
        yield database


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pilot_template(template_url: str, secret: bytes) -> AsyncIterator[str]:
    """A database with the pilot's records that is only ever cloned."""
    async with cloned(template_url) as url:
        async with opened(url, secret) as database:
            city = load_manifests(YUEQING)
            await apply(database, city)
            await load_pilot(database, YUEQING / "pilot", city, sealer=Sealer(secret))
        # Tests look at what they add to the trail; the setting up is looked at in tests/exchange.
        owner = await asyncpg.connect(url)
        await owner.execute("TRUNCATE audit_entry, audit_subject, audit_head")
        await owner.close()
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def told_city_template(
    template_url: str, secret: bytes, shipped: Policy
) -> AsyncIterator[str]:
    """A city with its year, each of whose rows stands in the trail; only ever cloned."""
    city = load_manifests(YUEQING)
    async with cloned(template_url) as url:
        async with opened(url, secret) as database:
            sealer = Sealer(secret)
            await apply(database, city)
            await load_pilot(database, YUEQING / "pilot", city, sealer=sealer)
            await load_year(
                database, YUEQING / "pilot", city, policy=lambda: shipped, sealer=sealer
            )
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def told_city_url(told_city_template: str) -> AsyncIterator[str]:
    """The owner's URL of a city for one test, with its whole trail."""
    async with cloned(told_city_template) as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pilot_url(pilot_template: str) -> AsyncIterator[str]:
    """The owner's URL of a database with the pilot's records, which no test changes."""
    async with cloned(pilot_template) as url:
        yield url


class _Over(Exception):  # noqa: N818 -- not an error
    """A test is over: what it wrote is taken back."""


@pytest_asyncio.fixture(loop_scope="session")
async def work(pilot_url: str, secret: bytes) -> AsyncIterator[Workspace]:
    """手牵手 among the pilot's records, for use cases; everything is taken back at the end."""
    city = load_manifests(YUEQING)
    tenant_id = city.agency_id("shouqianshou")
    context = Context(Audience.AGENCY, tenant_id=tenant_id, bureau_id=city.bureau_id)
    async with opened(pilot_url, secret) as database:
        with suppress(_Over):
            async with database.write(context) as transaction:
                yield Workspace(
                    transaction,
                    tenant_id=tenant_id,
                    bureau_id=city.bureau_id,
                    today=city.today,
                    sealer=Sealer(secret),
                )
                raise _Over


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def money_template(pilot_template: str, secret: bytes, shipped: Policy) -> AsyncIterator[str]:
    """The pilot's database with its year of money; only ever cloned."""
    async with cloned(pilot_template) as url:
        async with opened(url, secret) as database:
            await load_year(
                database,
                YUEQING / "pilot",
                load_manifests(YUEQING),
                policy=lambda: shipped,
                sealer=Sealer(secret),
            )
        yield url


@pytest.fixture(scope="session")
def published() -> Schema:
    """The published schema, made once a worker."""
    return made_schema()


@pytest.fixture(scope="session")
def shipped(published: Schema) -> Policy:
    """The shipped policy, asked once a worker."""
    return made_policy(published)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def planned(
    pilot_url: str, secret: bytes, published: Schema, shipped: Policy
) -> AsyncIterator[House]:
    """The house whose plans all others take over: the same documents come again and again."""
    async with opened_house(pilot_url, secret, published, shipped) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="session")
async def pilot(
    pilot_template: str, secret: bytes, published: Schema, shipped: Policy, planned: House
) -> AsyncIterator[House]:
    """The pilot's city for one test to act in."""
    async with (
        cloned(pilot_template) as url,
        opened_house(url, secret, published, shipped, like=planned) as house,
    ):
        yield house


@pytest_asyncio.fixture(loop_scope="session")
async def funded(
    money_template: str, secret: bytes, published: Schema, shipped: Policy, planned: House
) -> AsyncIterator[House]:
    """The pilot's city with its year of money, for one test to act in."""
    async with (
        cloned(money_template) as url,
        opened_house(url, secret, published, shipped, like=planned) as house,
    ):
        yield house


@asynccontextmanager
async def cloned(template_url: str) -> AsyncIterator[str]:
    """A copy of a database that nobody is connected to; dropped at the end."""
    name = f"clone_{next(CLONES)}"
    template = urlsplit(template_url).path.removeprefix("/")
    await administer(template_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    # A copy has everything of its original but this.
    await administer(template_url, f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    try:
        yield urlsplit(template_url)._replace(path=f"/{name}").geturl()
    finally:
        await administer(template_url, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def opened(url: str, secret: bytes) -> AsyncIterator[Database]:
    """A database with a pool for every audience, closed at the end."""
    database = await Database.open(url, secret=secret, audiences=Audience, size=4)
    try:
        yield database
    finally:
        await database.close()


async def administer(url: str, statement: str) -> None:
    """Run one statement in the server's own database, beside those it is about."""
    connection = await asyncpg.connect(url, database="postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
