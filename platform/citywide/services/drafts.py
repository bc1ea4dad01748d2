"""What is asked for when a delivered service is recorded, and the rules a record obeys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated
from uuid import UUID

from citywide.acts.legacy import NO_BENEFICIARY, worker_faults
from citywide.errors import Fault, Path
from citywide.graph.mutate import asked
from citywide.projects.commands import NO_PROJECT
from citywide.rules.legacy import choice_faults, optional_text_faults, past_faults
from citywide.rules.periods import Span
from citywide.rules.texts import (
    ADDRESS_LENGTH,
    NOTE_LENGTH,
    NUMBER_LENGTH,
    TITLE_LENGTH,
    text_faults,
)
from citywide.services.festivals import FESTIVALS

KINDS = ("VISIT", "HOME_HELP", "CASE_SESSION", "GROUP_SESSION")
MEDIA = ("IN_PERSON", "PHONE", "ONLINE")
QUANTITY_UNITS = ("HOURS", "TIMES", "ITEMS")
NO_SERIES = "This agency has no group series with this id."
# A service ends on the day it began.
LONGEST_MINUTES = 24 * 60
# The largest hall of a town: more names on one record are a mistake.
MOST_PERSONS = 500
# A household receives some dozens of things at most; a thousand is a slip of the finger.
MOST_QUANTITY = 1_000
# The form of the numbers that the platform gives; others would get in its way.
GIVEN_NUMBER = re.compile(r"\d{4}-S\d+")
# A group needs others to be a group.
LEAST_IN_GROUP = 2


@dataclass(frozen=True, slots=True)
class ServiceDraft:
    """One delivered service and everyone who was there; each attendance is one person-time."""

    number: Annotated[
        str | None,
        asked("The agency's own number of the record; left out: the platform gives one."),
    ]
    project_id: Annotated[UUID, asked("The project that pays for it.", of="Project")]
    kind: Annotated[str, asked("What was delivered.", enum="ServiceKind")]
    medium: Annotated[str, asked("How it was delivered.", enum="Medium")]
    served_on: Annotated[date, asked("The day of the service.")]
    duration_minutes: Annotated[int, asked("How long it took, in minutes.")]
    area_id: Annotated[UUID, asked("Where it took place.", of="Area")]
    festival: Annotated[str | None, asked("The festival of a festival visit.")]
    title: Annotated[str, asked("What it was about, in one line.")]
    note: Annotated[str | None, asked("What is worth remembering.")]
    beneficiary_ids: Annotated[tuple[UUID, ...], asked("Who was served.", of="Beneficiary")]
    worker_ids: Annotated[tuple[UUID, ...], asked("Who served.", of="Member")]
    volunteer_ids: Annotated[tuple[UUID, ...], asked("Who helped.", of="Volunteer")]
    quantity: Annotated[int | None, asked("Of help at home: how much, in the unit.")] = None
    quantity_unit: Annotated[str | None, asked("The quantity's unit.", enum="QuantityUnit")] = None
    place: Annotated[str | None, asked("Where exactly, in words.")] = None
    series_id: Annotated[
        UUID | None, asked("The series that a group session belongs to.", of="GroupSeries")
    ] = None


@dataclass(frozen=True, slots=True)
class Group:
    """A series of group sessions: its project, and the day it was formed."""

    project_id: UUID
    formed_on: date | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the drafts refer to, as far as it is this agency's own, and when each holds.

    `agreements` is keyed by the project that each pays for, `enrolments` by project and
    beneficiary.
    """

    projects: Mapping[UUID, Span]
    agreements: Mapping[UUID, Span]
    areas: Mapping[UUID, Span]
    files: Mapping[UUID, Span]
    enrolments: Mapping[tuple[UUID, UUID], Sequence[Span]]
    workers: Mapping[UUID, Sequence[Span]]
    volunteers: Mapping[UUID, Span]
    series: Mapping[UUID, Group] = field(default_factory=dict)


def service_faults(
    path: Path, draft: ServiceDraft, surroundings: Surroundings, *, today: date
) -> Iterator[Fault]:
    """A record's rules."""
    yield from _fact_faults(path, draft, today=today)
    yield from _setting_faults(path, draft, surroundings)
    yield from _quantity_faults(path, draft)
    yield from _series_faults(path, draft, surroundings)
    yield from _number_faults(path, draft)
    for place, worker_id in enumerate(draft.worker_ids):
        yield from worker_faults(
            (*path, "worker_ids", place), worker_id, surroundings.workers, day=draft.served_on
        )
    for place, volunteer_id in enumerate(draft.volunteer_ids):
        volunteer = surroundings.volunteers.get(volunteer_id)
        if volunteer is None or not volunteer.covers(draft.served_on):
            message = "No volunteer with this id is on this agency's roll on that day."
            yield Fault((*path, "volunteer_ids", place), message)
    for place, beneficiary_id in enumerate(draft.beneficiary_ids):
        yield from _beneficiary_faults(
            (*path, "beneficiary_ids", place), beneficiary_id, draft, surroundings
        )


def _fact_faults(path: Path, draft: ServiceDraft, *, today: date) -> Iterator[Fault]:
    """What the record says by itself."""
    yield from optional_text_faults((*path, "number"), draft.number, longest=NUMBER_LENGTH)
    yield from text_faults((*path, "title"), draft.title, longest=TITLE_LENGTH)
    yield from optional_text_faults((*path, "note"), draft.note, longest=NOTE_LENGTH, lines=True)
    yield from optional_text_faults((*path, "place"), draft.place, longest=ADDRESS_LENGTH)
    yield from choice_faults((*path, "kind"), draft.kind, KINDS)
    yield from choice_faults((*path, "medium"), draft.medium, MEDIA)
    yield from past_faults((*path, "served_on"), draft.served_on, today=today)
    if not 0 < draft.duration_minutes <= LONGEST_MINUTES:
        message = f"A service lasts 1 to {LONGEST_MINUTES} minutes."
        yield Fault((*path, "duration_minutes"), message)
    if draft.festival is not None and draft.kind != "VISIT":
        yield Fault((*path, "festival"), "Only a visit is a festival visit.")
    elif draft.festival is not None:
        # A campaign finds its visits by this name.
        yield from choice_faults((*path, "festival"), draft.festival, tuple(FESTIVALS))
    if draft.kind == "HOME_HELP" and draft.medium != "IN_PERSON":
        yield Fault((*path, "medium"), "Help at home is given in person.")


def _setting_faults(path: Path, draft: ServiceDraft, surroundings: Surroundings) -> Iterator[Fault]:
    """The project pays for the day, and the area exists on it."""
    project = surroundings.projects.get(draft.project_id)
    if project is None:
        yield Fault((*path, "project_id"), NO_PROJECT)
    elif not project.covers(draft.served_on):
        yield Fault((*path, "served_on"), f"The project does not run on {draft.served_on}.")
    elif not surroundings.agreements[draft.project_id].covers(draft.served_on):
        message = f"The project's agreement is not in force on {draft.served_on}."
        yield Fault((*path, "served_on"), message)
    area = surroundings.areas.get(draft.area_id)
    if area is None or not area.covers(draft.served_on):
        yield Fault((*path, "area_id"), "There is no area with this id on that day.")


def _quantity_faults(path: Path, draft: ServiceDraft) -> Iterator[Fault]:
    """Help at home can be measured: so many hours, times or items."""
    if draft.quantity is None:
        if draft.quantity_unit is not None:
            yield Fault((*path, "quantity"), "A unit needs a quantity.")
        return
    if draft.kind != "HOME_HELP":
        yield Fault((*path, "quantity"), "Only help at home has a quantity.")
    elif not 0 < draft.quantity <= MOST_QUANTITY:
        yield Fault((*path, "quantity"), f"A quantity is 1 to {MOST_QUANTITY}.")
    if draft.quantity_unit is None:
        yield Fault((*path, "quantity_unit"), "A quantity needs its unit.")
    else:
        yield from choice_faults((*path, "quantity_unit"), draft.quantity_unit, QUANTITY_UNITS)


def _series_faults(path: Path, draft: ServiceDraft, surroundings: Surroundings) -> Iterator[Fault]:
    """Only a group session belongs to a series: one of its project that has been formed."""
    if draft.series_id is None:
        return
    here = (*path, "series_id")
    series = surroundings.series.get(draft.series_id)
    if draft.kind != "GROUP_SESSION":
        yield Fault(here, "Only a group session belongs to a series.")
    elif series is None:
        yield Fault(here, NO_SERIES)
    elif series.project_id != draft.project_id:
        yield Fault(here, "The series belongs to another project.")
    elif series.formed_on is None or draft.served_on < series.formed_on:
        yield Fault(here, f"The series was not formed yet on {draft.served_on}.")


def _number_faults(path: Path, draft: ServiceDraft) -> Iterator[Fault]:
    """Somebody was served, somebody served, and nobody is counted twice."""
    served = len(draft.beneficiary_ids)
    if served == 0:
        yield Fault((*path, "beneficiary_ids"), "A service has at least one beneficiary.")
    elif draft.kind == "CASE_SESSION" and served > 1:
        yield Fault((*path, "beneficiary_ids"), "A case session has exactly one beneficiary.")
    elif draft.kind == "GROUP_SESSION" and served < LEAST_IN_GROUP:
        message = f"A group session has at least {LEAST_IN_GROUP} beneficiaries."
        yield Fault((*path, "beneficiary_ids"), message)
    if not draft.worker_ids:
        yield Fault((*path, "worker_ids"), "A service has at least one social worker.")
    for name in ("beneficiary_ids", "worker_ids", "volunteer_ids"):
        ids = getattr(draft, name)
        if len(set(ids)) < len(ids):
            yield Fault((*path, name), "Someone is listed twice.")
        if len(ids) > MOST_PERSONS:
            yield Fault((*path, name), f"At most {MOST_PERSONS} persons fit on one record.")


def _beneficiary_faults(
    path: Path, beneficiary_id: UUID, draft: ServiceDraft, surroundings: Surroundings
) -> Iterator[Fault]:
    """Who is served has an open file and takes part in the project."""
    file = surroundings.files.get(beneficiary_id)
    enrolments = surroundings.enrolments.get((draft.project_id, beneficiary_id), ())
    if file is None:
        yield Fault(path, NO_BENEFICIARY)
    elif not file.covers(draft.served_on):
        yield Fault(path, f"The person's file is not open on {draft.served_on}.")
    elif draft.project_id in surroundings.projects and not any(
        span.covers(draft.served_on) for span in enrolments
    ):
        yield Fault(path, f"The person takes no part in the project on {draft.served_on}.")
