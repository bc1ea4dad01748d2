"""A request through the read engine: admit, authorise and plan once, then bind, run, answer.

A warm request is a look-up of the plan, its bind values, one transaction and the bytes that
PostgreSQL built.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
    type_from_ast,
)
from graphql.execution.values import VariableValues, get_variable_values

from citywide.authz.grants import Grants
from citywide.authz.policy import Policy
from citywide.authz.principal import Principal
from citywide.db.sealed import Sealer
from citywide.db.session import Database
from citywide.errors import Code, RefusalError
from citywide.graph.admit import (
    ERRORS,
    Admission,
    Admitted,
    InvalidDocumentError,
    bound_variables,
)
from citywide.graph.compile import compile_operation
from citywide.graph.plan import Plan
from citywide.graph.schema import Schema
from citywide.graph.values import shape, symbolic
from citywide.graph.visible import visible_schema

# Plans kept; each is some kilobytes. Every operation times the sets of roles that use it.
PLANS = 2_000
# Schemas as seen by a set of roles, for introspection; each is some megabytes.
VISIBLE_SCHEMAS = 16

# A sealed value in an answer: the control character is JSON's \u0001 at a string's start.
_SEALED = re.compile(rb'"\\u0001([A-Za-z0-9+/=]+)"')
_NO_VARIABLES = VariableValues({}, {})


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client sends: a document, which of its operations, and the variables."""

    document: str
    name: str | None
    variables: Mapping[str, Any]


class Engine:
    """Answers operations of one schema under one policy from one database."""

    def __init__(self, schema: Schema, policy: Policy, database: Database, sealer: Sealer) -> None:
        self.schema = schema
        self.policy = policy
        self._database = database
        self._sealer = sealer
        self._admission = Admission(schema)
        self._plans: LRUCache[Any, tuple[Plan, bytes] | RefusalError] = LRUCache(PLANS)
        self._visible: LRUCache[Any, tuple[str, GraphQLSchema]] = LRUCache(VISIBLE_SCHEMAS)

    async def answer(self, operation: Operation, principal: Principal) -> bytes:
        """The response body: `{"data": …}` with extensions where something is masked.

        Raises `InvalidDocumentError` or `RefusalError`; anything else is our fault.
        """
        admitted = self._admission.admit(operation.document, operation.name)
        coerced = self._coerced(admitted, operation.variables)
        grants = self.policy.grants(principal.roles)
        plan, tail = self._plan(admitted, coerced, grants, principal)
        values = plan.values(principal, coerced.coerced)
        data = (await self._run(plan, values, principal)).encode()
        if plan.has_sealed:
            data = self._unsealed(data)
        if plan.introspection:
            data = self._with_introspection(data, plan, admitted, coerced, grants)
        return b'{"data":' + data + tail

    def sdl(self, grants: Grants) -> str:
        """The schema as these roles see it."""
        return self._seen(grants)[0]

    def _coerced(self, admitted: Admitted, variables: Mapping[str, Any]) -> VariableValues:
        definitions = admitted.operation.variable_definitions
        if not definitions:
            return _NO_VARIABLES
        bound_variables(variables)
        found = get_variable_values(
            self.schema.graphql,
            definitions,
            dict(variables),
            max_errors=ERRORS,
            hide_suggestions=True,
        )
        if isinstance(found, list):
            raise InvalidDocumentError(found)
        return found

    def _plan(
        self, admitted: Admitted, coerced: VariableValues, grants: Grants, principal: Principal
    ) -> tuple[Plan, bytes]:
        references = {
            name: symbolic(admitted.variable_types[name], value, (name,))
            for name, value in coerced.coerced.items()
        }
        key = (
            admitted.text,
            admitted.name,
            grants.roles,
            grants.version,
            principal.audience,
            shape(references),
        )
        found = self._plans.get(key)
        if found is None:
            symbolic_values = VariableValues(coerced.sources, references)
            try:
                plan = compile_operation(
                    self.schema, admitted, symbolic_values, grants, principal.audience
                )
            except RefusalError as refusal:
                # Kept as well: refusing again must not cost another plan.
                found = refusal
            else:
                extensions = f',"extensions":{json.dumps({"masked": plan.masked})}'
                found = plan, f"{extensions if plan.masked else ''}}}".encode()
            self._plans[key] = found
        if isinstance(found, RefusalError):
            raise RefusalError(found.code, found.message, **found.extensions)
        return found

    async def _run(self, plan: Plan, values: list[Any], principal: Principal) -> str:
        try:
            async with self._database.read(principal.context) as transaction:
                text: str = await transaction.connection.fetchval(plan.sql, *values)
        except asyncpg.QueryCanceledError:
            limit = principal.context.statement_timeout_ms
            message = f"The database took longer than {limit} ms; ask for less."
            raise RefusalError(Code.TIMEOUT, message) from None
        except TimeoutError:
            message = "No database connection became free in time; try again in a moment."
            raise RefusalError(Code.TIMEOUT, message) from None
        return text

    def _unsealed(self, data: bytes) -> bytes:
        def opened(match: re.Match[bytes]) -> bytes:
            raw = b64decode(match[1])
            tenant_id = UUID(bytes=raw[:16])
            return json.dumps(self._sealer.open(tenant_id, raw[16:])).encode()

        return _SEALED.sub(opened, data)

    def _with_introspection(
        self,
        data: bytes,
        plan: Plan,
        admitted: Admitted,
        coerced: VariableValues,
        grants: Grants,
    ) -> bytes:
        """Put graphql-core's answers about the caller's schema among the planner's."""
        schema = self._seen(grants)[1]
        document = _introspection(plan, admitted, schema)
        result = execute_sync(schema, document, variable_values=dict(coerced.coerced))
        assert isinstance(result, ExecutionResult)
        if result.errors:
            raise InvalidDocumentError(list(result.errors))
        answers = {**json.loads(data), **(result.data or {})}
        return json.dumps({key: answers[key] for key in plan.keys}, ensure_ascii=False).encode()

    def _seen(self, grants: Grants) -> tuple[str, GraphQLSchema]:
        key = (grants.roles, grants.version)
        if key not in self._visible:
            self._visible[key] = visible_schema(self.schema, grants)
        return self._visible[key]


def _introspection(plan: Plan, admitted: Admitted, schema: GraphQLSchema) -> DocumentNode:
    """The operation's introspection fields alone, with the variables that they can use."""
    variables = tuple(
        definition
        for definition in admitted.operation.variable_definitions or ()
        if type_from_ast(schema, definition.type) is not None
    )
    operation = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=variables,
        selection_set=SelectionSetNode(selections=plan.introspection),
    )
    return DocumentNode(definitions=(operation, *admitted.fragments.values()))
