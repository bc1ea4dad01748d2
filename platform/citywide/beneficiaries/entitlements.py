"""Use cases on what a person is entitled to: grant a legal status, and end it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.acts.workspace import Workspace
from citywide.beneficiaries.files import find_file
from citywide.beneficiaries.models import ENTITLEMENT, ENTITLEMENT_CATEGORY
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, version
from citywide.rules.periods import Span, period_faults


@draft
class EntitlementDraft:
    """A legal status that the person holds; several can hold at once."""

    beneficiary_id: UUID = id_of("Beneficiary", "Whose file.")
    category_id: UUID = id_of("EntitlementCategory", "The status.")
    valid_from: date = day("First day.", past=True)
    valid_until: date | None = day("First day on which it no longer holds.", default=None)


@mutation(gives="Entitlement")
async def grant_entitlement(work: Workspace, draft: EntitlementDraft) -> UUID:
    """Record a legal status that a person holds."""
    file = await find_file(work, draft.beneficiary_id)
    category = await work.find(ENTITLEMENT_CATEGORY, draft.category_id, "category_id")
    faults = list(period_faults((), draft.valid_from, draft.valid_until))
    # A status may be older than the file, but not than the person.
    if draft.valid_from < file["born_on"]:
        message = "The entitlement begins before the person's birth."
        faults.append(Fault(("valid_from",), message))
    if not Span.of(category).covers(draft.valid_from):
        message = f"The category is not in use on {draft.valid_from}."
        faults.append(Fault(("valid_from",), message))
    held = await work.rows(ENTITLEMENT, beneficiary_id=file["id"], category_id=category["id"])
    if any(Span.of(row).overlaps(Span.of(draft)) for row in held):
        message = "The person holds this category on some of these days already."
        faults.append(Fault(("valid_from",), message))
    refuse(faults)
    return await work.insert(ENTITLEMENT, draft)


@draft
class EntitlementEnd:
    """The end of a legal status."""

    entitlement_id: UUID = id_of("Entitlement", "Which one.")
    version: int = version("The version of it that you read.")
    valid_until: date = day("First day on which it no longer holds.")


@mutation(gives="Entitlement")
async def end_entitlement(act: Act, draft: EntitlementEnd) -> UUID:
    """End a legal status that a person no longer holds."""
    row = await act.find(ENTITLEMENT, draft.entitlement_id, "entitlement_id")
    await find_file(act, row["beneficiary_id"], "entitlement_id")
    if row["valid_until"] is not None:
        raise wrong_state(f"It ended on {row['valid_until']} already.", "entitlement_id")
    refuse(period_faults((), row["valid_from"], draft.valid_until))
    await act.update(ENTITLEMENT, row, draft)
    return row["id"]
