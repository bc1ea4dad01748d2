"""Where the planner stands in an operation; what a self-compiling root gets to work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from citywide.graph.selection import Group

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
