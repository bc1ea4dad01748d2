"""Festival campaigns, whom they were planned for, and the persons due."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from citywide.campaigns.words import CampaignStatus, GapReason
from citywide.db.tables import (
    TenantRow,
    Version,
    catalogue_reference,
    period,
    reference,
    tenant_table,
)


class CampaignRow(TenantRow):
    # In its Chinese name, as on the records that tick its persons off.
    festival: str
    held_on: date
    # A visit of the festival counts on these days.
    valid_from: date
    valid_until: date
    status: CampaignStatus
    closed_on: date | None
    closed_by_id: UUID | None
    version: Version


CAMPAIGN = tenant_table(
    "campaign",
    CampaignRow,
    UniqueConstraint("tenant_id", "festival", "held_on"),
    Index(None, "tenant_id", "held_on", "id"),
    reference("closed_by_id", "member"),
    period(),
    CheckConstraint(
        "(status = 'CLOSED') = (closed_on IS NOT NULL)"
        " AND (closed_on IS NULL) = (closed_by_id IS NULL)",
        name="closed_on",
    ),
    writers=("agency",),
)


class CampaignCategoryRow(TenantRow):
    """Planned for persons of these categories; none named: for all."""

    campaign_id: UUID
    category_id: UUID


CAMPAIGN_CATEGORY = tenant_table(
    "campaign_category",
    CampaignCategoryRow,
    UniqueConstraint("tenant_id", "campaign_id", "category_id"),
    reference("campaign_id", "campaign"),
    catalogue_reference("category_id", "entitlement_category"),
    writers=("agency",),
    is_append_only=True,
)


class CampaignSiteRow(TenantRow):
    """Planned for persons served there; none named: everywhere."""

    campaign_id: UUID
    site_id: UUID


CAMPAIGN_SITE = tenant_table(
    "campaign_site",
    CampaignSiteRow,
    UniqueConstraint("tenant_id", "campaign_id", "site_id"),
    reference("campaign_id", "campaign"),
    reference("site_id", "site"),
    writers=("agency",),
    is_append_only=True,
)


class CampaignDueRow(TenantRow):
    """A person due a visit.

    Whether they had it is told by the service records alone, so that a correction or a cancellation
    needs nothing done here.
    """

    campaign_id: UUID
    beneficiary_id: UUID
    gap_reason: GapReason | None
    gap_note: str | None
    version: Version


CAMPAIGN_DUE = tenant_table(
    "campaign_due",
    CampaignDueRow,
    UniqueConstraint("tenant_id", "campaign_id", "beneficiary_id"),
    Index(None, "tenant_id", "beneficiary_id"),
    reference("campaign_id", "campaign"),
    reference("beneficiary_id", "beneficiary"),
    CheckConstraint("gap_note IS NULL OR gap_reason IS NOT NULL", name="gap_note"),
    writers=("agency",),
    caseload="beneficiary_id",
)
