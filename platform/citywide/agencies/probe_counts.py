"""`probeCounts` in the schema: how often each person looked at persons without being shown them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import strawberry
from sqlalchemy import JSON, Date, DateTime, Integer, Text, and_, cast, func, literal_column, select
from sqlalchemy.sql import ColumnElement

from citywide.graph.declare import CATALOGUE, Kind, Root
from citywide.graph.planning import (
    Group,
    JsonObject,
    Place,
    converter,
    json_list,
    selected,
)

# As many as a count names the persons of.
_FEW: ColumnElement[int] = literal_column("5", Integer)
_ZONE: ColumnElement[str] = literal_column("'Asia/Shanghai'", Text)


@strawberry.type(description="How often somebody looked at persons in a day, shown or not.")
class ProbeCount:
    """One person's day."""

    actor: str = strawberry.field(description="The user name of whoever asked.")
    day: date = strawberry.field(description="The day.")
    probes: int = strawberry.field(
        description="Answers that filtered, ordered, counted or computed by something of persons."
    )
    few: int = strawberry.field(description="Those of them with a count of fewer than five.")


def _counted(place: Place) -> ColumnElement[Any]:
    """Entries of the readable chains from the first day until before the last."""
    access, entity = place.access, place.access.entities["AuditEntry"]
    for name in ("actor", "occurredAt", "isProbe", "counts"):
        access.grant(f"AuditEntry.{name}")
    row = access.reference(entity.table)
    first, last = (
        access.binds.value(place.arguments[name], Date(), converter(Kind.DATE, "", ""))
        for name in ("from", "until")
    )
    day = cast(func.timezone(_ZONE, row.c.occurred_at), Date)
    smallest = cast(
        func.json_extract_path_text(
            cast(row.c.entry, JSON), literal_column("'counts'"), literal_column("'0'")
        ),
        Integer,
    )
    is_probe = func.json_extract_path_text(cast(row.c.entry, JSON), literal_column("'probed'"))
    conditions = [
        *access.visible(entity, row),
        row.c.kind == literal_column("'READ'"),
        row.c.occurred_at >= func.timezone(_ZONE, cast(first, DateTime)),
        row.c.occurred_at < func.timezone(_ZONE, cast(last, DateTime)),
        is_probe.is_not(None),
    ]
    found = (
        select(
            row.c.actor.label("actor"),
            day.label("day"),
            func.count().label("probes"),
            func.count().filter(smallest < _FEW).label("few"),
        )
        .where(and_(*conditions))
        .group_by(row.c.actor, day)
        .subquery()
    )
    made: Mapping[str, Callable[[Group], ColumnElement[Any]]] = {
        name: lambda group: found.c[group.name] for name in ("actor", "day", "probes", "few")
    }
    told = JsonObject(selected(place, place.group, "ProbeCount", made))
    listed = json_list(told, [found.c.probes.desc(), found.c.day, found.c.actor])
    return select(listed).select_from(found).scalar_subquery()


CATALOGUE.roots["probeCounts"] = Root(
    description="Who looked at persons how often, by person and day, shown or not: most first.",
    returns=list[ProbeCount],
    arguments={
        "from": (date, "From this day on.", strawberry.UNSET),
        "until": (date, "Before this day.", strawberry.UNSET),
    },
    compile=_counted,
)
