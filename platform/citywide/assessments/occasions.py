"""The occasion of an assessment: who is assessed by whom, with what, and when."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.workspace import Workspace
from citywide.agencies.workers import worker_faults
from citywide.assessments.models import ASSESSMENT
from citywide.beneficiaries.files import open_faults
from citywide.beneficiaries.models import BeneficiaryRow
from citywide.errors import Fault


async def occasion_faults(
    work: Workspace,
    file: BeneficiaryRow,
    *,
    instrument: str,
    assessor_id: UUID,
    assessed_on: date,
    but: UUID | None = None,
) -> list[Fault]:
    """The day lies within the file and the assessor's work, and is free for the instrument.

    `but` is the assessment that is changed.
    """
    faults = list(open_faults(file, assessed_on, "assessed_on"))
    faults += await worker_faults(work, assessor_id, ("assessor_id",), assessed_on)
    other = await work.row(
        ASSESSMENT, beneficiary_id=file["id"], instrument=instrument, assessed_on=assessed_on
    )
    if other is not None and other["id"] != but:
        message = "The person was assessed with this instrument on this day already."
        faults.append(Fault(("assessed_on",), message))
    return faults
