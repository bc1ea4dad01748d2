"""Use cases on services: record what was delivered, with everyone who was there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from citywide.beneficiaries.models import BENEFICIARY
from citywide.db.session import Transaction
from citywide.ids import new_id
from citywide.places.models import AREA
from citywide.projects.models import ENROLMENT, PROJECT
from citywide.services.drafts import ServiceDraft, Surroundings, service_faults
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.tenancy.desk import Desk
from citywide.tenancy.drafts import Span, refuse, taken_faults
from citywide.tenancy.rows import (
    catalogue_rows,
    field_workers,
    insert_rows,
    rows_with,
    spans,
    tenant_rows,
)
from citywide.volunteers.models import VOLUNTEER


async def record_services(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[ServiceDraft]
) -> list[UUID]:
    """Record a batch of services with their attendances; the records' ids, in order.

    Raises `InvalidError` with every broken rule of every draft, having written nothing.
    """
    surroundings = await _surroundings(transaction, desk=desk, drafts=drafts)
    numbers = [draft.number for draft in drafts]
    present = await rows_with(
        transaction, desk=desk, column=SERVICE_RECORD.c.number, values=numbers
    )
    faults = [
        fault
        for place, draft in enumerate(drafts)
        for fault in service_faults((place,), draft, surroundings, today=desk.today)
    ]
    faults += taken_faults(
        "number", numbers, {row["number"] for row in present}, "Another record has this number."
    )
    refuse(faults)
    records = [
        desk.owned(
            id=new_id(),
            number=draft.number,
            project_id=draft.project_id,
            kind=draft.kind,
            medium=draft.medium,
            served_on=draft.served_on,
            duration_minutes=draft.duration_minutes,
            area_id=draft.area_id,
            festival=draft.festival,
            title=draft.title,
            note=draft.note,
        )
        for draft in drafts
    ]
    record_ids = await insert_rows(transaction, table=SERVICE_RECORD, rows=records)
    attendances = [
        row
        for record_id, draft in zip(record_ids, drafts, strict=True)
        for row in _attendances(desk, record_id, draft)
    ]
    await insert_rows(transaction, table=ATTENDANCE, rows=attendances)
    return record_ids


def _attendances(desk: Desk, record_id: UUID, draft: ServiceDraft) -> Iterator[dict[str, object]]:
    """One row for each person who was there, in exactly one role."""
    present = (
        ("BENEFICIARY", "beneficiary_id", draft.beneficiary_ids),
        ("WORKER", "member_id", draft.worker_ids),
        ("VOLUNTEER", "volunteer_id", draft.volunteer_ids),
    )
    for role, column, ids in present:
        for person_id in ids:
            persons = {"beneficiary_id": None, "member_id": None, "volunteer_id": None}
            yield desk.owned(
                id=new_id(), service_record_id=record_id, role=role, **persons | {column: person_id}
            )


async def _surroundings(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[ServiceDraft]
) -> Surroundings:
    """Everything the drafts refer to that this agency may refer to."""
    people = {key for draft in drafts for key in draft.beneficiary_ids}
    workers = {key for draft in drafts for key in draft.worker_ids}
    projects = await tenant_rows(
        transaction, desk=desk, table=PROJECT, ids={draft.project_id for draft in drafts}
    )
    areas = await catalogue_rows(transaction, table=AREA, ids={draft.area_id for draft in drafts})
    files = await tenant_rows(transaction, desk=desk, table=BENEFICIARY, ids=people)
    volunteers = await tenant_rows(
        transaction,
        desk=desk,
        table=VOLUNTEER,
        ids={key for draft in drafts for key in draft.volunteer_ids},
    )
    enrolments: dict[tuple[UUID, UUID], list[Span]] = {}
    for row in await rows_with(
        transaction, desk=desk, column=ENROLMENT.c.beneficiary_id, values=people
    ):
        key = (row["project_id"], row["beneficiary_id"])
        enrolments.setdefault(key, []).append(Span(row["valid_from"], row["valid_until"]))
    return Surroundings(
        projects=spans(projects),
        areas=spans(areas),
        files=spans(files, "opened_on", "closed_on"),
        enrolments=dict(enrolments),
        workers=await field_workers(transaction, desk=desk, ids=workers),
        volunteers={key: Span(row["registered_on"], None) for key, row in volunteers.items()},
    )
