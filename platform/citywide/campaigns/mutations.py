"""Use cases on campaigns, as mutations."""

from __future__ import annotations

from uuid import UUID

from citywide.acts.act import Act
from citywide.campaigns import commands
from citywide.campaigns.drafts import (
    CampaignClosing,
    CampaignDraft,
    CampaignExtension,
    GapDraft,
)
from citywide.graph.mutate import mutation


@mutation(gives="Campaign")
async def plan_campaign(act: Act, draft: CampaignDraft) -> UUID:
    """Plan the visits of a festival: everybody who is due on its day is put on the list."""
    return await commands.plan(act, draft)


@mutation(gives="Campaign")
async def extend_campaign(act: Act, extension: CampaignExtension) -> UUID:
    """Put on a campaign's list who is due by now, of more categories or sites if need be."""
    return await commands.extend(act, extension)


@mutation(gives="CampaignDue")
async def explain_campaign_gap(act: Act, gap: GapDraft) -> UUID:
    """Say why a person due was not visited."""
    return await commands.explain(act, gap)


@mutation(gives="Campaign")
async def close_campaign(act: Act, closing: CampaignClosing) -> UUID:
    """Close a campaign: every person without a visit has a reason."""
    return await commands.close(act, closing)
