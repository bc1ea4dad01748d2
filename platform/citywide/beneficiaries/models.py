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
    Column("closed_on", Date),
    UniqueConstraint("tenant_id", "file_number"),
    UniqueConstraint("tenant_id", "id_number_digest"),
    Index(None, "tenant_id", "worker_id"),
    Index(None, "tenant_id", "site_id"),
    Index(None, "tenant_id", "segment_id"),
    Index(None, "tenant_id", "opened_on", "id"),
    reference("site_id", "site"),
    reference("worker_id", "member"),
    reference("segment_id", "segment"),
    one_of("gender", "MALE", "FEMALE"),
    period("opened_on", "closed_on"),
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
    UniqueConstraint("tenant_id", "beneficiary_id", "purpose", "given_on"),
    reference("beneficiary_id", "beneficiary"),
    one_of("purpose", "SERVICE", "PHOTOGRAPH", "SHARING"),
    CheckConstraint("given_on <= withdrawn_on", name="withdrawn_on"),
)

ASSESSMENT = tenant_table(
    "assessment",
    Column("beneficiary_id", Uuid, nullable=False),
    Column("assessor_id", Uuid, nullable=False),
    Column("instrument", Text, nullable=False),
    Column("instrument_version", BigInteger, nullable=False),
    Column("assessed_on", Date, nullable=False),
    # Points of the instrument, 0 (no need) to 100; the band follows from the score.
    Column("score", BigInteger, nullable=False),
    Column("band", Text, nullable=False),
    Column("summary", Text, nullable=False),
    UniqueConstraint("tenant_id", "beneficiary_id", "instrument", "assessed_on"),
    Index(None, "tenant_id", "assessed_on", "id"),
    reference("beneficiary_id", "beneficiary"),
    reference("assessor_id", "member"),
    one_of("band", "LOW", "MEDIUM", "HIGH"),
    CheckConstraint("score BETWEEN 0 AND 100", name="score"),
)
