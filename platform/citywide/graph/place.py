"""Where the planner stands in an operation; what a self-compiling root gets to work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.sql import ColumnElement

from citywide.graph.selection import Group
from citywide.graph.sql import text_constant

if TYPE_CHECKING:
    from citywide.graph.compile import Planner


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands: the planner, its merged nodes and their arguments, the path to it."""

    planner: Planner
    group: Group
    arguments: Mapping[str, Any]
    path: tuple[str, ...]
    sizes: tuple[Any, ...]


def selected(
    place: Place,
    group: Group,
    type_name: str,
    made: Mapping[str, Callable[[Group], ColumnElement[Any]]],
) -> list[tuple[str, ColumnElement[Any]]]:
    """The selected fields of one of a root's own types, each asked of the grants."""
    pairs = []
    for child in place.planner.selections.children(group, type_name):
        if child.name == "__typename":
            pairs.append((child.key, text_constant(type_name)))
            continue
        place.planner.access.grant(f"{type_name}.{child.name}")
        pairs.append((child.key, made[child.name](child)))
    return pairs
