"""Which rows a mutation can be about, and whether there is one."""

from __future__ import annotations

from collections.abc import Iterable

from citywide.graph.schema import Schema
from life import hints
from life.city import City, Row
from life.declarations import Asked, Given, table_of


def fitting(city: City, rows: Iterable[Row], mutation: str, field: str) -> list[Row]:
    """Those of `rows` that are in the state in which a mutation is about them."""
    like = hints.STATES.get((mutation, field), {})
    found = [row for row in rows if _is_like(row, like)]
    if above := hints.ABOVE.get((mutation, field)):
        column, table, state = above
        parents = {row["id"] for row in city.of(table) if _is_like(row, state)}
        found = [row for row in found if row[column] in parents]
    if below := hints.BELOW.get((mutation, field)):
        table, column = below
        parents = {row[column] for row in city.of(table)}
        found = [row for row in found if row["id"] in parents]
    return found


def needed(asked: Asked) -> Given | None:
    """The first field with an id that a mutation needs: what it is about."""
    return next((each for each in asked.fields if each.of and each.is_required), None)


def is_ripe(city: City, schema: Schema, asked: Asked) -> bool:
    """Whether there is a row for each id that a mutation needs."""
    return all(
        fitting(city, city.of(table_of(schema, each.of)), asked.name, each.name)
        for each in asked.fields
        if each.of is not None and each.is_required
    )


def rows_about(city: City, schema: Schema, asked: Asked) -> list[Row]:
    """The rows that a mutation can be about, of whichever tenant."""
    field = needed(asked)
    if field is None or field.of is None:
        return []
    return fitting(city, city.of(table_of(schema, field.of)), asked.name, field.name)


def _is_like(row: Row, like: hints.Like) -> bool:
    return all(
        row[name] is not None if hints.SET in wanted else row[name] in wanted
        for name, wanted in like.items()
    )
