"""Use cases on what a person is entitled to and agrees to, as mutations."""

from __future__ import annotations

from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.legacy import rows_with
from citywide.acts.problems import wrong_state
from citywide.beneficiaries.commands import give_consents, grant_entitlements
from citywide.beneficiaries.drafts import ConsentDraft, EntitlementDraft
from citywide.beneficiaries.files import file_at_hand, one_of_a_batch
from citywide.beneficiaries.models import CONSENT, ENTITLEMENT
from citywide.beneficiaries.requests import (
    EndEntitlement,
    GiveConsent,
    GrantEntitlement,
    WithdrawConsent,
)
from citywide.errors import Fault, InvalidError, refuse
from citywide.graph.mutate import mutation
from citywide.rules.legacy import past_faults
from citywide.rules.periods import period_faults


@mutation(gives="Entitlement")
async def grant_entitlement(act: Act, asked: GrantEntitlement) -> UUID:
    """Record a legal status that a person holds."""
    await file_at_hand(act, asked.beneficiary_id)
    draft = EntitlementDraft(
        asked.beneficiary_id, asked.category_id, asked.valid_from, asked.valid_until
    )
    try:
        [row_id] = await grant_entitlements(act.transaction, desk=act.desk, drafts=[draft])
    except InvalidError as error:
        raise one_of_a_batch(error) from error
    return row_id


@mutation(gives="Entitlement")
async def end_entitlement(act: Act, asked: EndEntitlement) -> UUID:
    """End a legal status that a person no longer holds."""
    message = "There is no entitlement with this id."
    row = await act.find(ENTITLEMENT, asked.entitlement_id, "entitlement_id", message)
    await file_at_hand(act, row["beneficiary_id"], "entitlement_id")
    if row["valid_until"] is not None:
        raise wrong_state(f"It ended on {row['valid_until']} already.", "entitlementId")
    refuse(period_faults((), row["valid_from"], asked.valid_until))
    await act.update(ENTITLEMENT, row, {"valid_until": asked.valid_until}, version=asked.version)
    return asked.entitlement_id


@mutation(gives="Consent")
async def give_consent(act: Act, asked: GiveConsent) -> UUID:
    """Record that a person agrees to one use of their information."""
    await file_at_hand(act, asked.beneficiary_id)
    given = await rows_with(
        act.transaction,
        desk=act.desk,
        column=CONSENT.c.beneficiary_id,
        values=[asked.beneficiary_id],
    )
    if any(row["purpose"] == asked.purpose and row["withdrawn_on"] is None for row in given):
        raise wrong_state("The person's consent to this stands already.", "purpose")
    draft = ConsentDraft(asked.beneficiary_id, asked.purpose, asked.given_on, None)
    try:
        [row_id] = await give_consents(act.transaction, desk=act.desk, drafts=[draft])
    except InvalidError as error:
        raise one_of_a_batch(error) from error
    return row_id


@mutation(gives="Consent")
async def withdraw_consent(act: Act, asked: WithdrawConsent) -> UUID:
    """Record that a person no longer agrees."""
    message = "There is no consent with this id."
    row = await act.find(CONSENT, asked.consent_id, "consent_id", message)
    await file_at_hand(act, row["beneficiary_id"], "consent_id")
    if row["withdrawn_on"] is not None:
        raise wrong_state(f"It was withdrawn on {row['withdrawn_on']} already.", "consentId")
    faults = list(past_faults(("withdrawn_on",), asked.withdrawn_on, today=act.desk.today))
    if asked.withdrawn_on < row["given_on"]:
        faults.append(Fault(("withdrawn_on",), f"It was given on {row['given_on']}."))
    refuse(faults)
    await act.update(CONSENT, row, {"withdrawn_on": asked.withdrawn_on}, version=asked.version)
    return asked.consent_id
