"""Supervision with its advice, salons with their hosts, and the library of cases."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from citywide.db.tables import TenantRow, Version, reference, tenant_table
from citywide.supervision.words import AdviceStatus, LibraryStatus, SalonStatus


class SupervisionRow(TenantRow):
    """A session of a bureau's supervisor, in the tenant of the agency it is about.

    `supervisor_id` names a member of the bureau's tenant, so it cannot be a foreign key, and the
    agency cannot read that member: the name is kept beside it.
    """

    project_id: UUID | None
    case_id: UUID | None
    held_on: date
    duration_minutes: int
    observations: str
    supervisor_id: UUID
    supervisor_name: str


SUPERVISION = tenant_table(
    "supervision",
    SupervisionRow,
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


class SupervisionParticipantRow(TenantRow):
    supervision_id: UUID
    member_id: UUID
    joined_on: date


SUPERVISION_PARTICIPANT = tenant_table(
    "supervision_participant",
    SupervisionParticipantRow,
    UniqueConstraint("tenant_id", "supervision_id", "member_id"),
    Index(None, "tenant_id", "member_id"),
    reference("supervision_id", "supervision"),
    reference("member_id", "member"),
    writers=("supervisor",),
    is_append_only=True,
)


class AdviceRow(TenantRow):
    """The supervisor gives it, the agency answers it."""

    supervision_id: UUID
    advice: str
    given_on: date
    due_on: date
    status: AdviceStatus
    answer: str | None
    answered_on: date | None
    answered_by_id: UUID | None
    version: Version


ADVICE = tenant_table(
    "advice",
    AdviceRow,
    Index(None, "tenant_id", "supervision_id"),
    Index(None, "tenant_id", "due_on", "id"),
    reference("supervision_id", "supervision"),
    reference("answered_by_id", "member"),
    CheckConstraint(
        "(status = 'OPEN') = (answer IS NULL) AND (answer IS NULL) = (answered_on IS NULL)"
        " AND (answer IS NULL) = (answered_by_id IS NULL)",
        name="answer",
    ),
    writers=("supervisor", "agency"),
)


class SalonRow(TenantRow):
    topic: str
    held_on: date
    host_id: UUID
    # Why somebody else than the next in turn.
    host_reason: str | None
    status: SalonStatus
    summary: str | None
    cancel_reason: str | None
    version: Version


SALON = tenant_table(
    "salon",
    SalonRow,
    Index(None, "tenant_id", "held_on", "id"),
    Index(None, "tenant_id", "host_id"),
    reference("host_id", "member"),
    CheckConstraint("(status = 'HELD') = (summary IS NOT NULL)", name="summary"),
    CheckConstraint("(status = 'CANCELLED') = (cancel_reason IS NOT NULL)", name="cancel_reason"),
    writers=("agency",),
    caseload="host_id",
)


class SalonAttendanceRow(TenantRow):
    salon_id: UUID
    member_id: UUID
    attended_on: date


SALON_ATTENDANCE = tenant_table(
    "salon_attendance",
    SalonAttendanceRow,
    UniqueConstraint("tenant_id", "salon_id", "member_id"),
    reference("salon_id", "salon"),
    reference("member_id", "member"),
    writers=("agency",),
    is_append_only=True,
)


class LibraryDraftRow(TenantRow):
    """What an author writes for others to learn from, until a second person has read it.

    The reviewer may be a supervisor, a member of the bureau's tenant.
    """

    title: str
    topic: str
    text: str
    author_id: UUID
    written_on: date
    status: LibraryStatus
    reviewer_id: UUID | None
    reviewer_name: str | None
    reviewed_on: date | None
    review_note: str | None
    version: Version


LIBRARY_DRAFT = tenant_table(
    "library_draft",
    LibraryDraftRow,
    Index(None, "tenant_id", "written_on", "id"),
    reference("author_id", "member"),
    CheckConstraint("reviewer_id <> author_id", name="reviewer_id"),
    writers=("agency", "supervisor"),
)


class LibraryEntryRow(TenantRow):
    """A reviewed text on one tenant's shelf.

    A published one lies on every shelf of the bureau's city, so that each tenant reads its own rows
    and neither wall has a hole; `draft_id` holds the copies together and is not shown. They say
    nothing of who wrote it or where.
    """

    draft_id: UUID
    is_origin: bool
    title: str
    topic: str
    text: str
    reviewed_on: date
    published_on: date | None
    withdrawn_on: date | None
    withdraw_reason: str | None
    version: Version


LIBRARY_ENTRY = tenant_table(
    "library_entry",
    LibraryEntryRow,
    UniqueConstraint("tenant_id", "draft_id"),
    Index(None, "tenant_id", "reviewed_on", "id"),
    CheckConstraint("(withdrawn_on IS NULL) = (withdraw_reason IS NULL)", name="withdrawn_on"),
    writers=("agency", "supervisor", "bureau"),
)
