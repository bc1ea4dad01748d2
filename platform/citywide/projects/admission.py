"""Admission: a person is registered and takes part in a project, so that they can be served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from citywide.acts.act import Act
from citywide.beneficiaries.problems import DuplicateProblem, NearDuplicateProblem
from citywide.beneficiaries.registration import FileDraft, open_new_file
from citywide.errors import InvalidError, refuse
from citywide.graph.mutate import mutation
from citywide.projects.enrolments import EnrolmentDraft, take_part
from citywide.projects.models import PROJECT
from citywide.rules.fields import UNSET, Unset, draft, flag, ids_of
from citywide.rules.periods import Span
from citywide.tenancy.models import SITE

# An agreement pays for a handful of projects.
MOST_PROJECTS = 20


@draft
class Registration(FileDraft):
    """A new file, and what the person takes part in."""

    acknowledge_near_duplicates: bool = flag(
        "Whether you looked at files of similar persons: they are somebody else.", default=False
    )
    project_ids: tuple[UUID, ...] | Unset = ids_of(
        "Project",
        "In which the person takes part from the day the file is opened; left out, the one that "
        "the site's agreement has on that day, if it has just one.",
        most=MOST_PROJECTS,
        default=UNSET,
    )


@mutation(gives="Beneficiary", problems=(DuplicateProblem, NearDuplicateProblem))
async def register_beneficiary(act: Act, draft: Registration) -> UUID:
    """Open a file on a person to be served, and let them take part in a project."""
    person = await open_new_file(act, draft, acknowledges=draft.acknowledge_near_duplicates)
    for place, project_id in enumerate(await _projects(act, draft)):
        enrolment = EnrolmentDraft(
            project_id=project_id, beneficiary_id=person, valid_from=draft.opened_on
        )
        try:
            await take_part(act, enrolment)
        except InvalidError as error:
            refuse(replace(each, path=("project_ids", place)) for each in error.faults)
    return person


async def _projects(act: Act, draft: Registration) -> Sequence[UUID]:
    if draft.project_ids is not UNSET:
        return draft.project_ids
    site = await act.find(SITE, draft.site_id, "site_id")
    projects = await act.rows(PROJECT, agreement_id=site["agreement_id"])
    running = [each["id"] for each in projects if Span.of(each).covers(draft.opened_on)]
    return running if len(running) == 1 else ()
