"""Instruments with their questions, scores and bands, and the assessments made with them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
)

from citywide.db.tables import catalogue_table, one_of, period, reference, tenant_table

# One version of a form, the same for all agencies; `tenants/instruments/` declares them.
INSTRUMENT = catalogue_table(
    "instrument",
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    # Whose wording it is, and what it may be used for.
    Column("provenance", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    UniqueConstraint("slug", "version"),
    UniqueConstraint("name", "version"),
    period(),
)

INSTRUMENT_QUESTION = catalogue_table(
    "instrument_question",
    Column("instrument_id", Uuid, ForeignKey("instrument.id"), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("instrument_id", "code"),
)

INSTRUMENT_OPTION = catalogue_table(
    "instrument_option",
    Column("question_id", Uuid, ForeignKey("instrument_question.id"), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    # Points; the highest of every question together are 100.
    Column("score", BigInteger, nullable=False),
    UniqueConstraint("question_id", "position"),
    CheckConstraint("score BETWEEN 0 AND 100", name="score"),
)

# What a sum of points means, from so many points on.
INSTRUMENT_BAND = catalogue_table(
    "instrument_band",
    Column("instrument_id", Uuid, ForeignKey("instrument.id"), nullable=False),
    Column("band", Text, nullable=False),
    Column("from_score", BigInteger, nullable=False),
    Column("advice", Text, nullable=False),
    UniqueConstraint("instrument_id", "band"),
    one_of("band", "LOW", "MEDIUM", "HIGH"),
    CheckConstraint("from_score BETWEEN 0 AND 100", name="from_score"),
)

ASSESSMENT = tenant_table(
    "assessment",
    Column("beneficiary_id", Uuid, nullable=False),
    Column("assessor_id", Uuid, nullable=False),
    Column("instrument", Text, nullable=False),
    Column("instrument_version", BigInteger, nullable=False),
    Column("assessed_on", Date, nullable=False),
    # Points, 0 (no need) to 100, and the band they fall into: both follow from the answers, and
    # are NULL until every question has one. A paper form's were added up by hand.
    Column("score", BigInteger),
    Column("band", Text),
    Column("summary", Text),
    # NULL for a form on paper, whose questions are not on record.
    Column("instrument_id", Uuid, ForeignKey("instrument.id")),
    Column("source", Text, nullable=False, server_default="PAPER"),
    Column("status", Text, nullable=False, server_default="APPROVED"),
    Column("author_id", Uuid),
    Column("submitted_on", Date),
    Column("decided_by_id", Uuid),
    Column("decided_on", Date),
    Column("return_reason", Text),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "beneficiary_id", "instrument", "assessed_on"),
    Index(None, "tenant_id", "assessed_on", "id"),
    Index(None, "tenant_id", "status", "submitted_on"),
    reference("beneficiary_id", "beneficiary"),
    reference("assessor_id", "member"),
    reference("author_id", "member"),
    reference("decided_by_id", "member"),
    one_of("band", "LOW", "MEDIUM", "HIGH"),
    one_of("source", "ANSWERS", "PAPER"),
    one_of("status", "DRAFT", "SUBMITTED", "RETURNED", "APPROVED"),
    CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    CheckConstraint(
        "(source = 'ANSWERS') = (instrument_id IS NOT NULL)"
        " AND (source = 'ANSWERS') = (author_id IS NOT NULL)",
        name="answers",
    ),
    CheckConstraint(
        "status IN ('DRAFT', 'RETURNED')"
        " OR (score IS NOT NULL AND band IS NOT NULL AND summary IS NOT NULL)",
        name="complete",
    ),
    CheckConstraint("decided_by_id <> author_id AND decided_by_id <> assessor_id", name="decided"),
)

# The option chosen for one question; NULL while it is open again.
ASSESSMENT_ANSWER = tenant_table(
    "assessment_answer",
    Column("assessment_id", Uuid, nullable=False),
    Column("question_id", Uuid, ForeignKey("instrument_question.id"), nullable=False),
    Column("option_id", Uuid, ForeignKey("instrument_option.id")),
    Column("note", Text),
    UniqueConstraint("tenant_id", "assessment_id", "question_id"),
    reference("assessment_id", "assessment"),
    writers=("agency",),
)
