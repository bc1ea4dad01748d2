"""Opaque ids as the planner takes them apart: their types at once, their rows in each request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal_column
from sqlalchemy.sql import ColumnElement

from citywide.errors import Code, RefusalError
from citywide.graph.schema import PAGE_MAXIMUM
from citywide.ids import NO_TENANT, NodeId

_NOWHERE = NodeId("none", NO_TENANT, UUID(int=0))


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of opaque ids as SQL expressions, and the types that they are of."""

    tags: frozenset[str]
    tag: ColumnElement[Any]
    tenant_id: ColumnElement[Any]
    row_id: ColumnElement[Any]


def address_of(text: str) -> NodeId:
    """Where an id leads; one that we never gave leads nowhere."""
    return NodeId.decode(text) or _NOWHERE


def bounded(ids: list[str]) -> list[str]:
    """These ids, when one request may ask for so many."""
    if len(ids) > PAGE_MAXIMUM:
        message = f"{len(ids)} ids were asked for; {PAGE_MAXIMUM} at most."
        raise RefusalError(Code.LIMIT_EXCEEDED, message)
    return ids


def first_of(found: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    """The first of these JSON values that there is."""
    match found:
        case []:
            return literal_column("NULL::json")
        case [only]:
            return only
        case _:
            return func.coalesce(*found)
