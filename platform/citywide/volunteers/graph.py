"""Volunteers in the schema."""

import strawberry

from citywide.graph.declare import (
    column,
    entity,
    hidden,
    itself,
    localised,
    many,
    one,
    own,
    surname,
    through,
)
from citywide.graph.planning import Node
from citywide.volunteers.models import (
    SKILL,
    VOLUNTEER,
    VOLUNTEER_HOURS,
    VOLUNTEER_LINK,
    VOLUNTEER_SKILL,
    VOLUNTEER_SLOT,
)
from citywide.volunteers.words import ProposalReasonKind


@strawberry.type(description="Something that speaks for a volunteer.")
class ProposalReason:
    kind: ProposalReasonKind = strawberry.field(description="What it is about.")
    points: int = strawberry.field(description="What it is worth.")
    text: str = strawberry.field(description="A sentence for people.")


@strawberry.type(description="A volunteer who could help, with the reasons for their place.")
class VolunteerProposal:
    volunteer: Node = strawberry.field(description="The volunteer: a Volunteer.")
    score: int = strawberry.field(description="The sum of the reasons' points, 0 to 100.")
    reasons: list[ProposalReason] = strawberry.field(description="What speaks for them.")


@entity(
    SKILL,
    tag="skil",
    root="skills",
    root_description="What volunteers can offer: the code table.",
)
class Skill:
    """Something that volunteers can offer (专长), from a code table."""

    code = column("Its code.")
    label = localised("Its name.", ZH_CN="label_zh", EN="label_en")
    valid_from = column("First day; null when it is not known.")
    valid_until = column("First day on which it is no longer used; null while it is.")


@entity(VOLUNTEER, tag="volu", person=True, about=itself())
class Volunteer:
    """A volunteer (志愿者) of an agency."""

    number = column("The agency's own number of the volunteer.")
    name = column("The volunteer's name; masked: the surname.", mask=surname)
    phone = column("A telephone number.", mask=hidden)
    skills = column("What they are good at, in the agency's own words.")
    registered_on = column("The day they registered.")
    left_on = column("First day on which they no longer help; null while they do.")
    leaving_reason = column("Why they left.", mask=hidden)
    version = column("Counts changes of the entry, for those who change it.")
    agency = one("Agency", "The agency they help.", {"id": "tenant_id"})
    area = one("Area", "Where they live, as an area.", {"id": "area_id"}, nullable=True)
    abilities = many("VolunteerSkill", "What they offer.", {"volunteer_id": "id"})
    slots = many("VolunteerSlot", "When they can come.", {"volunteer_id": "id"})
    hours = many("VolunteerHours", "The hours they gave.", {"volunteer_id": "id"})
    attendances = many("Attendance", "The services they turned out for.", {"volunteer_id": "id"})


@entity(VOLUNTEER_SKILL, tag="vskl", condition=lambda row: row.c.is_current)
class VolunteerSkill:
    """A skill that a volunteer offers."""

    offered_on = column("The day they first offered it.")
    skill = one("Skill", "The skill.", {"id": "skill_id"})


@entity(VOLUNTEER_SLOT, tag="vslt", condition=lambda row: row.c.is_current)
class VolunteerSlot:
    """A part of a weekday on which a volunteer can come."""

    weekday = column("The day of the week.")
    part_of_day = column("The part of the day.")
    offered_on = column("The day they first offered it.")


@entity(
    VOLUNTEER_LINK,
    tag="vlnk",
    root="volunteerLinks",
    root_description="Which volunteers are beneficiaries too, as far as you may know it.",
    condition=lambda row: row.c.is_current,
    caseload=through("Beneficiary", {"id": "beneficiary_id"}),
    person=True,
)
class VolunteerLink:
    """That a volunteer and a beneficiary are the same person."""

    linked_on = column("The day it was noted.")
    volunteer = one("Volunteer", "The person as a volunteer.", {"id": "volunteer_id"})
    beneficiary = one("Beneficiary", "The person as a beneficiary.", {"id": "beneficiary_id"})


@entity(
    VOLUNTEER_HOURS,
    tag="vhrs",
    root="volunteerHours",
    root_description="Hours that volunteers gave, recorded and certified by different people.",
    caseload=own("recorded_by"),
    person=True,
)
class VolunteerHours:
    """Hours that a volunteer gave (志愿服务时间)."""

    served_on = column("The day.")
    minutes = column("How long, in minutes.")
    activity = column("What they did.", mask=hidden)
    status = column("What has become of the record.")
    recorded_on = column("The day it was recorded.")
    decided_on = column("The day it was certified or refused; null before.")
    refusal_reason = column("Why it was refused.", mask=hidden)
    version = column("Counts changes of the record, for those who change it.")
    volunteer = one("Volunteer", "Whose hours.", {"id": "volunteer_id"})
    service_record = one(
        "ServiceRecord",
        "The service they turned out for; null for help of another kind.",
        {"id": "service_record_id"},
        nullable=True,
    )
    recorder = one("Member", "Who recorded them.", {"id": "recorded_by"})
    decider = one("Member", "Who certified or refused them.", {"id": "decided_by"}, nullable=True)
