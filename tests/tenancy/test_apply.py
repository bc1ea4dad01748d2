"""Applying manifests: planned first, wholly or not at all, and nothing is ever deleted."""

from __future__ import annotations

import asyncio
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import citywide.domain  # noqa: F401 - completes the metadata that the rows are declared in
from citywide.db.session import Database
from citywide.errors import OperatorError
from citywide.exchange.manifests import apply
from citywide.settings import CHECKOUT
from citywide.tenancy.apply import plan
from citywide.tenancy.load import load_manifests
from citywide.tenancy.manifests import City

TENANTS = CHECKOUT / "tenants"
TODAY = date(2015, 11, 11)
DAY_BEFORE = date(2015, 11, 10)
BUREAU = "bureau.yaml"
YIXIN = "agencies/yixin.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped city, to be edited."""
    copy = tmp_path / "yueqing"
    shutil.copytree(TENANTS / "yueqing", copy, ignore=shutil.ignore_patterns("pilot"))
    for name in ("entitlement_categories.csv", "skills.csv"):
        shutil.copy(TENANTS / name, tmp_path)
    return copy


def edited(folder: Path, file: str, old: str, new: str) -> City:
    """The city after the first `old` in the file became `new`."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_manifests(folder)


def second_city(folder: Path) -> City:
    """The folder as that of another bureau, which has one agency."""
    other = folder.rename(folder.with_name("wenling"))
    manifest = other / BUREAU
    for agency in ("shouqianshou", "yijiaqin"):
        (other / "agencies" / f"{agency}.yaml").unlink()
        line = f"      - {{agency: {agency}, valid_from: 2014-12-01}}\n"
        text = manifest.read_text(encoding="utf-8").replace(line, "")
        manifest.write_text(text, encoding="utf-8")
    return edited(other, BUREAU, "slug: yueqing", "slug: wenling")


async def fetched(url: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """What the owner sees, past both walls."""
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(sql, *values)]
    finally:
        await connection.close()


async def version(url: str) -> int:
    """The bureau's access version."""
    rows = await fetched(url, "SELECT version FROM access_version")
    return int(rows[0][0])


async def test_a_plan_says_what_apply_then_does(
    database: Database, database_url: str, folder: Path
) -> None:
    city = load_manifests(folder)
    planned = await plan(database, city)
    assert await fetched(database_url, "SELECT 1 FROM area LIMIT 1") == []
    assert "create area 330382 乐清市" in map(str, planned.changes)
    assert planned.lines()[0] == "create area × 541: 330382 乐清市 … 330382212222 兴龙村委会"
    assert "create bureau yueqing" in planned.lines()
    assert await apply(database, city) == planned
    counted = {}
    for table in ("area", "entitlement_category", "tenant", "agreement", "site", "project"):
        counted[table] = (await fetched(database_url, f"SELECT count(*) FROM {table}"))[0][0]
    assert counted == {
        "area": 541,
        "entitlement_category": 13,
        "tenant": 4,
        "agreement": 3,
        "site": 3,
        "project": 3,
    }
    amounts = await fetched(database_url, "SELECT amount_fen FROM agreement ORDER BY 1")
    assert amounts == [(8_600_000,), (9_000_000,), (9_200_000,)]


async def test_applying_twice_changes_nothing(
    database: Database, database_url: str, folder: Path
) -> None:
    city = load_manifests(folder)
    await apply(database, city)
    before = await version(database_url)
    assert (await apply(database, city)).changes == []
    assert await version(database_url) == before


async def test_two_operators_at_once_apply_it_once(database: Database, folder: Path) -> None:
    city = load_manifests(folder)
    done = await asyncio.gather(apply(database, city), apply(database, city))
    assert sorted(len(planned.changes) > 0 for planned in done) == [False, True]


async def test_another_bureau_of_the_deployment_is_left_alone(
    database: Database, database_url: str, folder: Path
) -> None:
    await apply(database, load_manifests(folder))
    done = await apply(database, second_city(folder))
    assert {change.action for change in done.changes} == {"create"}
    assert await fetched(database_url, "SELECT count(*) FROM tenant") == [(6,)]
    suspended = "SELECT count(*) FROM member WHERE status = 'SUSPENDED'"
    assert await fetched(database_url, suspended) == [(0,)]


async def test_a_changed_name_is_one_line_and_raises_the_access_version(
    database: Database, database_url: str, folder: Path
) -> None:
    await apply(database, load_manifests(folder))
    before = await version(database_url)
    done = await apply(database, edited(folder, BUREAU, "name: 潘立行", "name: 潘立言"))
    assert [str(change) for change in done.changes] == [
        "update member yueqing: bureau.officer 潘立言: name 潘立行 → 潘立言"
    ]
    assert await version(database_url) == before + 1


async def test_a_change_that_lets_nobody_in_leaves_the_access_version(
    database: Database, database_url: str, folder: Path
) -> None:
    await apply(database, load_manifests(folder))
    before = await version(database_url)
    done = await apply(database, edited(folder, YIXIN, "quantity: 33", "quantity: 34"))
    assert len(done.changes) == 1
    assert await version(database_url) == before


async def test_a_member_left_out_is_suspended_and_their_roles_end_today(
    database: Database, database_url: str, folder: Path
) -> None:
    await apply(database, load_manifests(folder))
    line = "  - {subject: yixin.worker3, name: 倪小满, roles: [{role: social_worker, "
    done = await apply(database, edited(folder, YIXIN, f"{line}valid_from: 2014-12-01}}]}}", ""))
    assert {change.action for change in done.changes} == {"end"}
    rows = await fetched(
        database_url,
        "SELECT status, valid_until FROM member JOIN member_role ON member_id = member.id "
        "WHERE subject = 'yixin.worker3'",
    )
    assert rows == [("SUSPENDED", TODAY)]
    assert (await apply(database, load_manifests(folder))).changes == []


async def test_a_member_who_returns_is_active_again(
    database: Database, database_url: str, folder: Path
) -> None:
    city = load_manifests(folder)
    await apply(database, city)
    line = "  - {subject: yixin.worker3, name: 倪小满, roles: [{role: social_worker, "
    await apply(database, edited(folder, YIXIN, f"{line}valid_from: 2014-12-01}}]}}", ""))
    await apply(database, city)
    rows = await fetched(
        database_url,
        "SELECT status, valid_until FROM member JOIN member_role ON member_id = member.id "
        "WHERE subject = 'yixin.worker3'",
    )
    assert rows == [("ACTIVE", None)]


async def test_a_role_taken_away_on_its_first_day_is_over_at_once(
    database: Database, database_url: str, folder: Path
) -> None:
    await apply(database, load_manifests(folder))
    grant = "roles: [{role: analyst, valid_from: 2014-12-01}]"
    new = (
        "roles: [{role: analyst, valid_from: 2014-12-01}, {role: auditor, valid_from: 2015-11-11}]"
    )
    await apply(database, edited(folder, BUREAU, grant, new))
    await apply(database, edited(folder, BUREAU, new, grant))
    rows = await fetched(
        database_url,
        "SELECT valid_from, valid_until FROM member_role JOIN member ON member_id = member.id "
        "WHERE subject = 'bureau.analyst' AND role = 'auditor'",
    )
    assert rows == [(DAY_BEFORE, TODAY)]


async def test_a_supervisors_assignment_left_out_ends_today(
    database: Database, database_url: str, folder: Path
) -> None:
    await apply(database, load_manifests(folder))
    await apply(
        database,
        edited(folder, BUREAU, "      - {agency: yixin, valid_from: 2014-12-01}\n", ""),
    )
    rows = await fetched(
        database_url, "SELECT valid_until FROM assignment WHERE valid_until IS NOT NULL"
    )
    assert rows == [(TODAY,)]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (YIXIN, "name: 增爱夕阳", "name: 增爱朝阳", "project 增爱夕阳 is on record"),
        (YIXIN, "sensitive: false", "sensitive: true", "sensitive cannot change"),
        ("areas.csv", "330382212222,330382212,COMMUNITY,兴龙村委会,,\n", "", "area 330382212222"),
    ],
)
async def test_what_records_may_refer_to_cannot_be_left_out(  # noqa: PLR0917 - fixtures and the case
    database: Database, database_url: str, folder: Path, file: str, old: str, new: str, said: str
) -> None:
    await apply(database, load_manifests(folder))
    before = await fetched(database_url, "SELECT * FROM project ORDER BY id")
    city = edited(folder, file, old, new)
    for step in (plan, apply):
        with pytest.raises(OperatorError, match=said):
            await step(database, city)
    assert await fetched(database_url, "SELECT * FROM project ORDER BY id") == before
