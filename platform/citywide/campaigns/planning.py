"""Planning a festival campaign: everybody who is due goes on its list, and stays there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.workspace import nothing
from citywide.beneficiaries.files import open_span
from citywide.beneficiaries.models import BENEFICIARY, ENTITLEMENT, ENTITLEMENT_CATEGORY
from citywide.campaigns.courses import CampaignCourse
from citywide.campaigns.models import CAMPAIGN, CAMPAIGN_CATEGORY, CAMPAIGN_DUE, CAMPAIGN_SITE
from citywide.campaigns.selection import Choice, Person, due
from citywide.campaigns.words import CampaignStatus
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, ids_of, line, version, whole
from citywide.rules.periods import Span
from citywide.services.festivals import (
    FESTIVAL_LENGTH,
    FESTIVALS,
    FIRST_YEAR,
    LAST_YEAR,
    festival_faults,
)
from citywide.tenancy.models import AGREEMENT, SITE

# Visits begin two weeks before the festival and are made up for a week after it.
DAYS_BEFORE, DAYS_AFTER = 14, 7
# A festival is not visited for longer than a quarter of a year.
LONGEST_DAYS = 92


@draft
class CampaignDraft:
    """A festival's visits: when, and for whom."""

    festival: str = line("The festival's Chinese name; `festivals` lists them.", FESTIVAL_LENGTH)
    year: int = whole(
        "The year; of a lunar festival the lunar one.",
        least=FIRST_YEAR,
        most=LAST_YEAR,
        message=f"The years {FIRST_YEAR} to {LAST_YEAR} are known.",
    )
    category_ids: tuple[UUID, ...] = ids_of(
        "EntitlementCategory", "Only persons of one of these categories that day.", default=()
    )
    site_ids: tuple[UUID, ...] = ids_of("Site", "Only persons served there.", default=())
    valid_from: date | None = day(
        "The first day on which a visit counts; 14 days before by default.", default=None
    )
    valid_until: date | None = day(
        "The first day on which none counts any more; 8 days after by default.", default=None
    )


@mutation(gives="Campaign")
async def plan_campaign(act: Act, draft: CampaignDraft) -> UUID:
    """Plan the visits of a festival: everybody who is due on its day is put on the list."""
    refuse(festival_faults(draft.festival))
    held_on = FESTIVALS[draft.festival].held_on(draft.year)
    start = draft.valid_from or held_on - timedelta(days=DAYS_BEFORE)
    end = draft.valid_until or held_on + timedelta(days=DAYS_AFTER + 1)
    faults = [*window_faults(start, end, held_on=held_on)]
    if not any(Span.of(row).covers(held_on) for row in await act.rows(AGREEMENT)):
        message = f"No agreement of this agency is in force on {held_on}."
        faults.append(Fault(("year",), message))
    if await act.row(CAMPAIGN, festival=draft.festival, held_on=held_on):
        message = "There is a campaign for this festival already: extend that one."
        faults.append(Fault(("year",), message))
    refuse([*faults, *await _choice_faults(act, draft, held_on)])
    campaign_id = await act.insert(
        CAMPAIGN,
        draft,
        held_on=held_on,
        valid_from=start,
        valid_until=end,
        status=CampaignStatus.OPEN,
    )
    choice = Choice(frozenset(draft.category_ids), frozenset(draft.site_ids))
    await _choose(act, campaign_id, choice.categories, choice.sites)
    await _list(act, campaign_id, choice, held_on)
    return campaign_id


@draft
class CampaignExtension:
    """A campaign's list made anew, with more categories or sites."""

    campaign_id: UUID = id_of("Campaign", "The campaign.")
    version: int = version()
    category_ids: tuple[UUID, ...] = ids_of("EntitlementCategory", "Categories to add.", default=())
    site_ids: tuple[UUID, ...] = ids_of("Site", "Sites to add.", default=())


@mutation(gives="Campaign")
async def extend_campaign(act: Act, draft: CampaignExtension) -> UUID:
    """Put on a campaign's list who is due by now, of more categories or sites if need be."""
    campaign = await act.find(CAMPAIGN, draft.campaign_id, "campaign_id")
    act.check(CampaignCourse.extend, campaign, "campaign_id")
    refuse(await _choice_faults(act, draft, campaign["held_on"]))
    categories = await act.rows(CAMPAIGN_CATEGORY, campaign_id=campaign["id"])
    sites = await act.rows(CAMPAIGN_SITE, campaign_id=campaign["id"])
    before = Choice(
        frozenset(row["category_id"] for row in categories),
        frozenset(row["site_id"] for row in sites),
    )
    choice = before.with_more(draft.category_ids, draft.site_ids)
    # The version counts up, so that two extensions at once do not mix.
    await act.update(CAMPAIGN, campaign, draft)
    await _choose(
        act, campaign["id"], choice.categories - before.categories, choice.sites - before.sites
    )
    await _list(act, campaign["id"], choice, campaign["held_on"])
    return campaign["id"]


def window_faults(start: date, end: date, *, held_on: date) -> Iterator[Fault]:
    """The days on which a visit counts: not too many, and the festival's is one of them."""
    if end <= start:
        yield Fault(("valid_until",), "The end must come after the start.", "PERIOD")
    elif not start <= held_on < end:
        yield Fault(("valid_from",), f"The festival's day {held_on} must lie within.")
    elif (end - start).days > LONGEST_DAYS:
        yield Fault(("valid_until",), f"A campaign lasts at most {LONGEST_DAYS} days.")


async def _choice_faults(
    act: Act, draft: CampaignDraft | CampaignExtension, held_on: date
) -> list[Fault]:
    """Categories that exist on the day, sites of the agency."""
    categories = await act.by_id(ENTITLEMENT_CATEGORY, draft.category_ids)
    sites = await act.by_id(SITE, draft.site_ids)
    message = f"There is no entitlement category with this id on {held_on}."
    return [
        *(
            Fault(("category_ids", place), message)
            for place, category_id in enumerate(draft.category_ids)
            if category_id not in categories or not Span.of(categories[category_id]).covers(held_on)
        ),
        *(
            nothing(SITE, "site_ids", place)
            for place, site_id in enumerate(draft.site_ids)
            if site_id not in sites
        ),
    ]


async def _choose(
    act: Act, campaign_id: UUID, categories: Collection[UUID], sites: Collection[UUID]
) -> None:
    """Write down for whom the campaign is."""
    named = [{"campaign_id": campaign_id, "category_id": each} for each in sorted(categories)]
    await act.insert_all(CAMPAIGN_CATEGORY, named)
    named = [{"campaign_id": campaign_id, "site_id": each} for each in sorted(sites)]
    await act.insert_all(CAMPAIGN_SITE, named)


async def _list(act: Act, campaign_id: UUID, choice: Choice, held_on: date) -> None:
    """Put everybody who is due on the list, but those who are."""
    listed = await act.rows(CAMPAIGN_DUE, campaign_id=campaign_id)
    known = {row["beneficiary_id"] for row in listed}
    new = [key for key in due(await _persons(act, choice), choice, day=held_on) if key not in known]
    rows = [{"campaign_id": campaign_id, "beneficiary_id": key} for key in new]
    await act.insert_all(CAMPAIGN_DUE, rows)
    act.persons.update(new)


async def _persons(act: Act, choice: Choice) -> list[Person]:
    """The agency's files, with the statuses that the choice asks for."""
    statuses: dict[UUID, list[tuple[UUID, Span]]] = {}
    for row in await act.rows(ENTITLEMENT, category_id=choice.categories):
        statuses.setdefault(row["beneficiary_id"], []).append((row["category_id"], Span.of(row)))
    return [
        Person(row["id"], open_span(row), row["site_id"], statuses.get(row["id"], ()))
        for row in await act.rows(BENEFICIARY)
    ]
