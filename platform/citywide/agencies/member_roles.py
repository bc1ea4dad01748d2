"""Use cases of the roles that members hold for a time: grant and revoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import AccessProblem, ProblemError, wrong_state
from citywide.agencies.directors import LastDirectorProblem, check_directed, without_role
from citywide.authz.own_roles import PREFIX
from citywide.errors import Fault, Path, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, line
from citywide.rules.periods import Span, ended, period_faults
from citywide.tenancy.access import raise_access_version
from citywide.tenancy.courses import OwnRoleCourse
from citywide.tenancy.models import MEMBER, MEMBER_ROLE, OWN_ROLE

MEMBER_CHANGED = "memberChanged"
# The name of an agency's own, with its prefix; the policy's are shorter.
ROLE_LENGTH = 60


@draft
class GrantRole:
    """A role for a member."""

    member_id: UUID = id_of("Member", "Who gets it.")
    role: str = line(
        "A role of the policy by its name, or one of the agency as own: and its name.", ROLE_LENGTH
    )
    valid_from: date | None = day("First day; null: today.", default=None)
    valid_until: date | None = day(
        "First day on which it is held no more; null: open.", default=None
    )


@mutation(gives="Member")
async def grant_role(act: Act, draft: GrantRole) -> UUID:
    """Give a member a role for a time."""
    await raise_access_version(act.transaction)
    start = draft.valid_from or act.today
    span = Span(start, draft.valid_until)
    faults = await role_faults(act, {("role",): draft.role})
    faults += period_faults((), start, draft.valid_until)
    if start < act.today:
        message = f"A role is given from today, {act.today}, or later."
        faults.append(Fault(("valid_from",), message, "PAST", {"today": str(act.today)}))
    refuse(faults)
    member = await act.find(MEMBER, draft.member_id, "member_id")
    if member["id"] == act.member_id:
        message = "Nobody gives themselves a role: ask another director."
        problem = AccessProblem(code="NOT_YOURSELF", message=message, path=["memberId"])
        raise ProblemError(problem)
    for row in await act.rows(MEMBER_ROLE, member_id=member["id"], role=draft.role):
        if Span.of(row).overlaps(span):
            raise wrong_state("The member holds this role on some of these days.", "role")
    await give(act, member["id"], [draft.role], span)
    act.announce(MEMBER_CHANGED, member["id"])
    return member["id"]


@draft
class RevokeRole:
    """A role that a member loses today."""

    member_role_id: UUID = id_of("MemberRole", "Which role of which member.")


@mutation(gives="Member", problems=[LastDirectorProblem])
async def revoke_role(act: Act, draft: RevokeRole) -> UUID:
    """Take a role from a member, as of now; every process knows within a second."""
    await raise_access_version(act.transaction)
    held = await act.find(MEMBER_ROLE, draft.member_role_id, "member_role_id")
    await check_directed(act, without_role, held["id"], "member_role_id")
    if held["valid_until"] is not None and held["valid_until"] <= act.today:
        raise wrong_state("The member does not hold this role any more.", "member_role_id")
    # It ends today, on a first day that no other row of the same role has.
    same = await act.rows(MEMBER_ROLE, member_id=held["member_id"], role=held["role"])
    taken = {each["valid_from"] for each in same if each["id"] != held["id"]}
    span = ended(Span.of(held), act.today, taken)
    await act.update(
        MEMBER_ROLE, held, valid_from=span.start, valid_until=span.end, revoked_on=act.today
    )
    act.announce(MEMBER_CHANGED, held["member_id"])
    return held["member_id"]


async def role_faults(act: Act, roles: Mapping[Path, str]) -> list[Fault]:
    """Those of `roles`, by where they stand, that no member of the agency can be given.

    It can give the policy's roles, and its own as long as they are in use.
    """
    own = await act.rows(OWN_ROLE, status=OwnRoleCourse.grant.sources)
    known = act.policy.grantable() | {f"{PREFIX}{row['name']}" for row in own}
    message = f"This must be one of {', '.join(sorted(known))}."
    return [Fault(path, message, "NOT_FOUND") for path, role in roles.items() if role not in known]


async def give(act: Act, member_id: UUID, roles: Sequence[str], span: Span) -> None:
    """Let a member hold `roles` in the period."""
    period = {"valid_from": span.start, "valid_until": span.end}
    rows = [{"member_id": member_id, "role": role, **period} for role in roles]
    await act.insert_all(MEMBER_ROLE, rows)
