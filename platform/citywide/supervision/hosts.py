"""Whose turn it is to host the salon: fair, and able to say why.

Whoever hosted longest ago comes first, and before them whoever never did; among those who hosted
last on the same day whoever did so fewest times; then the order of the roll. A salon that is
planned counts as hosted, so that two planned one after the other have two hosts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from citywide.supervision.words import HostReason


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who can host; `subject` gives the order of the roll."""

    member_id: UUID
    subject: str

    @property
    def roll_order(self) -> tuple[int, str]:
        """worker2 before worker10."""
        return (len(self.subject), self.subject)


@dataclass(frozen=True, slots=True)
class Hosted:
    """Who hosted, or is going to, and when."""

    member_id: UUID
    on: date


@dataclass(frozen=True, slots=True)
class Turn:
    """A colleague's place in the rotation: when they hosted last, and how often."""

    member_id: UUID
    last_on: date | None
    times: int


def turns(history: Iterable[Hosted], members: Iterable[Colleague]) -> list[Turn]:
    """The rotation as it stands, the next host first."""
    days: dict[UUID, list[date]] = {}
    for each in history:
        days.setdefault(each.member_id, []).append(each.on)

    def place(member: Colleague) -> tuple[date, int, tuple[int, str]]:
        own = days.get(member.member_id, [])
        return (max(own, default=date.min), len(own), member.roll_order)

    return [
        Turn(
            member.member_id,
            max(days.get(member.member_id, []), default=None),
            len(days.get(member.member_id, [])),
        )
        for member in sorted(members, key=place)
    ]


def next_host(history: Iterable[Hosted], members: Iterable[Colleague]) -> Turn | None:
    """Whose turn it is; None when there is nobody."""
    return next(iter(turns(history, members)), None)


def reason(rotation: Sequence[Turn]) -> HostReason:
    """What put the first of the rotation before the second."""
    first = rotation[0]
    if first.last_on is None:
        return HostReason.NEVER_HOSTED
    second = rotation[1] if len(rotation) > 1 else None
    if second is None or second.last_on != first.last_on:
        return HostReason.LONGEST_AGO
    return HostReason.FEWEST_TIMES if first.times < second.times else HostReason.ROLL_ORDER
