"""Enrolments: which persons take part in a project, and when."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.workspace import Workspace
from citywide.beneficiaries.files import find_file, open_faults
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.projects.models import ENROLMENT, PROJECT
from citywide.rules.fields import day, draft, id_of
from citywide.rules.periods import Span, period_faults


@draft
class EnrolmentDraft:
    """A person's participation in a project."""

    project_id: UUID = id_of("Project", "The project.")
    beneficiary_id: UUID = id_of("Beneficiary", "Who takes part.")
    valid_from: date = day("First day.", past=True)
    valid_until: date | None = day("First day on which they no longer take part.", default=None)


@mutation(gives="Enrolment")
async def enrol_beneficiary(work: Workspace, draft: EnrolmentDraft) -> UUID:
    """Let a person take part in a project: without it nothing can be delivered to them there."""
    project = await work.find(PROJECT, draft.project_id, "project_id")
    file = await find_file(work, draft.beneficiary_id)
    held = await work.rows(
        ENROLMENT, project_id=draft.project_id, beneficiary_id=draft.beneficiary_id
    )
    start, here = draft.valid_from, ("valid_from",)
    faults = [*period_faults((), start, draft.valid_until)]
    if not Span.of(project).covers(start):
        faults.append(Fault(here, f"The project does not run on {start}."))
    faults += open_faults(file, start, *here)
    if any(Span.of(draft).overlaps(Span.of(row)) for row in held):
        message = "The person takes part in this project on some of these days already."
        faults.append(Fault(here, message))
    refuse(faults)
    return await work.insert(ENROLMENT, draft)
