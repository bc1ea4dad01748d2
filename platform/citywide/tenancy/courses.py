"""The courses of what a tenant's people pass through: memberships, and roles of an agency's own."""

from citywide.rules.course import Allows, Course, Step
from citywide.tenancy.models import MEMBER, OWN_ROLE
from citywide.tenancy.words import MemberStatus, OwnRoleStatus


class MemberCourse(
    Course,
    table=MEMBER,
    states=MemberStatus,
    noun="The member",
    begins=(MemberStatus.INVITED, MemberStatus.ACTIVE),
):
    """A member of a tenant: invited by the agency, or named in a manifest."""

    accept = Step(MemberStatus.INVITED, to=MemberStatus.ACTIVE, says="accept the invitation")
    suspend = Step(
        MemberStatus.INVITED,
        MemberStatus.ACTIVE,
        to=MemberStatus.SUSPENDED,
        says="suspend them",
    )
    reinstate = Step(MemberStatus.SUSPENDED, to=MemberStatus.ACTIVE, says="reinstate them")
    sign_in = Allows(MemberStatus.INVITED, MemberStatus.ACTIVE)
    # Who was merely invited may never come.
    direct = Allows(MemberStatus.ACTIVE, says="act as director")


class OwnRoleCourse(Course, table=OWN_ROLE, states=OwnRoleStatus, noun="The role"):
    """A role that an agency made for itself."""

    change = Allows(OwnRoleStatus.IN_USE)
    grant = Allows(OwnRoleStatus.IN_USE)
    retire = Step(OwnRoleStatus.IN_USE, to=OwnRoleStatus.RETIRED)
