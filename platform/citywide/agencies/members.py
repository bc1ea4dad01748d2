"""Use cases of an agency's members: invite, accept, suspend, reinstate.

Each begins by counting up the access version: from there to its end nobody else changes access
in the city, and every process looks again once it is done.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.agencies.directors import LastDirectorProblem, check_directed, without_member
from citywide.agencies.member_roles import MEMBER_CHANGED, give, role_faults
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, formed, id_of, line, list_of, version
from citywide.rules.periods import Span, period_faults
from citywide.rules.texts import NAME_LENGTH
from citywide.tenancy.access import raise_access_version
from citywide.tenancy.courses import MemberCourse
from citywide.tenancy.models import MEMBER
from citywide.tenancy.words import MemberStatus

# As a manifest's: the `sub` of a token as issuers write it.
SUBJECT = r"[a-z0-9][a-z0-9._@-]{1,78}[a-z0-9]"


@draft
class InviteMember:
    """A new member of the agency's staff."""

    subject: str = formed(
        "The user name that their tokens carry.",
        SUBJECT,
        "A user name has 3 to 80 lower case letters, digits and the signs . _ @ -",
    )
    name: str = line("Their name.", NAME_LENGTH)
    # Without a role nobody can sign in.
    roles: tuple[str, ...] = list_of("Their roles, each as for grantRole.", least=1, distinct=True)
    valid_until: date | None = day(
        "First day on which they hold the roles no more; null: open.", default=None
    )


@mutation(gives="Member")
async def invite_member(act: Act, draft: InviteMember) -> UUID:
    """Take somebody on the agency's staff; they are a member once they accept."""
    await raise_access_version(act.transaction)
    faults = [*period_faults((), act.today, draft.valid_until)]
    faults += await role_faults(act, {("roles", n): role for n, role in enumerate(draft.roles)})
    if await act.row(MEMBER, subject=draft.subject):
        faults.append(Fault(("subject",), "The agency has a member of this user name.", "TAKEN"))
    refuse(faults)
    member_id = await act.insert(MEMBER, draft, status=MemberStatus.INVITED)
    await give(act, member_id, draft.roles, Span(act.today, draft.valid_until))
    act.announce(MEMBER_CHANGED, member_id)
    return member_id


@draft
class AcceptInvitation:
    """Your own invitation to the agency you are signed in to."""


@mutation(gives="Member")
async def accept_invitation(act: Act, draft: AcceptInvitation) -> UUID:
    """Become an active member of the agency that invited you."""
    await raise_access_version(act.transaction)
    me = await act.find(MEMBER, act.member_id, "member_id")
    # About nothing in the input, which is empty.
    act.check(MemberCourse.accept, me)
    await act.take(MemberCourse.accept, me, draft, "member_id")
    act.announce(MEMBER_CHANGED, me["id"])
    return me["id"]


@draft
class MemberStep:
    """A member who may sign in no more, or again."""

    member_id: UUID = id_of("Member", "Who.")
    version: int = version()


@mutation(gives="Member", problems=[LastDirectorProblem])
async def suspend_member(act: Act, draft: MemberStep) -> UUID:
    """Let a member sign in no more until reinstated; every process knows within a second."""
    await raise_access_version(act.transaction)
    member = await act.find(MEMBER, draft.member_id, "member_id")
    await check_directed(act, without_member, member["id"], "member_id")
    await act.take(MemberCourse.suspend, member, draft, "member_id", suspended_on=act.today)
    act.announce(MEMBER_CHANGED, member["id"])
    return member["id"]


@mutation(gives="Member")
async def reinstate_member(act: Act, draft: MemberStep) -> UUID:
    """Let a suspended member sign in again."""
    await raise_access_version(act.transaction)
    member = await act.find(MEMBER, draft.member_id, "member_id")
    await act.take(MemberCourse.reinstate, member, draft, "member_id", suspended_on=None)
    act.announce(MEMBER_CHANGED, member["id"])
    return member["id"]
