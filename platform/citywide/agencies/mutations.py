"""Use cases on an agency's members, as mutations.

Each begins by counting up the access version: from there to its end nobody else changes access
in the city, and every process looks again once it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from asyncpg import Record

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, rows_with
from citywide.acts.problems import wrong_state
from citywide.agencies.commands import grantable_roles, held, standings
from citywide.agencies.drafts import (
    AcceptInvitation,
    GrantRole,
    InviteMember,
    ReinstateMember,
    RevokeRole,
    SuspendMember,
    invitation_faults,
)
from citywide.agencies.problems import LastDirectorProblem, last_director, not_yourself
from citywide.agencies.standing import stays_directed, without_member, without_role
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.rules.legacy import choice_faults
from citywide.rules.periods import Span, ended, period_faults
from citywide.tenancy.access import raise_access_version
from citywide.tenancy.models import MEMBER, MEMBER_ROLE

NO_MEMBER = "There is no Member with this id."


@mutation(gives="Member")
async def invite_member(act: Act, draft: InviteMember) -> UUID:
    """Take somebody on the agency's staff; they are a member once they accept."""
    await raise_access_version(act.transaction)
    faults = [*invitation_faults(draft, await grantable_roles(act), act.desk.today)]
    if await rows_with(
        act.transaction, desk=act.desk, column=MEMBER.c.subject, values=[draft.subject]
    ):
        faults.append(Fault(("subject",), "The agency has a member of this user name."))
    refuse(faults)
    row = act.desk.owned(id=new_id(), subject=draft.subject, name=draft.name, status="INVITED")
    [member_id] = await insert_rows(act.transaction, table=MEMBER, rows=[row])
    span = Span(act.desk.today, draft.valid_until)
    await _give(act, member_id, draft.roles, span)
    act.tell("memberChanged", member_id)
    return member_id


@mutation(gives="Member")
async def accept_invitation(act: Act, _: AcceptInvitation) -> UUID:
    """Become an active member of the agency that invited you."""
    await raise_access_version(act.transaction)
    me = await act.find(MEMBER, act.principal.member_id, "member_id", NO_MEMBER)
    if me["status"] != "INVITED":
        raise wrong_state("You are an active member already.")
    await act.update(MEMBER, me, {"status": "ACTIVE"})
    act.tell("memberChanged", me["id"])
    return act.principal.member_id


@mutation(gives="Member")
async def grant_role(act: Act, draft: GrantRole) -> UUID:
    """Give a member a role for a time."""
    await raise_access_version(act.transaction)
    today = act.desk.today
    start = draft.valid_from or today
    known = await grantable_roles(act)
    faults = [
        *choice_faults(("role",), draft.role, known),
        *period_faults((), start, draft.valid_until),
    ]
    if start < today:
        faults.append(Fault(("valid_from",), f"A role is given from today, {today}, or later."))
    refuse(faults)
    member = await act.find(MEMBER, draft.member_id, "member_id", NO_MEMBER)
    if member["id"] == act.principal.member_id:
        raise not_yourself("Nobody gives themselves a role: ask another director.", "memberId")
    span = Span(start, draft.valid_until)
    for row in await _roles_of(act, member["id"]):
        if row["role"] == draft.role and held(row).span.overlaps(span):
            raise wrong_state("The member holds this role on some of these days.", "role")
    await _give(act, member["id"], [draft.role], span)
    act.tell("memberChanged", member["id"])
    return draft.member_id


@mutation(gives="Member", problems=[LastDirectorProblem])
async def revoke_role(act: Act, draft: RevokeRole) -> UUID:
    """Take a role from a member, as of now; every process knows within a second."""
    await raise_access_version(act.transaction)
    message = "There is no MemberRole with this id."
    row = await act.find(MEMBER_ROLE, draft.member_role_id, "member_role_id", message)
    today = act.desk.today
    before = await standings(act)
    if not stays_directed(before, without_role(before, row["id"]), today):
        raise last_director("memberRoleId")
    await _end(act, row, await _roles_of(act, row["member_id"]), today)
    act.tell("memberChanged", row["member_id"])
    member_id: UUID = row["member_id"]
    return member_id


@mutation(gives="Member", problems=[LastDirectorProblem])
async def suspend_member(act: Act, draft: SuspendMember) -> UUID:
    """Let a member sign in no more until reinstated; every process knows within a second."""
    await raise_access_version(act.transaction)
    member = await act.find(MEMBER, draft.member_id, "member_id", NO_MEMBER)
    before = await standings(act)
    if not stays_directed(before, without_member(before, member["id"]), act.desk.today):
        raise last_director("memberId")
    if member["status"] == "SUSPENDED":
        raise wrong_state("The member is suspended already.", "memberId")
    values = {"status": "SUSPENDED", "suspended_on": act.desk.today}
    await act.update(MEMBER, member, values, version=draft.version)
    act.tell("memberChanged", member["id"])
    return draft.member_id


@mutation(gives="Member")
async def reinstate_member(act: Act, draft: ReinstateMember) -> UUID:
    """Let a suspended member sign in again."""
    await raise_access_version(act.transaction)
    member = await act.find(MEMBER, draft.member_id, "member_id", NO_MEMBER)
    if member["status"] != "SUSPENDED":
        raise wrong_state("The member is not suspended.", "memberId")
    values = {"status": "ACTIVE", "suspended_on": None}
    await act.update(MEMBER, member, values, version=draft.version)
    act.tell("memberChanged", member["id"])
    return draft.member_id


async def _roles_of(act: Act, member_id: UUID) -> list[Record]:
    return await rows_with(
        act.transaction, desk=act.desk, column=MEMBER_ROLE.c.member_id, values=[member_id]
    )


async def _give(act: Act, member_id: UUID, roles: Sequence[str], span: Span) -> None:
    rows = [
        act.desk.owned(
            id=new_id(),
            member_id=member_id,
            role=role,
            valid_from=span.start,
            valid_until=span.end,
        )
        for role in roles
    ]
    await insert_rows(act.transaction, table=MEMBER_ROLE, rows=rows)


async def _end(act: Act, row: Record, siblings: Sequence[Record], today: date) -> None:
    """End a role today, on a first day that no other row of the same role has."""
    role = held(row)
    if role.span.end is not None and role.span.end <= today:
        raise wrong_state("The member does not hold this role any more.", "memberRoleId")
    taken = {each["valid_from"] for each in siblings if each["role"] == row["role"]}
    span = ended(role.span, today, taken - {row["valid_from"]})
    values = {"valid_from": span.start, "valid_until": span.end, "revoked_on": today}
    await act.update(MEMBER_ROLE, row, values)
