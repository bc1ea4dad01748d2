"""Use cases on campaigns: make the list of persons due, explain gaps, close."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Table, select

from citywide.acts.act import Act
from citywide.acts.legacy import (
    catalogue_rows,
    insert_rows,
    of_tenant,
    rows_with,
    spans,
    tenant_rows,
)
from citywide.acts.problems import wrong_state
from citywide.beneficiaries.models import BENEFICIARY, ENTITLEMENT, ENTITLEMENT_CATEGORY
from citywide.campaigns.drafts import (
    NO_CAMPAIGN,
    NO_DUE,
    CampaignClosing,
    CampaignDraft,
    CampaignExtension,
    GapDraft,
    campaign_faults,
    choice_of_faults,
    closing_faults,
    gap_faults,
)
from citywide.campaigns.models import (
    CAMPAIGN,
    CAMPAIGN_CATEGORY,
    CAMPAIGN_DUE,
    CAMPAIGN_SITE,
)
from citywide.campaigns.selection import Choice, Person, due
from citywide.campaigns.visits import is_visited
from citywide.errors import Fault, InvalidError, refuse
from citywide.ids import new_id
from citywide.rules.periods import Span
from citywide.tenancy.models import AGREEMENT, SITE


async def plan(act: Act, draft: CampaignDraft) -> UUID:
    """A campaign, with everybody who is due on the festival's day."""
    agreements = await _all(act, AGREEMENT)
    runs = [Span(row["valid_from"], row["valid_until"]) for row in agreements]
    refuse(campaign_faults(draft, agreements=runs))
    day, window = draft.held_on, draft.window
    held = await rows_with(
        act.transaction, desk=act.desk, column=CAMPAIGN.c.festival, values=[draft.festival]
    )
    if day in {row["held_on"] for row in held}:
        message = "There is a campaign for this festival already: extend that one."
        raise InvalidError([Fault(("year",), message)])
    await _check_choice(act, draft.category_ids, draft.site_ids, day=day)
    row = act.desk.owned(
        id=new_id(),
        festival=draft.festival,
        held_on=day,
        valid_from=window.start,
        valid_until=window.end,
        status="OPEN",
    )
    [campaign_id] = await insert_rows(act.transaction, table=CAMPAIGN, rows=[row])
    choice = Choice(frozenset(draft.category_ids), frozenset(draft.site_ids))
    await _choose(act, campaign_id, choice)
    await _list(act, campaign_id, choice, day=day, listed=())
    return campaign_id


async def extend(act: Act, extension: CampaignExtension) -> UUID:
    """Who is due by now and not on the list yet; nobody leaves it."""
    campaign = await _open(act, extension.campaign_id)
    held_on: date = campaign["held_on"]
    await _check_choice(act, extension.category_ids, extension.site_ids, day=held_on)
    categories = await _about(act, CAMPAIGN_CATEGORY, campaign["id"])
    sites = await _about(act, CAMPAIGN_SITE, campaign["id"])
    before = Choice(
        frozenset(row["category_id"] for row in categories),
        frozenset(row["site_id"] for row in sites),
    )
    # Where everybody was due already, naming some takes nobody away.
    more = Choice(
        frozenset(extension.category_ids) - set(before.categories) if before.categories else (),
        frozenset(extension.site_ids) - set(before.sites) if before.sites else (),
    )
    # The version counts up, so that two extensions at once do not mix.
    await act.update(CAMPAIGN, campaign, {"status": "OPEN"}, version=extension.version)
    await _choose(act, campaign["id"], more)
    choice = Choice(
        {*before.categories, *more.categories},
        {*before.sites, *more.sites},
    )
    listed = await _about(act, CAMPAIGN_DUE, campaign["id"])
    await _list(
        act,
        campaign["id"],
        choice,
        day=held_on,
        listed={row["beneficiary_id"] for row in listed},
    )
    return extension.campaign_id


async def explain(act: Act, gap: GapDraft) -> UUID:
    """Why one person was not visited, said by their worker."""
    row = await act.find(CAMPAIGN_DUE, gap.due_id, "due_id", NO_DUE)
    file = await act.find(BENEFICIARY, row["beneficiary_id"], "due_id", NO_DUE)
    act.check_worker(file["worker_id"], "dueId")
    await _open(act, row["campaign_id"])
    refuse(gap_faults((), gap))
    if row["id"] not in await _missed(act, row["campaign_id"]):
        raise wrong_state("This person was visited: there is no gap to explain.", "dueId")
    await _note(act, row, gap)
    return gap.due_id


async def close(act: Act, closing: CampaignClosing) -> UUID:
    """The end: every gap has a reason."""
    campaign = await _open(act, closing.campaign_id)
    if act.desk.today < campaign["held_on"]:
        raise wrong_state(f"The festival is on {campaign['held_on']}.", "campaignId")
    listed = {row["id"]: row for row in await _about(act, CAMPAIGN_DUE, campaign["id"])}
    missed = await _missed(act, campaign["id"])
    explained = [key for key, row in listed.items() if row["gap_reason"] is not None]
    refuse(
        [
            *(
                fault
                for place, gap in enumerate(closing.gaps)
                for fault in gap_faults(("gaps", place), gap)
            ),
            *closing_faults(closing.gaps, missed=missed, explained=explained),
        ]
    )
    for gap in closing.gaps:
        await _note(act, listed[gap.due_id], gap)
    values = {
        "status": "CLOSED",
        "closed_on": act.desk.today,
        "closed_by_id": act.principal.member_id,
    }
    await act.update(CAMPAIGN, campaign, values, version=closing.version)
    return closing.campaign_id


async def _open(act: Act, campaign_id: UUID) -> Record:
    campaign = await act.find(CAMPAIGN, campaign_id, "campaign_id", NO_CAMPAIGN)
    if campaign["status"] != "OPEN":
        raise wrong_state(f"The campaign was closed on {campaign['closed_on']}.", "campaignId")
    return campaign


async def _check_choice(
    act: Act, category_ids: Sequence[UUID], site_ids: Sequence[UUID], *, day: date
) -> None:
    categories = await catalogue_rows(
        act.transaction, table=ENTITLEMENT_CATEGORY, ids=set(category_ids)
    )
    sites = await tenant_rows(act.transaction, desk=act.desk, table=SITE, ids=set(site_ids))
    refuse(
        choice_of_faults(category_ids, site_ids, categories=spans(categories), sites=sites, day=day)
    )


async def _choose(act: Act, campaign_id: UUID, choice: Choice) -> None:
    """Write down for whom the campaign is."""
    named: Sequence[tuple[Table, str, Collection[UUID]]] = (
        (CAMPAIGN_CATEGORY, "category_id", choice.categories),
        (CAMPAIGN_SITE, "site_id", choice.sites),
    )
    for table, column, ids in named:
        rows = [
            act.desk.owned(id=new_id(), campaign_id=campaign_id, **{column: row_id})
            for row_id in sorted(ids)
        ]
        await insert_rows(act.transaction, table=table, rows=rows)


async def _list(
    act: Act, campaign_id: UUID, choice: Choice, *, day: date, listed: Collection[UUID]
) -> None:
    """Put everybody who is due on the list, but those who are."""
    persons = await _persons(act, choice)
    new = [key for key in due(persons, choice, day=day) if key not in listed]
    rows = [act.desk.owned(id=new_id(), campaign_id=campaign_id, beneficiary_id=key) for key in new]
    await insert_rows(act.transaction, table=CAMPAIGN_DUE, rows=rows)
    act.persons.update(new)


async def _persons(act: Act, choice: Choice) -> list[Person]:
    """The agency's files, with the statuses that the choice asks for."""
    statuses: dict[UUID, list[tuple[UUID, Span]]] = {}
    for row in await rows_with(
        act.transaction,
        desk=act.desk,
        column=ENTITLEMENT.c.category_id,
        values=list(choice.categories),
    ):
        span = Span(row["valid_from"], row["valid_until"])
        statuses.setdefault(row["beneficiary_id"], []).append((row["category_id"], span))
    file = BENEFICIARY
    files = select(file.c.id, file.c.opened_on, file.c.closed_on, file.c.site_id)
    return [
        Person(
            row["id"],
            Span(row["opened_on"], row["closed_on"]),
            row["site_id"],
            statuses.get(row["id"], ()),
        )
        for row in await act.transaction.rows(of_tenant(files, file, desk=act.desk))
    ]


async def _missed(act: Act, campaign_id: UUID) -> set[UUID]:
    """The rows of persons who had no visit."""
    row = CAMPAIGN_DUE.alias()
    statement = select(row.c.id).where(
        row.c.tenant_id == act.desk.tenant_id,
        row.c.campaign_id == campaign_id,
        ~is_visited(row),
    )
    return {found["id"] for found in await act.transaction.rows(statement)}


async def _note(act: Act, row: Record, gap: GapDraft) -> None:
    values: Mapping[str, Any] = {"gap_reason": gap.reason, "gap_note": gap.note}
    await act.update(CAMPAIGN_DUE, row, values)
    act.persons.add(row["beneficiary_id"])


async def _all(act: Act, table: Table) -> list[Record]:
    return await act.transaction.rows(of_tenant(select(table), table, desk=act.desk))


async def _about(act: Act, table: Table, campaign_id: UUID) -> list[Record]:
    return await rows_with(
        act.transaction, desk=act.desk, column=table.c.campaign_id, values=[campaign_id]
    )
