"""The agency's files on the persons it serves: who they are, what they are entitled to."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from citywide.beneficiaries.words import ClosingReason, ConsentPurpose, Gender, LikenessBasis
from citywide.db.tables import (
    CatalogueRow,
    TenantRow,
    Version,
    catalogue_reference,
    catalogue_table,
    period,
    reference,
    tenant_table,
)


class EntitlementCategoryRow(CatalogueRow):
    """The state's dated code table of entitled persons (优抚类别); never an enum in code."""

    code: str
    label_zh: str
    label_en: str
    valid_from: date | None
    valid_until: date | None


ENTITLEMENT_CATEGORY = catalogue_table(
    "entitlement_category",
    EntitlementCategoryRow,
    UniqueConstraint("code"),
    period(),
)


class TypologyRow(TenantRow):
    """An agency's own set of service types; a change makes a new version."""

    name: str
    version: int
    valid_from: date
    valid_until: date | None


TYPOLOGY = tenant_table(
    "typology",
    TypologyRow,
    UniqueConstraint("tenant_id", "name", "version"),
    period(),
)


class SegmentRow(TenantRow):
    typology_id: UUID
    code: str
    name: str
    strategy: str
    # A worker's judgement about a person that must not travel: restricted, never on lists.
    sensitive: bool


SEGMENT = tenant_table(
    "segment",
    SegmentRow,
    UniqueConstraint("tenant_id", "typology_id", "code"),
    reference("typology_id", "typology"),
)


class BeneficiaryRow(TenantRow):
    file_number: str
    name: str
    gender: Gender
    born_on: date
    # Sealed for this column of this row; equal numbers of one tenant have equal digests.
    id_number_sealed: bytes
    id_number_digest: bytes
    phone: str | None
    address: str | None
    site_id: UUID
    worker_id: UUID
    segment_id: UUID | None
    segment_reason: str | None
    segmented_on: date | None
    opened_on: date
    # The first day on which the file is closed, and why; a merged file is continued in another.
    closed_on: date | None
    closing_reason: ClosingReason | None
    merged_into_id: UUID | None
    version: Version


BENEFICIARY = tenant_table(
    "beneficiary",
    BeneficiaryRow,
    UniqueConstraint("tenant_id", "file_number"),
    UniqueConstraint("tenant_id", "id_number_digest"),
    Index(None, "tenant_id", "worker_id"),
    Index(None, "tenant_id", "site_id"),
    Index(None, "tenant_id", "segment_id"),
    Index(None, "tenant_id", "opened_on", "id"),
    Index(None, "tenant_id", "born_on"),
    Index(None, "tenant_id", "name"),
    Index(None, "tenant_id", "merged_into_id"),
    CheckConstraint("get_byte(id_number_sealed, 0) = 2", name="id_number_sealed"),
    reference("site_id", "site"),
    reference("worker_id", "member"),
    reference("segment_id", "segment"),
    reference("merged_into_id", "beneficiary"),
    period("opened_on", "closed_on"),
    CheckConstraint("closing_reason IS NULL OR closed_on IS NOT NULL", name="closed_on"),
    CheckConstraint(
        "(closing_reason = 'MERGED') = (merged_into_id IS NOT NULL)"
        " AND (closing_reason IS NOT NULL OR merged_into_id IS NULL)"
        " AND merged_into_id <> id",
        name="merged_into_id",
    ),
    CheckConstraint(
        "(segment_id IS NULL) = (segment_reason IS NULL)"
        " AND (segment_id IS NULL) = (segmented_on IS NULL)",
        name="segment",
    ),
    caseload="worker_id",
    names="name",
)


class EntitlementRow(TenantRow):
    """A dated legal status; a person can hold several at once."""

    beneficiary_id: UUID
    category_id: UUID
    valid_from: date
    valid_until: date | None
    version: Version


ENTITLEMENT = tenant_table(
    "entitlement",
    EntitlementRow,
    UniqueConstraint("tenant_id", "beneficiary_id", "category_id", "valid_from"),
    reference("beneficiary_id", "beneficiary"),
    period(),
    catalogue_reference("category_id", "entitlement_category"),
    caseload="beneficiary_id",
)


class ConsentRow(TenantRow):
    beneficiary_id: UUID
    purpose: ConsentPurpose
    given_on: date
    withdrawn_on: date | None
    version: Version


CONSENT = tenant_table(
    "consent",
    ConsentRow,
    UniqueConstraint("tenant_id", "beneficiary_id", "purpose", "given_on"),
    reference("beneficiary_id", "beneficiary"),
    CheckConstraint("given_on <= withdrawn_on", name="withdrawn_on"),
    caseload="beneficiary_id",
)


class WorkerTermRow(TenantRow):
    """A time in which a worker keeps a file; `beneficiary.worker_id` is who keeps it today."""

    beneficiary_id: UUID
    member_id: UUID
    valid_from: date
    valid_until: date | None


WORKER_TERM = tenant_table(
    "worker_term",
    WorkerTermRow,
    UniqueConstraint("tenant_id", "beneficiary_id", "valid_from"),
    Index(None, "tenant_id", "member_id"),
    reference("beneficiary_id", "beneficiary"),
    reference("member_id", "member"),
    period(),
    writers=("agency",),
)


class ClassificationRow(TenantRow):
    """A judgement that sorted a person into a service type; the file repeats the newest."""

    beneficiary_id: UUID
    segment_id: UUID
    classified_on: date
    reason: str
    # NULL where the records do not say who judged.
    judge_id: UUID | None


CLASSIFICATION = tenant_table(
    "classification",
    ClassificationRow,
    Index(None, "tenant_id", "beneficiary_id", "classified_on"),
    reference("beneficiary_id", "beneficiary"),
    reference("segment_id", "segment"),
    reference("judge_id", "member"),
    writers=("agency",),
    is_append_only=True,
)


class LikenessRow(TenantRow):
    """Two files that may be about one person, noted when the newer one was opened or changed."""

    beneficiary_id: UUID
    other_id: UUID
    basis: LikenessBasis
    noted_on: date


LIKENESS = tenant_table(
    "likeness",
    LikenessRow,
    UniqueConstraint("tenant_id", "beneficiary_id", "other_id"),
    Index(None, "tenant_id", "other_id"),
    reference("beneficiary_id", "beneficiary"),
    reference("other_id", "beneficiary"),
    CheckConstraint("beneficiary_id <> other_id", name="other_id"),
    writers=("agency",),
    is_append_only=True,
)


class FileMergeRow(TenantRow):
    """One file continued in another.

    `file_move` says which rows went over, so that a split brings back these and no others, and
    the file as it was before.
    """

    survivor_id: UUID
    merged_id: UUID
    merged_on: date
    merge_reason: str
    merged_by_id: UUID
    split_on: date | None
    split_reason: str | None
    split_by_id: UUID | None
    # What the merged file said about its closing before.
    earlier_closed_on: date | None
    earlier_closing_reason: str | None
    version: Version


FILE_MERGE = tenant_table(
    "file_merge",
    FileMergeRow,
    Index(None, "tenant_id", "survivor_id"),
    Index(None, "tenant_id", "merged_id"),
    reference("survivor_id", "beneficiary"),
    reference("merged_id", "beneficiary"),
    reference("merged_by_id", "member"),
    reference("split_by_id", "member"),
    CheckConstraint("survivor_id <> merged_id", name="merged_id"),
    CheckConstraint(
        "(split_on IS NULL) = (split_reason IS NULL)"
        " AND (split_on IS NULL) = (split_by_id IS NULL)",
        name="split_on",
    ),
    writers=("agency",),
)


class FileMoveRow(TenantRow):
    merge_id: UUID
    table_name: str
    column_name: str
    row_id: UUID


FILE_MOVE = tenant_table(
    "file_move",
    FileMoveRow,
    UniqueConstraint("tenant_id", "merge_id", "table_name", "column_name", "row_id"),
    reference("merge_id", "file_merge"),
    writers=("agency",),
    is_append_only=True,
)
