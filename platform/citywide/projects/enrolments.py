"""Enrolments: which persons take part in a project, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from citywide.acts.workspace import Workspace
from citywide.beneficiaries.files import find_file, open_faults, open_span
from citywide.beneficiaries.models import BENEFICIARY
from citywide.errors import Fault, InvalidError, Path, refuse
from citywide.graph.mutate import mutation
from citywide.projects.models import ENROLMENT, PROJECT
from citywide.rules.fields import day, draft, id_of, ids_of
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
    return await take_part(work, draft)


async def take_part(work: Workspace, draft: EnrolmentDraft, *path: str | int) -> UUID:
    """Record a participation; a person takes part in a project at most once on any day.

    What is wrong with it is told about its fields, or all at `path` where a list names the person.
    """
    here: Path = path or ("valid_from",)
    who = str(path[0]) if path else "beneficiary_id"
    project = await work.find(PROJECT, draft.project_id, "project_id")
    file = await find_file(work, draft.beneficiary_id, who)
    held = await work.rows(
        ENROLMENT, project_id=draft.project_id, beneficiary_id=draft.beneficiary_id
    )
    start = draft.valid_from
    faults = [*period_faults((), start, draft.valid_until)]
    if not Span.of(project).covers(start):
        faults.append(Fault(("valid_from",), f"The project does not run on {start}."))
    faults += open_faults(file, start, *here)
    if any(Span.of(draft).overlaps(Span.of(row)) for row in held):
        message = "The person takes part in this project on some of these days already."
        faults.append(Fault(here, message))
    refuse(faults)
    return await work.insert(ENROLMENT, draft)


@draft
class EnrolmentsDraft:
    """Participations of several persons in a project."""

    project_id: UUID = id_of("Project", "The project.")
    beneficiary_ids: tuple[UUID, ...] = ids_of("Beneficiary", "Who takes part.", least=1)
    valid_from: date = day("First day.", past=True)


@mutation(gives="Project")
async def enrol_beneficiaries(work: Workspace, draft: EnrolmentsDraft) -> UUID:
    """Let several persons take part in a project from a day on: all of them, or nobody."""
    faults: list[Fault] = []
    for place, beneficiary_id in enumerate(draft.beneficiary_ids):
        one = EnrolmentDraft(
            project_id=draft.project_id,
            beneficiary_id=beneficiary_id,
            valid_from=draft.valid_from,
        )
        try:
            await take_part(work, one, "beneficiary_ids", place)
        except InvalidError as error:
            # What is wrong with the project is so for everybody.
            faults += (each for each in error.faults if each not in faults)
    refuse(faults)
    return draft.project_id


@draft
class CarryingOver:
    """A project goes on in another one, of a renewed agreement for example."""

    earlier_project_id: UUID = id_of("Project", "The one whose participants go on.")
    project_id: UUID = id_of("Project", "The one in which they take part from then on.")
    valid_from: date = day("First day in the other project.", past=True)


@mutation(gives="Project")
async def carry_over_enrolments(work: Workspace, draft: CarryingOver) -> UUID:
    """Let everybody who still took part in a project take part in the one that continues it.

    Who left before, whose file is not open on that day and who takes part already is left out.
    """
    earlier = await work.find(PROJECT, draft.earlier_project_id, "earlier_project_id")
    project = await work.find(PROJECT, draft.project_id, "project_id")
    if earlier["id"] == project["id"]:
        refuse([Fault(("project_id",), "This is the same project.")])
    persons = await _continuing(work, earlier["id"], project["id"], draft.valid_from)
    if not persons:
        message = f"Nobody of the earlier project is left to take part from {draft.valid_from} on."
        refuse([Fault(("earlier_project_id",), message)])
    for beneficiary_id in persons:
        one = EnrolmentDraft(
            project_id=project["id"], beneficiary_id=beneficiary_id, valid_from=draft.valid_from
        )
        await take_part(work, one)
    return project["id"]


async def _continuing(
    work: Workspace, earlier_id: UUID, project_id: UUID, day_of_change: date
) -> Sequence[UUID]:
    """Who took part in the earlier project to its end or to that day, and can go on."""
    before = await work.rows(ENROLMENT, project_id=earlier_id)
    there = await work.rows(ENROLMENT, project_id=project_id)
    taken = {
        row["beneficiary_id"]
        for row in there
        if row["valid_until"] is None or row["valid_until"] > day_of_change
    }
    staying = {
        row["beneficiary_id"]
        for row in before
        if row["valid_until"] is None or row["valid_until"] >= day_of_change
    }
    files = await work.by_id(BENEFICIARY, staying - taken)
    return sorted(
        file_id for file_id, file in files.items() if open_span(file).covers(day_of_change)
    )
