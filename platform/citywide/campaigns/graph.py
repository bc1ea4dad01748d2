"""Festival campaigns and the persons due in the schema."""

from datetime import date

import strawberry

from citywide.campaigns.models import (
    CAMPAIGN,
    CAMPAIGN_CATEGORY,
    CAMPAIGN_DUE,
    CAMPAIGN_SITE,
)
from citywide.campaigns.visits import is_visited, visited_on
from citywide.campaigns.words import CoverageDimension
from citywide.graph.declare import Kind, Value, column, entity, few, many, one, through


@entity(
    CAMPAIGN,
    tag="camp",
    root="campaigns",
    root_description="Festival campaigns.",
)
class Campaign:
    """The visits of one festival (节日慰问): who is due, and until when a visit counts."""

    festival = column("The festival's Chinese name.")
    held_on = column("The festival's day.")
    valid_from = column("The first day on which a visit counts.")
    valid_until = column("The first day on which none counts any more.")
    status = column("Whether it is under way.")
    closed_on = column("The day it was closed; null while it is open.")
    version = column("Counts up with each change.")
    agency = one("Agency", "The agency that visits.", {"id": "tenant_id"})
    closed_by = one("Member", "Who closed it.", {"id": "closed_by_id"}, nullable=True)
    categories = few(
        "CampaignCategory",
        "For persons of these categories; none: of all, or of none.",
        {"campaign_id": "id"},
        order=(),
    )
    sites = few(
        "CampaignSite",
        "For persons served there; none: everywhere.",
        {"campaign_id": "id"},
        order=(),
    )
    due = many("CampaignDue", "The persons due.", {"campaign_id": "id"})


@entity(CAMPAIGN_CATEGORY, tag="ccat")
class CampaignCategory:
    """A category of persons that a campaign is for."""

    category = one("EntitlementCategory", "The category.", {"id": "category_id"})


@entity(CAMPAIGN_SITE, tag="csit")
class CampaignSite:
    """A site that a campaign is for."""

    site = one("Site", "The site.", {"id": "site_id"})


@entity(
    CAMPAIGN_DUE,
    tag="cdue",
    caseload=through("Beneficiary", {"id": "beneficiary_id"}),
    person=True,
)
class CampaignDue:
    """One person on a campaign's list."""

    is_visited = Value(
        description="Whether a visit of the festival is on record within the campaign.",
        expression=is_visited,
        kind=Kind.BOOLEAN,
    )
    visited_on = Value(
        description="The day of the first such visit; null without one.",
        expression=visited_on,
        kind=Kind.DATE,
        nullable=True,
    )
    gap_reason = column("Why there was none; null while nobody said.")
    gap_note = column("The reason in words.")
    version = column("Counts up with each change.")
    campaign = one("Campaign", "The campaign.", {"id": "campaign_id"})
    beneficiary = one("Beneficiary", "Who is due.", {"id": "beneficiary_id"})


@strawberry.type(description="One dimension's value in a row of coverage.")
class CoverageKey:
    dimension: CoverageDimension = strawberry.field(description="What the row was split by.")
    value: str = strawberry.field(description="The id of the area or the member.")
    label: str = strawberry.field(description="Its name.")


@strawberry.type(description="How far a campaign got for one combination of areas and workers.")
class CoverageRow:
    keys: list[CoverageKey] = strawberry.field(description="In the order of `by`.")
    due: int | None = strawberry.field(
        description=(
            "Persons on the list; masked: of those communities alone that have five or more, and "
            "of no worker; a row of no such community is left out."
        )
    )
    visited: int | None = strawberry.field(description="Of these, with a visit; masked as `due`.")
    explained: int | None = strawberry.field(
        description="Without a visit and with a reason; masked as `due`."
    )
    unexplained: int | None = strawberry.field(
        description="Without a visit and without a reason; masked as `due`."
    )


@strawberry.type(description="How far a campaign got.")
class CampaignCoverage:
    rows: list[CoverageRow] = strawberry.field(
        description="One row without `by`; else one for each combination that occurs, by label."
    )


@strawberry.type(description="A festival in one year.")
class FestivalDay:
    name: str = strawberry.field(description="Its Chinese name, as campaigns and records have it.")
    label_en: str = strawberry.field(description="Its English name.")
    is_lunar: bool = strawberry.field(description="Whether the Chinese calendar dates it.")
    held_on: date = strawberry.field(description="Its day; of a lunar one in the lunar year.")
