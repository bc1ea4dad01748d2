"""Recording a delivered service, with everyone who was there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from citywide.acts.act import Act
from citywide.acts.workspace import Workspace, nothing
from citywide.agencies.workers import field_terms
from citywide.beneficiaries.files import open_faults
from citywide.beneficiaries.models import BENEFICIARY
from citywide.db.rows import returned
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.places.models import AREA
from citywide.projects.models import ENROLMENT, PROJECT
from citywide.rules.fields import day, draft, id_of, ids_of, line, paragraph, whole, word
from citywide.rules.periods import Span
from citywide.rules.texts import ADDRESS_LENGTH, NUMBER_LENGTH, TITLE_LENGTH
from citywide.services.attendances import Person, attend
from citywide.services.festivals import FESTIVAL_LENGTH, festival_faults
from citywide.services.models import GROUP_SERIES, GROUP_STAGE, SERVICE_NUMBER, SERVICE_RECORD
from citywide.services.words import (
    AttendanceRole,
    GroupStageName,
    Medium,
    QuantityUnit,
    ServiceKind,
)
from citywide.tenancy.models import AGREEMENT
from citywide.volunteers.models import VOLUNTEER

# A service ends on the day it began.
LONGEST_MINUTES = 24 * 60
NO_SUCH_LENGTH = f"A service lasts 1 to {LONGEST_MINUTES} minutes."
# The largest hall of a town: more names on one record are a mistake.
MOST_PERSONS = 500
# A household receives some dozens of things at most; a thousand is a slip of the finger.
MOST_QUANTITY = 1_000
NO_SUCH_QUANTITY = f"A quantity is 1 to {MOST_QUANTITY}."
# A group needs others to be a group.
LEAST_IN_GROUP = 2
# The form of the numbers that the platform gives; others would get in its way.
GIVEN_NUMBER = re.compile(r"\d{4}-S\d+")


@draft
class ServiceDraft:
    """One delivered service and everyone who was there; each attendance is one person-time."""

    number: str | None = line(
        "The agency's own number of the record; left out: the platform gives one.",
        NUMBER_LENGTH,
        default=None,
    )
    project_id: UUID = id_of("Project", "The project that pays for it.")
    kind: ServiceKind = word("What was delivered.")
    medium: Medium = word("How it was delivered.")
    served_on: date = day("The day of the service.", past=True)
    duration_minutes: int = whole(
        "How long it took, in minutes.", least=1, most=LONGEST_MINUTES, message=NO_SUCH_LENGTH
    )
    area_id: UUID = id_of("Area", "Where it took place.")
    festival: str | None = line("The festival of a festival visit.", FESTIVAL_LENGTH, default=None)
    title: str = line("What it was about.", TITLE_LENGTH)
    note: str | None = paragraph("What is worth remembering.", default=None)
    beneficiary_ids: tuple[UUID, ...] = ids_of(
        "Beneficiary", "Who was served.", least=1, most=MOST_PERSONS
    )
    worker_ids: tuple[UUID, ...] = ids_of("Member", "Who served.", least=1, most=MOST_PERSONS)
    volunteer_ids: tuple[UUID, ...] = ids_of("Volunteer", "Who helped.", most=MOST_PERSONS)
    quantity: int | None = whole(
        "Of help at home: how much, in the unit.",
        least=1,
        most=MOST_QUANTITY,
        message=NO_SUCH_QUANTITY,
        default=None,
    )
    quantity_unit: QuantityUnit | None = word("The quantity's unit.", default=None)
    place: str | None = line("Where exactly, in words.", ADDRESS_LENGTH, default=None)
    series_id: UUID | None = id_of(
        "GroupSeries", "The series that a group session belongs to.", default=None
    )

    @property
    def present(self) -> list[Person]:
        """Everyone who was there."""
        roles = (
            (AttendanceRole.BENEFICIARY, self.beneficiary_ids),
            (AttendanceRole.WORKER, self.worker_ids),
            (AttendanceRole.VOLUNTEER, self.volunteer_ids),
        )
        return [(role, person_id) for role, ids in roles for person_id in ids]


@mutation(gives="ServiceRecord")
async def record_service(act: Act, draft: ServiceDraft) -> UUID:
    """Record a delivered service with everyone who was there."""
    act.check_worker(act.member_id if act.member_id in draft.worker_ids else None, "worker_ids")
    record_id = await add_service(act, draft)
    act.announce("serviceRecorded", record_id)
    return record_id


async def add_service(work: Workspace, draft: ServiceDraft) -> UUID:
    """Write a record and its attendances, whoever says so."""
    refuse([*await service_faults(work, draft), *await _number_faults(work, draft.number)])
    number = draft.number or await _next_number(work, draft.served_on.year)
    record_id = await work.insert(SERVICE_RECORD, draft, number=number)
    await attend(work, record_id, draft.present)
    work.persons.update(draft.beneficiary_ids)
    return record_id


async def service_faults(work: Workspace, draft: ServiceDraft) -> list[Fault]:
    """The rules of a record that one field of it does not decide."""
    return [
        *kind_faults(draft),
        *await _setting_faults(work, draft),
        *await _series_faults(work, draft),
        *await _worker_faults(work, draft),
        *await _volunteer_faults(work, draft),
        *await _beneficiary_faults(work, draft),
    ]


def kind_faults(draft: ServiceDraft) -> Iterator[Fault]:
    """What only some kinds of service have."""
    served = len(draft.beneficiary_ids)
    if draft.festival is not None:
        if draft.kind != ServiceKind.VISIT:
            yield Fault(("festival",), "Only a visit is a festival visit.")
        yield from festival_faults(draft.festival)
    if draft.kind == ServiceKind.HOME_HELP and draft.medium != Medium.IN_PERSON:
        yield Fault(("medium",), "Help at home is given in person.")
    if draft.quantity is not None and draft.kind != ServiceKind.HOME_HELP:
        yield Fault(("quantity",), "Only help at home has a quantity.")
    if draft.quantity is not None and draft.quantity_unit is None:
        yield Fault(("quantity_unit",), "A quantity needs its unit.")
    if draft.quantity is None and draft.quantity_unit is not None:
        yield Fault(("quantity",), "A unit needs a quantity.")
    if draft.kind == ServiceKind.CASE_SESSION and served > 1:
        yield Fault(("beneficiary_ids",), "A case session has exactly one beneficiary.")
    if draft.kind == ServiceKind.GROUP_SESSION and served < LEAST_IN_GROUP:
        message = f"A group session has at least {LEAST_IN_GROUP} beneficiaries."
        yield Fault(("beneficiary_ids",), message)


async def _setting_faults(work: Workspace, draft: ServiceDraft) -> list[Fault]:
    """The project pays for the day, and the area exists on it."""
    project = await work.find(PROJECT, draft.project_id, "project_id")
    agreement = await work.find(AGREEMENT, project["agreement_id"], "project_id")
    area = await work.find(AREA, draft.area_id, "area_id")
    served_on, faults = draft.served_on, []
    if not Span.of(project).covers(served_on):
        faults.append(Fault(("served_on",), f"The project does not run on {served_on}."))
    elif not Span.of(agreement).covers(served_on):
        message = f"The project's agreement is not in force on {served_on}."
        faults.append(Fault(("served_on",), message))
    if not Span.of(area).covers(served_on):
        faults.append(Fault(("area_id",), "There is no area with this id on that day."))
    return faults


async def _series_faults(work: Workspace, draft: ServiceDraft) -> list[Fault]:
    """Only a group session belongs to a series: one of its project that has been formed."""
    if draft.series_id is None:
        return []
    if draft.kind != ServiceKind.GROUP_SESSION:
        return [Fault(("series_id",), "Only a group session belongs to a series.")]
    # A worker may have turned out to a colleague's group.
    series = await work.row(GROUP_SERIES, id=draft.series_id)
    if series is None:
        return [nothing(GROUP_SERIES, "series_id")]
    if series["project_id"] != draft.project_id:
        return [Fault(("series_id",), "The series belongs to another project.")]
    formed = await work.row(GROUP_STAGE, series_id=series["id"], stage=GroupStageName.FORMATION)
    if formed is None or draft.served_on < formed["entered_on"]:
        return [Fault(("series_id",), f"The series was not formed yet on {draft.served_on}.")]
    return []


async def _worker_faults(work: Workspace, draft: ServiceDraft) -> list[Fault]:
    terms = await field_terms(work, draft.worker_ids)
    message = "This agency has no social worker or director with this id on that day."
    return [
        Fault(("worker_ids", place), message)
        for place, worker_id in enumerate(draft.worker_ids)
        if not any(span.covers(draft.served_on) for span in terms.get(worker_id, ()))
    ]


async def _volunteer_faults(work: Workspace, draft: ServiceDraft) -> list[Fault]:
    roll = await work.by_id(VOLUNTEER, draft.volunteer_ids)
    message = "No volunteer with this id is on this agency's roll on that day."
    return [
        Fault(("volunteer_ids", place), message)
        for place, volunteer_id in enumerate(draft.volunteer_ids)
        if volunteer_id not in roll
        or not Span.of(roll[volunteer_id], "registered_on", "left_on").covers(draft.served_on)
    ]


async def _beneficiary_faults(work: Workspace, draft: ServiceDraft) -> list[Fault]:
    """Who is served has an open file and takes part in the project."""
    served_on, faults = draft.served_on, []
    files = await work.by_id(BENEFICIARY, draft.beneficiary_ids)
    enrolments = await work.rows(
        ENROLMENT, project_id=draft.project_id, beneficiary_id=draft.beneficiary_ids
    )
    enrolled = {row["beneficiary_id"] for row in enrolments if Span.of(row).covers(served_on)}
    for place, beneficiary_id in enumerate(draft.beneficiary_ids):
        path = ("beneficiary_ids", place)
        if beneficiary_id not in files:
            faults.append(nothing(BENEFICIARY, *path))
        elif closed := [*open_faults(files[beneficiary_id], served_on, *path)]:
            faults += closed
        elif beneficiary_id not in enrolled:
            message = f"The person takes no part in the project on {served_on}."
            faults.append(Fault(path, message))
    return faults


async def _number_faults(work: Workspace, number: str | None) -> list[Fault]:
    if number is None:
        return []
    if GIVEN_NUMBER.fullmatch(number):
        message = "Numbers of this form are the platform's to give: leave it out, or take another."
        return [Fault(("number",), message)]
    if await work.rows(SERVICE_RECORD, number=number):
        return [Fault(("number",), "Another record has this number.")]
    return []


async def _next_number(work: Workspace, year: int) -> str:
    """A number for a record that comes without.

    The row that counts a year's stays locked until the commit, so that no two records get the
    same number; one that is given to a record which then fails is given again.
    """
    table = SERVICE_NUMBER
    counted = insert(table).values(
        tenant_id=work.tenant_id, bureau_id=work.bureau_id, id=new_id(), year=year, last=1
    )
    statement = counted.on_conflict_do_update(
        index_elements=["tenant_id", "year"], set_={"last": table.c.last + 1}
    ).returning(table.c.last, *returned(table))
    [row] = await work.transaction.rows(statement)
    work.transaction.wrote(work.tenant_id, table.name, row)
    return f"{year}-S{row['last']:05}"
