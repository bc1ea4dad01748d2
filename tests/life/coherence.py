"""What fits together within one input, where drawing each field by itself hardly ever does.

One function a mutation, by its name, in the files beside this one; it changes the input that was
drawn. None is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from life.city import Row
from life.declarations import outside
from life.drawing import Drawing

Values = dict[str, Any]
Recipe = Callable[[Drawing, Values], None]


def declaring(recipes: dict[str, Recipe]) -> Callable[..., Callable[[Recipe], Recipe]]:
    """The decorator that puts a function into `recipes` as that of some mutations."""

    def recipe(*names: str) -> Callable[[Recipe], Recipe]:
        def declare(made: Recipe) -> Recipe:
            recipes.update(dict.fromkeys(names, made))
            return made

        return declare

    return recipe


def rows(drawing: Drawing, table: str) -> list[Row]:
    """The rows of the tenant whose rows are meant."""
    home = drawing.home() or drawing.person.tenant_id
    return [row for row in drawing.city.of(table) if row.get("tenant_id", home) == home]


def ids(drawing: Drawing, entity: str, found: list[Row]) -> list[str]:
    """Their ids as callers see them."""
    return [outside(drawing.schema, entity, row) for row in found]


def chosen(
    drawing: Drawing, values: Values, field: str, entity: str, found: list[Row]
) -> Row | None:
    """Put one of the rows into a field, if there is one."""
    if not found:
        return None
    row = drawing.random.choice(found)
    values[field] = outside(drawing.schema, entity, row)
    return row


def some(drawing: Drawing, found: list[Row], most: int) -> list[Row]:
    """One to `most` of them."""
    return drawing.random.sample(found, min(len(found), drawing.random.randint(1, most)))


def holds(row: Row, day: str, start: str = "valid_from", end: str = "valid_until") -> bool:
    """Whether a row's period covers a day."""
    return (row[start] or "") <= day and (row[end] or "9") > day


def field_workers(drawing: Drawing, day: str) -> list[Row]:
    """Who may serve and keep files on a day."""
    held = {
        row["member_id"]
        for row in rows(drawing, "member_role")
        if row["role"] in {"social_worker", "director"} and holds(row, day)
    }
    return [row for row in rows(drawing, "member") if row["id"] in held]


def named(drawing: Drawing, field: str) -> Row | None:
    """The row that was drawn for a field."""
    return (drawing.by_field.get(field) or [None])[0]
