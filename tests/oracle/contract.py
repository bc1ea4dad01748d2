"""The published schema, printed and built anew, with the plainest possible resolvers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    print_ast,
)

from citywide.audit.sealing import opened_words
from citywide.db.sealed import Place, Sealer
from citywide.graph.declare import (
    FEW_ROWS,
    Either,
    Entity,
    Few,
    Localised,
    Many,
    One,
    Sealed,
    Value,
)
from oracle.figures import Figures
from oracle.lists import Listed, Lists, printed_day
from oracle.sight import Sight, outside_id
from oracle.world import Row

_FEN_OF_A_YUAN = 100


@dataclass(frozen=True)
class Seen:
    """A row as an object of one type."""

    entity: Entity
    row: Row


@dataclass(frozen=True)
class Asker:
    """Who asks, as every resolver gets it."""

    sight: Sight
    lists: Lists
    sealer: Sealer


def contract(sdl: str, entities: Mapping[str, Entity]) -> GraphQLSchema:
    """An executable schema of the published text."""
    schema = build_schema(sdl)
    _give_scalar(schema, "Date", date.fromisoformat, date.isoformat)
    _give_scalar(schema, "DateTime", datetime.fromisoformat, printed_day)
    _give_scalar(schema, "Money", _parsed_money, _printed_money)
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType) and name in entities:
            for field_name, field in kind.fields.items():
                field.resolve = partial(_field, entities[name], field_name)
        elif name.endswith("Connection"):
            assert isinstance(kind, GraphQLObjectType)
            kind.fields["edges"].resolve = lambda listed, _: _edges(listed)
            kind.fields["nodes"].resolve = lambda listed, _: _nodes(listed)
            kind.fields["pageInfo"].resolve = lambda listed, _: listed
            kind.fields["totalCount"].resolve = lambda listed, _: listed.total
        elif name.endswith("Edge"):
            assert isinstance(kind, GraphQLObjectType)
            kind.fields["node"].resolve = lambda edge, _: Seen(edge[0].entity, edge[1])
            kind.fields["cursor"].resolve = lambda edge, info: _cursor(info.context, *edge)
    info = schema.type_map["PageInfo"]
    assert isinstance(info, GraphQLObjectType)
    info.fields["hasNextPage"].resolve = lambda listed, _: listed.has_next
    info.fields["hasPreviousPage"].resolve = lambda listed, _: listed.has_previous
    info.fields["startCursor"].resolve = lambda listed, info: _end(info.context, listed, 0)
    info.fields["endCursor"].resolve = lambda listed, info: _end(info.context, listed, -1)
    for each in ("Node", "Tenant", "Attendee"):
        schema.type_map[each].resolve_type = lambda seen, *_: seen.entity.name  # type: ignore[attr-defined]
    assert schema.query_type is not None
    for field_name, field in schema.query_type.fields.items():
        field.resolve = partial(_root, entities, field_name)
    return schema


def answered(
    schema: GraphQLSchema, asker: Asker, document: str, variables: Mapping[str, Any]
) -> str:
    """The value of `data` of a valid document as JSON text; an error fails the test."""
    parsed = parse(document)
    result = execute_sync(schema, parsed, context_value=asker, variable_values=dict(variables))
    assert not result.errors, result.errors
    return json.dumps(result.data, ensure_ascii=False)


def _root(entities: Mapping[str, Entity], name: str, _: Any, info: Any, **arguments: Any) -> Any:
    asker: Asker = info.context
    sight = asker.sight
    match name:
        case "viewer":
            mine = {"id": sight.principal.member_id, "tenant_id": sight.principal.tenant_id}
            return _only(entities["Viewer"], sight.world.where("member", mine))
        case "node":
            return _node(sight, arguments["id"])
        case "nodes":
            return [_node(sight, each) for each in arguments["ids"]]
        case "metrics":
            asked = "".join(map(print_ast, info.field_nodes))
            has_previous = "previous" in asked
            return Figures(sight, arguments, has_previous=has_previous).table()
        case _:
            entity = next(each for each in entities.values() if each.root == name)
            return asker.lists.listed(entity, sight.rows(entity), arguments)


def _node(sight: Sight, text: str) -> Seen | None:
    found = sight.node(text)
    return None if found is None else Seen(*found)


def _opened(sealer: Sealer, entity: Entity, declared: Sealed, row: Mapping[str, Any]) -> Any:
    column, _, member = declared.column.partition(".")
    if member:
        return opened_words(sealer, row["tenant_id"], json.loads(row[column])).get(member)
    place = Place(entity.table.name, column, row["tenant_id"], row["id"])
    return sealer.open(place, row[column])


def _field(entity: Entity, name: str, seen: Seen, info: Any, **arguments: Any) -> Any:
    asker: Asker = info.context
    sight, row = asker.sight, seen.row
    if name == "id":
        return outside_id(entity, row)
    match declared := entity.fields[name]:
        case Value():
            return sight.value(entity, name, row)
        case Sealed():
            is_clear = sight.is_clear(entity, name, row)
            return _opened(asker.sealer, entity, declared, row) if is_clear else None
        case Localised():
            return row[declared.columns[arguments["locale"]]]
        case One():
            target = sight.entities[declared.target]
            is_clear = sight.is_clear(entity, name, row)
            return _only(target, sight.related(target, declared.on, row)) if is_clear else None
        case Either():
            others = [(sight.entities[each], on) for each, on in declared.alternatives.items()]
            found = [_only(other, sight.related(other, on, row)) for other, on in others]
            return next((each for each in found if each is not None), None)
        case Few():
            target = sight.entities[declared.target]
            columns = (*declared.order, "id")
            rows = sorted(
                sight.related(target, declared.on, row),
                key=lambda other: [other[column] for column in columns],
            )
            return [Seen(target, other) for other in rows[:FEW_ROWS]]
        case Many():
            target = sight.entities[declared.target]
            rows = sight.related(target, declared.on, row)
            return asker.lists.listed(target, rows, arguments)


def _only(entity: Entity, rows: Sequence[Row]) -> Seen | None:
    assert len(rows) <= 1
    return Seen(entity, rows[0]) if rows else None


def _edges(listed: Listed) -> list[tuple[Listed, Row]]:
    return [(listed, row) for row in listed.page]


def _nodes(listed: Listed) -> list[Seen]:
    return [Seen(listed.entity, row) for row in listed.page]


def _cursor(asker: Asker, listed: Listed, row: Row) -> str:
    return asker.lists.cursor(listed.entity, listed.order, row)


def _end(asker: Asker, listed: Listed, place: int) -> str | None:
    return _cursor(asker, listed, listed.page[place]) if listed.page else None


def _give_scalar(schema: GraphQLSchema, name: str, read: Any, write: Any) -> None:
    scalar = schema.type_map[name]
    assert isinstance(scalar, GraphQLScalarType)
    scalar.parse_value = scalar.coerce_input_value = read  # type: ignore[method-assign]
    scalar.serialize = scalar.coerce_output_value = write  # type: ignore[method-assign]


def _parsed_money(text: str) -> int:
    fen = Decimal(text) * _FEN_OF_A_YUAN
    assert fen == fen.to_integral_value()
    return int(fen)


def _printed_money(amount_fen: int) -> str:
    return str(Decimal(amount_fen).scaleb(-2).quantize(Decimal("0.01")))


__all__ = ["Asker", "answered", "contract"]
