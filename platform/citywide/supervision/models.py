"""Supervision with its advice, salons with their hosts, and the library of cases."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
)

from citywide.db.tables import one_of, reference, tenant_table

# A session of a bureau's supervisor, in the tenant of the agency it is about. `supervisor_id`
# names a member of the bureau's tenant, so it cannot be a foreign key, and the agency cannot
# read that member: the name is kept beside it.
SUPERVISION = tenant_table(
    "supervision",
    Column("project_id", Uuid),
    Column("case_id", Uuid),
    Column("held_on", Date, nullable=False),
    Column("duration_minutes", BigInteger, nullable=False),
    Column("observations", Text, nullable=False),
    Column("supervisor_id", Uuid, nullable=False),
    Column("supervisor_name", Text, nullable=False),
    Index(None, "tenant_id", "held_on", "id"),
    Index(None, "tenant_id", "case_id"),
    Index(None, "tenant_id", "project_id"),
    reference("project_id", "project"),
    reference("case_id", "case_file"),
    CheckConstraint("num_nonnulls(project_id, case_id) = 1", name="subject"),
    CheckConstraint("duration_minutes > 0", name="duration_minutes"),
    writers=("supervisor",),
    is_append_only=True,
)

SUPERVISION_PARTICIPANT = tenant_table(
    "supervision_participant",
    Column("supervision_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("joined_on", Date, nullable=False),
    UniqueConstraint("tenant_id", "supervision_id", "member_id"),
    Index(None, "tenant_id", "member_id"),
    reference("supervision_id", "supervision"),
    reference("member_id", "member"),
    writers=("supervisor",),
    is_append_only=True,
)

# The supervisor gives it, the agency answers it.
ADVICE = tenant_table(
    "advice",
    Column("supervision_id", Uuid, nullable=False),
    Column("advice", Text, nullable=False),
    Column("given_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("answer", Text),
    Column("answered_on", Date),
    Column("answered_by_id", Uuid),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Index(None, "tenant_id", "supervision_id"),
    Index(None, "tenant_id", "due_on", "id"),
    reference("supervision_id", "supervision"),
    reference("answered_by_id", "member"),
    one_of("status", "OPEN", "TAKEN_UP", "DECLINED"),
    CheckConstraint(
        "(status = 'OPEN') = (answer IS NULL) AND (answer IS NULL) = (answered_on IS NULL)"
        " AND (answer IS NULL) = (answered_by_id IS NULL)",
        name="answer",
    ),
    writers=("supervisor", "agency"),
)

SALON = tenant_table(
    "salon",
    Column("topic", Text, nullable=False),
    Column("held_on", Date, nullable=False),
    Column("host_id", Uuid, nullable=False),
    # Why somebody else than the next in turn.
    Column("host_reason", Text),
    Column("status", Text, nullable=False),
    Column("summary", Text),
    Column("cancel_reason", Text),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Index(None, "tenant_id", "held_on", "id"),
    Index(None, "tenant_id", "host_id"),
    reference("host_id", "member"),
    one_of("status", "PLANNED", "HELD", "CANCELLED"),
    CheckConstraint("(status = 'HELD') = (summary IS NOT NULL)", name="summary"),
    CheckConstraint("(status = 'CANCELLED') = (cancel_reason IS NOT NULL)", name="cancel_reason"),
    writers=("agency",),
)

SALON_ATTENDANCE = tenant_table(
    "salon_attendance",
    Column("salon_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("attended_on", Date, nullable=False),
    UniqueConstraint("tenant_id", "salon_id", "member_id"),
    reference("salon_id", "salon"),
    reference("member_id", "member"),
    writers=("agency",),
    is_append_only=True,
)

# What an author writes for others to learn from, until a second person has read it. The reviewer
# may be a supervisor, a member of the bureau's tenant.
LIBRARY_DRAFT = tenant_table(
    "library_draft",
    Column("title", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("author_id", Uuid, nullable=False),
    Column("written_on", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("reviewer_id", Uuid),
    Column("reviewer_name", Text),
    Column("reviewed_on", Date),
    Column("review_note", Text),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Index(None, "tenant_id", "written_on", "id"),
    reference("author_id", "member"),
    one_of("status", "DRAFT", "SUBMITTED", "REVIEWED"),
    CheckConstraint("reviewer_id <> author_id", name="reviewer_id"),
    writers=("agency", "supervisor"),
)

# A reviewed text on one tenant's shelf. A published one lies on every shelf of the bureau's city,
# so that each tenant reads its own rows and neither wall has a hole; `draft_id` holds the copies
# together and is not shown. They say nothing of who wrote it or where.
LIBRARY_ENTRY = tenant_table(
    "library_entry",
    Column("draft_id", Uuid, nullable=False),
    Column("is_origin", Boolean, nullable=False),
    Column("title", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("reviewed_on", Date, nullable=False),
    Column("published_on", Date),
    Column("withdrawn_on", Date),
    Column("withdraw_reason", Text),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "draft_id"),
    Index(None, "tenant_id", "reviewed_on", "id"),
    CheckConstraint("(withdrawn_on IS NULL) = (withdraw_reason IS NULL)", name="withdrawn_on"),
    writers=("agency", "supervisor", "bureau"),
)
