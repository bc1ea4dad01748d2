"""`nextHost` in the schema: whose turn it is to host the salon, with the reason and the dates.

The order is that of `hosts.turns`, written once more in SQL because reads are compiled; a test
holds the two equal.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import strawberry
from sqlalchemy import Date, FromClause, case, func, literal, or_, select
from sqlalchemy.sql import ColumnElement

from citywide.graph.declare import CATALOGUE, Root
from citywide.graph.planning import Group, JsonObject, Place, json_list, opaque_id, text_constant
from citywide.supervision.models import SALON
from citywide.supervision.salons import HOST_ROLE
from citywide.supervision.words import HostReason, SalonStatus
from citywide.tenancy.models import MEMBER, MEMBER_ROLE
from citywide.tenancy.words import MemberStatus

_SENTENCES = {
    HostReason.NEVER_HOSTED: "They have not hosted yet; the roll decides among those.",
    HostReason.LONGEST_AGO: "They hosted longest ago.",
    HostReason.FEWEST_TIMES: "They hosted as long ago as another, but fewer times.",
    HostReason.ROLL_ORDER: "They hosted as long ago and as often as another; the roll decides.",
}


@strawberry.type(description="A colleague's place in the rotation of hosts.")
class HostTurn:
    """A place in the rotation."""

    member_id: strawberry.ID = strawberry.field(description="The member.")
    name: str = strawberry.field(description="Their name.")
    last_hosted_on: date | None = strawberry.field(
        description="When they hosted last, or are going to; null: never."
    )
    times_hosted: int = strawberry.field(description="How many salons they hosted or will.")


@strawberry.type(description="Whose turn it is to host the next salon, and why.")
class NextHost(HostTurn):
    """The first place, and why."""

    reason: HostReason = strawberry.field(description="What decided.")
    because: str = strawberry.field(description="The same as a sentence.")
    rotation: list[HostTurn] = strawberry.field(description="Everybody, in the order of turns.")


def _compiled(place: Place) -> ColumnElement[Any]:
    """The answer as the operation selects it; null when nobody can host."""
    ranked = _ranked(place)
    chosen = place.selections.children(place.group, "NextHost")
    pairs = [(group.key, _value(place, ranked, group)) for group in chosen]
    return select(JsonObject(pairs)).where(ranked.c.place == 1).scalar_subquery()


def _ranked(place: Place) -> FromClause:
    """Who can host today, numbered in the order of turns."""
    access = place.access
    today = access.binds.principal("today", Date())
    member, role, salon = MEMBER.alias(), MEMBER_ROLE.alias(), SALON.alias()
    has_role = (
        select(literal(1))
        .where(
            *access.wall(MEMBER_ROLE, role),
            role.c.member_id == member.c.id,
            role.c.role == HOST_ROLE,
            role.c.valid_from <= today,
            or_(role.c.valid_until.is_(None), role.c.valid_until > today),
        )
        .correlate(member)
        .exists()
    )
    hosted = (
        select(
            salon.c.host_id,
            func.max(salon.c.held_on).label("last_on"),
            func.count().label("times"),
        )
        .where(*access.wall(SALON, salon), salon.c.status != SalonStatus.CANCELLED)
        .group_by(salon.c.host_id)
        .subquery()
    )
    times = func.coalesce(hosted.c.times, 0)
    order = [
        hosted.c.last_on.asc().nulls_first(),
        times,
        func.length(member.c.subject),
        member.c.subject,
    ]
    return (
        select(
            member.c.tenant_id,
            member.c.id,
            member.c.name,
            hosted.c.last_on,
            times.label("times"),
            func.row_number().over(order_by=order).label("place"),
            func.lead(hosted.c.last_on).over(order_by=order).label("next_on"),
            func.lead(times).over(order_by=order).label("next_times"),
        )
        .select_from(member.outerjoin(hosted, hosted.c.host_id == member.c.id))
        .where(*access.wall(MEMBER, member), member.c.status == MemberStatus.ACTIVE, has_role)
        .subquery()
    )


def _value(place: Place, row: FromClause, group: Group) -> ColumnElement[Any]:
    if group.name == "__typename":
        return text_constant("NextHost")
    access = place.access
    access.grant(f"NextHost.{group.name}")
    reason: ColumnElement[Any] = case(
        (row.c.last_on.is_(None), HostReason.NEVER_HOSTED.value),
        (row.c.next_on.is_distinct_from(row.c.last_on), HostReason.LONGEST_AGO.value),
        (row.c.times < row.c.next_times, HostReason.FEWEST_TIMES.value),
        else_=HostReason.ROLL_ORDER.value,
    )
    match group.name:
        case "reason":
            return reason
        case "because":
            return case({each.value: text for each, text in _SENTENCES.items()}, value=reason)
        case "rotation":
            everyone = _ranked(place)
            chosen = place.selections.children(group, "HostTurn")
            pairs = []
            for child in chosen:
                if child.name != "__typename":
                    access.grant(f"HostTurn.{child.name}")
                pairs.append((child.key, _of_turn(place, everyone, child)))
            listed = json_list(JsonObject(pairs), [everyone.c.place])
            return select(listed).select_from(everyone).scalar_subquery()
        case _:
            return _of_turn(place, row, group)


def _of_turn(place: Place, row: FromClause, group: Group) -> ColumnElement[Any]:
    match group.name:
        case "memberId":
            return opaque_id(place.access.entities["Member"], row)
        case "name":
            return row.c.name
        case "lastHostedOn":
            return row.c.last_on
        case "timesHosted":
            return row.c.times
        case _:
            return text_constant("HostTurn")


CATALOGUE.roots["nextHost"] = Root(
    description="Whose turn it is to host the next salon, and why; null: nobody can.",
    returns=NextHost | None,
    arguments={},
    compile=_compiled,
)
