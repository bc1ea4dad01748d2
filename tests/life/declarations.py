"""What the package declares about its mutations, as the generator needs it.

The only place of these tests that looks at how the package declares an input: all else follows
from the schema. A mutation that is added later is drawn because it stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

from citywide.db.tables import is_tenant_table
from citywide.domain import CATALOGUE, METADATA
from citywide.graph.mutate import schema_name
from citywide.graph.schema import Schema
from citywide.ids import NO_TENANT, NodeId
from citywide.rules.fields import input_fields

# Every request has one of its own, which is not drawn.
KEY = "idempotencyKey"


@dataclass(frozen=True, slots=True)
class Given:
    """One field of an input; `kind` is the name of its scalar, or `word` or `inner`."""

    name: str
    kind: str
    of: str | None
    words: tuple[str, ...]
    inner: tuple[Given, ...]
    is_list: bool
    is_required: bool
    is_nullable: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A mutation: its fields, and the field of its success with the row that it led to."""

    name: str
    gives: str
    fields: tuple[Given, ...]

    @property
    def prefix(self) -> str:
        return self.name[0].upper() + self.name[1:]

    @property
    def payload(self) -> str:
        return self.gives[0].lower() + self.gives[1:]

    @property
    def coordinate(self) -> str:
        return f"Mutation.{self.name}"


def mutations(schema: Schema) -> dict[str, Asked]:
    """Every mutation of the schema by its name."""
    return {
        name: Asked(
            name, declared.gives, _fields(schema.graphql, f"{declared.type_prefix}Input", declared)
        )
        for name, declared in sorted(CATALOGUE.mutations.items())
    }


def tables() -> tuple[str, ...]:
    """Every table of the city."""
    return tuple(sorted(METADATA.tables))


def table_of(schema: Schema, entity: str) -> str:
    """The table whose rows an entity is."""
    return schema.entities[entity].table.name


def lists_of(schema: Schema, entity: str) -> list[str]:
    """The connections of an entity's type."""
    kind = schema.graphql.type_map[entity]
    assert isinstance(kind, GraphQLObjectType)
    return [name for name, field in kind.fields.items() if "first" in field.args]


def is_tenants(schema: Schema, entity: str) -> bool:
    """Whether an entity's rows belong to a tenant each."""
    return is_tenant_table(schema.entities[entity].table)


def outside(schema: Schema, entity: str, row: Mapping[str, Any]) -> str:
    """A row's id as callers see it."""
    declared = schema.entities[entity]
    home = UUID(row["tenant_id"]) if is_tenant_table(declared.table) else NO_TENANT
    return NodeId(declared.tag, home, UUID(row["id"])).encode()


def _fields(schema: GraphQLSchema, type_name: str, declared: Any) -> tuple[Given, ...]:
    kind = schema.type_map[type_name]
    assert isinstance(kind, GraphQLInputObjectType)
    return _given(kind, declared.takes)


def _given(kind: GraphQLInputObjectType, takes: type) -> tuple[Given, ...]:
    """The fields in the order in which the use case names them: what it is about comes first."""
    return tuple(
        _field(schema_name(each), kind.fields[schema_name(each)], each)
        for each in input_fields(takes)
    )


def _field(name: str, field: Any, declared: Any) -> Given:
    named = get_named_type(field.type)
    inner: tuple[Given, ...] = ()
    words: tuple[str, ...] = ()
    scalar = named.name
    if isinstance(named, GraphQLInputObjectType):
        scalar, inner = "inner", _given(named, declared.nested)
    elif isinstance(named, GraphQLEnumType):
        scalar, words = "word", tuple(named.values)
    bare = field.type.of_type if is_non_null_type(field.type) else field.type
    return Given(
        name=name,
        kind=scalar,
        of=declared.about.entity,
        words=words,
        inner=inner,
        is_list=is_list_type(bare),
        is_required=is_required_input_field(field),
        is_nullable=not is_non_null_type(field.type),
    )
