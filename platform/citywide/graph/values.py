"""Arguments at planning time: their shape is known, their values come with each request.

A plan must serve every request with the same document, so variables enter it as references:
`symbolic` replaces each scalar leaf of the coerced variables by a `Ref`, and keeps what shapes
the SQL (nulls, booleans, enum values, which inputs are present). graphql-core then builds the
arguments from literals and references alike. What remains is the plan's key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInputObjectType,
    is_enum_type,
    is_list_type,
    is_non_null_type,
)
from sqlalchemy import bindparam
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import TypeEngine

from citywide.authz.principal import Principal
from citywide.ids import NodeId

Variables = Mapping[str, Any]
# Among the variables of a payload's plan: the row that the mutation led to. No variable has a
# name without letters.
PAYLOAD = ""
# Stands there where it does not matter which row it is.
NO_ROW = dict.fromkeys(("tenant_id", "row_id", "event_id", "occurred_at"))
# Likewise: the keys in each cursor that the operation gives (`cursors`), once it is opened.
OPENED = "\x03"


@dataclass(frozen=True, slots=True)
class Ref:
    """A scalar, or a list of scalars, that stands at `path` in the coerced variables.

    `tags` are the types of the ids in it: a plan for one type's id needs no other type's table.
    """

    path: tuple[str | int, ...]
    tags: frozenset[str] = frozenset()


def symbolic(kind: Any, value: object, path: tuple[str | int, ...]) -> Any:
    """`value` of the GraphQL input type `kind` with its scalar leaves replaced by references."""
    if is_non_null_type(kind):
        kind = kind.of_type
    if value is None or kind is GraphQLBoolean or is_enum_type(kind):
        return value
    if is_list_type(kind):
        item = kind.of_type.of_type if is_non_null_type(kind.of_type) else kind.of_type
        if isinstance(item, GraphQLInputObjectType) or is_enum_type(item):
            assert isinstance(value, list)
            return [symbolic(item, each, (*path, index)) for index, each in enumerate(value)]
        return Ref(path, id_tags(value) if item is GraphQLID else frozenset())
    if isinstance(kind, GraphQLInputObjectType):
        assert isinstance(value, dict)
        return {
            name: symbolic(kind.fields[name].type, each, (*path, name))
            for name, each in value.items()
        }
    return Ref(path, id_tags(value) if kind is GraphQLID else frozenset())


def id_tags(value: Any) -> frozenset[str]:
    """The types of the ids in an argument: one id, a list of them, or references to either."""
    match value:
        case Ref():
            return value.tags
        case list():
            return frozenset[str]().union(*map(id_tags, value))
        case _:
            node = NodeId.decode(str(value))
            return frozenset() if node is None else frozenset({node.tag})


def shape(value: Any) -> Any:
    """A hashable form of symbolic variables: the part of them that a plan depends on."""
    if isinstance(value, dict):
        return tuple((name, shape(each)) for name, each in value.items())
    if isinstance(value, list):
        return tuple(map(shape, value))
    return value


def resolve(value: Any, variables: Variables) -> Any:
    """The value of an argument in one request."""
    if isinstance(value, Ref):
        found: Any = variables
        for step in value.path:
            found = found[step]
        return found
    if isinstance(value, list):
        return [resolve(each, variables) for each in value]
    return value


Supply = Callable[[Principal, Variables], Any]


def _by_the_day() -> dict[str, Supply]:
    """What expressions of fields may name: `declare.TODAY`."""
    return {"today": lambda principal, _: principal.today}


@dataclass(slots=True)
class Binds:
    """The plan's bind parameters, and how each gets its value in a request."""

    supplies: dict[str, Supply] = field(default_factory=_by_the_day)

    def value(
        self, value: Any, sql_type: TypeEngine[Any], convert: Callable[[Any], Any] | None = None
    ) -> BindParameter[Any]:
        """A parameter with an argument's value, converted and checked by `convert`."""
        name = f"p{len(self.supplies)}"

        def supply(_: Principal, variables: Variables) -> Any:
            found = resolve(value, variables)
            return convert(found) if convert else found

        self.supplies[name] = supply
        return bindparam(name, type_=sql_type)

    def principal(self, name: str, sql_type: TypeEngine[Any]) -> BindParameter[Any]:
        """A parameter with an attribute of whoever asks; one per attribute."""

        def supply(principal: Principal, _: Variables) -> Any:
            return getattr(principal, name)

        self.supplies[name] = supply
        return bindparam(name, type_=sql_type)

    def supply(self, name: str, constant: object) -> Supply:
        """How the parameter `name` gets its value; one that is not ours is a constant."""
        return self.supplies.get(name) or (lambda _principal, _variables: constant)
