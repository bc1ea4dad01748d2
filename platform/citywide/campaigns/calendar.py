"""`festivals` in the schema: on which days the festivals of a year are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import strawberry
from sqlalchemy import ARRAY, Date, Text, func, literal, select
from sqlalchemy.sql import ColumnElement

from citywide.campaigns.graph import FestivalDay
from citywide.errors import Code, RefusalError
from citywide.graph.declare import CATALOGUE, Root
from citywide.graph.planning import Group, JsonObject, Place, json_list, selected
from citywide.services.festivals import FESTIVALS, FIRST_YEAR, LAST_YEAR


def _festivals(place: Place) -> ColumnElement[Any]:
    """The days are worked out while the request's values are bound."""

    def days(year: int) -> list[date]:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            message = f"Festivals are known for the years {FIRST_YEAR} to {LAST_YEAR}."
            raise RefusalError(Code.BAD_USER_INPUT, message)
        return [each.held_on(year) for each in FESTIVALS.values()]

    listed = FESTIVALS.values()
    rows = func.unnest(
        literal([each.name for each in listed], ARRAY(Text)),
        literal([each.label_en for each in listed], ARRAY(Text)),
        literal([each.calendar for each in listed], ARRAY(Text)),
        place.access.binds.value(place.arguments["year"], ARRAY(Date), days),
    ).table_valued("name", "label_en", "calendar", "held_on")
    rows = rows.render_derived()
    made: Mapping[str, Callable[[Group], ColumnElement[Any]]] = {
        "name": lambda _: rows.c.name,
        "labelEn": lambda _: rows.c.label_en,
        "isLunar": lambda _: rows.c.calendar == "LUNAR",
        "heldOn": lambda _: rows.c.held_on,
    }
    found = JsonObject(selected(place, place.group, "FestivalDay", made))
    listed_rows = json_list(found, [rows.c.held_on, rows.c.name])
    return select(listed_rows).select_from(rows).scalar_subquery()


CATALOGUE.roots["festivals"] = Root(
    description="The festivals on which persons are visited, with their days in a year.",
    returns=list[FestivalDay],
    arguments={"year": (int, "The year; of lunar festivals the lunar one.", strawberry.UNSET)},
    compile=_festivals,
)
