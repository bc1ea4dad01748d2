"""Use cases on files: what they write, what they refuse, and that a refusal writes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, select

import citywide.domain  # noqa: F401 - completes the metadata that the rows are declared in
from citywide.assessments.commands import record_assessments
from citywide.assessments.drafts import AssessmentDraft, band
from citywide.assessments.models import ASSESSMENT
from citywide.beneficiaries.commands import (
    classify,
    give_consents,
    grant_entitlements,
    register_beneficiaries,
)
from citywide.beneficiaries.drafts import (
    BeneficiaryDraft,
    ClassificationDraft,
    ConsentDraft,
    EntitlementDraft,
)
from citywide.beneficiaries.id_number import check_character
from citywide.beneficiaries.models import BENEFICIARY, ENTITLEMENT
from citywide.db.sealed import Sealer
from citywide.db.session import Database, Transaction
from citywide.errors import InvalidError
from citywide.exchange.manifests import apply
from citywide.ids import named_id, new_id
from citywide.projects.commands import EnrolmentDraft, enrol
from citywide.settings import CHECKOUT
from citywide.tenancy.desk import Desk
from citywide.tenancy.load import load_manifests
from citywide.tenancy.manifests import City
from citywide.volunteers.commands import VolunteerDraft, register_volunteers

OPENED = date(2015, 1, 5)
BORN = date(1932, 9, 8)
TYPOLOGY = "优抚对象服务类型"


def id_number(born_on: date = BORN, sequence: int = 513) -> str:
    """A correct number."""
    digits = f"380382{born_on:%Y%m%d}{sequence:03d}"
    return digits + check_character(digits)


def member_id(desk: Desk, subject: str) -> UUID:
    """A declared member's id."""
    return named_id("member", str(desk.tenant_id), subject)


def site_id(desk: Desk, number: str, area: str) -> UUID:
    """A declared site's id."""
    return named_id("site", str(named_id("agreement", str(desk.tenant_id), number)), area)


def segment_id(desk: Desk, code: str) -> UUID:
    """A declared segment's id."""
    return named_id("segment", str(named_id("typology", str(desk.tenant_id), TYPOLOGY, "1")), code)


@pytest.fixture
async def city(database: Database) -> City:
    """The shipped city, applied."""
    city = load_manifests(CHECKOUT / "tenants" / "yueqing")
    await apply(database, city)
    return city


@pytest.fixture
def desk(city: City) -> Desk:
    """An agency's desk."""
    return Desk(city.agency_id("shouqianshou"), city.bureau_id, city.today)


@pytest.fixture
def other_desk(city: City) -> Desk:
    """Another agency's desk."""
    return Desk(city.agency_id("yixin"), city.bureau_id, city.today)


@pytest.fixture
def sealer(secret: bytes) -> Sealer:
    """The deployment's sealer."""
    return Sealer(secret)


@pytest.fixture
def draft(desk: Desk) -> BeneficiaryDraft:
    """A good draft of a file."""
    return BeneficiaryDraft(
        file_number="F-1",
        name="郑守田",
        gender="MALE",
        born_on=BORN,
        id_number=id_number(),
        phone="100-0000-0001",
        address=None,
        site_id=site_id(desk, "优抚社工(2014)1号", "330382004001"),
        worker_id=member_id(desk, "shouqianshou.worker1"),
        opened_on=OPENED,
    )


@pytest.fixture
def other_draft(other_desk: Desk, draft: BeneficiaryDraft) -> BeneficiaryDraft:
    """A good draft at the other agency."""
    return replace(
        draft,
        site_id=site_id(other_desk, "优抚社工(2014)3号", "330382114099"),
        worker_id=member_id(other_desk, "yixin.worker1"),
    )


async def all_rows(database: Database, desk: Desk, table: Table) -> list[Any]:
    """The agency's rows."""
    async with database.read(desk.context) as transaction:
        return await transaction.rows(select(table))


async def opened(database: Database, desk: Desk, sealer: Sealer, draft: BeneficiaryDraft) -> UUID:
    """A file's id, after it was opened."""
    async with database.write(desk.context) as transaction:
        ids = await register_beneficiaries(transaction, desk=desk, sealer=sealer, drafts=[draft])
    return ids[0]


async def faults(
    database: Database, desk: Desk, use_case: Callable[[Transaction], Awaitable[object]]
) -> list[tuple[str | int, ...]]:
    """The paths of the rules that the use case finds broken."""
    with pytest.raises(InvalidError) as caught:
        async with database.write(desk.context) as transaction:
            await use_case(transaction)
    return [fault.path for fault in caught.value.faults]


async def test_a_file_is_opened_with_its_identity_number_sealed(
    database: Database, desk: Desk, sealer: Sealer, draft: BeneficiaryDraft
) -> None:
    row_id = await opened(database, desk, sealer, draft)
    rows = await all_rows(database, desk, BENEFICIARY)
    assert [row["id"] for row in rows] == [row_id]
    assert rows[0]["bureau_id"] == desk.bureau_id
    assert sealer.open(desk.tenant_id, rows[0]["id_number_sealed"]) == draft.id_number


async def test_a_bad_file_is_refused_with_every_broken_rule(
    database: Database, desk: Desk, sealer: Sealer, draft: BeneficiaryDraft
) -> None:
    bad = replace(
        draft,
        file_number=" F-1",
        name="郑\u0000守田",
        gender="FEMALE",
        born_on=date(1932, 9, 9),
        phone="call me",
        address="x" * 201,
        site_id=new_id(),
        worker_id=member_id(desk, "shouqianshou.finance"),
        opened_on=date(2015, 11, 12),
    )
    paths = await faults(
        database,
        desk,
        lambda transaction: register_beneficiaries(
            transaction, desk=desk, sealer=sealer, drafts=[bad]
        ),
    )
    assert {path[1] for path in paths} == {
        "file_number",
        "name",
        "phone",
        "address",
        "opened_on",
        "born_on",
        "gender",
        "site_id",
        "worker_id",
    }
    assert await all_rows(database, desk, BENEFICIARY) == []


@pytest.mark.parametrize("field", ["site_id", "worker_id"])
async def test_a_file_cannot_refer_to_another_agencys_rows(  # noqa: PLR0917 - fixtures and the case
    database: Database,
    desk: Desk,
    sealer: Sealer,
    draft: BeneficiaryDraft,
    other_draft: BeneficiaryDraft,
    field: str,
) -> None:
    bad = replace(draft, **{field: getattr(other_draft, field)})
    paths = await faults(
        database,
        desk,
        lambda transaction: register_beneficiaries(
            transaction, desk=desk, sealer=sealer, drafts=[bad]
        ),
    )
    assert paths == [(0, field)]
    assert await all_rows(database, desk, BENEFICIARY) == []


async def test_one_person_has_one_file_in_an_agency_and_may_have_one_in_another(  # noqa: PLR0917 - fixtures and the case
    database: Database,
    desk: Desk,
    other_desk: Desk,
    sealer: Sealer,
    draft: BeneficiaryDraft,
    other_draft: BeneficiaryDraft,
) -> None:
    await opened(database, desk, sealer, draft)
    await opened(database, other_desk, sealer, other_draft)
    again = replace(draft, file_number="F-2", id_number=draft.id_number.lower())
    paths = await faults(
        database,
        desk,
        lambda transaction: register_beneficiaries(
            transaction, desk=desk, sealer=sealer, drafts=[draft, again]
        ),
    )
    assert paths == [(0, "file_number"), (0, "id_number"), (1, "id_number")]
    assert len(await all_rows(database, desk, BENEFICIARY)) == 1


async def test_entitlements_of_one_category_share_no_day(
    database: Database, desk: Desk, sealer: Sealer, draft: BeneficiaryDraft
) -> None:
    person = await opened(database, desk, sealer, draft)
    category = named_id("entitlement_category", "41")
    first = EntitlementDraft(person, category, date(1955, 1, 1), date(1990, 1, 1))
    drafts = [first, replace(first, valid_from=date(1990, 1, 1), valid_until=None)]
    async with database.write(desk.context) as transaction:
        await grant_entitlements(transaction, desk=desk, drafts=drafts)
    late = replace(first, valid_from=date(2001, 1, 1), valid_until=date(2002, 1, 1))
    paths = await faults(
        database,
        desk,
        lambda transaction: grant_entitlements(transaction, desk=desk, drafts=[late]),
    )
    assert paths == [(0, "valid_from")]
    assert len(await all_rows(database, desk, ENTITLEMENT)) == 2


async def test_nothing_is_written_about_another_agencys_beneficiary(
    database: Database,
    desk: Desk,
    other_desk: Desk,
    sealer: Sealer,
    other_draft: BeneficiaryDraft,
) -> None:
    theirs = await opened(database, other_desk, sealer, other_draft)
    worker = member_id(desk, "shouqianshou.worker1")
    category = named_id("entitlement_category", "41")
    agreement = named_id("agreement", str(desk.tenant_id), "优抚社工(2014)1号")
    project = named_id("project", str(agreement), "爱心献功臣")
    attempts: Sequence[Callable[[Transaction], Awaitable[object]]] = [
        lambda transaction: grant_entitlements(
            transaction, desk=desk, drafts=[EntitlementDraft(theirs, category, OPENED, None)]
        ),
        lambda transaction: give_consents(
            transaction, desk=desk, drafts=[ConsentDraft(theirs, "SERVICE", OPENED, None)]
        ),
        lambda transaction: record_assessments(
            transaction,
            desk=desk,
            drafts=[AssessmentDraft(theirs, worker, "问卷", 1, OPENED, 50, "平稳")],
        ),
        lambda transaction: classify(
            transaction,
            desk=desk,
            drafts=[ClassificationDraft(theirs, segment_id(desk, "settled"), OPENED, "平稳")],
        ),
        lambda transaction: enrol(
            transaction, desk=desk, drafts=[EnrolmentDraft(project, theirs, OPENED, None)]
        ),
    ]
    for attempt in attempts:
        assert await faults(database, desk, attempt) == [(0, "beneficiary_id")]
    rows = await all_rows(database, other_desk, BENEFICIARY)
    assert [row["segment_id"] for row in rows] == [None]


async def test_an_assessments_band_follows_from_its_score(
    database: Database, desk: Desk, sealer: Sealer, draft: BeneficiaryDraft
) -> None:
    person = await opened(database, desk, sealer, draft)
    made = AssessmentDraft(person, draft.worker_id, "问卷", 1, OPENED, 70, "需要陪诊")
    async with database.write(desk.context) as transaction:
        await record_assessments(transaction, desk=desk, drafts=[made])
    rows = await all_rows(database, desk, ASSESSMENT)
    assert [row["band"] for row in rows] == ["HIGH"]
    assert [band(score) for score in (0, 39, 40, 69, 70, 100)] == [
        "LOW",
        "LOW",
        "MEDIUM",
        "MEDIUM",
        "HIGH",
        "HIGH",
    ]
    bad = replace(made, score=101, summary="")
    paths = await faults(
        database, desk, lambda transaction: record_assessments(transaction, desk=desk, drafts=[bad])
    )
    assert paths == [(0, "summary"), (0, "score"), (0, "assessed_on")]


async def test_the_newest_judgement_stands_and_an_older_one_is_refused(
    database: Database, desk: Desk, sealer: Sealer, draft: BeneficiaryDraft
) -> None:
    person = await opened(database, desk, sealer, draft)
    first = ClassificationDraft(person, segment_id(desk, "aggrieved"), date(2015, 2, 1), "误解")
    review = ClassificationDraft(person, segment_id(desk, "vigorous"), date(2015, 9, 1), "复核")
    async with database.write(desk.context) as transaction:
        await classify(transaction, desk=desk, drafts=[first, review])
    rows = await all_rows(database, desk, BENEFICIARY)
    assert [row["segment_id"] for row in rows] == [review.segment_id]
    paths = await faults(
        database, desk, lambda transaction: classify(transaction, desk=desk, drafts=[first])
    )
    assert paths == [(0, "segmented_on")]
    assert await all_rows(database, desk, BENEFICIARY) == rows


async def test_a_volunteers_number_is_used_once(database: Database, desk: Desk) -> None:
    draft = VolunteerDraft("V-1", "郑守田", None, "书法", OPENED)
    async with database.write(desk.context) as transaction:
        await register_volunteers(transaction, desk=desk, drafts=[draft])
    paths = await faults(
        database,
        desk,
        lambda transaction: register_volunteers(
            transaction, desk=desk, drafts=[replace(draft, name=" ")]
        ),
    )
    assert paths == [(0, "name"), (0, "number")]
