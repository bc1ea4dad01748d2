"""Use cases on a file as a whole, as mutations: open, change, close, reopen, hand over."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record

from citywide.acts.act import Act
from citywide.acts.legacy import field_workers, insert_rows, rows_with
from citywide.acts.problems import wrong_state
from citywide.beneficiaries.commands import register_beneficiaries, site_spans
from citywide.beneficiaries.drafts import BeneficiaryDraft, person_faults, worker_faults
from citywide.beneficiaries.files import (
    file_at_hand,
    is_closed,
    near_duplicates,
    note_likenesses,
    offer,
    one_of_a_batch,
    open_file_at_hand,
    refuse_duplicate,
)
from citywide.beneficiaries.id_number import IdNumberError, parse_id_number
from citywide.beneficiaries.likeness import Identity
from citywide.beneficiaries.models import BENEFICIARY, WORKER_TERM
from citywide.beneficiaries.problems import DuplicateProblem, NearDuplicateProblem
from citywide.beneficiaries.requests import (
    AssignBeneficiary,
    CloseBeneficiary,
    RegisterBeneficiary,
    ReopenBeneficiary,
    UpdateBeneficiary,
)
from citywide.errors import Fault, InvalidError, refuse
from citywide.graph.mutate import UNSET, mutation
from citywide.ids import new_id
from citywide.rules.legacy import past_faults

# What a file cannot be without.
NEEDED = ("file_number", "name", "gender", "born_on", "id_number", "site_id")
DRAFTED = tuple(each.name for each in fields(BeneficiaryDraft))


@mutation(gives="Beneficiary", problems=(DuplicateProblem, NearDuplicateProblem))
async def register_beneficiary(act: Act, asked: RegisterBeneficiary) -> UUID:
    """Open a file on a person to be served."""
    act.check_worker(asked.worker_id, "workerId")
    digest = _digest(act, asked.id_number)
    draft = BeneficiaryDraft(**{name: getattr(asked, name) for name in DRAFTED})
    try:
        [beneficiary_id] = await register_beneficiaries(
            act.transaction, desk=act.desk, sealer=act.sealer, drafts=[draft]
        )
    except InvalidError as error:
        # Asked now, a colleague's file of this very moment is found as well.
        if digest is not None:
            await refuse_duplicate(act, digest)
        raise one_of_a_batch(error) from error
    found = await near_duplicates(act, Identity(asked.name, asked.born_on), but=beneficiary_id)
    if found and not asked.acknowledge_near_duplicates:
        # The file that was just written goes with the transaction.
        raise offer(act, found)
    await note_likenesses(act, beneficiary_id, found)
    act.persons.add(beneficiary_id)
    return beneficiary_id


@mutation(gives="Beneficiary", problems=(DuplicateProblem,))
async def update_beneficiary(act: Act, asked: UpdateBeneficiary) -> UUID:
    """Change what a file says about the person."""
    file = await file_at_hand(act, asked.beneficiary_id)
    given = {
        name: getattr(asked, name)
        for name in (*NEEDED, "phone", "address")
        if getattr(asked, name) is not UNSET
    }
    refuse(
        Fault((name,), "This cannot be cleared.") for name in NEEDED if given.get(name, "") is None
    )
    draft = replace(_as_drafted(act, file), **given)
    faults = list(person_faults((), draft))
    if "site_id" in given:
        faults += await _site_faults(act, draft.site_id)
    if "file_number" in given:
        faults += await _number_faults(act, file, draft.file_number)
    refuse(faults)
    values: dict[str, Any] = {name: given[name] for name in given if name != "id_number"}
    if "id_number" in given:
        number = parse_id_number(draft.id_number)
        digest = act.sealer.digest(act.desk.tenant_id, number.long_text)
        await refuse_duplicate(act, digest, but=file["id"])
        values["id_number_digest"] = digest
        values["id_number_sealed"] = act.sealer.seal(act.desk.tenant_id, number.text)
    if not values:
        raise InvalidError([Fault((), "Nothing to change was sent.")])
    await act.update(BENEFICIARY, file, values, version=asked.version)
    if {"name", "born_on"} & values.keys():
        found = await near_duplicates(act, Identity(draft.name, draft.born_on), but=file["id"])
        await note_likenesses(act, file["id"], found)
    return asked.beneficiary_id


@mutation(gives="Beneficiary")
async def close_beneficiary(act: Act, asked: CloseBeneficiary) -> UUID:
    """Close a file: the person moved away, died or wants no more help."""
    file = await open_file_at_hand(act, asked.beneficiary_id)
    faults = list(past_faults(("closed_on",), asked.closed_on, today=act.desk.today))
    if asked.closed_on <= file["opened_on"]:
        message = f"A file opened on {file['opened_on']} is closed on a later day."
        faults.append(Fault(("closed_on",), message))
    if asked.reason == "MERGED":
        faults.append(Fault(("reason",), "Files are merged by mergeBeneficiaries."))
    refuse(faults)
    values = {"closed_on": asked.closed_on, "closing_reason": asked.reason}
    await act.update(BENEFICIARY, file, values, version=asked.version)
    return asked.beneficiary_id


@mutation(gives="Beneficiary")
async def reopen_beneficiary(act: Act, asked: ReopenBeneficiary) -> UUID:
    """Keep a closed file again: the person came back, or it was closed by mistake."""
    file = await file_at_hand(act, asked.beneficiary_id)
    if not is_closed(file, act.desk.today):
        raise wrong_state("This file is open.", "beneficiaryId")
    values = {"closed_on": None, "closing_reason": None}
    await act.update(BENEFICIARY, file, values, version=asked.version)
    return asked.beneficiary_id


@mutation(gives="Beneficiary")
async def assign_beneficiary(act: Act, asked: AssignBeneficiary) -> UUID:
    """Hand a file over to another worker; who kept it before stays on record."""
    file = await open_file_at_hand(act, asked.beneficiary_id)
    workers = await field_workers(act.transaction, desk=act.desk, ids={asked.worker_id})
    terms = await rows_with(
        act.transaction,
        desk=act.desk,
        column=WORKER_TERM.c.beneficiary_id,
        values=[asked.beneficiary_id],
    )
    [current] = [term for term in terms if term["valid_until"] is None]
    refuse(_assignment_faults(asked, current, workers, act.desk.today))
    await act.update(BENEFICIARY, file, {"worker_id": asked.worker_id}, version=asked.version)
    if current["valid_from"] == asked.valid_from:
        # The term before had no day to itself: it was given to the wrong person.
        await act.update(WORKER_TERM, current, {"member_id": asked.worker_id})
        return asked.beneficiary_id
    await act.update(WORKER_TERM, current, {"valid_until": asked.valid_from})
    term = act.desk.owned(
        id=new_id(),
        beneficiary_id=asked.beneficiary_id,
        member_id=asked.worker_id,
        valid_from=asked.valid_from,
        valid_until=None,
    )
    await insert_rows(act.transaction, table=WORKER_TERM, rows=[term])
    return asked.beneficiary_id


def _assignment_faults(
    asked: AssignBeneficiary, current: Record, workers: Any, today: date
) -> list[Fault]:
    faults = list(past_faults(("valid_from",), asked.valid_from, today=today))
    if asked.valid_from < current["valid_from"]:
        message = f"Who keeps the file now has kept it since {current['valid_from']}."
        faults.append(Fault(("valid_from",), message))
    if asked.worker_id == current["member_id"]:
        faults.append(Fault(("worker_id",), "They keep this file already."))
    faults += worker_faults(("worker_id",), asked.worker_id, workers, day=today)
    return faults


def _as_drafted(act: Act, file: Record) -> BeneficiaryDraft:
    """The file as the draft that it would come from."""
    stored = {name: file[name] for name in DRAFTED if name != "id_number"}
    number = act.sealer.open(act.desk.tenant_id, file["id_number_sealed"])
    return BeneficiaryDraft(**stored, id_number=number)


def _digest(act: Act, text: str) -> bytes | None:
    try:
        return act.sealer.digest(act.desk.tenant_id, parse_id_number(text).long_text)
    except IdNumberError:
        # The rules of a file say what is wrong with it.
        return None


async def _site_faults(act: Act, site_id: UUID) -> list[Fault]:
    spans = await site_spans(act.transaction, desk=act.desk, ids={site_id})
    if site_id not in spans:
        return [Fault(("site_id",), "This agency has no site with this id.")]
    if not spans[site_id].covers(act.desk.today):
        return [Fault(("site_id",), "The agreement for this site is not in force today.")]
    return []


async def _number_faults(act: Act, file: Record, number: str) -> list[Fault]:
    found = await rows_with(
        act.transaction, desk=act.desk, column=BENEFICIARY.c.file_number, values=[number]
    )
    if any(row["id"] != file["id"] for row in found):
        return [Fault(("file_number",), "Another file has this number.")]
    return []
