"""The end of taking part in a project, which nothing that was delivered there may contradict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.beneficiaries.files import find_file
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.projects.enrolments import EnrolmentDraft, take_part
from citywide.projects.models import ENROLMENT, EnrolmentRow
from citywide.projects.words import LeavingReason
from citywide.rules.fields import day, draft, id_of, version, word
from citywide.rules.periods import period_faults
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.services.words import RecordStatus


@draft
class EnrolmentEnd:
    """A person leaves a project."""

    enrolment_id: UUID = id_of("Enrolment", "Which participation.")
    version: int = version("The version of it that you read.")
    valid_until: date = day("First day on which the person no longer takes part.")
    leaving_reason: LeavingReason = word("Why.")


@mutation(gives="Enrolment")
async def end_enrolment(act: Act, draft: EnrolmentEnd) -> UUID:
    """Let a person leave a project; an end that is still to come may be set anew."""
    enrolment = await _taking_part(act, draft.enrolment_id)
    refuse(await _end_faults(act, enrolment, draft.valid_until, "valid_until"))
    await act.update(ENROLMENT, enrolment, draft)
    return enrolment["id"]


@draft
class EnrolmentMove:
    """A person goes on in another project."""

    enrolment_id: UUID = id_of("Enrolment", "Which participation.")
    version: int = version("The version of it that you read.")
    project_id: UUID = id_of("Project", "Where the person takes part from then on.")
    valid_from: date = day("First day there, and the first one no longer here.", past=True)


@mutation(gives="Enrolment")
async def move_enrolment(act: Act, draft: EnrolmentMove) -> UUID:
    """Let a person leave one project for another on the same day."""
    enrolment = await _taking_part(act, draft.enrolment_id)
    refuse(await _end_faults(act, enrolment, draft.valid_from, "valid_from"))
    act.check_version(enrolment, draft)
    left = {"valid_until": draft.valid_from, "leaving_reason": LeavingReason.OTHER_PROJECT}
    await act.update(ENROLMENT, enrolment, **left)
    begin = EnrolmentDraft(
        project_id=draft.project_id,
        beneficiary_id=enrolment["beneficiary_id"],
        valid_from=draft.valid_from,
    )
    return await take_part(act, begin)


async def _taking_part(act: Act, enrolment_id: UUID) -> EnrolmentRow:
    """A participation that has not ended yet, of a person whose file the actor keeps."""
    enrolment = await act.find(ENROLMENT, enrolment_id, "enrolment_id")
    await find_file(act, enrolment["beneficiary_id"], "enrolment_id")
    end = enrolment["valid_until"]
    if end is not None and end <= act.today:
        raise wrong_state(f"It ended on {end} already.", "enrolment_id")
    return enrolment


async def _end_faults(act: Act, enrolment: EnrolmentRow, end: date, field: str) -> list[Fault]:
    """What is wrong with an end; `field` is where it stands."""
    found = [*period_faults((), enrolment["valid_from"], end)]
    found += await _later_faults(act, enrolment, end)
    return [replace(fault, path=(field,)) for fault in found]


async def _later_faults(act: Act, enrolment: EnrolmentRow, end: date) -> list[Fault]:
    """Whoever was served in a project took part in it on that day."""
    record, attendance = SERVICE_RECORD, ATTENDANCE
    there = attendance.c.service_record_id == record.c.id
    statement = select(func.count(), func.max(record.c.served_on)).where(
        there,
        record.c.project_id == enrolment["project_id"],
        record.c.status == RecordStatus.CURRENT,
        record.c.served_on >= end,
        attendance.c.beneficiary_id == enrolment["beneficiary_id"],
    )
    [(count, latest)] = await act.select(statement, record, attendance)
    if not count:
        return []
    message = (
        f"The person was served in the project {count} times from then on, last on {latest}: let "
        "it end after that day, or cancel those records."
    )
    return [Fault(("valid_until",), message, "LATER_FACTS", {"latest": str(latest)})]
