"""Use cases on assessments that take a batch: forms that were filled in on paper."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from citywide.acts.legacy import insert_rows, rows_with
from citywide.assessments.drafts import AssessmentDraft, assessment_faults, band
from citywide.assessments.models import ASSESSMENT
from citywide.beneficiaries.commands import caseload_of
from citywide.db.session import Transaction
from citywide.errors import refuse
from citywide.ids import new_id
from citywide.rules.legacy import taken_faults
from citywide.tenancy.desk import Desk

TAKEN = "The person was assessed with this instrument on this day already."


async def record_assessments(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[AssessmentDraft]
) -> list[UUID]:
    """Record forms on paper, marked as such; they were approved on paper as well."""
    people = {draft.beneficiary_id for draft in drafts}
    caseload = await caseload_of(
        transaction,
        desk=desk,
        beneficiary_ids=people,
        worker_ids={draft.assessor_id for draft in drafts},
    )
    done = await rows_with(
        transaction, desk=desk, column=ASSESSMENT.c.beneficiary_id, values=people
    )
    faults = [
        fault
        for place, draft in enumerate(drafts)
        for fault in assessment_faults((place,), draft, caseload, today=desk.today)
    ]
    faults += taken_faults(
        "assessed_on",
        [(draft.beneficiary_id, draft.instrument, draft.assessed_on) for draft in drafts],
        {(row["beneficiary_id"], row["instrument"], row["assessed_on"]) for row in done},
        TAKEN,
    )
    refuse(faults)
    rows = [
        desk.owned(
            id=new_id(),
            beneficiary_id=draft.beneficiary_id,
            assessor_id=draft.assessor_id,
            instrument=draft.instrument,
            instrument_version=draft.instrument_version,
            assessed_on=draft.assessed_on,
            score=draft.score,
            band=band(draft.score),
            summary=draft.summary,
            source="PAPER",
            status="APPROVED",
        )
        for draft in drafts
    ]
    return await insert_rows(transaction, table=ASSESSMENT, rows=rows)
