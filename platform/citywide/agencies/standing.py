"""Who directs an agency, and for how long: what stands when a member's access changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from citywide.rules.periods import Span

DIRECTOR = "director"


@dataclass(frozen=True, slots=True)
class Held:
    """One role of one member, for a time; `role_id` is the row's."""

    role_id: UUID
    role: str
    span: Span


@dataclass(frozen=True, slots=True)
class Standing:
    """A member: whether they may sign in, and what they hold."""

    member_id: UUID
    is_active: bool
    roles: tuple[Held, ...]


def directed_until(standings: Iterable[Standing], today: date) -> date:
    """The first day on which nobody who directs today does so; `today` when nobody does."""
    ends = [
        held.span.end or date.max
        for standing in standings
        if standing.is_active
        for held in standing.roles
        if held.role == DIRECTOR and held.span.covers(today)
    ]
    return max(ends, default=today)


def without_member(standings: Sequence[Standing], member_id: UUID) -> list[Standing]:
    """The members when this one may not sign in."""
    return [
        replace(each, is_active=False) if each.member_id == member_id else each
        for each in standings
    ]


def without_role(standings: Sequence[Standing], role_id: UUID) -> list[Standing]:
    """The members when nobody holds this role any more."""
    return [
        replace(each, roles=tuple(held for held in each.roles if held.role_id != role_id))
        for each in standings
    ]


def stays_directed(before: Sequence[Standing], after: Sequence[Standing], today: date) -> bool:
    """Whether an agency is directed after a change for as long as it would have been without."""
    return directed_until(after, today) >= directed_until(before, today)
