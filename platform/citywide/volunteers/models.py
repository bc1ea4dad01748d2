"""Volunteers, who turn out beside the social workers: what they can do, when, and their hours."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from citywide.db.tables import catalogue_table, one_of, reference, tenant_table

WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
PARTS_OF_DAY = ("MORNING", "AFTERNOON", "EVENING")

# What volunteers can offer: a code table that a city's operator keeps in `tenants/skills.csv`.
SKILL = catalogue_table(
    "skill",
    Column("code", Text, nullable=False, unique=True),
    Column("label_zh", Text, nullable=False),
    Column("label_en", Text, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
)

VOLUNTEER = tenant_table(
    "volunteer",
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("phone", Text),
    # In the agency's own words, beside the codes of VOLUNTEER_SKILL.
    Column("skills", Text),
    Column("registered_on", Date, nullable=False),
    Column("area_id", Uuid, ForeignKey("area.id")),
    Column("left_on", Date),
    Column("leaving_reason", Text),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "registered_on", "id"),
    CheckConstraint("registered_on <= left_on", name="left_on"),
    CheckConstraint("(left_on IS NULL) = (leaving_reason IS NULL)", name="leaving_reason"),
)

# Nothing is deleted: what a volunteer no longer offers is not current.
VOLUNTEER_SKILL = tenant_table(
    "volunteer_skill",
    Column("volunteer_id", Uuid, nullable=False),
    Column("skill_id", Uuid, ForeignKey("skill.id"), nullable=False),
    Column("offered_on", Date, nullable=False),
    Column("is_current", Boolean, nullable=False),
    UniqueConstraint("tenant_id", "volunteer_id", "skill_id"),
    reference("volunteer_id", "volunteer"),
    writers=("agency",),
)

VOLUNTEER_SLOT = tenant_table(
    "volunteer_slot",
    Column("volunteer_id", Uuid, nullable=False),
    Column("weekday", Text, nullable=False),
    Column("part_of_day", Text, nullable=False),
    Column("offered_on", Date, nullable=False),
    Column("is_current", Boolean, nullable=False),
    UniqueConstraint("tenant_id", "volunteer_id", "weekday", "part_of_day"),
    reference("volunteer_id", "volunteer"),
    one_of("weekday", *WEEKDAYS),
    one_of("part_of_day", *PARTS_OF_DAY),
    writers=("agency",),
)

# That a volunteer and a beneficiary are one person. A row of its own and not a column of either:
# a column would count up the volunteer's version before the eyes of those who may not know.
VOLUNTEER_LINK = tenant_table(
    "volunteer_link",
    Column("volunteer_id", Uuid, nullable=False),
    Column("beneficiary_id", Uuid, nullable=False),
    Column("linked_on", Date, nullable=False),
    Column("is_current", Boolean, nullable=False),
    UniqueConstraint("tenant_id", "volunteer_id", "beneficiary_id"),
    Index(None, "tenant_id", "beneficiary_id"),
    reference("volunteer_id", "volunteer"),
    reference("beneficiary_id", "beneficiary"),
    writers=("agency",),
)

VOLUNTEER_HOURS = tenant_table(
    "volunteer_hours",
    Column("volunteer_id", Uuid, nullable=False),
    # The service they turned out for; NULL for help that is no service to a beneficiary.
    Column("service_record_id", Uuid),
    Column("served_on", Date, nullable=False),
    Column("minutes", BigInteger, nullable=False),
    Column("activity", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("recorded_on", Date, nullable=False),
    # Who certified or refused; somebody else than who recorded.
    Column("decided_by", Uuid),
    Column("decided_on", Date),
    Column("refusal_reason", Text),
    Column("version", BigInteger, nullable=False, server_default="1"),
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
    one_of("status", "RECORDED", "CERTIFIED", "REFUSED"),
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
