"""Use cases on the keeping of a file: close it, keep it again, hand it over."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.agencies.workers import worker_faults
from citywide.beneficiaries.files import FileChange, FileCourse, find_file
from citywide.beneficiaries.models import BENEFICIARY, WORKER_TERM
from citywide.beneficiaries.words import ClosingReason
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, word


@draft
class FileClosing(FileChange):
    """The end of the work with a person."""

    reason: ClosingReason = word("Why.")
    closed_on: date = day("The first day on which the file is closed.", past=True)


@mutation(gives="Beneficiary")
async def close_beneficiary(act: Act, draft: FileClosing) -> UUID:
    """Close a file: the person moved away, died or wants no more help."""
    file = await find_file(act, draft.beneficiary_id)
    act.check(FileCourse.close, file, "beneficiary_id")
    faults = []
    if draft.closed_on <= file["opened_on"]:
        message = f"A file opened on {file['opened_on']} is closed on a later day."
        faults.append(Fault(("closed_on",), message))
    if draft.reason is ClosingReason.MERGED:
        faults.append(Fault(("reason",), "Files are merged by mergeBeneficiaries."))
    refuse(faults)
    await act.take(FileCourse.close, file, draft, "beneficiary_id", closing_reason=draft.reason)
    return file["id"]


@draft
class FileReopening(FileChange):
    """A closed file is kept again."""


@mutation(gives="Beneficiary")
async def reopen_beneficiary(act: Act, draft: FileReopening) -> UUID:
    """Keep a closed file again: the person came back, or it was closed by mistake."""
    file = await find_file(act, draft.beneficiary_id)
    opened = {"closed_on": None, "closing_reason": None}
    await act.take(FileCourse.reopen, file, draft, "beneficiary_id", **opened)
    return file["id"]


@draft
class Handover(FileChange):
    """A change of the worker who keeps a file."""

    worker_id: UUID = id_of("Member", "Who keeps the file from then on.")
    valid_from: date = day("The first day.", past=True)


@mutation(gives="Beneficiary")
async def assign_beneficiary(act: Act, draft: Handover) -> UUID:
    """Hand a file over to another worker; who kept it before stays on record."""
    file = await find_file(act, draft.beneficiary_id)
    act.check(FileCourse.hand_it_over, file, "beneficiary_id")
    terms = await act.rows(WORKER_TERM, beneficiary_id=file["id"])
    [current] = [term for term in terms if term["valid_until"] is None]
    faults = await worker_faults(act, draft.worker_id, ("worker_id",), act.today)
    if draft.valid_from < current["valid_from"]:
        message = f"Who keeps the file now has kept it since {current['valid_from']}."
        faults.append(Fault(("valid_from",), message))
    if draft.worker_id == current["member_id"]:
        faults.append(Fault(("worker_id",), "They keep this file already."))
    refuse(faults)
    await act.update(BENEFICIARY, file, draft)
    if current["valid_from"] == draft.valid_from:
        # The term before had no day to itself: it was given to the wrong person.
        await act.update(WORKER_TERM, current, member_id=draft.worker_id)
        return file["id"]
    await act.update(WORKER_TERM, current, valid_until=draft.valid_from)
    await act.insert(WORKER_TERM, draft, member_id=draft.worker_id)
    return file["id"]
