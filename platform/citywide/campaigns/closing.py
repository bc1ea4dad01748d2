"""The end of a festival campaign: whoever was not visited has a reason, said before or with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.campaigns.courses import CampaignCourse
from citywide.campaigns.models import CAMPAIGN, CAMPAIGN_DUE, CampaignDueRow
from citywide.campaigns.visits import is_visited
from citywide.campaigns.words import GapReason
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import draft, id_of, line, list_of, version, word
from citywide.rules.texts import ADDRESS_LENGTH

# A sentence or two.
REASON_LENGTH = ADDRESS_LENGTH


@draft
class GapDraft:
    """Why a person was not visited."""

    due_id: UUID = id_of("CampaignDue", "The person's row on the list.")
    reason: GapReason = word("The kind of reason.")
    note: str | None = line("In words.", REASON_LENGTH, default=None)


@mutation(gives="CampaignDue")
async def explain_campaign_gap(act: Act, draft: GapDraft) -> UUID:
    """Say why a person due was not visited."""
    row = await act.find(CAMPAIGN_DUE, draft.due_id, "due_id")
    campaign = await act.find(CAMPAIGN, row["campaign_id"], "due_id")
    act.check(CampaignCourse.explain_gaps_of, campaign, "due_id")
    refuse(gap_faults(draft))
    if row["id"] not in await _missed(act, campaign["id"]):
        raise wrong_state("This person was visited: there is no gap to explain.", "due_id")
    await _explain(act, row, draft)
    return row["id"]


@draft
class CampaignClosing:
    """A campaign's end, with the reasons that are not on the list yet."""

    campaign_id: UUID = id_of("Campaign", "The campaign.")
    version: int = version()
    gaps: tuple[GapDraft, ...] = list_of("Why persons were not visited.", default=())


@mutation(gives="Campaign")
async def close_campaign(act: Act, draft: CampaignClosing) -> UUID:
    """Close a campaign: every person without a visit has a reason."""
    campaign = await act.find(CAMPAIGN, draft.campaign_id, "campaign_id")
    act.check(CampaignCourse.close, campaign, "campaign_id")
    if act.today < campaign["held_on"]:
        raise wrong_state(f"The festival is on {campaign['held_on']}.", "campaign_id")
    rows = await act.rows(CAMPAIGN_DUE, campaign_id=campaign["id"])
    missed = await _missed(act, campaign["id"])
    explained = {row["id"] for row in rows if row["gap_reason"] is not None}
    refuse(closing_faults(draft.gaps, missed=missed, explained=explained))
    listed = {row["id"]: row for row in rows}
    for gap in draft.gaps:
        await _explain(act, listed[gap.due_id], gap)
    await act.take(
        CampaignCourse.close,
        campaign,
        draft,
        "campaign_id",
        closed_on=act.today,
        closed_by_id=act.member_id,
    )
    return campaign["id"]


def gap_faults(gap: GapDraft) -> Iterator[Fault]:
    """Another reason than those that are listed has to be said."""
    if gap.reason == GapReason.OTHER and gap.note is None:
        yield Fault(("note",), "Another reason needs words.")


def closing_faults(
    gaps: Sequence[GapDraft], *, missed: Collection[UUID], explained: Collection[UUID]
) -> Iterator[Fault]:
    """Every person who was `missed` has a reason, `explained` before or given now; no one else."""
    given: set[UUID] = set()
    for place, gap in enumerate(gaps):
        yield from (fault.within("gaps", place) for fault in gap_faults(gap))
        here = ("gaps", place, "due_id")
        if gap.due_id not in missed:
            yield Fault(here, "This person is not among the gaps.")
        elif gap.due_id in given:
            yield Fault(here, "This person is listed twice.", "LISTED_TWICE")
        given.add(gap.due_id)
    silent = set(missed) - set(explained) - given
    if silent:
        yield Fault(("gaps",), f"{len(silent)} persons without a visit have no reason yet.")


async def _missed(act: Act, campaign_id: UUID) -> set[UUID]:
    """The rows of persons who had no visit."""
    due = CAMPAIGN_DUE
    statement = select(due.c.id).where(due.c.campaign_id == campaign_id, ~is_visited(due))
    return {row["id"] for row in await act.select(statement, due)}


async def _explain(act: Act, row: CampaignDueRow, gap: GapDraft) -> None:
    await act.update(CAMPAIGN_DUE, row, gap_reason=gap.reason, gap_note=gap.note)
    act.persons.add(row["beneficiary_id"])
