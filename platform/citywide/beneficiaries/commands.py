"""Use cases on an agency's files: open them, and add what is learned about the person.

Each takes a batch of drafts, decides about all of them, and either writes all or raises
`InvalidError` with every broken rule. They run inside a transaction of the desk's context.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select, update

from citywide.beneficiaries.drafts import (
    AssessmentDraft,
    BeneficiaryDraft,
    Caseload,
    ClassificationDraft,
    ConsentDraft,
    EntitlementDraft,
    assessment_faults,
    band,
    beneficiary_faults,
    classification_faults,
    consent_faults,
    entitlement_faults,
)
from citywide.beneficiaries.id_number import parse_id_number
from citywide.beneficiaries.models import (
    ASSESSMENT,
    BENEFICIARY,
    CONSENT,
    ENTITLEMENT,
    ENTITLEMENT_CATEGORY,
    SEGMENT,
    TYPOLOGY,
)
from citywide.db.sealed import Sealer
from citywide.db.session import Transaction
from citywide.errors import Fault
from citywide.ids import new_id
from citywide.tenancy.desk import Desk
from citywide.tenancy.drafts import Span, overlap_faults, refuse, taken_faults
from citywide.tenancy.models import AGREEMENT, SITE
from citywide.tenancy.rows import (
    among,
    catalogue_rows,
    field_workers,
    insert_rows,
    of_tenant,
    rows_with,
    spans,
    tenant_rows,
)


async def register_beneficiaries(
    transaction: Transaction, *, desk: Desk, sealer: Sealer, drafts: Sequence[BeneficiaryDraft]
) -> list[UUID]:
    """Open files; their ids, in the drafts' order."""
    caseload = await _caseload(
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
    numbers = [parse_id_number(draft.id_number).text for draft in drafts]
    digests = [sealer.digest(desk.tenant_id, number) for number in numbers]
    refuse(await _taken_files(transaction, desk=desk, drafts=drafts, digests=digests))
    rows = [
        desk.owned(
            id=new_id(),
            file_number=draft.file_number,
            name=draft.name,
            gender=draft.gender,
            born_on=draft.born_on,
            id_number_sealed=sealer.seal(desk.tenant_id, number),
            id_number_digest=digest,
            phone=draft.phone,
            address=draft.address,
            site_id=draft.site_id,
            worker_id=draft.worker_id,
            opened_on=draft.opened_on,
        )
        for draft, number, digest in zip(drafts, numbers, digests, strict=True)
    ]
    return await insert_rows(transaction, table=BENEFICIARY, rows=rows)


async def grant_entitlements(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[EntitlementDraft]
) -> list[UUID]:
    """Record legal statuses; periods of one category and person share no day."""
    people = {draft.beneficiary_id for draft in drafts}
    caseload = await _caseload(
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
    caseload = await _caseload(transaction, desk=desk, beneficiary_ids=people)
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


async def assess(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[AssessmentDraft]
) -> list[UUID]:
    """Record needs assessments; the band follows from the score."""
    people = {draft.beneficiary_id for draft in drafts}
    caseload = await _caseload(
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
        "The person was assessed with this instrument on this day already.",
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
        )
        for draft in drafts
    ]
    return await insert_rows(transaction, table=ASSESSMENT, rows=rows)


async def classify(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[ClassificationDraft]
) -> None:
    """Sort persons into service types; of several judgements the newest stands.

    A judgement older than the one that stands is refused: the file keeps only the newest.
    """
    caseload = await _caseload(
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
    standing_drafts = {draft.beneficiary_id: draft for draft in drafts}
    for draft in standing_drafts.values():
        await transaction.rows(
            update(BENEFICIARY)
            .where(
                BENEFICIARY.c.tenant_id == desk.tenant_id, BENEFICIARY.c.id == draft.beneficiary_id
            )
            .values(
                segment_id=draft.segment_id,
                segment_reason=draft.reason,
                segmented_on=draft.segmented_on,
            )
        )


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


async def _caseload(
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
        beneficiaries=spans(files, "opened_on", "closed_on"),
        births={key: row["born_on"] for key, row in files.items()},
        segmented={key: row["segmented_on"] for key, row in files.items() if row["segmented_on"]},
        sites=await _site_spans(transaction, desk=desk, ids=site_ids),
        workers=await field_workers(transaction, desk=desk, ids=worker_ids),
        categories=spans(categories),
        segments=await _segment_spans(transaction, desk=desk, ids=segment_ids),
    )


async def _site_spans(
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
