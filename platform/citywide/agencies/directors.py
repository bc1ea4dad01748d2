"""Who directs an agency, and for how long: no change of its members may leave it without one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import strawberry

from citywide.acts.act import Act
from citywide.acts.problems import Problem, ProblemError, schema_path
from citywide.rules.periods import Span
from citywide.tenancy.courses import MemberCourse
from citywide.tenancy.models import MEMBER, MEMBER_ROLE

DIRECTOR = "director"


@strawberry.type(description="The agency would be left without a director.")
class LastDirectorProblem(Problem):
    """Nobody else directs it for as long."""


@dataclass(frozen=True, slots=True)
class HeldRole:
    """One role of one member, for a time; `row_id` is the row's."""

    row_id: UUID
    role: str
    span: Span


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member: whether they are active, and what they hold, now or at any time."""

    member_id: UUID
    is_active: bool
    roles: tuple[HeldRole, ...]


def directed_until(colleagues: Iterable[Colleague], today: date) -> date:
    """The first day on which nobody who directs today does so; `today` when nobody does."""
    ends = [
        held.span.end or date.max
        for colleague in colleagues
        if colleague.is_active
        for held in colleague.roles
        if held.role == DIRECTOR and held.span.covers(today)
    ]
    return max(ends, default=today)


def without_member(colleagues: Sequence[Colleague], member_id: UUID) -> list[Colleague]:
    """The members when this one may not sign in."""
    return [
        replace(each, is_active=False) if each.member_id == member_id else each
        for each in colleagues
    ]


def without_role(colleagues: Sequence[Colleague], row_id: UUID) -> list[Colleague]:
    """The members when nobody holds the role of this row any more."""
    return [
        replace(each, roles=tuple(held for held in each.roles if held.row_id != row_id))
        for each in colleagues
    ]


async def check_directed(
    act: Act,
    without: Callable[[Sequence[Colleague], UUID], Sequence[Colleague]],
    row_id: UUID,
    field: str,
) -> None:
    """Refuse what leaves the agency without a director earlier than it would have been."""
    before = await _colleagues(act)
    after = without(before, row_id)
    if directed_until(after, act.today) < directed_until(before, act.today):
        message = "Nobody else is director for as long: make another active member director first."
        raise ProblemError(
            LastDirectorProblem(code="LAST_DIRECTOR", message=message, path=schema_path([field]))
        )


async def _colleagues(act: Act) -> list[Colleague]:
    """Every member of the agency."""
    held: dict[UUID, list[HeldRole]] = {}
    for row in await act.rows(MEMBER_ROLE):
        held.setdefault(row["member_id"], []).append(HeldRole(row["id"], row["role"], Span.of(row)))
    return [
        Colleague(
            member["id"],
            MemberCourse.state_of(member) in MemberCourse.direct.sources,
            tuple(held.get(member["id"], ())),
        )
        for member in await act.rows(MEMBER)
    ]
