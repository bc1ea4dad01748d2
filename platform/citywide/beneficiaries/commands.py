"""Use cases on an agency's files: open them, and add what is learned about the person.

Each takes a batch of drafts, decides about all of them, and either writes all or raises
`InvalidError` with every broken rule. They run inside a transaction of the desk's context.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.legacy import (
    among,
    catalogue_rows,
    field_workers,
    insert_rows,
    of_tenant,
    rows_with,
    spans,
    tenant_rows,
    update_row,
)
from citywide.beneficiaries.drafts import (
    BeneficiaryDraft,
    Caseload,
    ClassificationDraft,
    ConsentDraft,
    EntitlementDraft,
    beneficiary_faults,
    classification_faults,
    consent_faults,
    entitlement_faults,
)
from citywide.beneficiaries.id_number import parse_id_number
from citywide.beneficiaries.models import (
    BENEFICIARY,
    CLASSIFICATION,
    CONSENT,
    ENTITLEMENT,
    ENTITLEMENT_CATEGORY,
    SEGMENT,
    TYPOLOGY,
    WORKER_TERM,
)
from citywide.db.sealed import Sealer
from citywide.db.session import Transaction
from citywide.errors import Fault, refuse
from citywide.ids import new_id
from citywide.rules.legacy import overlap_faults, taken_faults
from citywide.rules.periods import Span
from citywide.tenancy.desk import Desk
from citywide.tenancy.models import AGREEMENT, SITE


async def register_beneficiaries(
    transaction: Transaction, *, desk: Desk, sealer: Sealer, drafts: Sequence[BeneficiaryDraft]
) -> list[UUID]:
    """Open files; their ids, in the drafts' order."""
    caseload = await caseload_of(
        transaction,
        desk=desk,
        site_ids={draft.site_id for draft in drafts},
        worker_ids={draft.worker_id for draft in drafts},
    )
    refuse(
        fault
        for place, draft in enumerate(drafts)
        for fault in beneficiary_faults((place,), draft, caseload, today=desk.today)
    )
    numbers = [parse_id_number(draft.id_number) for draft in drafts]
    digests = [sealer.digest(desk.tenant_id, number.long_text) for number in numbers]
    refuse(await _taken_files(transaction, desk=desk, drafts=drafts, digests=digests))
    rows = [
        desk.owned(
            id=new_id(),
            file_number=draft.file_number,
            name=draft.name,
            gender=draft.gender,
            born_on=draft.born_on,
            id_number_sealed=sealer.seal(desk.tenant_id, number.text),
            id_number_digest=digest,
            phone=draft.phone,
            address=draft.address,
            site_id=draft.site_id,
            worker_id=draft.worker_id,
            opened_on=draft.opened_on,
        )
        for draft, number, digest in zip(drafts, numbers, digests, strict=True)
    ]
    row_ids = await insert_rows(transaction, table=BENEFICIARY, rows=rows)
    terms = [
        desk.owned(
            id=new_id(),
            beneficiary_id=row_id,
            member_id=draft.worker_id,
            valid_from=draft.opened_on,
            valid_until=None,
        )
        for row_id, draft in zip(row_ids, drafts, strict=True)
    ]
    await insert_rows(transaction, table=WORKER_TERM, rows=terms)
    return row_ids


async def grant_entitlements(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[EntitlementDraft]
) -> list[UUID]:
    """Record legal statuses; periods of one category and person share no day."""
    people = {draft.beneficiary_id for draft in drafts}
    caseload = await caseload_of(
        transaction,
        desk=desk,
        beneficiary_ids=people,
        category_ids={draft.category_id for draft in drafts},
    )
    refuse(
        fault
        for place, draft in enumerate(drafts)
        for fault in entitlement_faults((place,), draft, caseload, today=desk.today)
    )
    held = await rows_with(
        transaction, desk=desk, column=ENTITLEMENT.c.beneficiary_id, values=people
    )
    refuse(
        overlap_faults(
            [(draft.beneficiary_id, draft.category_id) for draft in drafts],
            [Span(draft.valid_from, draft.valid_until) for draft in drafts],
            [
                (
                    (row["beneficiary_id"], row["category_id"]),
                    Span(row["valid_from"], row["valid_until"]),
                )
                for row in held
            ],
            "The person holds this category on some of these days already.",
        )
    )
    rows = [
        desk.owned(
            id=new_id(),
            beneficiary_id=draft.beneficiary_id,
            category_id=draft.category_id,
            valid_from=draft.valid_from,
            valid_until=draft.valid_until,
        )
        for draft in drafts
    ]
    return await insert_rows(transaction, table=ENTITLEMENT, rows=rows)


async def give_consents(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[ConsentDraft]
) -> list[UUID]:
    """Record what persons agree to."""
    people = {draft.beneficiary_id for draft in drafts}
    caseload = await caseload_of(transaction, desk=desk, beneficiary_ids=people)
    given = await rows_with(transaction, desk=desk, column=CONSENT.c.beneficiary_id, values=people)
    faults = [
        fault
        for place, draft in enumerate(drafts)
        for fault in consent_faults((place,), draft, caseload, today=desk.today)
    ]
    faults += taken_faults(
        "given_on",
        [(draft.beneficiary_id, draft.purpose, draft.given_on) for draft in drafts],
        {(row["beneficiary_id"], row["purpose"], row["given_on"]) for row in given},
        "This consent is on record already.",
    )
    refuse(faults)
    rows = [
        desk.owned(
            id=new_id(),
            beneficiary_id=draft.beneficiary_id,
            purpose=draft.purpose,
            given_on=draft.given_on,
            withdrawn_on=draft.withdrawn_on,
        )
        for draft in drafts
    ]
    return await insert_rows(transaction, table=CONSENT, rows=rows)


async def classify(
    transaction: Transaction,
    *,
    desk: Desk,
    drafts: Sequence[ClassificationDraft],
    judge_id: UUID | None = None,
) -> list[UUID]:
    """Sort persons into service types; every judgement is kept, and the newest stands.

    A judgement older than the one that stands is refused: it would be one made in hindsight.
    """
    caseload = await caseload_of(
        transaction,
        desk=desk,
        beneficiary_ids={draft.beneficiary_id for draft in drafts},
        segment_ids={draft.segment_id for draft in drafts},
    )
    faults = [
        fault
        for place, draft in enumerate(drafts)
        for fault in classification_faults((place,), draft, caseload, today=desk.today)
    ]
    newest = dict(caseload.segmented)
    for place, draft in enumerate(drafts):
        standing = newest.get(draft.beneficiary_id)
        if standing is not None and draft.segmented_on < standing:
            faults.append(Fault((place, "segmented_on"), "A newer judgement stands."))
        newest[draft.beneficiary_id] = draft.segmented_on
    refuse(faults)
    rows = [
        desk.owned(
            id=new_id(),
            beneficiary_id=draft.beneficiary_id,
            segment_id=draft.segment_id,
            classified_on=draft.segmented_on,
            reason=draft.reason,
            judge_id=judge_id,
        )
        for draft in drafts
    ]
    row_ids = await insert_rows(transaction, table=CLASSIFICATION, rows=rows)
    standing_drafts = {draft.beneficiary_id: draft for draft in drafts}
    for draft in standing_drafts.values():
        await update_row(
            transaction,
            desk=desk,
            table=BENEFICIARY,
            row_id=draft.beneficiary_id,
            values={
                "segment_id": draft.segment_id,
                "segment_reason": draft.reason,
                "segmented_on": draft.segmented_on,
            },
        )
    return row_ids


async def _taken_files(
    transaction: Transaction,
    *,
    desk: Desk,
    drafts: Sequence[BeneficiaryDraft],
    digests: Sequence[bytes],
) -> list[Fault]:
    """A file number and an identity number belong to one file of the agency each."""
    labels = [draft.file_number for draft in drafts]
    by_label = await rows_with(
        transaction, desk=desk, column=BENEFICIARY.c.file_number, values=labels
    )
    by_digest = await rows_with(
        transaction, desk=desk, column=BENEFICIARY.c.id_number_digest, values=digests
    )
    return [
        *taken_faults(
            "file_number",
            labels,
            {row["file_number"] for row in by_label},
            "Another file has this number.",
        ),
        *taken_faults(
            "id_number",
            digests,
            {row["id_number_digest"] for row in by_digest},
            "This agency keeps a file on the holder of this identity number already.",
        ),
    ]


async def caseload_of(
    transaction: Transaction,
    *,
    desk: Desk,
    beneficiary_ids: Collection[UUID] = (),
    site_ids: Collection[UUID] = (),
    worker_ids: Collection[UUID] = (),
    category_ids: Collection[UUID] = (),
    segment_ids: Collection[UUID] = (),
) -> Caseload:
    """What drafts may refer to; whatever belongs to another tenant is simply not there."""
    files = await tenant_rows(transaction, desk=desk, table=BENEFICIARY, ids=beneficiary_ids)
    categories = await catalogue_rows(transaction, table=ENTITLEMENT_CATEGORY, ids=category_ids)
    return Caseload(
        beneficiaries=file_spans(files),
        births={key: row["born_on"] for key, row in files.items()},
        segmented={key: row["segmented_on"] for key, row in files.items() if row["segmented_on"]},
        sites=await site_spans(transaction, desk=desk, ids=site_ids),
        workers=await field_workers(transaction, desk=desk, ids=worker_ids),
        categories=spans(categories),
        segments=await _segment_spans(transaction, desk=desk, ids=segment_ids),
    )


def file_spans(files: Mapping[UUID, Record]) -> dict[UUID, Span]:
    """On which days each file is open; one that was merged into another takes no record at all."""
    return {
        key: Span(row["opened_on"], row["opened_on" if row["merged_into_id"] else "closed_on"])
        for key, row in files.items()
    }


async def site_spans(
    transaction: Transaction, *, desk: Desk, ids: Collection[UUID]
) -> dict[UUID, Span]:
    """When the agreement of each site is in force."""
    if not ids:
        return {}
    statement = (
        select(SITE.c.id, AGREEMENT.c.valid_from, AGREEMENT.c.valid_until)
        .join(
            AGREEMENT,
            (AGREEMENT.c.tenant_id == SITE.c.tenant_id) & (AGREEMENT.c.id == SITE.c.agreement_id),
        )
        .where(among(SITE.c.id, ids), AGREEMENT.c.tenant_id == desk.tenant_id)
    )
    found = await transaction.rows(of_tenant(statement, SITE, desk=desk))
    return spans({row["id"]: row for row in found})


async def _segment_spans(
    transaction: Transaction, *, desk: Desk, ids: Collection[UUID]
) -> dict[UUID, Span]:
    """When the typology of each segment is in force."""
    if not ids:
        return {}
    statement = (
        select(SEGMENT.c.id, TYPOLOGY.c.valid_from, TYPOLOGY.c.valid_until)
        .join(
            TYPOLOGY,
            (TYPOLOGY.c.tenant_id == SEGMENT.c.tenant_id)
            & (TYPOLOGY.c.id == SEGMENT.c.typology_id),
        )
        .where(among(SEGMENT.c.id, ids), TYPOLOGY.c.tenant_id == desk.tenant_id)
    )
    found = await transaction.rows(of_tenant(statement, SEGMENT, desk=desk))
    return spans({row["id"]: row for row in found})
