"""The benchmark of figures: a city's records by agency and month, and one agency among many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

import asyncpg
from rich.console import Console
from rich.progress import Progress

from citywide.authz.membership import Memberships
from citywide.bench.city import copied
from citywide.bench.machine import machine
from citywide.db.embedded import running_database
from citywide.db.migrate import migrate
from citywide.db.sealed import Sealer
from citywide.db.session import Database
from citywide.graph.cursors import Cursors
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from citywide.identity.keys import deployment_keys
from citywide.settings import Settings
from citywide.web.app import Rules

DATABASE = "citywide_bench_metrics"
# The aim: one agency's figures cost no more among many agencies than among few.
AIM_RATIO = 1.2
DOCUMENT = """{ metrics(measures: SERVICES, by: [AGENCY, MONTH]) {
  rows { keys { value label } values { value } } } }"""
OFFICER, DIRECTOR = "measured.officer", "agency1.director"
# A few hundred milliseconds of each round: an agency's query alone is too short to time.
OF_ONE_AGENCY = 20
# Rows of one agency at a time: so many that a statement's overhead does not count.
_HOUSES = """
CREATE FUNCTION pg_temp.made(text) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  'SELECT md5($1)::uuid';
INSERT INTO area (id, code, level, name) VALUES (pg_temp.made('city'), '990100', 'CITY', '测量市');
INSERT INTO bureau (id, slug, name, office, city_id, replay_date)
  VALUES (pg_temp.made('bureau'), 'measured', '测量市主管局', '优抚科', pg_temp.made('city'),
          date '2025-12-31');
INSERT INTO access_version (id, version) VALUES (pg_temp.made('bureau'), 1);
CREATE TEMP TABLE made_tenant AS SELECT pg_temp.made('bureau') AS bureau_id,
  CASE a WHEN 0 THEN pg_temp.made('bureau') ELSE pg_temp.made('agency/' || a) END AS tenant_id, a
  FROM generate_series(0, {agencies}) a;
INSERT INTO tenant (tenant_id, bureau_id, id, kind, slug, name) SELECT tenant_id, bureau_id,
  tenant_id, CASE a WHEN 0 THEN 'BUREAU' ELSE 'AGENCY' END, 'agency' || a, '第' || a || '中心'
  FROM made_tenant;
INSERT INTO agreement (tenant_id, bureau_id, id, number, scope, valid_from, valid_until, amount_fen)
  SELECT tenant_id, bureau_id, tenant_id, 'A', '服务', date '2025-01-01', date '2026-01-01', 1
  FROM made_tenant WHERE a > 0;
INSERT INTO project (tenant_id, bureau_id, id, agreement_id, name, goal, valid_from, valid_until)
  SELECT tenant_id, bureau_id, tenant_id, tenant_id, '项目', '陪伴', date '2025-01-01',
  date '2026-01-01' FROM made_tenant WHERE a > 0;
INSERT INTO member (tenant_id, bureau_id, id, subject, name, status) SELECT tenant_id, bureau_id,
  tenant_id, CASE a WHEN 0 THEN 'measured.officer' ELSE 'agency' || a || '.director' END, '某',
  'ACTIVE' FROM made_tenant;
INSERT INTO member_role (tenant_id, bureau_id, id, member_id, role, valid_from) SELECT tenant_id,
  bureau_id, tenant_id, tenant_id, CASE a WHEN 0 THEN 'officer' ELSE 'director' END,
  date '2025-01-01' FROM made_tenant;
"""
# Fifty agencies a statement, so that progress is seen; records come in the order of their days.
_RECORDS = """
INSERT INTO service_record (tenant_id, bureau_id, id, number, project_id, kind, medium, served_on,
  duration_minutes, area_id, title)
SELECT tenant_id, bureau_id, md5(a || '/' || n)::uuid, n::text, tenant_id,
  (ARRAY['VISIT', 'HOME_HELP', 'CASE_SESSION', 'GROUP_SESSION'])[1 + n % 4], 'IN_PERSON',
  date '2025-01-01' + (n * 365 / {records}), 45, pg_temp.made('city'), '走访'
FROM made_tenant, generate_series(0, {records} - 1) n WHERE a > {first} AND a <= {last}
ORDER BY a, n
"""
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Records:
    """How many agencies, with how many records each, and how many are few."""

    agencies: int = 1_000
    records: int = 5_000
    few: int = 10


@dataclass(frozen=True, slots=True)
class MetricsReport:
    """Milliseconds: of the city's query, and of one agency's among few and among many."""

    parameters: dict[str, int]
    machine: dict[str, Any]
    began_at: str
    city: list[float]
    few: list[float]
    many: list[float]

    @property
    def ratio(self) -> float:
        """What one agency's query costs among many agencies, over what it costs among few."""
        return median(self.many) / median(self.few)

    def show(self, console: Console) -> None:
        """Print it."""
        given = self.parameters
        total = given["agencies"] * given["records"]
        console.print(f"{total} records by agency and month: {median(self.city):.0f} ms")
        console.print(
            f"one agency among {given['few']}: {median(self.few):.2f} ms, among "
            f"{given['agencies']}: {median(self.many):.2f} ms, ratio {self.ratio:.2f} "
            f"(aim: below {AIM_RATIO})"
        )

    def as_json(self) -> dict[str, Any]:
        """As it is written to a file."""
        return {
            "benchmark": "metrics",
            "aim": {"ratio": AIM_RATIO},
            "ratio": self.ratio,
            **asdict(self),
        }


def benchmark_metrics(
    settings: Settings, extent: Records, rounds: int, *, console: Console
) -> MetricsReport:
    """Make a city of many and one of few agencies, and ask both in turns.

    Each is made anew in a database of its own, which is dropped at the end; the owner must be a
    superuser.
    """
    run = _Run(settings, deployment_keys(settings.data).secret, extent, rounds, console)
    with running_database(settings) as server_url:
        return asyncio.run(_measured(server_url, run))


@dataclass(frozen=True, slots=True)
class _Run:
    settings: Settings
    secret: bytes
    extent: Records
    rounds: int
    console: Console


async def _measured(server_url: str, run: _Run) -> MetricsReport:
    extent = run.extent
    began_at = datetime.now(UTC).isoformat(timespec="seconds")
    rules = Rules.load(run.settings.home)
    times: dict[str, list[float]] = {"city": [], "few": [], "many": []}
    async with (
        _city(server_url, run, extent.few) as few,
        _city(server_url, run, extent.agencies) as many,
    ):
        databases = {"few": few, "many": many}
        engines = {
            name: Engine(
                rules.schema,
                rules.policy,
                database,
                Sealer(run.secret),
                Cursors(run.secret),
                reads=None,
            )
            for name, database in databases.items()
        }
        asked = (("few", "few", DIRECTOR), ("many", "many", DIRECTOR), ("city", "many", OFFICER))
        principals = {
            name: await Memberships(databases[city]).principal(user, None)
            for name, city, user in asked
        }
        for number in range(run.rounds + 1):
            for name, city, _ in asked:
                repeated = 1 if name == "city" else OF_ONE_AGENCY
                began = time.perf_counter()
                for _ in range(repeated):
                    operation = Operation(DOCUMENT, None, {}, None)
                    await engines[city].answer(operation, principals[name])
                # The first round makes the plans and fills the caches.
                if number:
                    times[name].append((time.perf_counter() - began) * 1_000 / repeated)
    return MetricsReport(asdict(extent), machine(), began_at, **times)


@asynccontextmanager
async def _city(server_url: str, run: _Run, agencies: int) -> AsyncIterator[Database]:
    async with copied(server_url, f"{DATABASE}_{agencies}", template="template0") as url:
        await migrate(url, secret=run.secret)
        await _fill(url, agencies, run.extent.records, run.console)
        database = await Database.open(url, secret=run.secret, size=2)
        try:
            yield database
        finally:
            await database.close()


async def _fill(url: str, agencies: int, records: int, console: Console) -> None:
    connection = await asyncpg.connect(url)
    try:
        with Progress(console=console) as bar:
            task = bar.add_task(f"{agencies} agencies", total=agencies)
            async with connection.transaction():
                # Foreign keys are not checked row by row: the statements keep them.
                await connection.execute("SET LOCAL session_replication_role = replica")
                await connection.execute(_HOUSES.format(agencies=agencies))
                for first in range(0, agencies, _AT_ONCE):
                    last = min(first + _AT_ONCE, agencies)
                    statement = _RECORDS.format(records=records, first=first, last=last)
                    await connection.execute(statement)
                    bar.advance(task, last - first)
            await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
