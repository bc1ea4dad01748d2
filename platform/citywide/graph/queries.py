"""Queries: planned once, then bound, run, noted, and their introspection answered beside."""

from __future__ import annotations

import json
from typing import Final

from graphql.execution.values import VariableValues

from citywide.graph.compile import compile_operation
from citywide.graph.introspection import Introspection
from citywide.graph.operation import Execution
from citywide.graph.plan import Plan
from citywide.graph.plans import Plans
from citywide.graph.run import Runner, check_purpose
from citywide.graph.schema import Schema


class Queries:
    """Answers the queries of one schema."""

    def __init__(
        self, schema: Schema, plans: Plans, runner: Runner, introspection: Introspection
    ) -> None:
        self._schema: Final = schema
        self._plans: Final = plans
        self._runner: Final = runner
        self._introspection: Final = introspection

    async def answer(self, execution: Execution) -> bytes:
        """The response body: `{"data": …}` with extensions where something is masked."""
        plan = await self._plans.planned(execution, self._plan, lambda plan: plan.weight)
        variables, principal = execution.variables.coerced, execution.principal
        values = plan.values(principal, variables, self._runner.cursors)
        check_purpose(plan, execution)
        execution.operation.charge(plan.points(variables))
        text = await self._runner.run(plan, values, principal)
        assert text is not None
        data = plan.finished(text.encode(), variables)
        data = await self._runner.told(data, plan, execution)
        data = await self._introspected(data, plan, execution)
        return b'{"data":' + data + plan.end

    def _plan(self, execution: Execution, symbolic: VariableValues) -> Plan:
        return compile_operation(
            self._schema,
            execution.admitted,
            symbolic,
            execution.grants,
            execution.principal.audience,
            notes_reads=self._runner.notes_reads,
        )

    async def _introspected(self, data: bytes, plan: Plan, execution: Execution) -> bytes:
        """Put graphql-core's answers about the caller's schema among the planner's."""
        if not plan.introspection:
            return data
        about_schema = await self._introspection.answers(plan.introspection, execution)
        read = json.loads(data)
        answers = (
            (key, about_schema.get(key) or json.dumps(read[key], ensure_ascii=False).encode())
            for key in plan.keys
        )
        return (
            b"{" + b", ".join(b'"%s": %s' % (key.encode(), value) for key, value in answers) + b"}"
        )
