"""Who asks: the subject of a token, as one member of one tenant, with the roles in force today."""

from __future__ import annotations

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
