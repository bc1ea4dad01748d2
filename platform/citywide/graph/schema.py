"""The declared entities as Strawberry types: the published schema, and what its fields mean.

`build_schema` makes for every entity its type, its connection and edge, the input that filters
it and the input that orders it. Names follow GraphQL's conventions; `schema/citywide.graphql` is
the printed result. `Schema` keeps, beside graphql-core's schema, which declaration stands behind
each type and field, so that the planner never has to guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from citywide.acts.problems import FaultParameter, InputFault
from citywide.graph.cursors import CURSOR_HOURS
from citywide.graph.declare import (
    Catalogue,
    Either,
    Entity,
    Few,
    Field,
    Kind,
    Localised,
    Many,
    One,
    Root,
    Sealed,
    Value,
)
from citywide.graph.mutation_types import MutationTypes
from citywide.graph.scalars import DATE_TIME, MONEY, Locale, Money, OrderDirection
from citywide.graph.shapes import argument, enum_of, field, finish, list_of, optional, union
from citywide.rules.words import sets_of_words

# How many rows a page holds when the caller does not say, and at most.
PAGE_DEFAULT = 20
# Longer lists are asked for page by page: one answer stays below some megabytes.
PAGE_MAXIMUM = 100
# A line of a list: names, titles and numbers have fewer. What is longer is a text to be read, and
# cursors of whole texts would be longer than requests may be.
ORDERED_CHARACTERS = 120
# What the policy calls it that a role need not say why it reads about persons.
WITHOUT_PURPOSE = "Reading.WITHOUT_PURPOSE"

_PYTHON: Mapping[Kind, Any] = {
    Kind.ID: strawberry.ID,
    Kind.STRING: str,
    Kind.INT: int,
    Kind.BOOLEAN: bool,
    Kind.DATE: date,
    Kind.DATETIME: datetime,
    Kind.MONEY: Money,
}
_ORDERED = {
    "eq": "Equal to.",
    "lt": "Less, or earlier, than.",
    "lte": "At most, or not later than.",
    "gt": "Greater, or later, than.",
    "gte": "At least, or not earlier than.",
}
_COMPARISONS: Mapping[Kind, Mapping[str, str]] = {
    Kind.ID: {"eq": "Equal to."},
    Kind.BOOLEAN: {"eq": "Equal to."},
    Kind.STRING: {
        "eq": "Equal to.",
        "starts_with": "Begins with.",
        "contains": "Contains.",
    },
    Kind.INT: _ORDERED,
    Kind.DATE: _ORDERED,
    Kind.DATETIME: _ORDERED,
    Kind.MONEY: _ORDERED,
}


# What whoever keeps a cursor has to know of it.
CURSOR = f"For you alone, in this list and order, and for {CURSOR_HOURS} hours."


@strawberry.interface(description="Anything with an id of its own.")
class Node:
    id: strawberry.ID = strawberry.field(description="An opaque id, the same for ever.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether rows follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether rows precede this page.")
    start_cursor: str | None = strawberry.field(
        description=f"The cursor of the first edge. {CURSOR}"
    )
    end_cursor: str | None = strawberry.field(description=f"The cursor of the last edge. {CURSOR}")


@dataclass(frozen=True, eq=False)
class Schema:
    """The published schema, and the declaration behind each of its types and fields."""

    strawberry: strawberry.Schema
    catalogue: Catalogue

    @cached_property
    def graphql(self) -> GraphQLSchema:
        """The schema as graphql-core knows it."""
        schema: GraphQLSchema = self.strawberry._schema  # noqa: SLF001 -- no public accessor
        return schema

    @cached_property
    def entities(self) -> Mapping[str, Entity]:
        """GraphQL type name to entity."""
        return self.catalogue.entities

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Coordinate to declaration, without `id`, `__typename` and roots."""
        return {
            f"{entity.name}.{name}": declared
            for entity in self.entities.values()
            for name, declared in entity.fields.items()
        }

    @cached_property
    def tags(self) -> Mapping[str, Entity]:
        """The tag inside an id to its entity."""
        return {entity.tag: entity for entity in self.entities.values()}

    @cached_property
    def structure(self) -> frozenset[str]:
        """Types that only carry others (connections, edges): never the policy's object."""
        names = {"PageInfo", "Node", InputFault.__name__, FaultParameter.__name__}
        for entity in self.entities.values():
            names |= {f"{entity.name}Connection", f"{entity.name}Edge"}
        names |= {topic.event_type for topic in self.catalogue.topics.values()}
        for each in self.catalogue.mutations.values():
            names |= {f"{each.type_prefix}Success"}
            names |= {problem.__name__ for problem in each.possible_problems}
        return frozenset(names)

    def coordinates(self) -> list[str]:
        """The policy's vocabulary: every field of every type with content.

        Enum values that the arguments of self-compiling roots ask for belong to it too.
        """
        found = [
            f"{name}.{field_name}"
            for name, kind in self.graphql.type_map.items()
            if isinstance(kind, GraphQLObjectType)
            and not name.startswith("__")
            and name not in self.structure
            for field_name in kind.fields
        ]
        found.append(WITHOUT_PURPOSE)
        for root in self.catalogue.roots.values():
            found += [
                f"{enum.__name__}.{member.name}"
                for enum in root.guarded.values()
                for member in enum
            ]
        return sorted(found)

    def maskable(self) -> frozenset[str]:
        """The coordinates that may be granted masked."""
        return frozenset(
            [name for name, declared in self.fields.items() if is_maskable(declared)]
            + [name for root in self.catalogue.roots.values() for name in root.maskable]
        )

    def caseloads(self) -> frozenset[str]:
        """The types that know what a worker's own rows are."""
        return frozenset(e.name for e in self.entities.values() if e.caseload is not None)

    def sdl(self) -> str:
        """The published schema definition."""
        return self._printed

    @cached_property
    def _printed(self) -> str:
        return self.strawberry.as_str() + "\n"


def is_maskable(declared: Field) -> bool:
    """Whether a role may be given this field masked."""
    match declared:
        case Value(mask=mask) | Sealed(mask=mask):
            return mask is not None
        case One(maskable=maskable):
            return maskable
        case _:
            return False


def build_schema(catalogue: Catalogue) -> Schema:
    """Make the Strawberry schema of every declared entity and root."""
    # Before anything refers to them: an enum that Strawberry makes by itself says nothing.
    for words in sets_of_words():
        enum_of(words)
    types = _Types(catalogue)
    types.build()
    schema = strawberry.Schema(
        query=types.query(),
        mutation=MutationTypes(catalogue, types.output).root() if catalogue.mutations else None,
        subscription=types.subscription() if catalogue.topics else None,
        types=[types.output[name] for name in catalogue.entities],
        config=StrawberryConfig(
            scalar_map={Money: MONEY, datetime: DATE_TIME},
            sort_schema=True,
            disable_field_suggestions=True,
        ),
    )
    return Schema(schema, catalogue)


class _Types:
    """Two passes, because types refer to each other: first the classes, then their fields."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.comparisons = {kind: _comparison(kind.value, kind) for kind in _COMPARISONS}
        self.enum_comparisons: dict[type[Enum], type] = {}
        self.output: dict[str, type] = {}
        self.connections: dict[str, type] = {}
        self.filters: dict[str, type] = {}
        self.orders: dict[str, type] = {}

    def build(self) -> None:
        for name in self.catalogue.entities:
            self.output[name] = type(name, (Node,), {})
            self.connections[name] = type(f"{name}Connection", (), {})
            self.filters[name] = type(f"{name}Filter", (), {})
        for name, entity in self.catalogue.entities.items():
            self._order(entity)
            self._connection(name)
        for entity in self.catalogue.entities.values():
            finish(self.output[entity.name], self._fields(entity), entity.description)
            description = f"Conditions on {entity.name}; all of them must hold."
            finish(self.filters[entity.name], self._conditions(entity), description, is_input=True)

    def query(self) -> type:
        fields = [
            field("viewer", self.output["Viewer"], "You, as the platform knows you."),
            field(
                "node",
                Node | None,
                "The object with this id, or null when there is none that you may see.",
                [argument("id", strawberry.ID, "The object's id.")],
            ),
            field(
                "nodes",
                list[Node | None],
                "The objects with these ids, in this order; null where there is none.",
                [argument("ids", list[strawberry.ID], f"At most {PAGE_MAXIMUM} ids.")],
            ),
        ]
        for entity in self.catalogue.entities.values():
            if entity.root:
                connection = self.connections[entity.name]
                arguments = self._page_arguments(entity.name)
                fields.append(field(entity.root, connection, entity.root_description, arguments))
        for name, root in self.catalogue.roots.items():
            arguments = [
                argument(called, kind, text, default)
                for called, (kind, text, default) in root.arguments.items()
            ]
            fields.append(field(name, root.returns, root.description, arguments))
        return finish(type("Query", (), {}), fields, "Everything that can be read.")

    def subscription(self) -> type:
        """A field a topic: an event with its id, its time and the row that it is about."""
        fields = []
        for name, topic in self.catalogue.topics.items():
            row = Node if topic.is_open else self.output[topic.gives[0]]
            event = finish(
                type(topic.event_type, (), {}),
                [
                    field("event_id", str, "Where the event stands; resume after it with `after`."),
                    field("occurred_at", datetime, "When it happened."),
                    field(topic.row_field, row, "What it is about, as you may see it now."),
                ],
                f"{topic.description} Nobody is told of what they may not see.",
            )
            arguments = [
                argument("id", strawberry.ID | None, "Only events about the row with this id."),
                argument("after", str | None, "First what happened after this event id."),
            ]
            fields.append(field(name, event, topic.description, arguments))
        return finish(type("Subscription", (), {}), fields, "What is told when it happens.")

    def _fields(self, entity: Entity) -> Iterator[StrawberryField]:
        for name, declared in entity.fields.items():
            annotation, arguments = self._annotation(declared)
            yield field(name, annotation, declared.description, arguments)

    def _annotation(self, declared: Field) -> tuple[Any, list[StrawberryArgument]]:
        match declared:
            case Value():
                kind = enum_of(declared.enum) if declared.enum else _PYTHON[declared.kind]
                nullable = declared.nullable or declared.mask is not None
                return (optional(kind) if nullable else kind), []
            case Sealed():
                return str | None, []
            case Localised():
                default = Locale.ZH_CN
                return str, [argument("locale", Locale, "The label's language.", default)]
            case One():
                target = self.output[declared.target]
                return (optional(target) if declared.nullable else target), []
            case Many():
                return self.connections[declared.target], self._page_arguments(declared.target)
            case Few():
                return list_of(self.output[declared.target]), []
            case Either():
                members = tuple(self.output[name] for name in declared.alternatives)
                return union(declared.union, declared.union_description, members), []

    def _page_arguments(self, name: str) -> list[StrawberryArgument]:
        rows = f"at most {PAGE_MAXIMUM}"
        return [
            argument("first", int | None, f"The first rows, {rows}; {PAGE_DEFAULT} by default."),
            argument("after", str | None, "Only rows after this cursor."),
            argument("last", int | None, f"The last rows, {rows}."),
            argument("before", str | None, "Only rows before this cursor."),
            argument("where", optional(self.filters[name]), "Only rows for which this holds."),
            argument(
                "order_by",
                optional(list_of(self.orders[name])),
                "In this order; equal rows by id, and longer texts by their first "
                f"{ORDERED_CHARACTERS} characters.",
            ),
        ]

    def _connection(self, name: str) -> None:
        edge = finish(
            type(f"{name}Edge", (), {}),
            [
                field("node", self.output[name], "The row."),
                field("cursor", str, f"Where the row stands in this order. {CURSOR}"),
            ],
            f"A {name} in a list.",
        )
        fields = [
            field("edges", list_of(edge), "The page's rows with their cursors."),
            field("nodes", list_of(self.output[name]), "The page's rows."),
            field("page_info", PageInfo, "Where the page stands."),
            field("total_count", int, "How many rows there are without paging."),
        ]
        finish(self.connections[name], fields, f"A page of a list of {name}.")

    def _order(self, entity: Entity) -> None:
        orders: Any = Enum(f"{entity.name}OrderField", dict(entity.orders))  # type: ignore[misc]
        by = strawberry.enum(
            orders,
            description=f"What {entity.name} can be ordered by.",
        )
        fields = [
            field("field", by, "What to order by."),
            field("direction", OrderDirection, "Which way.", default=OrderDirection.ASC),
        ]
        self.orders[entity.name] = finish(
            type(f"{entity.name}Order", (), {}),
            fields,
            f"An order of {entity.name}.",
            is_input=True,
        )

    def _conditions(self, entity: Entity) -> Iterator[StrawberryField]:
        own = self.filters[entity.name]
        yield field("and_", optional(list_of(own)), "All of these hold.", name="and", default=UNSET)
        yield field("or_", optional(list_of(own)), "One of these holds.", name="or", default=UNSET)
        yield field("not_", optional(own), "This does not hold.", name="not", default=UNSET)
        yield field("id", optional(self.comparisons[Kind.ID]), "The row's id.", default=UNSET)
        for name, declared in entity.fields.items():
            match declared:
                case Value(comparable=True):
                    comparison = self._comparison_of(declared)
                    yield field(name, optional(comparison), declared.description, default=UNSET)
                case One():
                    target = self.filters[declared.target]
                    text = f"There is one, and this holds for it. {declared.description}"
                    yield field(name, optional(target), text, default=UNSET)
                case Many():
                    target = self.filters[declared.target]
                    text = f"There is at least one for which this holds. {declared.description}"
                    yield field(name, optional(target), text, default=UNSET)
                case _:
                    pass

    def _comparison_of(self, declared: Value) -> type:
        if declared.enum is None:
            return self.comparisons[declared.kind]
        if declared.enum not in self.enum_comparisons:
            self.enum_comparisons[declared.enum] = _comparison(
                declared.enum.__name__, Kind.BOOLEAN, declared.enum
            )
        return self.enum_comparisons[declared.enum]


def _comparison(name: str, kind: Kind, enum: type[Enum] | None = None) -> type:
    scalar = enum_of(enum) if enum else _PYTHON[kind]
    fields = [
        field(operator, optional(scalar), text, default=UNSET)
        for operator, text in _COMPARISONS[kind].items()
    ]
    if kind is not Kind.BOOLEAN or enum is not None:
        fields.append(
            field("in_", optional(list_of(scalar)), "One of these.", name="in", default=UNSET)
        )
    if kind is not Kind.ID:
        fields.append(field("is_null", bool | None, "Whether it is null.", default=UNSET))
    description = f"How a {name} compares; all that is given must hold."
    return finish(type(f"{name}Comparison", (), {}), fields, description, is_input=True)


__all__ = ["PAGE_DEFAULT", "PAGE_MAXIMUM", "Node", "Root", "Schema", "build_schema"]
