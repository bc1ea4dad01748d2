"""Reads between the acts: the published operations, lists of everything, nodes by their ids."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    OperationDefinitionNode,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    parse,
    type_from_ast,
)

from citywide.graph.schema import Schema
from citywide.settings import CHECKOUT
from life.city import City
from life.declarations import outside, table_of

ODD_FIRST = (0, -1, 1, 100, 101, 5_000, 2**31 - 1)


@cache
def documents() -> tuple[str, ...]:
    """The published operations."""
    folder = CHECKOUT / "schema" / "operations"
    return tuple(each.read_text("utf-8") for each in sorted(folder.glob("*.graphql")))


@cache
def parsed(document: str) -> DocumentNode:
    return parse(document)


def drawn(random: Random, city: City, schema: Schema) -> tuple[str, dict[str, Any]]:
    """A document, and its variables."""
    match random.randrange(3):
        case 0:
            document = random.choice(documents())
            return document, _variables(random, city, schema, document)
        case 1:
            roots = sorted(each.root for each in schema.entities.values() if each.root)
            first = random.choice(ODD_FIRST) if random.randrange(8) == 0 else 20
            return f"{{ {random.choice(roots)}(first: {first}) {{ nodes {{ id }} }} }}", {}
        case _:
            return (
                "query($id: ID!) { node(id: $id) { __typename id } }",
                {"id": _id(random, city, schema)},
            )


def _variables(random: Random, city: City, schema: Schema, document: str) -> dict[str, Any]:
    [operation] = (
        each for each in parsed(document).definitions if isinstance(each, OperationDefinitionNode)
    )
    values = {}
    for each in operation.variable_definitions or ():
        kind = type_from_ast(schema.graphql, each.type)
        is_needed = is_non_null_type(kind) and each.default_value is None
        if not is_needed and random.randrange(2):
            continue
        values[each.variable.name.value] = _value(random, city, schema, kind)
    return values


def _value(random: Random, city: City, schema: Schema, kind: Any) -> Any:
    if is_non_null_type(kind):
        return _value(random, city, schema, kind.of_type)
    if is_list_type(kind):
        return [_value(random, city, schema, kind.of_type)]
    named = get_named_type(kind)
    if isinstance(named, GraphQLEnumType):
        return random.choice([*named.values])
    if is_input_object_type(named):
        return {}
    days = ("2014-12-01", "2015-06-01", city.today.isoformat(), "0001-01-01", "9999-12-31")
    match named.name:
        case "ID":
            return _id(random, city, schema)
        case "Int":
            return random.choice((1, 5, 20, 2015))
        case "Date":
            return random.choice(days)
        case "Boolean":
            return random.random() < 0.5
        case _:
            return random.choice(("节", "", "yijiaqin", "%", "王"))


def _id(random: Random, city: City, schema: Schema) -> str:
    entity = random.choice([*schema.entities])
    rows = [*city.of(table_of(schema, entity))]
    if not rows:
        return random.choice(("", "x", "A" * 48))
    return outside(schema, entity, random.choice(rows))
