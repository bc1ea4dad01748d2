"""Recording services on a database: what is written, and what a record may name on its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

import citywide.domain  # noqa: F401 - completes the metadata that the rows are declared in
from citywide.acts.workspace import Workspace
from citywide.beneficiaries.models import BENEFICIARY
from citywide.errors import InvalidError
from citywide.ids import named_id
from citywide.projects.models import ENROLMENT, PROJECT
from citywide.services.models import ATTENDANCE, GROUP_SERIES, GROUP_STAGE, SERVICE_RECORD
from citywide.services.recording import ServiceDraft, add_service
from citywide.services.words import GroupStageName, Medium, ServiceKind
from citywide.tenancy.models import MEMBER_ROLE
from citywide.volunteers.models import VOLUNTEER
from services.visits import WORKER, a_service
from walls.house import House

GROUP = {"kind": ServiceKind.GROUP_SESSION}


@pytest_asyncio.fixture(loop_scope="session")
async def ours(work: Workspace) -> ServiceDraft:
    """A good visit by the agency's worker to its first two beneficiaries."""
    files = sorted(await work.rows(BENEFICIARY), key=lambda row: row["file_number"])
    [project] = await work.rows(PROJECT)
    [volunteer, *_] = await work.rows(VOLUNTEER)
    return ServiceDraft(
        number="NEW-1",
        project_id=project["id"],
        kind=ServiceKind.VISIT,
        medium=Medium.IN_PERSON,
        served_on=date(2015, 11, 11),
        duration_minutes=60,
        area_id=named_id("area", "330382004001"),
        title="打扫与整理",
        beneficiary_ids=(files[0]["id"], files[1]["id"]),
        worker_ids=(named_id("member", str(work.tenant_id), WORKER),),
        volunteer_ids=(volunteer["id"],),
    )


async def refused(work: Workspace, draft: ServiceDraft) -> list[tuple[str | int, ...]]:
    """Where the draft breaks rules; nothing is written."""
    before = [len(await work.rows(table)) for table in (SERVICE_RECORD, ATTENDANCE)]
    with pytest.raises(InvalidError) as caught:
        await add_service(work, draft)
    assert [len(await work.rows(table)) for table in (SERVICE_RECORD, ATTENDANCE)] == before
    return [fault.path for fault in caught.value.faults]


async def test_a_record_and_an_attendance_for_each_person_are_written(
    work: Workspace, ours: ServiceDraft
) -> None:
    record_id = await add_service(work, ours)
    attended = await work.rows(ATTENDANCE, service_record_id=record_id)
    roles = sorted(row["role"] for row in attended)
    assert roles == ["BENEFICIARY", "BENEFICIARY", "VOLUNTEER", "WORKER"]
    assert {row["tenant_id"] for row in attended} == {work.tenant_id}
    assert work.persons == set(ours.beneficiary_ids)


STRANGER = UUID(int=99)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"project_id": STRANGER}, ("project_id",)),
        ({"area_id": STRANGER}, ("area_id",)),
        ({"beneficiary_ids": (STRANGER,)}, ("beneficiary_ids", 0)),
        ({"worker_ids": (STRANGER,)}, ("worker_ids", 0)),
        ({"volunteer_ids": (STRANGER,)}, ("volunteer_ids", 0)),
        ({"series_id": STRANGER}, ("series_id",)),
        ({**GROUP, "series_id": STRANGER}, ("series_id",)),
    ],
)
async def test_what_is_not_there_cannot_be_named(
    work: Workspace, ours: ServiceDraft, changes: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    assert await refused(work, replace(ours, **changes)) == [path]


async def test_another_agencys_rows_cannot_be_named(
    pilot: House, work: Workspace, ours: ServiceDraft
) -> None:
    found = await pilot.owner.fetchrow(
        "SELECT p.id AS project_id, b.id AS beneficiary_id, m.id AS member_id, v.id AS volunteer_id"
        " FROM tenant t JOIN project p ON p.tenant_id = t.id JOIN beneficiary b"
        " ON b.tenant_id = t.id JOIN member m ON m.tenant_id = t.id JOIN volunteer v"
        " ON v.tenant_id = t.id WHERE t.slug = 'yixin' LIMIT 1"
    )
    for changes, path in (
        ({"project_id": found["project_id"]}, ("project_id",)),
        ({"beneficiary_ids": (found["beneficiary_id"],)}, ("beneficiary_ids", 0)),
        ({"worker_ids": (found["member_id"],)}, ("worker_ids", 0)),
        ({"volunteer_ids": (found["volunteer_id"],)}, ("volunteer_ids", 0)),
    ):
        assert await refused(work, replace(ours, **changes)) == [path]


async def test_a_records_number_is_used_once(work: Workspace, ours: ServiceDraft) -> None:
    await add_service(work, ours)
    assert await refused(work, ours) == [("number",)]
    assert await refused(work, replace(ours, number="SQS-S0001")) == [("number",)]
    assert await refused(work, replace(ours, number="2015-S00001")) == [("number",)]


async def test_a_service_lies_within_project_file_enrolment_role_and_roll(
    work: Workspace, ours: ServiceDraft
) -> None:
    first, second = ours.beneficiary_ids
    files = await work.by_id(BENEFICIARY, ours.beneficiary_ids)
    opened_on = max(row["opened_on"] for row in files.values())
    early = replace(ours, served_on=opened_on - timedelta(days=1), volunteer_ids=())
    late = first if files[first]["opened_on"] == opened_on else second
    assert ("beneficiary_ids", ours.beneficiary_ids.index(late)) in await refused(work, early)
    [project] = await work.rows(PROJECT)
    before = replace(early, served_on=project["valid_from"] - timedelta(days=1))
    assert ("served_on",) in await refused(work, before)

    await work.update(BENEFICIARY, files[first], closed_on=ours.served_on)
    assert await refused(work, ours) == [("beneficiary_ids", 0)]
    [enrolment] = await work.rows(ENROLMENT, beneficiary_id=second)
    await work.update(ENROLMENT, enrolment, valid_until=ours.served_on)
    assert await refused(work, ours) == [("beneficiary_ids", 0), ("beneficiary_ids", 1)]
    for role in await work.rows(MEMBER_ROLE, member_id=ours.worker_ids):
        await work.update(MEMBER_ROLE, role, valid_until=ours.served_on)
    volunteer = await work.find(VOLUNTEER, ours.volunteer_ids[0], "volunteer_ids")
    left = {"left_on": ours.served_on, "leaving_reason": "搬走"}
    await work.update(VOLUNTEER, volunteer, **left)
    assert await refused(work, ours) == [
        ("worker_ids", 0),
        ("volunteer_ids", 0),
        ("beneficiary_ids", 0),
        ("beneficiary_ids", 1),
    ]
    # The day before all that it was right.
    assert await add_service(work, replace(ours, served_on=ours.served_on - timedelta(days=1)))


async def test_a_group_session_belongs_to_a_formed_series_of_its_project(
    work: Workspace, ours: ServiceDraft
) -> None:
    series = {
        "project_id": ours.project_id,
        "leader_id": ours.worker_ids[0],
        "name": "老兵书法小组",
        "goal": "以字会友",
        "stage": GroupStageName.FORMATION,
    }
    series_id = await work.insert(GROUP_SERIES, **series)
    session = replace(ours, **GROUP, series_id=series_id)
    assert await refused(work, session) == [("series_id",)]
    entered = {"series_id": series_id, "stage": GroupStageName.FORMATION, "note": None}
    formed = {"entered_on": ours.served_on, "member_id": ours.worker_ids[0]}
    await work.insert(GROUP_STAGE, **entered, **formed)
    earlier = replace(session, served_on=ours.served_on - timedelta(days=1))
    assert await refused(work, earlier) == [("series_id",)]
    assert await refused(work, replace(session, kind=ServiceKind.VISIT)) == [("series_id",)]
    assert await add_service(work, session)


async def test_a_series_of_another_project_is_refused(work: Workspace, ours: ServiceDraft) -> None:
    [project] = await work.rows(PROJECT)
    runs = {name: project[name] for name in ("agreement_id", "goal", "valid_from", "valid_until")}
    other_id = await work.insert(PROJECT, **runs, name="另一个项目")
    series = {"leader_id": ours.worker_ids[0], "name": "老兵书法小组", "goal": "以字会友"}
    series_id = await work.insert(
        GROUP_SERIES, **series, project_id=other_id, stage=GroupStageName.FORMATION
    )
    assert await refused(work, replace(ours, **GROUP, series_id=series_id)) == [("series_id",)]


async def test_a_service_lies_within_the_agreement_though_its_project_runs(pilot: House) -> None:
    await pilot.owner.execute("UPDATE agreement SET valid_from = '2015-06-01'")
    for day, problem in (("2015-05-31", ["servedOn"]), ("2015-06-01", None)):
        answer = await pilot.act(WORKER, "recordService", **await a_service(pilot, servedOn=day))
        assert answer.get("path") == problem
