"""Introspection: answered by graphql-core on the schema that a set of roles sees, once for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Source,
    execute_sync,
    print_ast,
    type_from_ast,
)

from citywide.graph.admit import Admitted, InvalidDocumentError
from citywide.graph.kept import Kept, text_bytes
from citywide.graph.operation import Execution
from citywide.graph.reading import parsed
from citywide.graph.slices import Slices, give_way
from citywide.graph.visible import VisibleSchemas

# Answers kept: the whole schema in the words of twenty tools, for the roles of a city.
ANSWERS_BYTES = 24_000_000

# The JSON of each root field by its response key.
Answers = Mapping[str, bytes]


class Introspection:
    """Answers about the schema, kept as the bytes that go out."""

    def __init__(self, visible: VisibleSchemas, slices: Slices) -> None:
        self._visible: Final = visible
        self._slices: Final = slices
        self._kept: Final[Kept[Answers]] = Kept(ANSWERS_BYTES)

    async def answers(self, text: str, execution: Execution) -> Answers:
        """What the operation `text` comes to on the caller's schema (`about_schema`)."""
        grants, tenant = execution.grants, execution.principal.tenant_id
        variables = execution.variables.coerced
        key = (grants.roles, grants.version, text, json.dumps(variables, default=str))
        found = self._kept.get(key)
        if found is not None:
            return found

        def made() -> Answers:
            known = self._kept.get(key)
            if known is not None:
                return known
            _, schema = self._visible.seen(grants, tenant)
            answers = _answered(schema, text, variables)
            size = text_bytes(text) + sum(map(len, answers.values()))
            self._kept.put(tenant, key, answers, size)
            return answers

        return await self._slices.made(tenant, made, execution.operation.charge)


def about_schema(fields: Sequence[FieldNode], admitted: Admitted) -> str:
    """An operation of these introspection fields alone, printed: tools ask in few words."""
    operation = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=admitted.operation.variable_definitions,
        selection_set=SelectionSetNode(selections=tuple(fields)),
    )
    return print_ast(DocumentNode(definitions=(operation, *admitted.fragments.values())))


def _answered(schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> Answers:
    document = parsed(Source(text), has_locations=False)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    # Only those that the introspection fields can use: the others' types may be hidden.
    usable = tuple(
        each
        for each in operation.variable_definitions or ()
        if type_from_ast(schema, each.type) is not None
    )
    bare = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=usable,
        selection_set=operation.selection_set,
    )
    document = DocumentNode(definitions=(bare, *document.definitions[1:]))
    result = execute_sync(
        schema, document, variable_values=dict(variables), middleware=[_giving_way]
    )
    assert isinstance(result, ExecutionResult)
    if result.errors:
        raise InvalidDocumentError(list(result.errors))
    return {
        key: json.dumps(value, ensure_ascii=False).encode()
        for key, value in (result.data or {}).items()
    }


def _giving_way(resolve: Any, source: Any, info: Any, **arguments: Any) -> Any:
    give_way()
    return resolve(source, info, **arguments)
