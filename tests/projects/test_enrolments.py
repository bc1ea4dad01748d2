"""Enrolments on a database: who takes part in a project, and when."""

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
from citywide.projects.enrolments import EnrolmentDraft, enrol_beneficiary
from citywide.projects.models import ENROLMENT, PROJECT
from citywide.rules.fields import faults_of

ENDED = date(2015, 9, 1)


@pytest_asyncio.fixture(loop_scope="session")
async def again(work: Workspace) -> EnrolmentDraft:
    """Somebody who no longer took part takes part again."""
    [project] = await work.rows(PROJECT)
    [enrolment, *_] = await work.rows(ENROLMENT)
    await work.update(ENROLMENT, enrolment, valid_until=ENDED)
    return EnrolmentDraft(
        project_id=project["id"], beneficiary_id=enrolment["beneficiary_id"], valid_from=ENDED
    )


async def test_a_person_takes_part_again_from_the_day_on_which_they_no_longer_did(
    work: Workspace, again: EnrolmentDraft
) -> None:
    enrolment_id = await enrol_beneficiary(work, again)
    row = await work.find(ENROLMENT, enrolment_id, "enrolment_id")
    assert (row["valid_from"], row["valid_until"]) == (ENDED, None)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"project_id": UUID(int=99)}, "project_id"),
        ({"beneficiary_id": UUID(int=99)}, "beneficiary_id"),
        ({"valid_from": ENDED - timedelta(days=1)}, "valid_from"),
        ({"valid_until": ENDED}, "valid_until"),
        ({"valid_from": date(2014, 11, 30), "valid_until": date(2014, 12, 1)}, "valid_from"),
    ],
)
async def test_a_bad_participation_names_the_field_and_nothing_is_written(
    work: Workspace, again: EnrolmentDraft, changes: dict[str, Any], path: str
) -> None:
    before = await work.rows(ENROLMENT)
    with pytest.raises(InvalidError) as caught:
        await enrol_beneficiary(work, replace(again, **changes))
    assert {fault.path for fault in caught.value.faults} == {(path,)}
    assert await work.rows(ENROLMENT) == before


async def test_a_participation_begins_while_the_file_is_open_and_not_in_the_future(
    work: Workspace, again: EnrolmentDraft
) -> None:
    file = await work.find(BENEFICIARY, again.beneficiary_id, "beneficiary_id")
    await work.update(BENEFICIARY, file, closed_on=ENDED)
    with pytest.raises(InvalidError) as caught:
        await enrol_beneficiary(work, again)
    assert [fault.path for fault in caught.value.faults] == [("valid_from",)]
    tomorrow = replace(again, valid_from=work.today + timedelta(days=1))
    assert [each.path for each in faults_of(tomorrow, today=work.today)] == [("valid_from",)]


async def test_another_agencys_person_takes_part_in_nothing(
    work: Workspace, again: EnrolmentDraft
) -> None:
    own, work.tenant_id = work.tenant_id, UUID(int=99)
    assert await work.rows(BENEFICIARY, id=again.beneficiary_id) == []
    with pytest.raises(InvalidError) as caught:
        await enrol_beneficiary(work, again)
    assert [fault.path for fault in caught.value.faults] == [("project_id",)]
    work.tenant_id = own
