"""Use cases on what a person agrees to: record a consent, and its withdrawal."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.acts.workspace import Workspace
from citywide.beneficiaries.files import find_file, open_faults
from citywide.beneficiaries.models import CONSENT
from citywide.beneficiaries.words import ConsentPurpose
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, version, word


@draft
class ConsentDraft:
    """A person's agreement to one use of their information."""

    beneficiary_id: UUID = id_of("Beneficiary", "Whose file.")
    purpose: ConsentPurpose = word("What is agreed to.")
    given_on: date = day("The day it was given.", past=True)


@draft
class PastConsent(ConsentDraft):
    """A consent that was given on paper, and may have been withdrawn since."""

    withdrawn_on: date | None = day("The day it was withdrawn.", past=True, default=None)


@mutation(gives="Consent")
async def give_consent(act: Act, draft: ConsentDraft) -> UUID:
    """Record that a person agrees to one use of their information."""
    file = await find_file(act, draft.beneficiary_id)
    given = await act.rows(CONSENT, beneficiary_id=file["id"], purpose=draft.purpose)
    if any(row["withdrawn_on"] is None for row in given):
        raise wrong_state("The person's consent to this stands already.", "purpose")
    return await record_consent(act, draft)


async def record_consent(work: Workspace, draft: ConsentDraft) -> UUID:
    """Record a consent, of which a person has given one to a purpose on a day."""
    file = await find_file(work, draft.beneficiary_id)
    faults = list(open_faults(file, draft.given_on, "given_on"))
    same = {"purpose": draft.purpose, "given_on": draft.given_on}
    if await work.row(CONSENT, beneficiary_id=file["id"], **same):
        faults.append(Fault(("given_on",), "This consent is on record already."))
    if isinstance(draft, PastConsent) and draft.withdrawn_on is not None:
        faults += _withdrawal_faults(draft.given_on, draft.withdrawn_on)
    refuse(faults)
    return await work.insert(CONSENT, draft)


@draft
class Withdrawal:
    """The end of an agreement."""

    consent_id: UUID = id_of("Consent", "Which one.")
    version: int = version("The version of it that you read.")
    withdrawn_on: date = day("The day it was withdrawn.", past=True)


@mutation(gives="Consent")
async def withdraw_consent(act: Act, draft: Withdrawal) -> UUID:
    """Record that a person no longer agrees."""
    row = await act.find(CONSENT, draft.consent_id, "consent_id")
    await find_file(act, row["beneficiary_id"], "consent_id")
    if row["withdrawn_on"] is not None:
        raise wrong_state(f"It was withdrawn on {row['withdrawn_on']} already.", "consent_id")
    refuse(_withdrawal_faults(row["given_on"], draft.withdrawn_on))
    await act.update(CONSENT, row, draft)
    return row["id"]


def _withdrawal_faults(given_on: date, withdrawn_on: date) -> list[Fault]:
    if withdrawn_on >= given_on:
        return []
    return [Fault(("withdrawn_on",), f"It was given on {given_on}.")]
