"""Use cases on projects: enrol the persons who take part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from citywide.acts.legacy import (
    NO_BENEFICIARY,
    file_spans,
    insert_rows,
    rows_with,
    spans,
    tenant_rows,
)
from citywide.beneficiaries.models import BENEFICIARY
from citywide.db.session import Transaction
from citywide.errors import Fault, Path, refuse
from citywide.ids import new_id
from citywide.projects.models import ENROLMENT, PROJECT
from citywide.rules.legacy import overlap_faults, past_faults
from citywide.rules.periods import Span, period_faults
from citywide.tenancy.desk import Desk

NO_PROJECT = "This agency has no project with this id."


@dataclass(frozen=True, slots=True)
class EnrolmentDraft:
    """A person's participation in a project."""

    project_id: UUID
    beneficiary_id: UUID
    valid_from: date
    valid_until: date | None


async def enrol(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[EnrolmentDraft]
) -> list[UUID]:
    """Record participations; a person takes part in a project at most once on any day."""
    people = {draft.beneficiary_id for draft in drafts}
    projects = await tenant_rows(
        transaction, desk=desk, table=PROJECT, ids={draft.project_id for draft in drafts}
    )
    files = await tenant_rows(transaction, desk=desk, table=BENEFICIARY, ids=people)
    held = await rows_with(transaction, desk=desk, column=ENROLMENT.c.beneficiary_id, values=people)
    project_spans, open_files = spans(projects), file_spans(files)
    faults = [
        fault
        for place, draft in enumerate(drafts)
        for fault in enrolment_faults(
            (place,), draft, projects=project_spans, files=open_files, today=desk.today
        )
    ]
    faults += overlap_faults(
        [(draft.project_id, draft.beneficiary_id) for draft in drafts],
        [Span(draft.valid_from, draft.valid_until) for draft in drafts],
        [
            (
                (row["project_id"], row["beneficiary_id"]),
                Span(row["valid_from"], row["valid_until"]),
            )
            for row in held
        ],
        "The person takes part in this project on some of these days already.",
    )
    refuse(faults)
    rows = [
        desk.owned(
            id=new_id(),
            project_id=draft.project_id,
            beneficiary_id=draft.beneficiary_id,
            valid_from=draft.valid_from,
            valid_until=draft.valid_until,
        )
        for draft in drafts
    ]
    return await insert_rows(transaction, table=ENROLMENT, rows=rows)


def enrolment_faults(
    path: Path,
    draft: EnrolmentDraft,
    *,
    projects: Mapping[UUID, Span],
    files: Mapping[UUID, Span],
    today: date,
) -> Iterator[Fault]:
    """A participation begins while the project runs and the file is open."""
    yield from past_faults((*path, "valid_from"), draft.valid_from, today=today)
    yield from period_faults(path, draft.valid_from, draft.valid_until)
    project, file = projects.get(draft.project_id), files.get(draft.beneficiary_id)
    if project is None:
        yield Fault((*path, "project_id"), NO_PROJECT)
    elif not project.covers(draft.valid_from):
        message = f"The project does not run on {draft.valid_from}."
        yield Fault((*path, "valid_from"), message)
    if file is None:
        yield Fault((*path, "beneficiary_id"), NO_BENEFICIARY)
    elif not file.covers(draft.valid_from):
        message = f"The person's file is not open on {draft.valid_from}."
        yield Fault((*path, "valid_from"), message)
