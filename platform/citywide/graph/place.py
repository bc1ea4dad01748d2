"""Where the walk over an operation stands; what a root that compiles itself gets to work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import func
from sqlalchemy.sql import ColumnElement, FromClause

from citywide.graph.access import Access
from citywide.graph.declare import Entity
from citywide.graph.selection import Group, Selections
from citywide.graph.sql import JsonObject, text_constant
from citywide.graph.subjects import smallest


class Walk(Protocol):
    """The walk over an operation, as whoever is called on the way sees it: `compile.Planner`."""

    access: Access
    selections: Selections
    notes_reads: bool

    def row_json(
        self, entity: Entity, row: FromClause, joined: FromClause, place: Place
    ) -> tuple[JsonObject, FromClause]:
        """The JSON of one row, and `joined` with the LATERAL sub-queries of the row's edges."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands: the walk, its merged nodes and their arguments, the path to it."""

    walk: Walk
    group: Group
    arguments: Mapping[str, Any]
    path: tuple[str, ...]
    sizes: tuple[Any, ...]

    @property
    def access(self) -> Access:
        """What the caller's grants make of tables and fields."""
        return self.walk.access

    @property
    def selections(self) -> Selections:
        """What is selected, here and below."""
        return self.walk.selections

    def noted(self, figures: Sequence[ColumnElement[Any]]) -> list[tuple[str, ColumnElement[Any]]]:
        """The hidden member of a row of `figures` that count persons, where that is noted."""
        if not figures or not self.walk.notes_reads:
            return []
        self.access.countings += 1
        return smallest(figures)

    def row_json(
        self, entity: Entity, row: FromClause, joined: FromClause
    ) -> tuple[JsonObject, FromClause]:
        """The JSON of what is selected here of one row, and `joined` with what that needs."""
        return self.walk.row_json(entity, row, joined, self)


def selected(
    place: Place,
    group: Group,
    type_name: str,
    made: Mapping[str, Callable[[Group], ColumnElement[Any]]],
) -> list[tuple[str, ColumnElement[Any]]]:
    """The selected fields of one of a root's own types, each asked of the grants."""
    named = {**made, "__typename": constant(text_constant(type_name))}
    return [(child.key, named[child.name](child)) for child in _granted(place, group, type_name)]


def constant(value: ColumnElement[Any]) -> Callable[[Group], ColumnElement[Any]]:
    """How `selected` makes a field that is this value, whatever is selected of it."""
    return lambda _: value


def keys_of_a_row(
    place: Place,
    group: Group,
    type_name: str,
    keys: Mapping[str, tuple[ColumnElement[Any], ColumnElement[Any]]],
) -> ColumnElement[Any]:
    """The keys of a row of figures: of each dimension its name, its value and its label."""
    # Asked of the grants even where there is no dimension.
    chosen = _granted(place, group, type_name)
    made = []
    for dimension, (value, label) in keys.items():
        fields = {
            "dimension": text_constant(dimension),
            "value": value,
            "label": label,
            "__typename": text_constant(type_name),
        }
        made.append(JsonObject([(child.key, fields[child.name]) for child in chosen]))
    return func.json_build_array(*made)


def _granted(place: Place, group: Group, type_name: str) -> list[Group]:
    """What is selected of a type, each field asked of the grants."""
    found = place.selections.children(group, type_name)
    for child in found:
        if child.name != "__typename":
            place.access.grant(f"{type_name}.{child.name}")
    return found
