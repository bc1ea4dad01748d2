"""Use cases on files: what they write, what they refuse, and that a refusal writes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, select

import citywide.domain  # noqa: F401 - completes the metadata that the rows are declared in
from citywide.acts.problems import ProblemError
from citywide.acts.workspace import Workspace
from citywide.assessments.models import ASSESSMENT
from citywide.assessments.paper import PaperForm, record_paper_form
from citywide.beneficiaries.consents import PastConsent, record_consent
from citywide.beneficiaries.entitlements import EntitlementDraft, grant_entitlement
from citywide.beneficiaries.id_number import check_character
from citywide.beneficiaries.models import BENEFICIARY, CONSENT, ENTITLEMENT
from citywide.beneficiaries.registration import FileDraft, open_file
from citywide.beneficiaries.typologies import JudgementDraft, classify
from citywide.beneficiaries.words import ConsentPurpose, Gender
from citywide.db.sealed import Place, Sealer
from citywide.db.session import Audience, Context, Database
from citywide.errors import InvalidError
from citywide.exchange.manifests import apply
from citywide.ids import named_id, new_id
from citywide.projects.enrolments import EnrolmentDraft, enrol_beneficiary
from citywide.rules.fields import check
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests
from citywide.tenancy.manifests import City

OPENED = date(2015, 1, 5)
BORN = date(1932, 9, 8)
TYPOLOGY = "优抚对象服务类型"
SECRET = b"a secret of thirty-two bytes ..."


def id_number(born_on: date = BORN, sequence: int = 513) -> str:
    """A correct number."""
    digits = f"380382{born_on:%Y%m%d}{sequence:03d}"
    return digits + check_character(digits)


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency on one business day."""

    tenant_id: UUID
    bureau_id: UUID
    today: date

    @property
    def context(self) -> Context:
        return Context(Audience.AGENCY, tenant_id=self.tenant_id, bureau_id=self.bureau_id)


def member_id(agency: Agency, subject: str) -> UUID:
    """A declared member's id."""
    return named_id("member", str(agency.tenant_id), subject)


def site_id(agency: Agency, number: str, area: str) -> UUID:
    """A declared site's id."""
    return named_id("site", str(named_id("agreement", str(agency.tenant_id), number)), area)


def segment_id(agency: Agency, code: str) -> UUID:
    """A declared segment's id."""
    return named_id(
        "segment", str(named_id("typology", str(agency.tenant_id), TYPOLOGY, "1")), code
    )


def a_judgement(agency: Agency, person: UUID, code: str, day: date) -> JudgementDraft:
    """A person is of a declared segment."""
    segment = segment_id(agency, code)
    return JudgementDraft(
        beneficiary_id=person, segment_id=segment, segmented_on=day, reason="平稳"
    )


def a_form(agency: Agency, person: UUID) -> PaperForm:
    """A form that was filled in on paper."""
    return PaperForm(
        beneficiary_id=person,
        assessor_id=member_id(agency, "shouqianshou.worker1"),
        instrument="问卷",
        instrument_version=1,
        assessed_on=OPENED,
        score=70,
        summary="需要陪诊",
    )


@pytest.fixture
async def city(database: Database) -> City:
    """The shipped city, applied."""
    city = load_manifests(CHECKOUT / "tenants" / "yueqing")
    await apply(database, city)
    return city


@pytest.fixture
def agency(city: City) -> Agency:
    """An agency."""
    return Agency(city.agency_id("shouqianshou"), city.bureau_id, city.today)


@pytest.fixture
def other_agency(city: City) -> Agency:
    """Another agency."""
    return Agency(city.agency_id("yixin"), city.bureau_id, city.today)


@pytest.fixture
def sealer() -> Sealer:
    """The deployment's sealer."""
    return Sealer(SECRET)


@pytest.fixture
def draft(agency: Agency) -> FileDraft:
    """A good draft of a file."""
    return FileDraft(
        file_number="F-1",
        name="郑守田",
        gender=Gender.MALE,
        born_on=BORN,
        id_number=id_number(),
        phone="100-0000-0001",
        address=None,
        site_id=site_id(agency, "优抚社工(2014)1号", "330382004001"),
        worker_id=member_id(agency, "shouqianshou.worker1"),
        opened_on=OPENED,
    )


@pytest.fixture
def other_draft(other_agency: Agency, draft: FileDraft) -> FileDraft:
    """A good draft at the other agency."""
    return replace(
        draft,
        site_id=site_id(other_agency, "优抚社工(2014)3号", "330382114099"),
        worker_id=member_id(other_agency, "yixin.worker1"),
    )


async def all_rows(database: Database, agency: Agency, table: Table) -> list[Any]:
    """The agency's rows."""
    async with database.read(agency.context) as transaction:
        return await transaction.rows(select(table))


@asynccontextmanager
async def working(database: Database, agency: Agency) -> AsyncIterator[Workspace]:
    """An agency's workspace, of which nothing stays when a rule is broken."""
    async with database.write(agency.context) as transaction:
        yield Workspace(
            transaction,
            tenant_id=agency.tenant_id,
            bureau_id=agency.bureau_id,
            today=agency.today,
            sealer=Sealer(SECRET),
        )


async def done(
    database: Database,
    agency: Agency,
    use_case: Callable[[Workspace, Any], Awaitable[UUID]],
    *drafts: Any,
) -> list[UUID]:
    """The ids of what a use case made of each draft, one after the other."""
    async with working(database, agency) as work:
        ids = []
        for draft in drafts:
            check(draft, today=work.today)
            ids.append(await use_case(work, draft))
    return ids


async def faults(
    database: Database,
    agency: Agency,
    use_case: Callable[[Workspace, Any], Awaitable[UUID]],
    draft: Any,
) -> list[tuple[str | int, ...]]:
    """The paths of the rules that a draft breaks."""
    with pytest.raises(InvalidError) as caught:
        await done(database, agency, use_case, draft)
    return [fault.path for fault in caught.value.faults]


async def test_a_file_is_opened_with_its_identity_number_sealed(
    database: Database, agency: Agency, sealer: Sealer, draft: FileDraft
) -> None:
    [row_id] = await done(database, agency, open_file, draft)
    rows = await all_rows(database, agency, BENEFICIARY)
    assert [row["id"] for row in rows] == [row_id]
    assert rows[0]["bureau_id"] == agency.bureau_id
    place = Place("beneficiary", "id_number_sealed", agency.tenant_id, row_id)
    assert sealer.open(place, rows[0]["id_number_sealed"]) == draft.id_number


@pytest.mark.parametrize(
    "changes",
    [
        {
            "file_number": " F-1",
            "name": "郑\u0000守田",
            "phone": "call me",
            "address": "x" * 201,
            "id_number": "1" * 19,
            "opened_on": date(2015, 11, 12),
        },
        {
            "gender": Gender.FEMALE,
            "born_on": date(1932, 9, 9),
            "site_id": new_id(),
            "worker_id": new_id(),
        },
        {"opened_on": date(2014, 11, 30), "worker_id": new_id()},
        {"id_number": id_number()[:-1] + "_", "born_on": date(2015, 6, 1)},
    ],
)
async def test_a_bad_file_is_refused_with_every_broken_rule(
    database: Database, agency: Agency, draft: FileDraft, changes: dict[str, Any]
) -> None:
    paths = await faults(database, agency, open_file, replace(draft, **changes))
    assert {path[0] for path in paths} == changes.keys()
    assert await all_rows(database, agency, BENEFICIARY) == []


@pytest.mark.parametrize("field", ["site_id", "worker_id"])
async def test_a_file_cannot_refer_to_another_agencys_rows(
    database: Database, agency: Agency, draft: FileDraft, other_draft: FileDraft, field: str
) -> None:
    bad = replace(draft, **{field: getattr(other_draft, field)})
    assert await faults(database, agency, open_file, bad) == [(field,)]
    assert await all_rows(database, agency, BENEFICIARY) == []


async def test_one_person_has_one_file_in_an_agency_and_may_have_one_in_another(
    database: Database,
    agency: Agency,
    other_agency: Agency,
    draft: FileDraft,
    other_draft: FileDraft,
) -> None:
    await done(database, agency, open_file, draft)
    await done(database, other_agency, open_file, other_draft)
    for again in (draft, replace(draft, file_number="F-2", id_number=draft.id_number.lower())):
        with pytest.raises(ProblemError) as caught:
            await done(database, agency, open_file, again)
        assert caught.value.problem.code == "DUPLICATE"
    other = replace(draft, id_number=id_number(sequence=515))
    assert await faults(database, agency, open_file, other) == [("file_number",)]
    assert len(await all_rows(database, agency, BENEFICIARY)) == 1


async def test_entitlements_of_one_category_share_no_day(
    database: Database, agency: Agency, draft: FileDraft
) -> None:
    [person] = await done(database, agency, open_file, draft)
    first = EntitlementDraft(
        beneficiary_id=person,
        category_id=named_id("entitlement_category", "41"),
        valid_from=date(1955, 1, 1),
        valid_until=date(1990, 1, 1),
    )
    later = replace(first, valid_from=date(1990, 1, 1), valid_until=None)
    await done(database, agency, grant_entitlement, first, later)
    late = replace(first, valid_from=date(2001, 1, 1), valid_until=date(2002, 1, 1))
    assert await faults(database, agency, grant_entitlement, late) == [("valid_from",)]
    assert len(await all_rows(database, agency, ENTITLEMENT)) == 2


async def test_a_consent_on_paper_is_recorded_once_with_its_withdrawal(
    database: Database, agency: Agency, draft: FileDraft
) -> None:
    [person] = await done(database, agency, open_file, draft)
    given = PastConsent(
        beneficiary_id=person,
        purpose=ConsentPurpose.SERVICE,
        given_on=OPENED,
        withdrawn_on=date(2015, 3, 1),
    )
    await done(database, agency, record_consent, given)
    rows = await all_rows(database, agency, CONSENT)
    assert [(row["given_on"], row["withdrawn_on"]) for row in rows] == [
        (OPENED, given.withdrawn_on)
    ]
    assert await faults(database, agency, record_consent, given) == [("given_on",)]
    early = replace(given, given_on=date(2015, 2, 1), withdrawn_on=OPENED)
    assert await faults(database, agency, record_consent, early) == [("withdrawn_on",)]
    assert await all_rows(database, agency, CONSENT) == rows


async def test_nothing_is_written_about_another_agencys_beneficiary(
    database: Database, agency: Agency, other_agency: Agency, other_draft: FileDraft
) -> None:
    [theirs] = await done(database, other_agency, open_file, other_draft)
    agreement = named_id("agreement", str(agency.tenant_id), "优抚社工(2014)1号")
    project = named_id("project", str(agreement), "爱心献功臣")
    entitlement = EntitlementDraft(
        beneficiary_id=theirs,
        category_id=named_id("entitlement_category", "41"),
        valid_from=OPENED,
    )
    consent = PastConsent(beneficiary_id=theirs, purpose=ConsentPurpose.SERVICE, given_on=OPENED)
    attempts: Sequence[tuple[Callable[[Workspace, Any], Awaitable[UUID]], Any]] = [
        (grant_entitlement, entitlement),
        (record_consent, consent),
        (record_paper_form, a_form(agency, theirs)),
        (classify, a_judgement(agency, theirs, "settled", OPENED)),
        (
            enrol_beneficiary,
            EnrolmentDraft(project_id=project, beneficiary_id=theirs, valid_from=OPENED),
        ),
    ]
    for use_case, draft in attempts:
        assert await faults(database, agency, use_case, draft) == [("beneficiary_id",)]
    rows = await all_rows(database, other_agency, BENEFICIARY)
    assert [row["segment_id"] for row in rows] == [None]


async def test_a_form_on_paper_is_approved_with_the_band_of_its_score(
    database: Database, agency: Agency, draft: FileDraft
) -> None:
    [person] = await done(database, agency, open_file, draft)
    made = a_form(agency, person)
    await done(database, agency, record_paper_form, made)
    [row] = await all_rows(database, agency, ASSESSMENT)
    assert (row["band"], row["source"], row["status"]) == ("HIGH", "PAPER", "APPROVED")
    bad = replace(made, score=101, summary="", instrument_version=0)
    paths = await faults(database, agency, record_paper_form, bad)
    assert paths == [("instrument_version",), ("score",), ("summary",)]
    assert await faults(database, agency, record_paper_form, made) == [("assessed_on",)]


async def test_the_newest_judgement_stands_and_an_older_one_is_refused(
    database: Database, agency: Agency, draft: FileDraft
) -> None:
    [person] = await done(database, agency, open_file, draft)
    first = a_judgement(agency, person, "aggrieved", date(2015, 2, 1))
    review = a_judgement(agency, person, "vigorous", date(2015, 9, 1))
    await done(database, agency, classify, first, review)
    rows = await all_rows(database, agency, BENEFICIARY)
    assert [row["segment_id"] for row in rows] == [review.segment_id]
    assert await faults(database, agency, classify, first) == [("segmented_on",)]
    assert await all_rows(database, agency, BENEFICIARY) == rows
