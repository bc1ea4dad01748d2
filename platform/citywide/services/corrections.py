"""Correct or cancel a service record: what stood before stays, with who ended it, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import update

from citywide.acts.act import Act
from citywide.acts.legacy import among, insert_rows, rows_with
from citywide.acts.problems import wrong_state
from citywide.db.session import Change
from citywide.errors import Fault, InvalidError, refuse
from citywide.graph.mutate import UNSET, Unset, asked
from citywide.ids import new_id
from citywide.rules.texts import ADDRESS_LENGTH, text_faults
from citywide.services.commands import (
    FACTS,
    Person,
    attendances_of,
    facts_of,
    present,
    surroundings,
)
from citywide.services.drafts import ServiceDraft, service_faults
from citywide.services.models import ATTENDANCE, SERVICE_RECORD

NO_RECORD = "This agency has no service record with this id."
# A reason is a sentence or two.
REASON_LENGTH = ADDRESS_LENGTH
# Fields of a correction that a caller may leave out but not empty.
_REQUIRED = frozenset(
    {
        "project_id",
        "kind",
        "medium",
        "served_on",
        "duration_minutes",
        "area_id",
        "title",
        "beneficiary_ids",
        "worker_ids",
        "volunteer_ids",
    }
)
_COLUMNS = ("beneficiary_id", "member_id", "volunteer_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCorrection:
    """What was recorded wrongly; what is left out stays as it is."""

    record_id: Annotated[UUID, asked("The record.", of="ServiceRecord")]
    version: Annotated[int, asked("The version you read.")]
    reason: Annotated[str, asked("Why it is corrected; at most 200 characters.")]
    project_id: Annotated[UUID | Unset, asked("The project that pays for it.", of="Project")] = (
        UNSET
    )
    kind: Annotated[str | Unset, asked("What was delivered.", enum="ServiceKind")] = UNSET
    medium: Annotated[str | Unset, asked("How it was delivered.", enum="Medium")] = UNSET
    served_on: Annotated[date | Unset, asked("The day of the service.")] = UNSET
    duration_minutes: Annotated[int | Unset, asked("How long it took, in minutes.")] = UNSET
    area_id: Annotated[UUID | Unset, asked("Where it took place.", of="Area")] = UNSET
    festival: Annotated[str | Unset | None, asked("The festival; null: none.")] = UNSET
    title: Annotated[str | Unset, asked("What it was about, in one line.")] = UNSET
    note: Annotated[str | Unset | None, asked("What is worth remembering.")] = UNSET
    beneficiary_ids: Annotated[
        tuple[UUID, ...] | Unset, asked("All who were served.", of="Beneficiary")
    ] = UNSET
    worker_ids: Annotated[tuple[UUID, ...] | Unset, asked("All who served.", of="Member")] = UNSET
    volunteer_ids: Annotated[tuple[UUID, ...] | Unset, asked("All who helped.", of="Volunteer")] = (
        UNSET
    )
    quantity: Annotated[int | Unset | None, asked("Of help at home: how much.")] = UNSET
    quantity_unit: Annotated[
        str | Unset | None, asked("The quantity's unit.", enum="QuantityUnit")
    ] = UNSET
    place: Annotated[str | Unset | None, asked("Where exactly, in words.")] = UNSET
    series_id: Annotated[
        UUID | Unset | None, asked("The series of a group session.", of="GroupSeries")
    ] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCancellation:
    """A record of something that did not take place."""

    record_id: Annotated[UUID, asked("The record.", of="ServiceRecord")]
    version: Annotated[int, asked("The version you read.")]
    reason: Annotated[str, asked("Why it is cancelled; at most 200 characters.")]


def corrected(draft: ServiceDraft, correction: ServiceCorrection) -> ServiceDraft:
    """The draft with what the correction says; raises `InvalidError` for what must not be null."""
    changes: dict[str, Any] = {
        each.name: value
        for each in fields(ServiceDraft)
        if each.name != "number" and not isinstance(value := getattr(correction, each.name), Unset)
    }
    refuse(
        Fault((name,), "This may be left out, but not be null.")
        for name, value in changes.items()
        if value is None and name in _REQUIRED
    )
    return replace(draft, **changes)


async def correct(act: Act, correction: ServiceCorrection) -> UUID:
    """Change a record, and keep what it said as an earlier version."""
    row, attended = await _standing(act, correction.record_id, correction.reason)
    before = _draft_of(row, attended)
    draft = corrected(before, correction)
    if facts_of(draft) == facts_of(before) and set(present(draft)) == set(present(before)):
        raise InvalidError([Fault((), "Nothing of this is different from what is recorded.")])
    around = await surroundings(act.transaction, desk=act.desk, drafts=[draft])
    refuse(service_faults((), draft, around, today=act.desk.today))
    await act.update(SERVICE_RECORD, row, facts_of(draft), version=correction.version)
    past_id = await _keep(act, row, correction.reason)
    await _attend(act, row["id"], past_id, attended=attended, draft=draft)
    act.persons.update(before.beneficiary_ids, draft.beneficiary_ids)
    act.tell("serviceRecorded", row["id"])
    return correction.record_id


async def cancel(act: Act, cancellation: ServiceCancellation) -> UUID:
    """Take a record out of every figure; it stays on file."""
    row, attended = await _standing(act, cancellation.record_id, cancellation.reason)
    ended = {"status": "CANCELLED", **_ended(act, cancellation.reason)}
    await act.update(SERVICE_RECORD, row, ended, version=cancellation.version)
    act.persons.update(_persons(attended, "beneficiary_id"))
    act.tell("serviceRecorded", row["id"])
    return cancellation.record_id


async def _standing(act: Act, record_id: UUID, reason: str) -> tuple[Record, list[Record]]:
    """A record that may be ended by the actor, with who was there; the reason is a good one."""
    refuse(text_faults(("reason",), reason, longest=REASON_LENGTH))
    row = await act.find(SERVICE_RECORD, record_id, "record_id", NO_RECORD)
    attended = await rows_with(
        act.transaction, desk=act.desk, column=ATTENDANCE.c.service_record_id, values=[record_id]
    )
    if row["status"] == "SUPERSEDED":
        raise InvalidError([Fault(("record_id",), NO_RECORD)])
    me = act.principal.member_id
    act.check_worker(me if me in _persons(attended, "member_id") else None, "recordId")
    if row["status"] == "CANCELLED":
        raise wrong_state("The record is cancelled already.", "recordId")
    return row, attended


def _ended(act: Act, reason: str) -> dict[str, Any]:
    return {
        "ended_by_id": act.principal.member_id,
        "ended_at": datetime.now(UTC),
        "end_reason": reason,
    }


def _persons(attended: Sequence[Record], column: str) -> tuple[UUID, ...]:
    return tuple(row[column] for row in attended if row[column] is not None)


def _draft_of(row: Record, attended: Sequence[Record]) -> ServiceDraft:
    """What the record says, as it would be recorded now."""
    return ServiceDraft(
        number=row["number"],
        beneficiary_ids=_persons(attended, "beneficiary_id"),
        worker_ids=_persons(attended, "member_id"),
        volunteer_ids=_persons(attended, "volunteer_id"),
        **{name: row[name] for name in FACTS},
    )


async def _keep(act: Act, row: Record, reason: str) -> UUID:
    """A row with what the record said until now."""
    past = {name: row[name] for name in ("number", "version", *FACTS)}
    past |= {"status": "SUPERSEDED", "record_id": row["id"], **_ended(act, reason)}
    rows = [act.desk.owned(id=new_id(), **past)]
    [past_id] = await insert_rows(act.transaction, table=SERVICE_RECORD, rows=rows)
    return past_id


async def _attend(
    act: Act, record_id: UUID, past_id: UUID, *, attended: Sequence[Record], draft: ServiceDraft
) -> None:
    """Who is no longer on the record moves to its past; who stays is there as well.

    So an attendance that stays keeps its id.
    """
    before = {_person(row): row["id"] for row in attended}
    now = set(present(draft))
    gone = [attendance_id for person, attendance_id in before.items() if person not in now]
    if gone:
        moved = {"service_record_id": past_id, "superseded": True}
        table = ATTENDANCE
        await act.transaction.rows(
            update(table)
            .where(table.c.tenant_id == act.desk.tenant_id, among(table.c.id, gone))
            .values(moved)
            .returning(table.c.id)
        )
        was = {"service_record_id": record_id, "superseded": False}
        act.transaction.changes += [Change(table.name, each, was, moved) for each in gone]
    stays = (person for person in before if person in now)
    come = (person for person in present(draft) if person not in before)
    rows = [
        *attendances_of(act.desk, past_id, stays, superseded=True),
        *attendances_of(act.desk, record_id, come),
    ]
    await insert_rows(act.transaction, table=ATTENDANCE, rows=rows)


def _person(row: Record) -> Person:
    column = next(name for name in _COLUMNS if row[name] is not None)
    return row["role"], column, row[column]
