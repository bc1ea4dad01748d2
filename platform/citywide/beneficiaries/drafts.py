"""What is asked for when a file is opened or continued, and the rules a file obeys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from citywide.beneficiaries.id_number import IdNumberError, parse_id_number
from citywide.errors import Fault, Path
from citywide.rules.legacy import choice_faults, optional_text_faults, past_faults, phone_faults
from citywide.rules.periods import Span, period_faults
from citywide.rules.texts import (
    ADDRESS_LENGTH,
    NAME_LENGTH,
    NOTE_LENGTH,
    NUMBER_LENGTH,
    text_faults,
)

PURPOSES = ("SERVICE", "PHOTOGRAPH", "SHARING")

NO_BENEFICIARY = "This agency keeps no file with this id."
NO_WORKER = "This agency has no social worker or director with this id on that day."


@dataclass(frozen=True, slots=True)
class BeneficiaryDraft:
    """A new file. `worker_id` keeps it; `site_id` is the community where the person is served."""

    file_number: str
    name: str
    gender: str
    born_on: date
    id_number: str
    phone: str | None
    address: str | None
    site_id: UUID
    worker_id: UUID
    opened_on: date


@dataclass(frozen=True, slots=True)
class EntitlementDraft:
    """A legal status that a person holds."""

    beneficiary_id: UUID
    category_id: UUID
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class ConsentDraft:
    """A person's agreement to one use of their information."""

    beneficiary_id: UUID
    purpose: str
    given_on: date
    withdrawn_on: date | None


@dataclass(frozen=True, slots=True)
class ClassificationDraft:
    """A worker's judgement that a person belongs to a service type, and why."""

    beneficiary_id: UUID
    segment_id: UUID
    segmented_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Caseload:
    """What the drafts refer to, as far as it is this agency's own, and when each holds.

    `beneficiaries` says on which days a file is open, `segmented` when it was last sorted,
    `sites` when the site's agreement is in force, `segments` when the segment's typology is.
    """

    beneficiaries: Mapping[UUID, Span]
    births: Mapping[UUID, date]
    segmented: Mapping[UUID, date]
    sites: Mapping[UUID, Span]
    workers: Mapping[UUID, Sequence[Span]]
    categories: Mapping[UUID, Span]
    segments: Mapping[UUID, Span]


def beneficiary_faults(
    path: Path, draft: BeneficiaryDraft, caseload: Caseload, *, today: date
) -> Iterator[Fault]:
    """A file's rules."""
    yield from person_faults(path, draft)
    yield from past_faults((*path, "opened_on"), draft.opened_on, today=today)
    site = caseload.sites.get(draft.site_id)
    if site is None:
        yield Fault((*path, "site_id"), "This agency has no site with this id.")
    elif not site.covers(draft.opened_on):
        message = f"The agreement for this site is not in force on {draft.opened_on}."
        yield Fault((*path, "opened_on"), message)
    yield from worker_faults(
        (*path, "worker_id"), draft.worker_id, caseload.workers, day=draft.opened_on
    )


def person_faults(path: Path, draft: BeneficiaryDraft) -> Iterator[Fault]:
    """What a file says about the person, on whatever day."""
    yield from text_faults((*path, "file_number"), draft.file_number, longest=NUMBER_LENGTH)
    yield from text_faults((*path, "name"), draft.name, longest=NAME_LENGTH)
    yield from phone_faults((*path, "phone"), draft.phone)
    yield from optional_text_faults((*path, "address"), draft.address, longest=ADDRESS_LENGTH)
    if draft.born_on > draft.opened_on:
        yield Fault((*path, "born_on"), "The file was opened before this date of birth.")
    yield from _identity_faults(path, draft)


def _identity_faults(path: Path, draft: BeneficiaryDraft) -> Iterator[Fault]:
    yield from choice_faults((*path, "gender"), draft.gender, ("MALE", "FEMALE"))
    try:
        number = parse_id_number(draft.id_number)
    except IdNumberError as error:
        yield Fault((*path, "id_number"), str(error))
        return
    if number.born_on != draft.born_on:
        yield Fault((*path, "born_on"), "The identity number states another date of birth.")
    if number.gender != draft.gender:
        yield Fault((*path, "gender"), "The identity number states the other gender.")


def worker_faults(
    path: Path, worker_id: UUID, workers: Mapping[UUID, Sequence[Span]], *, day: date
) -> Iterator[Fault]:
    """A worker is a member with a field role on the day."""
    if not any(span.covers(day) for span in workers.get(worker_id, ())):
        yield Fault(path, NO_WORKER)


def file_faults(
    path: Path, beneficiary_id: UUID, caseload: Caseload, *, field: str, day: date
) -> Iterator[Fault]:
    """The person has a file, open on the day that `field` states."""
    span = caseload.beneficiaries.get(beneficiary_id)
    if span is None:
        yield Fault((*path, "beneficiary_id"), NO_BENEFICIARY)
    elif not span.covers(day):
        yield Fault((*path, field), f"The person's file is not open on {day}.")


def entitlement_faults(
    path: Path, draft: EntitlementDraft, caseload: Caseload, *, today: date
) -> Iterator[Fault]:
    """An entitlement's rules; it may be older than the file, but not than the person."""
    yield from past_faults((*path, "valid_from"), draft.valid_from, today=today)
    yield from period_faults(path, draft.valid_from, draft.valid_until)
    born_on = caseload.births.get(draft.beneficiary_id)
    if born_on is None:
        yield Fault((*path, "beneficiary_id"), NO_BENEFICIARY)
    elif draft.valid_from < born_on:
        yield Fault((*path, "valid_from"), "The entitlement begins before the person's birth.")
    category = caseload.categories.get(draft.category_id)
    if category is None:
        yield Fault((*path, "category_id"), "There is no entitlement category with this id.")
    elif not category.covers(draft.valid_from):
        message = f"The category is not in use on {draft.valid_from}."
        yield Fault((*path, "valid_from"), message)


def consent_faults(
    path: Path, draft: ConsentDraft, caseload: Caseload, *, today: date
) -> Iterator[Fault]:
    """A consent's rules."""
    yield from choice_faults((*path, "purpose"), draft.purpose, PURPOSES)
    yield from past_faults((*path, "given_on"), draft.given_on, today=today)
    yield from past_faults((*path, "withdrawn_on"), draft.withdrawn_on, today=today)
    if draft.withdrawn_on is not None and draft.withdrawn_on < draft.given_on:
        yield Fault((*path, "withdrawn_on"), "A consent is withdrawn after it was given.")
    yield from file_faults(
        path, draft.beneficiary_id, caseload, field="given_on", day=draft.given_on
    )


def classification_faults(
    path: Path, draft: ClassificationDraft, caseload: Caseload, *, today: date
) -> Iterator[Fault]:
    """A judgement is dated and reasoned, in terms of a typology that holds on its day."""
    yield from text_faults((*path, "reason"), draft.reason, longest=NOTE_LENGTH, lines=True)
    yield from past_faults((*path, "segmented_on"), draft.segmented_on, today=today)
    yield from file_faults(
        path, draft.beneficiary_id, caseload, field="segmented_on", day=draft.segmented_on
    )
    segment = caseload.segments.get(draft.segment_id)
    if segment is None:
        yield Fault((*path, "segment_id"), "This agency has no service type with this id.")
    elif not segment.covers(draft.segmented_on):
        message = f"The typology of this service type is not in force on {draft.segmented_on}."
        yield Fault((*path, "segmented_on"), message)
