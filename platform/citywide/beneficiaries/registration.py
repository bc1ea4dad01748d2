"""Use cases on what a file says about the person: open one, and change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.workspace import Workspace, nothing
from citywide.agencies.workers import worker_faults
from citywide.beneficiaries.duplicates import (
    near_duplicates,
    note_likenesses,
    offer,
    refuse_duplicate,
)
from citywide.beneficiaries.files import FileChange, find_file
from citywide.beneficiaries.id_number import LENGTH, IdNumber, IdNumberError, parse_id_number
from citywide.beneficiaries.likeness import Identity
from citywide.beneficiaries.models import BENEFICIARY, WORKER_TERM
from citywide.beneficiaries.problems import DuplicateProblem
from citywide.beneficiaries.words import Gender
from citywide.db.sealed import Place
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.rules.fields import UNSET, Unset, day, draft, id_of, line, phone, word
from citywide.rules.periods import Span
from citywide.rules.texts import ADDRESS_LENGTH, NAME_LENGTH, NUMBER_LENGTH
from citywide.tenancy.models import AGREEMENT, SITE


@draft
class FileDraft:
    """A file: who the person is, where they are served, and who keeps it."""

    file_number: str = line("The agency's own number of the file.", NUMBER_LENGTH)
    name: str = line("The person's name.", NAME_LENGTH)
    gender: Gender = word("The gender, as in the ID number.")
    born_on: date = day("The date of birth, as in the ID number.")
    id_number: str = line("The citizen identity number, 18 or 15 signs.", LENGTH, secret=True)
    phone: str | None = phone("A telephone number.", default=None)
    address: str | None = line("Where the person lives.", ADDRESS_LENGTH, default=None)
    site_id: UUID = id_of("Site", "Where the person is served.")
    worker_id: UUID = id_of("Member", "Who keeps the file.")
    opened_on: date = day("The day the file is opened.", past=True)


async def open_new_file(act: Act, draft: FileDraft, *, acknowledges: bool) -> UUID:
    """Open a file on somebody who is like nobody else on file, or is known to be somebody else."""
    act.check_worker(draft.worker_id, "worker_id")
    beneficiary_id = await open_file(act, draft)
    found = await near_duplicates(act, Identity(draft.name, draft.born_on), but=beneficiary_id)
    if found and not acknowledges:
        # The file that was just written goes with the transaction.
        raise offer(found)
    await note_likenesses(act, beneficiary_id, found)
    act.persons.add(beneficiary_id)
    return beneficiary_id


async def open_file(work: Workspace, draft: FileDraft) -> UUID:
    """Open a file on somebody on whom the agency keeps none."""
    faults = await _site_faults(work, draft.site_id, draft.opened_on, "opened_on")
    faults += await worker_faults(work, draft.worker_id, ("worker_id",), draft.opened_on)
    file_id = new_id()
    sealed = await _checked(work, draft, faults, file_id)
    await work.insert(BENEFICIARY, draft, id=file_id, **sealed)
    term = {"member_id": draft.worker_id, "valid_from": draft.opened_on}
    await work.insert(WORKER_TERM, beneficiary_id=file_id, **term)
    return file_id


@draft
class FileUpdate(FileChange):
    """Changes to a file; what is left out stays, what is null is cleared."""

    file_number: str | Unset = line(
        "The agency's own number of the file.", NUMBER_LENGTH, default=UNSET
    )
    name: str | Unset = line("The person's name.", NAME_LENGTH, default=UNSET)
    gender: Gender | Unset = word("As in the ID number.", default=UNSET)
    born_on: date | Unset = day("As in the ID number.", default=UNSET)
    id_number: str | Unset = line(
        "The citizen identity number.", LENGTH, secret=True, default=UNSET
    )
    phone: str | Unset | None = phone("A telephone number.", default=UNSET)
    address: str | Unset | None = line("Where the person lives.", ADDRESS_LENGTH, default=UNSET)
    site_id: UUID | Unset = id_of("Site", "Where the person is served.", default=UNSET)


@mutation(gives="Beneficiary", problems=(DuplicateProblem,))
async def update_beneficiary(act: Act, draft: FileUpdate) -> UUID:
    """Change what a file says about the person."""
    file = await find_file(act, draft.beneficiary_id)
    names = [each.name for each in fields(FileDraft)]
    given = {
        name: getattr(draft, name) for name in names if getattr(draft, name, UNSET) is not UNSET
    }
    if not given:
        refuse([Fault((), "Nothing to change was sent.")])
    number = act.sealer.open(_place(act, file["id"]), file["id_number_sealed"])
    kept: dict[str, Any] = {**file, "id_number": number}
    changed = FileDraft(**{name: given.get(name, kept[name]) for name in names})
    faults = []
    if draft.site_id is not UNSET:
        faults = await _site_faults(act, draft.site_id, act.today, "site_id")
    sealed = await _checked(act, changed, faults, file["id"])
    await act.update(BENEFICIARY, file, draft, **(sealed if "id_number" in given else {}))
    if {"name", "born_on"} & given.keys():
        identity = Identity(changed.name, changed.born_on)
        await note_likenesses(act, file["id"], await near_duplicates(act, identity, but=file["id"]))
    return draft.beneficiary_id


async def _checked(
    work: Workspace, file: FileDraft, faults: list[Fault], file_id: UUID
) -> dict[str, Any]:
    """Hold what a file is to say to every rule; its identity number, sealed.

    `faults` are broken rules of the step that leads to it. Whose number is on file already is
    told so first: there is then no file to be mended.
    """
    faults += [*_birth_faults(file), *await _number_faults(work, file.file_number, file_id)]
    try:
        number = parse_id_number(file.id_number)
    except IdNumberError as error:
        refuse([*faults, Fault(("id_number",), str(error))])
        raise
    digest = work.sealer.digest(work.tenant_id, number.long_text)
    await refuse_duplicate(work, digest, but=file_id)
    refuse([*faults, *_identity_faults(file, number)])
    sealed = work.sealer.seal(_place(work, file_id), number.text)
    return {"id_number_sealed": sealed, "id_number_digest": digest}


def _place(work: Workspace, file_id: UUID) -> Place:
    """Where a file's identity number is kept."""
    return Place(BENEFICIARY.name, "id_number_sealed", work.tenant_id, file_id)


def _birth_faults(file: FileDraft) -> Iterator[Fault]:
    if file.born_on > file.opened_on:
        yield Fault(("born_on",), "The file was opened before this date of birth.")


def _identity_faults(file: FileDraft, number: IdNumber) -> Iterator[Fault]:
    if number.born_on != file.born_on:
        yield Fault(("born_on",), "The identity number states another date of birth.")
    if number.gender != file.gender:
        yield Fault(("gender",), "The identity number states the other gender.")


async def _number_faults(work: Workspace, number: str, but: UUID) -> list[Fault]:
    other = await work.row(BENEFICIARY, file_number=number)
    if other is None or other["id"] == but:
        return []
    return [Fault(("file_number",), "Another file has this number.")]


async def _site_faults(work: Workspace, site_id: UUID, on: date, field: str) -> list[Fault]:
    """The agreement that the site is of is in force on the day; `field` is to blame if not."""
    site = await work.row(SITE, id=site_id)
    if site is None:
        return [nothing(SITE, "site_id")]
    agreement = await work.find(AGREEMENT, site["agreement_id"], "site_id")
    if Span.of(agreement).covers(on):
        return []
    return [Fault((field,), f"The agreement for this site is not in force on {on}.")]
