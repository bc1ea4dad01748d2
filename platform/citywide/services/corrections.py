"""Correct or cancel a service record: what stood before stays, with who ended it, when and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.workspace import nothing, values_of
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.course import Allows, Step
from citywide.rules.fields import (
    UNSET,
    Unset,
    day,
    draft,
    id_of,
    ids_of,
    line,
    paragraph,
    version,
    whole,
    word,
)
from citywide.rules.texts import ADDRESS_LENGTH, TITLE_LENGTH
from citywide.services.attendances import Person, attend, attendee
from citywide.services.courses import RecordCourse
from citywide.services.festivals import FESTIVAL_LENGTH
from citywide.services.models import (
    ATTENDANCE,
    SERVICE_RECORD,
    AttendanceRow,
    ServiceRecordRow,
)
from citywide.services.recording import (
    LONGEST_MINUTES,
    MOST_PERSONS,
    MOST_QUANTITY,
    NO_SUCH_LENGTH,
    NO_SUCH_QUANTITY,
    ServiceDraft,
    service_faults,
)
from citywide.services.words import AttendanceRole, Medium, QuantityUnit, RecordStage, ServiceKind

# A reason is a sentence or two.
REASON_LENGTH = ADDRESS_LENGTH


@draft
class ServiceCorrection:
    """What was recorded wrongly; what is left out stays as it is."""

    record_id: UUID = id_of("ServiceRecord", "The record.")
    version: int = version()
    reason: str = line("Why it is corrected.", REASON_LENGTH)
    project_id: UUID | Unset = id_of("Project", "The project that pays for it.", default=UNSET)
    kind: ServiceKind | Unset = word("What was delivered.", default=UNSET)
    medium: Medium | Unset = word("How it was delivered.", default=UNSET)
    served_on: date | Unset = day("The day of the service.", past=True, default=UNSET)
    duration_minutes: int | Unset = whole(
        "How long it took, in minutes.",
        least=1,
        most=LONGEST_MINUTES,
        message=NO_SUCH_LENGTH,
        default=UNSET,
    )
    area_id: UUID | Unset = id_of("Area", "Where it took place.", default=UNSET)
    festival: str | Unset | None = line("The festival; null: none.", FESTIVAL_LENGTH, default=UNSET)
    title: str | Unset = line("What it was about.", TITLE_LENGTH, default=UNSET)
    note: str | Unset | None = paragraph("What is worth remembering.", default=UNSET)
    beneficiary_ids: tuple[UUID, ...] | Unset = ids_of(
        "Beneficiary", "All who were served.", least=1, most=MOST_PERSONS, default=UNSET
    )
    worker_ids: tuple[UUID, ...] | Unset = ids_of(
        "Member", "All who served.", least=1, most=MOST_PERSONS, default=UNSET
    )
    volunteer_ids: tuple[UUID, ...] | Unset = ids_of(
        "Volunteer", "All who helped.", most=MOST_PERSONS, default=UNSET
    )
    quantity: int | Unset | None = whole(
        "Of help at home: how much.",
        least=1,
        most=MOST_QUANTITY,
        message=NO_SUCH_QUANTITY,
        default=UNSET,
    )
    quantity_unit: QuantityUnit | Unset | None = word("The quantity's unit.", default=UNSET)
    place: str | Unset | None = line("Where exactly, in words.", ADDRESS_LENGTH, default=UNSET)
    series_id: UUID | Unset | None = id_of(
        "GroupSeries", "The series of a group session.", default=UNSET
    )


@mutation(gives="ServiceRecord")
async def correct_service_record(act: Act, draft: ServiceCorrection) -> UUID:
    """Correct a service record; what it said before stays readable as its history."""
    row, attended = await _at_hand(act, draft.record_id, RecordCourse.correct)
    before = _draft_of(row, attended)
    after = _corrected(before, draft)
    if _said(before) == _said(after):
        refuse([Fault((), "Nothing of this is different from what is recorded.")])
    refuse(await service_faults(act, after))
    act.check_version(row, draft)
    await act.update(SERVICE_RECORD, row, after)
    past_id = await act.insert(
        SERVICE_RECORD,
        before,
        version=row["version"],
        status=RecordStage.SUPERSEDED,
        record_id=row["id"],
        **_ended(act, draft.reason),
    )
    # Who is no longer on the record moves to its past; who stays is there as well. So an attendance
    # that stays keeps its id.
    was, now = set(before.present), set(after.present)
    for each in attended:
        if attendee(each) not in now:
            await act.update(ATTENDANCE, each, service_record_id=past_id, superseded=True)
    await attend(act, past_id, [each for each in before.present if each in now], superseded=True)
    await attend(act, row["id"], [each for each in after.present if each not in was])
    act.persons.update(before.beneficiary_ids, after.beneficiary_ids)
    act.announce("serviceRecorded", row["id"])
    return row["id"]


@draft
class ServiceCancellation:
    """A record of something that did not take place."""

    record_id: UUID = id_of("ServiceRecord", "The record.")
    version: int = version()
    reason: str = line("Why it is cancelled.", REASON_LENGTH)


@mutation(gives="ServiceRecord")
async def cancel_service_record(act: Act, draft: ServiceCancellation) -> UUID:
    """Cancel a service record: it stays on file, and no figure counts it any more."""
    row, attended = await _at_hand(act, draft.record_id, RecordCourse.cancel)
    # The column of this name says whose earlier version a row is, and this is none.
    ended = {"record_id": None, **_ended(act, draft.reason)}
    await act.take(RecordCourse.cancel, row, draft, "record_id", **ended)
    act.persons.update(_draft_of(row, attended).beneficiary_ids)
    act.announce("serviceRecorded", row["id"])
    return row["id"]


async def _at_hand(
    act: Act, record_id: UUID, what: Step | Allows
) -> tuple[ServiceRecordRow, list[AttendanceRow]]:
    """A record that the actor may end, with who was there."""
    row = await act.find(SERVICE_RECORD, record_id, "record_id")
    if row["status"] == RecordStage.SUPERSEDED:
        refuse([nothing(SERVICE_RECORD, "record_id")])
    attended = await act.rows(ATTENDANCE, service_record_id=record_id)
    was_there = any(each["member_id"] == act.member_id for each in attended)
    act.check_worker(act.member_id if was_there else None, "record_id")
    act.check(what, row, "record_id")
    return row, attended


def _ended(act: Act, reason: str) -> dict[str, Any]:
    return {"ended_by_id": act.member_id, "ended_at": datetime.now(UTC), "end_reason": reason}


def _said(draft: ServiceDraft) -> tuple[dict[str, Any], set[Person]]:
    """All that a record says, in whatever order it names who was there."""
    return values_of(SERVICE_RECORD, draft, {}), set(draft.present)


def _draft_of(row: Mapping[str, Any], attended: Sequence[AttendanceRow]) -> ServiceDraft:
    """What a record says, as it would be recorded now."""
    facts = {each.name for each in fields(ServiceDraft)} & {*SERVICE_RECORD.c.keys()}
    present: dict[AttendanceRole, list[UUID]] = {role: [] for role in AttendanceRole}
    for role, person_id in map(attendee, attended):
        present[role].append(person_id)
    return ServiceDraft(
        beneficiary_ids=tuple(present[AttendanceRole.BENEFICIARY]),
        worker_ids=tuple(present[AttendanceRole.WORKER]),
        volunteer_ids=tuple(present[AttendanceRole.VOLUNTEER]),
        **{name: row[name] for name in facts},
    )


def _corrected(before: ServiceDraft, draft: ServiceCorrection) -> ServiceDraft:
    given = {each.name: getattr(draft, each.name, UNSET) for each in fields(before)}
    return replace(before, **{name: value for name, value in given.items() if value is not UNSET})
