"""Instruments with their questions, scores and bands, and the assessments made with them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from citywide.assessments.words import AssessmentSource, AssessmentStatus, NeedBand
from citywide.db.tables import (
    CatalogueRow,
    TenantRow,
    Version,
    catalogue_reference,
    catalogue_table,
    default,
    period,
    reference,
    tenant_table,
)


class InstrumentRow(CatalogueRow):
    """One version of a form, the same for all agencies; `tenants/instruments/` declares them."""

    slug: str
    name: str
    version: int
    # Whose wording it is, and what it may be used for.
    provenance: str
    valid_from: date
    valid_until: date | None


INSTRUMENT = catalogue_table(
    "instrument",
    InstrumentRow,
    UniqueConstraint("slug", "version"),
    UniqueConstraint("name", "version"),
    period(),
)


class InstrumentQuestionRow(CatalogueRow):
    instrument_id: UUID
    position: int
    code: str
    text: str


INSTRUMENT_QUESTION = catalogue_table(
    "instrument_question",
    InstrumentQuestionRow,
    UniqueConstraint("instrument_id", "code"),
    catalogue_reference("instrument_id", "instrument"),
)


class InstrumentOptionRow(CatalogueRow):
    question_id: UUID
    position: int
    label: str
    # Points; the highest of every question together are 100.
    score: int


INSTRUMENT_OPTION = catalogue_table(
    "instrument_option",
    InstrumentOptionRow,
    UniqueConstraint("question_id", "position"),
    CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    catalogue_reference("question_id", "instrument_question"),
)


class InstrumentBandRow(CatalogueRow):
    """What a sum of points means, from so many points on."""

    instrument_id: UUID
    band: NeedBand
    from_score: int
    advice: str


INSTRUMENT_BAND = catalogue_table(
    "instrument_band",
    InstrumentBandRow,
    UniqueConstraint("instrument_id", "band"),
    CheckConstraint("from_score BETWEEN 0 AND 100", name="from_score"),
    catalogue_reference("instrument_id", "instrument"),
)


class AssessmentRow(TenantRow):
    beneficiary_id: UUID
    assessor_id: UUID
    instrument: str
    instrument_version: int
    assessed_on: date
    # Points, 0 (no need) to 100, and the band they fall into: both follow from the answers, and
    # are NULL until every question has one. A paper form's were added up by hand.
    score: int | None
    band: NeedBand | None
    summary: str | None
    # NULL for a form on paper, whose questions are not on record.
    instrument_id: UUID | None
    source: Annotated[AssessmentSource, default("PAPER")]
    status: Annotated[AssessmentStatus, default("APPROVED")]
    author_id: UUID | None
    submitted_on: date | None
    decided_by_id: UUID | None
    decided_on: date | None
    return_reason: str | None
    version: Version


ASSESSMENT = tenant_table(
    "assessment",
    AssessmentRow,
    UniqueConstraint("tenant_id", "beneficiary_id", "instrument", "assessed_on"),
    Index(None, "tenant_id", "assessed_on", "id"),
    Index(None, "tenant_id", "status", "submitted_on"),
    reference("beneficiary_id", "beneficiary"),
    reference("assessor_id", "member"),
    reference("author_id", "member"),
    reference("decided_by_id", "member"),
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
    catalogue_reference("instrument_id", "instrument"),
    caseload="beneficiary_id",
)


class AssessmentAnswerRow(TenantRow):
    """The option chosen for one question; NULL while it is open again."""

    assessment_id: UUID
    question_id: UUID
    option_id: UUID | None
    note: str | None


ASSESSMENT_ANSWER = tenant_table(
    "assessment_answer",
    AssessmentAnswerRow,
    UniqueConstraint("tenant_id", "assessment_id", "question_id"),
    reference("assessment_id", "assessment"),
    catalogue_reference("question_id", "instrument_question"),
    catalogue_reference("option_id", "instrument_option"),
    writers=("agency",),
)
