"""Who works in the field: only they keep files, assess and turn out to a service."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from citywide.acts.workspace import Workspace
from citywide.errors import Fault, Path
from citywide.rules.periods import Span
from citywide.tenancy.models import MEMBER_ROLE

FIELD_ROLES = ("social_worker", "director")


async def field_terms(work: Workspace, ids: Collection[UUID]) -> dict[UUID, list[Span]]:
    """When each of these members had a field role; who never had one is not there."""
    terms: dict[UUID, list[Span]] = {}
    for row in await work.rows(MEMBER_ROLE, member_id=set(ids), role=FIELD_ROLES):
        terms.setdefault(row["member_id"], []).append(Span.of(row))
    return terms


async def worker_faults(work: Workspace, worker_id: UUID, path: Path, day: date) -> list[Fault]:
    """A worker is a member with a field role on the day."""
    terms = await field_terms(work, [worker_id])
    if any(term.covers(day) for term in terms.get(worker_id, ())):
        return []
    message = "This agency has no social worker or director with this id on that day."
    return [Fault(path, message, "NOT_FOUND")]
