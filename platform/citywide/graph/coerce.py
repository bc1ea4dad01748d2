"""Variables: what a client sent becomes the values that the operation declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, GraphQLSchema
from graphql.execution.values import VariableValues, get_variable_values

from citywide.graph.admit import ERRORS, Admitted, InvalidDocumentError, bound_variables

_NONE = VariableValues({}, {})


def coerced(schema: GraphQLSchema, admitted: Admitted, given: Mapping[str, Any]) -> VariableValues:
    """The variables of an operation.

    Raises `InvalidDocumentError` for values of other types than the operation declares, and for a
    null where it needs a value.
    """
    definitions = admitted.operation.variable_definitions
    if not definitions:
        return _NONE
    bound_variables(given)
    found = get_variable_values(
        schema, definitions, dict(given), max_errors=ERRORS, hide_suggestions=True
    )
    if isinstance(found, list):
        raise InvalidDocumentError(found)
    # A variable with a default may stand where a value is needed; null takes the default away.
    nulls = [name for name in admitted.needed if found.coerced.get(name, ...) is None]
    if nulls:
        raise InvalidDocumentError(
            [
                GraphQLError(f"Variable '${name}' must not be null where a value is needed.")
                for name in sorted(nulls)
            ]
        )
    return found
