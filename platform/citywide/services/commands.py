"""Use cases on services: record what was delivered, with everyone who was there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from citywide.acts.legacy import (
    catalogue_rows,
    field_workers,
    file_spans,
    insert_rows,
    rows_with,
    spans,
    tenant_rows,
)
from citywide.beneficiaries.models import BENEFICIARY
from citywide.db.session import Transaction
from citywide.errors import Fault, refuse
from citywide.ids import new_id
from citywide.places.models import AREA
from citywide.projects.models import ENROLMENT, PROJECT
from citywide.rules.legacy import taken_faults
from citywide.rules.periods import Span
from citywide.services.drafts import (
    GIVEN_NUMBER,
    Group,
    ServiceDraft,
    Surroundings,
    service_faults,
)
from citywide.services.models import (
    ATTENDANCE,
    GROUP_SERIES,
    GROUP_STAGE,
    SERVICE_NUMBER,
    SERVICE_RECORD,
)
from citywide.tenancy.desk import Desk
from citywide.tenancy.models import AGREEMENT
from citywide.volunteers.models import VOLUNTEER

# What a record says, beside its number and who was there: columns named as the draft's fields.
FACTS = (
    "project_id",
    "kind",
    "medium",
    "served_on",
    "duration_minutes",
    "area_id",
    "festival",
    "title",
    "note",
    "place",
    "quantity",
    "quantity_unit",
    "series_id",
)
RESERVED_NUMBER = "Numbers of this form are the platform's to give: leave it out, or take another."

# In what role, the column that names them, and who.
Person = tuple[str, str, UUID]


async def record_services(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[ServiceDraft]
) -> list[UUID]:
    """Record a batch of services with their attendances; the records' ids, in order.

    Raises `InvalidError` with every broken rule of every draft, having written nothing.
    """
    around = await surroundings(transaction, desk=desk, drafts=drafts)
    numbers = [draft.number for draft in drafts if draft.number is not None]
    taken = await rows_with(transaction, desk=desk, column=SERVICE_RECORD.c.number, values=numbers)
    faults = [
        fault
        for place, draft in enumerate(drafts)
        for fault in service_faults((place,), draft, around, today=desk.today)
    ]
    faults += taken_faults(
        "number",
        # A blank one equals no other.
        [draft.number or place for place, draft in enumerate(drafts)],
        {row["number"] for row in taken},
        "Another record has this number.",
    )
    faults += [
        Fault((place, "number"), RESERVED_NUMBER)
        for place, draft in enumerate(drafts)
        if draft.number is not None and GIVEN_NUMBER.fullmatch(draft.number)
    ]
    refuse(faults)
    given = iter(await _given_numbers(transaction, desk=desk, drafts=drafts))
    records = [
        desk.owned(id=new_id(), number=draft.number or next(given), **facts_of(draft))
        for draft in drafts
    ]
    record_ids = await insert_rows(transaction, table=SERVICE_RECORD, rows=records)
    attendances = [
        row
        for record_id, draft in zip(record_ids, drafts, strict=True)
        for row in attendances_of(desk, record_id, present(draft))
    ]
    await insert_rows(transaction, table=ATTENDANCE, rows=attendances)
    return record_ids


async def _given_numbers(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[ServiceDraft]
) -> list[str]:
    """Numbers for the drafts that come without, in their order.

    The row that counts a year's stays locked until the commit, so that no two records get the
    same number; one that is given to a record which then fails is given again.
    """
    years = [draft.served_on.year for draft in drafts if draft.number is None]
    found: dict[int, Iterator[int]] = {}
    for year, wanted in sorted(Counter(years).items()):
        table = SERVICE_NUMBER
        row = desk.owned(id=new_id(), year=year, last=wanted)
        counted = insert(table).values(row)
        statement = counted.on_conflict_do_update(
            index_elements=["tenant_id", "year"],
            set_={"last": table.c.last + counted.excluded.last},
        ).returning(table.c.last)
        [[last]] = await transaction.rows(statement)
        found[year] = iter(range(last - wanted + 1, last + 1))
    return [f"{year}-S{next(found[year]):05}" for year in years]


def facts_of(draft: ServiceDraft) -> dict[str, object]:
    """The record's columns, without its number."""
    return {name: getattr(draft, name) for name in FACTS}


def present(draft: ServiceDraft) -> list[Person]:
    """Everyone who was there: in what role, which column names them, and their id."""
    columns = (
        ("BENEFICIARY", "beneficiary_id", draft.beneficiary_ids),
        ("WORKER", "member_id", draft.worker_ids),
        ("VOLUNTEER", "volunteer_id", draft.volunteer_ids),
    )
    return [(role, column, person_id) for role, column, ids in columns for person_id in ids]


def attendances_of(
    desk: Desk, record_id: UUID, persons: Iterable[Person], *, superseded: bool = False
) -> Iterator[dict[str, object]]:
    """One row for each person who was there, in exactly one role."""
    for role, column, person_id in persons:
        columns = {"beneficiary_id": None, "member_id": None, "volunteer_id": None}
        yield desk.owned(
            id=new_id(),
            service_record_id=record_id,
            role=role,
            superseded=superseded,
            **columns | {column: person_id},
        )


async def surroundings(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[ServiceDraft]
) -> Surroundings:
    """Everything the drafts refer to that this agency may refer to."""
    people = {key for draft in drafts for key in draft.beneficiary_ids}
    workers = {key for draft in drafts for key in draft.worker_ids}
    projects = await tenant_rows(
        transaction, desk=desk, table=PROJECT, ids={draft.project_id for draft in drafts}
    )
    agreements = await tenant_rows(
        transaction,
        desk=desk,
        table=AGREEMENT,
        ids={row["agreement_id"] for row in projects.values()},
    )
    series_ids = {draft.series_id for draft in drafts if draft.series_id is not None}
    groups = await tenant_rows(transaction, desk=desk, table=GROUP_SERIES, ids=series_ids)
    formed = await rows_with(
        transaction, desk=desk, column=GROUP_STAGE.c.series_id, values=groups.keys()
    )
    formed_on = {
        row["series_id"]: row["entered_on"] for row in formed if row["stage"] == "FORMATION"
    }
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
        agreements={
            key: Span(agreement["valid_from"], agreement["valid_until"])
            for key, row in projects.items()
            for agreement in [agreements[row["agreement_id"]]]
        },
        areas=spans(areas),
        files=file_spans(files),
        enrolments=dict(enrolments),
        workers=await field_workers(transaction, desk=desk, ids=workers),
        volunteers=spans(volunteers, "registered_on", "left_on"),
        series={key: Group(row["project_id"], formed_on.get(key)) for key, row in groups.items()},
    )
