"""The course of a festival campaign."""

from citywide.campaigns.models import CAMPAIGN
from citywide.campaigns.words import CampaignStatus
from citywide.rules.course import Allows, Course, Step


class CampaignCourse(Course, table=CAMPAIGN, states=CampaignStatus, noun="The campaign"):
    """A festival's visits: made, and gaps explained, until it is closed."""

    close = Step(CampaignStatus.OPEN, to=CampaignStatus.CLOSED)
    extend = Allows(CampaignStatus.OPEN)
    explain_gaps_of = Allows(CampaignStatus.OPEN)
