"""What use cases on members share: the agency's standing, and what its roles can be."""

from __future__ import annotations

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import of_tenant
from citywide.agencies.standing import Held, Standing
from citywide.authz.own_roles import PREFIX
from citywide.rules.periods import Span
from citywide.tenancy.models import MEMBER, MEMBER_ROLE, OWN_ROLE


async def standings(act: Act) -> list[Standing]:
    """Every member of the agency with what they hold, now or at any time."""
    members = await act.transaction.rows(of_tenant(select(MEMBER), MEMBER, desk=act.desk))
    roles = await act.transaction.rows(of_tenant(select(MEMBER_ROLE), MEMBER_ROLE, desk=act.desk))
    return [
        Standing(
            member["id"],
            member["status"] == "ACTIVE",
            tuple(held(row) for row in roles if row["member_id"] == member["id"]),
        )
        for member in members
    ]


def held(row: Record) -> Held:
    """A role of a member."""
    return Held(row["id"], row["role"], Span(row["valid_from"], row["valid_until"]))


async def grantable_roles(act: Act) -> frozenset[str]:
    """What a member of the agency can be given: the policy's roles, and its own in use."""
    in_use = select(OWN_ROLE.c.name).where(OWN_ROLE.c.status == "IN_USE")
    rows = await act.transaction.rows(of_tenant(in_use, OWN_ROLE, desk=act.desk))
    return act.policy.grantable() | {f"{PREFIX}{row['name']}" for row in rows}
