"""Festival campaigns, whom they were planned for, and the persons due."""

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

from citywide.db.tables import one_of, period, reference, tenant_table

CAMPAIGN = tenant_table(
    "campaign",
    # In its Chinese name, as on the records that tick its persons off.
    Column("festival", Text, nullable=False),
    Column("held_on", Date, nullable=False),
    # A visit of the festival counts on these days.
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("closed_on", Date),
    Column("closed_by_id", Uuid),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "festival", "held_on"),
    Index(None, "tenant_id", "held_on", "id"),
    reference("closed_by_id", "member"),
    one_of("status", "OPEN", "CLOSED"),
    period(),
    CheckConstraint(
        "(status = 'CLOSED') = (closed_on IS NOT NULL)"
        " AND (closed_on IS NULL) = (closed_by_id IS NULL)",
        name="closed_on",
    ),
    writers=("agency",),
)

# Planned for persons of these categories; none named: for all.
CAMPAIGN_CATEGORY = tenant_table(
    "campaign_category",
    Column("campaign_id", Uuid, nullable=False),
    Column("category_id", Uuid, ForeignKey("entitlement_category.id"), nullable=False),
    UniqueConstraint("tenant_id", "campaign_id", "category_id"),
    reference("campaign_id", "campaign"),
    writers=("agency",),
    is_append_only=True,
)

# Planned for persons served there; none named: everywhere.
CAMPAIGN_SITE = tenant_table(
    "campaign_site",
    Column("campaign_id", Uuid, nullable=False),
    Column("site_id", Uuid, nullable=False),
    UniqueConstraint("tenant_id", "campaign_id", "site_id"),
    reference("campaign_id", "campaign"),
    reference("site_id", "site"),
    writers=("agency",),
    is_append_only=True,
)

# A person due a visit. Whether they had it is told by the service records alone, so that a
# correction or a cancellation needs nothing done here.
CAMPAIGN_DUE = tenant_table(
    "campaign_due",
    Column("campaign_id", Uuid, nullable=False),
    Column("beneficiary_id", Uuid, nullable=False),
    Column("gap_reason", Text),
    Column("gap_note", Text),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "campaign_id", "beneficiary_id"),
    Index(None, "tenant_id", "beneficiary_id"),
    reference("campaign_id", "campaign"),
    reference("beneficiary_id", "beneficiary"),
    one_of(
        "gap_reason",
        "AWAY",
        "IN_HOSPITAL",
        "DECLINED",
        "MOVED",
        "DECEASED",
        "NOT_REACHED",
        "OTHER",
    ),
    CheckConstraint("gap_note IS NULL OR gap_reason IS NOT NULL", name="gap_note"),
    writers=("agency",),
)
