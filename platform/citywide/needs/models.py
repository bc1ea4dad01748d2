"""Needs with every step they took, and what the city keeps for them: who answers, on what policy.

Departments and kinds of need are declared in the bureau's manifest. Policy documents are published
by its officers; a document that changes is a new row that replaces the earlier one.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from citywide.db.tables import (
    CityRow,
    TenantRow,
    Version,
    city_reference,
    city_table,
    period,
    reference,
    tenant_table,
)
from citywide.needs.words import NeedChannel, NeedStatus


class DepartmentRow(CityRow):
    code: str
    name: str
    phone: str | None
    valid_from: date
    valid_until: date | None


DEPARTMENT = city_table(
    "department",
    DepartmentRow,
    UniqueConstraint("bureau_id", "code"),
    period(),
)


class NeedKindRow(CityRow):
    """What is asked about, which department answers it, and within how many days."""

    code: str
    label_zh: str
    label_en: str
    department_id: UUID
    days_to_answer: int
    valid_from: date
    valid_until: date | None


NEED_KIND = city_table(
    "need_kind",
    NeedKindRow,
    UniqueConstraint("bureau_id", "code"),
    city_reference("department_id", "department"),
    CheckConstraint("days_to_answer > 0", name="days_to_answer"),
    period(),
)


class PolicyDocumentRow(CityRow):
    number: str
    version: Version
    title: str
    issuing_body: str
    valid_from: date
    valid_until: date | None
    # The document that this one replaces from its first day.
    replaces_id: UUID | None


POLICY_DOCUMENT = city_table(
    "policy_document",
    PolicyDocumentRow,
    UniqueConstraint("bureau_id", "number", "valid_from"),
    UniqueConstraint("bureau_id", "replaces_id"),
    city_reference("replaces_id", "policy_document"),
    period(),
    writers=("bureau",),
)


class PolicyClauseRow(CityRow):
    document_id: UUID
    position: int
    label: str
    text: str


POLICY_CLAUSE = city_table(
    "policy_clause",
    PolicyClauseRow,
    UniqueConstraint("bureau_id", "document_id", "label"),
    UniqueConstraint("bureau_id", "document_id", "position"),
    city_reference("document_id", "policy_document"),
    writers=("bureau",),
    is_append_only=True,
)


class NeedRow(TenantRow):
    beneficiary_id: UUID
    kind_id: UUID
    status: NeedStatus
    status_since: date
    channel: NeedChannel
    question: str
    raised_on: date
    # The visit or home help at which it was raised, where it was one that is on record.
    service_record_id: UUID | None
    # The need whose answer led to this question.
    follows_id: UUID | None
    department_id: UUID | None
    # The question as the department reads it, without what says whose it is.
    referred_question: str | None
    referred_on: date | None
    due_on: date | None
    # What the department asked to have made clear, when it returned the question.
    clarification: str | None
    answer: str | None
    clause_id: UUID | None
    answered_on: date | None
    printed_on: date | None
    delivered_on: date | None
    delivery_record_id: UUID | None
    satisfaction: int | None
    remark: str | None
    ended_on: date | None
    version: Version


NEED = tenant_table(
    "need",
    NeedRow,
    Index(None, "tenant_id", "beneficiary_id"),
    Index(None, "tenant_id", "raised_on", "id"),
    Index(None, "tenant_id", "status", "due_on"),
    Index(None, "bureau_id", "status", "due_on"),
    reference("beneficiary_id", "beneficiary"),
    reference("service_record_id", "service_record"),
    reference("delivery_record_id", "service_record"),
    reference("follows_id", "need"),
    city_reference("kind_id", "need_kind"),
    city_reference("department_id", "department"),
    city_reference("clause_id", "policy_clause"),
    CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),
    CheckConstraint(
        "(referred_on IS NULL) = (department_id IS NULL)"
        " AND (referred_on IS NULL) = (referred_question IS NULL)"
        " AND (referred_on IS NULL) = (due_on IS NULL)",
        name="referral",
    ),
    CheckConstraint(
        "(answered_on IS NULL) = (answer IS NULL) AND (answered_on IS NULL) = (clause_id IS NULL)",
        name="answer",
    ),
    writers=("agency", "bureau"),
    caseload="beneficiary_id",
)


class NeedStepRow(TenantRow):
    """One stay of a need in one status; the current one has no end."""

    need_id: UUID
    position: int
    status: NeedStatus
    entered_on: date
    left_on: date | None
    note: str | None


NEED_STEP = tenant_table(
    "need_step",
    NeedStepRow,
    UniqueConstraint("tenant_id", "need_id", "position"),
    reference("need_id", "need"),
    CheckConstraint("entered_on <= left_on", name="left_on"),
    writers=("agency", "bureau"),
)
