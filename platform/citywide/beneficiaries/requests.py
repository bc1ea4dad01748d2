"""What the mutations on an agency's files ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from citywide.graph.mutate import UNSET, Unset, asked

_FILE = asked("Whose file.", of="Beneficiary")
_VERSION = asked("The version of it that you read.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterBeneficiary:
    """A new file."""

    file_number: Annotated[str, asked("The agency's own number of the file.")]
    name: Annotated[str, asked("The person's name.")]
    gender: Annotated[str, asked("The gender, as in the ID number.", enum="Gender")]
    born_on: Annotated[date, asked("The date of birth, as in the ID number.")]
    id_number: Annotated[str, asked("The citizen identity number, 18 or 15 signs.", secret=True)]
    phone: Annotated[str | None, asked("A telephone number.")] = None
    address: Annotated[str | None, asked("Where the person lives.")] = None
    site_id: Annotated[UUID, asked("Where the person is served.", of="Site")]
    worker_id: Annotated[UUID, asked("Who keeps the file.", of="Member")]
    opened_on: Annotated[date, asked("The day the file is opened.")]
    acknowledge_near_duplicates: Annotated[
        bool, asked("Whether you looked at files of similar persons: they are somebody else.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateBeneficiary:
    """Changes to a file; what is left out stays, what is null is cleared."""

    beneficiary_id: Annotated[UUID, _FILE]
    version: Annotated[int, _VERSION]
    file_number: Annotated[str | Unset, asked("The agency's own number of the file.")] = UNSET
    name: Annotated[str | Unset, asked("The person's name.")] = UNSET
    gender: Annotated[str | Unset, asked("As in the ID number.", enum="Gender")] = UNSET
    born_on: Annotated[date | Unset, asked("As in the ID number.")] = UNSET
    id_number: Annotated[str | Unset, asked("The citizen identity number.", secret=True)] = UNSET
    phone: Annotated[str | Unset | None, asked("A telephone number.")] = UNSET
    address: Annotated[str | Unset | None, asked("Where the person lives.")] = UNSET
    site_id: Annotated[UUID | Unset, asked("Where the person is served.", of="Site")] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBeneficiary:
    """The end of the work with a person."""

    beneficiary_id: Annotated[UUID, _FILE]
    version: Annotated[int, _VERSION]
    reason: Annotated[str, asked("Why.", enum="ClosingReason")]
    closed_on: Annotated[date, asked("The first day on which the file is closed.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenBeneficiary:
    """A closed file is kept again."""

    beneficiary_id: Annotated[UUID, _FILE]
    version: Annotated[int, _VERSION]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignBeneficiary:
    """A change of the worker who keeps a file."""

    beneficiary_id: Annotated[UUID, _FILE]
    version: Annotated[int, _VERSION]
    worker_id: Annotated[UUID, asked("Who keeps the file from then on.", of="Member")]
    valid_from: Annotated[date, asked("The first day; today or earlier.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeBeneficiaries:
    """Two files about one person: one of them is continued in the other."""

    survivor_id: Annotated[UUID, asked("The file that goes on.", of="Beneficiary")]
    survivor_version: Annotated[int, asked("The version of it that you read.")]
    merged_id: Annotated[UUID, asked("The file that ends.", of="Beneficiary")]
    merged_version: Annotated[int, asked("The version of it that you read.")]
    reason: Annotated[str, asked("How it is known that both are about one person.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitBeneficiary:
    """A merge was a mistake: each file gets back what was its own."""

    merge_id: Annotated[UUID, asked("The merge to undo.", of="FileMerge")]
    version: Annotated[int, _VERSION]
    reason: Annotated[str, asked("How it is known that they are two persons.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantEntitlement:
    """A legal status that the person holds; several can hold at once."""

    beneficiary_id: Annotated[UUID, _FILE]
    category_id: Annotated[UUID, asked("The status.", of="EntitlementCategory")]
    valid_from: Annotated[date, asked("First day.")]
    valid_until: Annotated[date | None, asked("First day on which it no longer holds.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndEntitlement:
    """The end of a legal status."""

    entitlement_id: Annotated[UUID, asked("Which one.", of="Entitlement")]
    version: Annotated[int, _VERSION]
    valid_until: Annotated[date, asked("First day on which it no longer holds.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveConsent:
    """A person's agreement to one use of their information."""

    beneficiary_id: Annotated[UUID, _FILE]
    purpose: Annotated[str, asked("What is agreed to.", enum="ConsentPurpose")]
    given_on: Annotated[date, asked("The day it was given.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawConsent:
    """The end of an agreement."""

    consent_id: Annotated[UUID, asked("Which one.", of="Consent")]
    version: Annotated[int, _VERSION]
    withdrawn_on: Annotated[date, asked("The day it was withdrawn.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyBeneficiary:
    """A judgement that a person is of a service type."""

    beneficiary_id: Annotated[UUID, _FILE]
    version: Annotated[int, _VERSION]
    segment_id: Annotated[UUID, asked("The service type.", of="Segment")]
    segmented_on: Annotated[date, asked("The day of the judgement.")]
    reason: Annotated[str, asked("What it rests on.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSegment:
    """A service type of a new typology."""

    code: Annotated[str, asked("Its code in the typology: lower case, digits and hyphens.")]
    name: Annotated[str, asked("Its name.")]
    strategy: Annotated[str, asked("How persons of this type are served.")]
    is_sensitive: Annotated[bool, asked("Whether it is a judgement that must not travel.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTypologyVersion:
    """A set of service types that takes the place of the last one of its name."""

    name: Annotated[str, asked("The typology's name.")]
    valid_from: Annotated[date, asked("First day; the last version ends on it.")]
    segments: Annotated[tuple[NewSegment, ...], asked("Its service types.")]
