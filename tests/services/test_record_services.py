"""Recording services on a database: what is written, and whose rows cannot be named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, select

import citywide.domain  # noqa: F401 - completes the metadata that the rows are declared in
from citywide.beneficiaries.models import BENEFICIARY
from citywide.db.sealed import Sealer
from citywide.db.session import Database
from citywide.errors import InvalidError
from citywide.exchange.manifests import apply
from citywide.exchange.pilot import load_pilot
from citywide.ids import named_id
from citywide.services.commands import record_services
from citywide.services.drafts import ServiceDraft
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.settings import CHECKOUT
from citywide.tenancy.desk import Desk
from citywide.tenancy.load import load_manifests
from citywide.tenancy.manifests import City
from citywide.volunteers.models import VOLUNTEER

YUEQING = CHECKOUT / "tenants" / "yueqing"


@pytest.fixture
async def city(database: Database, secret: bytes) -> City:
    """The shipped city with the pilot's records."""
    city = load_manifests(YUEQING)
    await apply(database, city)
    await load_pilot(database, YUEQING / "pilot", city, sealer=Sealer(secret))
    return city


def desk_of(city: City, slug: str) -> Desk:
    """An agency's desk."""
    return Desk(city.agency_id(slug), city.bureau_id, city.today)


async def all_rows(database: Database, desk: Desk, table: Table) -> list[Any]:
    """The agency's rows."""
    async with database.read(desk.context) as transaction:
        return await transaction.rows(select(table).order_by(table.c.id))


async def draft_of(
    database: Database, desk: Desk, slug: str, number: str, name: str
) -> ServiceDraft:
    """A good home help by the agency: its first beneficiary and volunteer."""
    beneficiaries = await all_rows(database, desk, BENEFICIARY)
    volunteers = await all_rows(database, desk, VOLUNTEER)
    agreement = named_id("agreement", str(desk.tenant_id), number)
    return ServiceDraft(
        number="NEW-1",
        project_id=named_id("project", str(agreement), name),
        kind="HOME_HELP",
        medium="IN_PERSON",
        served_on=date(2015, 11, 11),
        duration_minutes=60,
        area_id=named_id("area", "330382004001"),
        festival=None,
        title="打扫与整理",
        note=None,
        beneficiary_ids=(beneficiaries[0]["id"],),
        worker_ids=(named_id("member", str(desk.tenant_id), f"{slug}.worker1"),),
        volunteer_ids=(volunteers[0]["id"],),
    )


@pytest.fixture
async def ours(database: Database, city: City) -> ServiceDraft:
    """A good draft of one agency."""
    desk = desk_of(city, "shouqianshou")
    return await draft_of(database, desk, "shouqianshou", "优抚社工(2014)1号", "爱心献功臣")


@pytest.fixture
async def theirs(database: Database, city: City) -> ServiceDraft:
    """A good draft of another one."""
    desk = desk_of(city, "yixin")
    return await draft_of(database, desk, "yixin", "优抚社工(2014)3号", "增爱夕阳")


async def test_a_record_and_an_attendance_for_each_person_are_written(
    database: Database, city: City, ours: ServiceDraft
) -> None:
    desk = desk_of(city, "shouqianshou")
    async with database.write(desk.context) as transaction:
        (record_id,) = await record_services(transaction, desk=desk, drafts=[ours])
    rows = await all_rows(database, desk, ATTENDANCE)
    attended = [row for row in rows if row["service_record_id"] == record_id]
    assert sorted(row["role"] for row in attended) == ["BENEFICIARY", "VOLUNTEER", "WORKER"]
    assert {row["tenant_id"] for row in attended} == {desk.tenant_id}


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("project_id", (1, "project_id")),
        ("beneficiary_ids", (1, "beneficiary_ids", 0)),
        ("worker_ids", (1, "worker_ids", 0)),
        ("volunteer_ids", (1, "volunteer_ids", 0)),
    ],
)
async def test_another_agencys_rows_cannot_be_named_and_nothing_is_written(  # noqa: PLR0917 - fixtures and the case
    database: Database,
    city: City,
    ours: ServiceDraft,
    theirs: ServiceDraft,
    field: str,
    path: tuple[str | int, ...],
) -> None:
    desk = desk_of(city, "shouqianshou")
    before = await all_rows(database, desk, SERVICE_RECORD)
    foreign: dict[str, UUID | tuple[UUID, ...]] = {field: getattr(theirs, field)}
    bad = replace(ours, number="NEW-2", **foreign)  # type: ignore[arg-type]
    with pytest.raises(InvalidError) as caught:
        async with database.write(desk.context) as transaction:
            await record_services(transaction, desk=desk, drafts=[ours, bad])
    assert [fault.path for fault in caught.value.faults] == [path]
    assert await all_rows(database, desk, SERVICE_RECORD) == before


async def test_a_records_number_is_used_once(
    database: Database, city: City, ours: ServiceDraft
) -> None:
    desk = desk_of(city, "shouqianshou")
    used = replace(ours, number="SQS-S0001")
    with pytest.raises(InvalidError) as caught:
        async with database.write(desk.context) as transaction:
            await record_services(transaction, desk=desk, drafts=[ours, ours, used])
    paths = [fault.path for fault in caught.value.faults]
    assert paths == [(1, "number"), (2, "number")]
