"""The schema as a set of roles may see it: for introspection, and as an SDL of its own.

A field is shown when it is granted, a filter or an order when its field is, and a type when
something that is shown leads to it. It is made from the published SDL by leaving out.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

from graphql import (
    DefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    Source,
    TypeNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    print_ast,
)
from graphql import (
    DirectiveDefinitionNode as _Directive,
)

from citywide.authz.grants import Grants
from citywide.graph.admit import InvalidDocumentError, errors_in, operations, raise_for
from citywide.graph.coerce import coerced
from citywide.graph.declare import Entity
from citywide.graph.kept import Kept
from citywide.graph.operation import Operation
from citywide.graph.reading import parsed
from citywide.graph.schema import Schema
from citywide.graph.slices import give_way

# Schemas as sets of roles see them: a dozen, each of some megabytes.
SCHEMAS_BYTES = 120_000_000
# What a character of the SDL becomes in a schema; measured with the definitions that it keeps.
CHARACTER_BYTES = 20

_Definitions = dict[str, Any]


class VisibleSchemas:
    """The schema as each set of roles sees it, remembered."""

    def __init__(self, schema: Schema) -> None:
        self._schema: Final = schema
        self._kept: Final[Kept[tuple[str, GraphQLSchema]]] = Kept(SCHEMAS_BYTES)

    def seen(self, grants: Grants, tenant: Hashable = None) -> tuple[str, GraphQLSchema]:
        """The SDL and the schema of what `grants` reach; it is kept for the tenant that asks."""
        key = (grants.roles, grants.version)
        found = self._kept.get(key)
        if found is None:
            found = visible_schema(self._schema, grants)
            self._kept.put(tenant, key, found, CHARACTER_BYTES * len(found[0]))
        return found


def visible_schema(schema: Schema, grants: Grants) -> tuple[str, GraphQLSchema]:
    """The SDL and the schema of what `grants` reach."""
    document = parsed(Source(schema.sdl()), has_locations=False)
    kept: _Definitions = {}
    directives = [each for each in document.definitions if isinstance(each, _Directive)]
    for node in document.definitions:
        if isinstance(node, _Directive):
            continue
        made = _granted(node, schema, grants)
        if made is not None:
            kept[made.name.value] = made
    while (fewer := _consistent(kept)) != kept:
        kept = fewer
    reached = _reached(kept, {"Query", "Mutation", "Subscription"})
    shown = [*directives, *(node for name, node in kept.items() if name in reached)]
    document = DocumentNode(definitions=tuple(shown))
    made = build_ast_schema(document, assume_valid=True)
    for name, kind in made.type_map.items():
        if isinstance(kind, GraphQLScalarType):
            # A scalar made from its name alone takes every value.
            made.type_map[name].__dict__.update(vars(schema.graphql.type_map[name]))
    return _printed(shown), made


def errors_as_seen(
    schema: GraphQLSchema, operation: Operation, errors: Sequence[GraphQLError]
) -> list[GraphQLError]:
    """What is wrong with an operation as `schema` knows it, which is all that the caller may see.

    An error names types: of a field, of a fragment, of a variable. Said anew over what is visible,
    a hidden name is told like one that was invented. What is right over the visible schema and
    wrong over the whole is told without a name.
    """
    try:
        document = parsed(Source(operation.document))
    except GraphQLSyntaxError:
        return list(errors)
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    try:
        raise_for(errors_in(schema, document))
        found = operations(schema, document, fragments, operation.document)
        admitted = found[operation.name] if operation.name else next(iter(found.values()))
        coerced(schema, admitted, operation.variables)
    except InvalidDocumentError as error:
        return error.errors
    return [GraphQLError("The operation is not valid.")]


def _printed(definitions: Sequence[DefinitionNode]) -> str:
    """As `print_ast` prints the document."""
    printed = []
    for each in definitions:
        give_way()
        printed.append(print_ast(each))
    return "\n\n".join(printed) + "\n"


def _granted(node: DefinitionNode, schema: Schema, grants: Grants) -> Any:
    """The definition without what is not granted; None when nothing is left of it."""
    give_way()
    name = getattr(node, "name", None)
    if name is None or not name.value:
        return None
    match node:
        case ObjectTypeDefinitionNode() if name.value not in schema.structure:
            fields = [f for f in node.fields or () if grants.of(f"{name.value}.{f.name.value}")]
            return _with(node, fields=fields) if fields else None
        case InputObjectTypeDefinitionNode():
            entity = schema.entities.get(name.value.removesuffix("Filter"))
            if entity is None or not name.value.endswith("Filter"):
                return node
            return _with(node, fields=[f for f in node.fields or () if _filters(entity, f, grants)])
        case EnumTypeDefinitionNode():
            values = [
                v for v in node.values or () if _chosen(name.value, v.name.value, schema, grants)
            ]
            return _with(node, values=values) if values else None
        case _:
            return node


def _filters(entity: Entity, node: Any, grants: Grants) -> bool:
    name = node.name.value
    return name not in entity.fields or grants.of(f"{entity.name}.{name}") is not None


def _chosen(enum: str, value: str, schema: Schema, grants: Grants) -> bool:
    entity = schema.entities.get(enum.removesuffix("OrderField"))
    if entity is not None and enum.endswith("OrderField"):
        return grants.of(f"{entity.name}.{entity.orders[value]}") is not None
    guarded = {
        e.__name__ for root in schema.catalogue.roots.values() for e in root.guarded.values()
    }
    return enum not in guarded or grants.of(f"{enum}.{value}") is not None


def _consistent(kept: Mapping[str, Any]) -> _Definitions:
    """Leave out whatever refers to a type that is no longer there."""

    def known(kind: TypeNode) -> bool:
        name = _named(kind)
        return name in kept or _is_specified_scalar(name)

    found: _Definitions = {}
    for name, node in kept.items():
        give_way()
        made = node
        if getattr(node, "fields", None):
            fields = [_arguments(f, known) for f in node.fields if known(f.type)]
            if not fields:
                continue
            made = _with(node, fields=fields)
        if isinstance(node, UnionTypeDefinitionNode):
            types = [each for each in node.types or () if each.name.value in kept]
            if not types:
                continue
            made = _with(node, types=types)
        found[name] = made
    return found


def _arguments(node: Any, known: Any) -> Any:
    arguments = getattr(node, "arguments", None)
    if not arguments:
        return node
    return _with(node, arguments=[each for each in arguments if known(each.type)])


def _reached(kept: Mapping[str, Any], start: set[str]) -> set[str]:
    """The names of everything that can be reached from `start`."""
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name in reached or name not in kept:
            continue
        give_way()
        reached.add(name)
        node = kept[name]
        for each in getattr(node, "fields", None) or ():
            waiting.append(_named(each.type))
            waiting += [_named(a.type) for a in getattr(each, "arguments", None) or ()]
        for each in [
            *(getattr(node, "types", None) or ()),
            *(getattr(node, "interfaces", None) or ()),
        ]:
            waiting.append(each.name.value)
        if name == "Node":
            waiting += [n for n, d in kept.items() if _implements(d, name)]
    return reached


def _implements(node: Any, interface: str) -> bool:
    return any(each.name.value == interface for each in getattr(node, "interfaces", None) or ())


def _named(kind: TypeNode) -> str:
    while isinstance(kind, ListTypeNode | NonNullTypeNode):
        kind = kind.type
    assert isinstance(kind, NamedTypeNode)
    return kind.name.value


def _is_specified_scalar(name: str) -> bool:
    """Whether `name` is one of GraphQL's own scalars."""
    return name in {"Boolean", "Float", "ID", "Int", "String"}


def _with(node: Any, **changes: Sequence[Any]) -> Any:
    return type(node)(**{**{key: getattr(node, key) for key in node.keys}, **changes})
