"""The agency's files on the persons it serves: who they are, what they are entitled to."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
)

from citywide.db.tables import catalogue_table, one_of, period, reference, tenant_table

# The state's dated code table of entitled persons (优抚类别); never an enum in code.
ENTITLEMENT_CATEGORY = catalogue_table(
    "entitlement_category",
    Column("code", Text, nullable=False, unique=True),
    Column("label_zh", Text, nullable=False),
    Column("label_en", Text, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    period(),
)

# An agency's own set of service types; a change makes a new version.
TYPOLOGY = tenant_table(
    "typology",
    Column("name", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    UniqueConstraint("tenant_id", "name", "version"),
    period(),
)

SEGMENT = tenant_table(
    "segment",
    Column("typology_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    # A worker's judgement about a person that must not travel: restricted, never on lists.
    Column("sensitive", Boolean, nullable=False),
    UniqueConstraint("tenant_id", "typology_id", "code"),
    reference("typology_id", "typology"),
)

BENEFICIARY = tenant_table(
    "beneficiary",
    Column("file_number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("gender", Text, nullable=False),
    Column("born_on", Date, nullable=False),
    # Sealed with the deployment's key; equal numbers of one tenant have equal digests.
    Column("id_number_sealed", LargeBinary, nullable=False),
    Column("id_number_digest", LargeBinary, nullable=False),
    Column("phone", Text),
    Column("address", Text),
    Column("site_id", Uuid, nullable=False),
    Column("worker_id", Uuid, nullable=False),
    Column("segment_id", Uuid),
    Column("segment_reason", Text),
    Column("segmented_on", Date),
    Column("opened_on", Date, nullable=False),
    # The first day on which the file is closed, and why; a merged file is continued in another.
    Column("closed_on", Date),
    Column("closing_reason", Text),
    Column("merged_into_id", Uuid),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "file_number"),
    UniqueConstraint("tenant_id", "id_number_digest"),
    Index(None, "tenant_id", "worker_id"),
    Index(None, "tenant_id", "site_id"),
    Index(None, "tenant_id", "segment_id"),
    Index(None, "tenant_id", "opened_on", "id"),
    Index(None, "tenant_id", "born_on"),
    Index(None, "tenant_id", "name"),
    Index(None, "tenant_id", "merged_into_id"),
    reference("site_id", "site"),
    reference("worker_id", "member"),
    reference("segment_id", "segment"),
    reference("merged_into_id", "beneficiary"),
    one_of("gender", "MALE", "FEMALE"),
    one_of("closing_reason", "MOVED", "DIED", "DECLINED", "MERGED"),
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
)

# A dated legal status; a person can hold several at once.
ENTITLEMENT = tenant_table(
    "entitlement",
    Column("beneficiary_id", Uuid, nullable=False),
    Column("category_id", Uuid, ForeignKey("entitlement_category.id"), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "beneficiary_id", "category_id", "valid_from"),
    reference("beneficiary_id", "beneficiary"),
    period(),
)

CONSENT = tenant_table(
    "consent",
    Column("beneficiary_id", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("given_on", Date, nullable=False),
    Column("withdrawn_on", Date),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "beneficiary_id", "purpose", "given_on"),
    reference("beneficiary_id", "beneficiary"),
    one_of("purpose", "SERVICE", "PHOTOGRAPH", "SHARING"),
    CheckConstraint("given_on <= withdrawn_on", name="withdrawn_on"),
)

# A time in which a worker keeps a file; `beneficiary.worker_id` is who keeps it today.
WORKER_TERM = tenant_table(
    "worker_term",
    Column("beneficiary_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    UniqueConstraint("tenant_id", "beneficiary_id", "valid_from"),
    Index(None, "tenant_id", "member_id"),
    reference("beneficiary_id", "beneficiary"),
    reference("member_id", "member"),
    period(),
    writers=("agency",),
)

# Every judgement that sorted a person into a service type; the newest stands on the file as well.
CLASSIFICATION = tenant_table(
    "classification",
    Column("beneficiary_id", Uuid, nullable=False),
    Column("segment_id", Uuid, nullable=False),
    Column("classified_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    # NULL where the records do not say who judged.
    Column("judge_id", Uuid),
    Index(None, "tenant_id", "beneficiary_id", "classified_on"),
    reference("beneficiary_id", "beneficiary"),
    reference("segment_id", "segment"),
    reference("judge_id", "member"),
    writers=("agency",),
    is_append_only=True,
)

# Two files that may be about one person, noted when the newer one was opened or changed.
LIKENESS = tenant_table(
    "likeness",
    Column("beneficiary_id", Uuid, nullable=False),
    Column("other_id", Uuid, nullable=False),
    Column("basis", Text, nullable=False),
    Column("noted_on", Date, nullable=False),
    UniqueConstraint("tenant_id", "beneficiary_id", "other_id"),
    Index(None, "tenant_id", "other_id"),
    reference("beneficiary_id", "beneficiary"),
    reference("other_id", "beneficiary"),
    one_of("basis", "NAME_AND_BIRTH", "NAME", "BIRTH"),
    CheckConstraint("beneficiary_id <> other_id", name="other_id"),
    writers=("agency",),
    is_append_only=True,
)

# One file continued in another; `file_move` says which rows went over, so that a split brings
# back these and no others, and the file as it was before.
FILE_MERGE = tenant_table(
    "file_merge",
    Column("survivor_id", Uuid, nullable=False),
    Column("merged_id", Uuid, nullable=False),
    Column("merged_on", Date, nullable=False),
    Column("merge_reason", Text, nullable=False),
    Column("merged_by_id", Uuid, nullable=False),
    Column("split_on", Date),
    Column("split_reason", Text),
    Column("split_by_id", Uuid),
    # What the merged file said about its closing before.
    Column("earlier_closed_on", Date),
    Column("earlier_closing_reason", Text),
    Column("version", BigInteger, nullable=False, server_default="1"),
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

FILE_MOVE = tenant_table(
    "file_move",
    Column("merge_id", Uuid, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("column_name", Text, nullable=False),
    Column("row_id", Uuid, nullable=False),
    UniqueConstraint("tenant_id", "merge_id", "table_name", "column_name", "row_id"),
    reference("merge_id", "file_merge"),
    writers=("agency",),
    is_append_only=True,
)
