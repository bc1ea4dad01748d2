"""Delivered services and who took part: the facts that all output figures are computed from."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text

from citywide.db.tables import (
    TenantRow,
    Version,
    catalogue_reference,
    computed,
    default,
    one_of,
    reference,
    tenant_table,
)
from citywide.services.words import (
    SESSION_STAGES,
    AttendanceRole,
    GroupStageName,
    Medium,
    QuantityUnit,
    RecordStage,
    ServiceKind,
)


class GroupSeriesRow(TenantRow):
    """A group's series of sessions (小组) with its stages per MZ/T 095-2017."""

    project_id: UUID
    # The worker who answers for it.
    leader_id: UUID
    name: str
    goal: str
    stage: GroupStageName
    version: Version


GROUP_SERIES = tenant_table(
    "group_series",
    GroupSeriesRow,
    UniqueConstraint("tenant_id", "project_id", "name"),
    Index(None, "tenant_id", "leader_id"),
    reference("project_id", "project"),
    reference("leader_id", "member"),
    caseload="leader_id",
)


class GroupStageRow(TenantRow):
    """The day a series entered a stage, and who said so."""

    series_id: UUID
    stage: GroupStageName
    entered_on: date
    member_id: UUID
    note: str | None


GROUP_STAGE = tenant_table(
    "group_stage",
    GroupStageRow,
    UniqueConstraint("tenant_id", "series_id", "stage"),
    reference("series_id", "group_series"),
    reference("member_id", "member"),
    writers=("agency",),
    is_append_only=True,
)


class PlannedSessionRow(TenantRow):
    series_id: UUID
    # The first is 1.
    number: int
    # One of SESSION_STAGES.
    stage: str
    planned_on: date
    theme: str


PLANNED_SESSION = tenant_table(
    "planned_session",
    PlannedSessionRow,
    UniqueConstraint("tenant_id", "series_id", "number"),
    reference("series_id", "group_series"),
    one_of("stage", SESSION_STAGES),
    CheckConstraint("number > 0", name="number"),
)


class ServiceRecordRow(TenantRow):
    """A delivered service.

    A correction leaves what stood before as a row of its own, SUPERSEDED, that points at the
    record; figures count what is CURRENT.
    """

    number: str
    project_id: UUID
    kind: ServiceKind
    medium: Medium
    served_on: date
    # Its first day: what figures by month are grouped by, in the order of an index.
    served_month: Annotated[
        date | None, computed("date_trunc('month', served_on::timestamp)::date")
    ]
    duration_minutes: int
    area_id: UUID
    # The festival of a festival visit (节日慰问), in its Chinese name.
    festival: str | None
    title: str
    note: str | None
    place: str | None
    quantity: int | None
    quantity_unit: QuantityUnit | None
    series_id: UUID | None
    status: Annotated[RecordStage, default("CURRENT")]
    version: Version
    # Of an earlier version: the record it was a version of.
    record_id: UUID | None
    # Who corrected or cancelled what stands in this row, when and why.
    ended_by_id: UUID | None
    ended_at: datetime | None
    end_reason: str | None


SERVICE_RECORD = tenant_table(
    "service_record",
    ServiceRecordRow,
    # A record keeps its number through all its versions.
    UniqueConstraint("tenant_id", "number", "version"),
    Index(None, "tenant_id", "served_on", "id"),
    Index(None, "tenant_id", "project_id", "served_on"),
    Index(None, "tenant_id", "record_id"),
    Index(None, "tenant_id", "series_id"),
    # All that a city's figures by agency, month and kind read of a record.
    Index(
        "service_record_monthly_idx",
        *("bureau_id", "tenant_id", "served_month", "kind", "served_on"),
        postgresql_where=text("status = 'CURRENT'"),
    ),
    reference("project_id", "project"),
    reference("series_id", "group_series"),
    reference("record_id", "service_record"),
    reference("ended_by_id", "member"),
    CheckConstraint("duration_minutes > 0", name="duration_minutes"),
    CheckConstraint(
        "(quantity IS NULL) = (quantity_unit IS NULL) AND quantity > 0", name="quantity"
    ),
    CheckConstraint("(status = 'SUPERSEDED') = (record_id IS NOT NULL)", name="record_id"),
    CheckConstraint(
        "(status = 'CURRENT') = (ended_at IS NULL)"
        " AND (ended_at IS NULL) = (ended_by_id IS NULL)"
        " AND (ended_at IS NULL) = (end_reason IS NULL)",
        name="ended_at",
    ),
    catalogue_reference("area_id", "area"),
)


class ServiceNumberRow(TenantRow):
    """The last number that the platform gave to a record of one year."""

    year: int
    last: int


SERVICE_NUMBER = tenant_table(
    "service_number",
    ServiceNumberRow,
    UniqueConstraint("tenant_id", "year"),
)


class AttendanceRow(TenantRow):
    """One 人次: a beneficiary, a social worker or a volunteer at one service."""

    service_record_id: UUID
    role: AttendanceRole
    beneficiary_id: UUID | None
    member_id: UUID | None
    volunteer_id: UUID | None
    # Whether it belongs to an earlier version of the record.
    superseded: Annotated[bool, default("false")]


ATTENDANCE = tenant_table(
    "attendance",
    AttendanceRow,
    UniqueConstraint("tenant_id", "service_record_id", "beneficiary_id"),
    UniqueConstraint("tenant_id", "service_record_id", "member_id"),
    UniqueConstraint("tenant_id", "service_record_id", "volunteer_id"),
    Index(None, "tenant_id", "beneficiary_id"),
    Index(None, "tenant_id", "member_id"),
    Index(None, "tenant_id", "volunteer_id"),
    reference("service_record_id", "service_record"),
    reference("beneficiary_id", "beneficiary"),
    reference("member_id", "member"),
    reference("volunteer_id", "volunteer"),
    CheckConstraint(
        "(role = 'BENEFICIARY') = (beneficiary_id IS NOT NULL)"
        " AND (role = 'WORKER') = (member_id IS NOT NULL)"
        " AND (role = 'VOLUNTEER') = (volunteer_id IS NOT NULL)",
        name="person",
    ),
)
