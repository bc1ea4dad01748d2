"""Volunteers, who turn out beside the social workers: what they can do, when, and their hours."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text

from citywide.db.tables import (
    CatalogueRow,
    TenantRow,
    Version,
    catalogue_reference,
    catalogue_table,
    reference,
    tenant_table,
)
from citywide.volunteers.words import HoursStatus, PartOfDay, Weekday


class SkillRow(CatalogueRow):
    """What volunteers can offer; a city's operator keeps it in `tenants/skills.csv`."""

    code: str
    label_zh: str
    label_en: str
    valid_from: date | None
    valid_until: date | None


SKILL = catalogue_table(
    "skill",
    SkillRow,
    UniqueConstraint("code"),
)


class VolunteerRow(TenantRow):
    number: str
    name: str
    phone: str | None
    # In the agency's own words, beside the codes of VOLUNTEER_SKILL.
    skills: str | None
    registered_on: date
    area_id: UUID | None
    left_on: date | None
    leaving_reason: str | None
    version: Version


VOLUNTEER = tenant_table(
    "volunteer",
    VolunteerRow,
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "registered_on", "id"),
    CheckConstraint("registered_on <= left_on", name="left_on"),
    CheckConstraint("(left_on IS NULL) = (leaving_reason IS NULL)", name="leaving_reason"),
    catalogue_reference("area_id", "area"),
    names="name",
)


class VolunteerSkillRow(TenantRow):
    """Nothing is deleted: what a volunteer no longer offers is not current."""

    volunteer_id: UUID
    skill_id: UUID
    offered_on: date
    is_current: bool


VOLUNTEER_SKILL = tenant_table(
    "volunteer_skill",
    VolunteerSkillRow,
    UniqueConstraint("tenant_id", "volunteer_id", "skill_id"),
    reference("volunteer_id", "volunteer"),
    catalogue_reference("skill_id", "skill"),
    writers=("agency",),
)


class VolunteerSlotRow(TenantRow):
    volunteer_id: UUID
    weekday: Weekday
    part_of_day: PartOfDay
    offered_on: date
    is_current: bool


VOLUNTEER_SLOT = tenant_table(
    "volunteer_slot",
    VolunteerSlotRow,
    UniqueConstraint("tenant_id", "volunteer_id", "weekday", "part_of_day"),
    reference("volunteer_id", "volunteer"),
    writers=("agency",),
)


class VolunteerLinkRow(TenantRow):
    """That a volunteer and a beneficiary are one person.

    A row of its own and not a column of either: a column would count up the volunteer's version
    before the eyes of those who may not know.
    """

    volunteer_id: UUID
    beneficiary_id: UUID
    linked_on: date
    is_current: bool


VOLUNTEER_LINK = tenant_table(
    "volunteer_link",
    VolunteerLinkRow,
    UniqueConstraint("tenant_id", "volunteer_id", "beneficiary_id"),
    Index(None, "tenant_id", "beneficiary_id"),
    reference("volunteer_id", "volunteer"),
    reference("beneficiary_id", "beneficiary"),
    writers=("agency",),
)


class VolunteerHoursRow(TenantRow):
    volunteer_id: UUID
    # The service they turned out for; NULL for help that is no service to a beneficiary.
    service_record_id: UUID | None
    served_on: date
    minutes: int
    activity: str
    status: HoursStatus
    recorded_by: UUID
    recorded_on: date
    # Who certified or refused; somebody else than who recorded.
    decided_by: UUID | None
    decided_on: date | None
    refusal_reason: str | None
    version: Version


VOLUNTEER_HOURS = tenant_table(
    "volunteer_hours",
    VolunteerHoursRow,
    Index(None, "tenant_id", "volunteer_id", "served_on"),
    Index(None, "tenant_id", "served_on", "id"),
    # One turn-out is counted once; what was refused may be recorded again.
    Index(
        None,
        "tenant_id",
        "volunteer_id",
        "service_record_id",
        unique=True,
        postgresql_where=text("status <> 'REFUSED'"),
    ),
    reference("volunteer_id", "volunteer"),
    reference("service_record_id", "service_record"),
    reference("recorded_by", "member"),
    reference("decided_by", "member"),
    CheckConstraint("minutes > 0", name="minutes"),
    CheckConstraint(
        "(status = 'RECORDED') = (decided_by IS NULL)"
        " AND (decided_by IS NULL) = (decided_on IS NULL)"
        " AND (status = 'REFUSED') = (refusal_reason IS NOT NULL)",
        name="decided",
    ),
    CheckConstraint("recorded_by <> decided_by", name="second_person"),
    writers=("agency",),
)
