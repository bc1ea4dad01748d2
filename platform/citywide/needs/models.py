"""Needs with every step they took, and what the city keeps for them: who answers, on what policy.

Departments and kinds of need are declared in the bureau's manifest. Policy documents are published
by its officers; a document that changes is a new row that replaces the earlier one.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
)

from citywide.db.tables import city_reference, city_table, one_of, period, reference, tenant_table
from citywide.needs.course import Channel, Status

DEPARTMENT = city_table(
    "department",
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("phone", Text),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    UniqueConstraint("bureau_id", "code"),
    period(),
)

# What is asked about, which department answers it, and within how many days.
NEED_KIND = city_table(
    "need_kind",
    Column("code", Text, nullable=False),
    Column("label_zh", Text, nullable=False),
    Column("label_en", Text, nullable=False),
    Column("department_id", Uuid, nullable=False),
    Column("days_to_answer", BigInteger, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    UniqueConstraint("bureau_id", "code"),
    city_reference("department_id", "department"),
    CheckConstraint("days_to_answer > 0", name="days_to_answer"),
    period(),
)

POLICY_DOCUMENT = city_table(
    "policy_document",
    Column("number", Text, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Column("title", Text, nullable=False),
    Column("issuing_body", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    # The document that this one replaces from its first day.
    Column("replaces_id", Uuid),
    UniqueConstraint("bureau_id", "number", "valid_from"),
    UniqueConstraint("bureau_id", "replaces_id"),
    city_reference("replaces_id", "policy_document"),
    period(),
    writers=("bureau",),
)

POLICY_CLAUSE = city_table(
    "policy_clause",
    Column("document_id", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("bureau_id", "document_id", "label"),
    UniqueConstraint("bureau_id", "document_id", "position"),
    city_reference("document_id", "policy_document"),
    writers=("bureau",),
    is_append_only=True,
)

NEED = tenant_table(
    "need",
    Column("beneficiary_id", Uuid, nullable=False),
    Column("kind_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_since", Date, nullable=False),
    Column("channel", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("raised_on", Date, nullable=False),
    # The visit or home help at which it was raised, where it was one that is on record.
    Column("service_record_id", Uuid),
    # The need whose answer led to this question.
    Column("follows_id", Uuid),
    Column("department_id", Uuid),
    # The question as the department reads it, without what says whose it is.
    Column("referred_question", Text),
    Column("referred_on", Date),
    Column("due_on", Date),
    # What the department asked to have made clear, when it returned the question.
    Column("clarification", Text),
    Column("answer", Text),
    Column("clause_id", Uuid),
    Column("answered_on", Date),
    Column("printed_on", Date),
    Column("delivered_on", Date),
    Column("delivery_record_id", Uuid),
    Column("satisfaction", BigInteger),
    Column("remark", Text),
    Column("ended_on", Date),
    Column("version", BigInteger, nullable=False, server_default="1"),
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
    one_of("status", *Status),
    one_of("channel", *Channel),
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
)

# One stay of a need in one status; the current one has no end.
NEED_STEP = tenant_table(
    "need_step",
    Column("need_id", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("entered_on", Date, nullable=False),
    Column("left_on", Date),
    Column("note", Text),
    UniqueConstraint("tenant_id", "need_id", "position"),
    reference("need_id", "need"),
    one_of("status", *Status),
    CheckConstraint("entered_on <= left_on", name="left_on"),
    writers=("agency", "bureau"),
)
