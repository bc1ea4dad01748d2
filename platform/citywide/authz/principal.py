"""Who asks: the subject of a token, as one member of one tenant, with the roles in force today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from citywide.authz.own_roles import Role
from citywide.db.session import Audience, Context


@dataclass(frozen=True, slots=True)
class Principal:
    """One member of one tenant while an agreement is in force.

    `tenants` are a supervisor's assigned agencies and the bureau itself; empty for anyone else.
    `today` is the bureau's business date (its replay date where a past pilot is shown).
    `valid_until` is the first day on which this answer is no longer true: the agreement's end,
    or that of a role; None when nothing is going to end.
    `selves` are all members that the subject is, here and in other tenants of the deployment:
    one person with two hats is still one person where two are needed.
    """

    subject: str
    member_id: UUID
    tenant_id: UUID
    bureau_id: UUID
    audience: Audience
    roles: frozenset[Role]
    tenants: tuple[UUID, ...]
    today: date
    valid_until: date | None
    context: Context
    selves: frozenset[UUID]

    def is_one_of(self, members: Iterable[UUID | None]) -> bool:
        """Whether the person who asks is one of these members, under whichever hat."""
        return not self.selves.isdisjoint(member for member in members if member is not None)
