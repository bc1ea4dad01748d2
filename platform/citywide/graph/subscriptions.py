"""Subscriptions: what is watched, and the answer that each reader is given to an event."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from graphql.execution.values import VariableValues

from citywide.authz.principal import Principal
from citywide.events.event import Event
from citywide.graph.address import address_of
from citywide.graph.costs import STATEMENT_POINTS
from citywide.graph.operation import Execution
from citywide.graph.payloads import Watch, compile_event
from citywide.graph.plan import Plan
from citywide.graph.plans import Plans
from citywide.graph.run import Runner, check_purpose
from citywide.graph.schema import Schema
from citywide.graph.values import PAYLOAD, resolve

# Connections that events are read on at a time: the others are for those who ask.
EVENT_READS = 4


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription's topic and arguments: events of one row alone, and from where to resume."""

    topic: str
    row: tuple[UUID, UUID] | None
    after: str | None


class Subscriptions:
    """Answers the subscriptions of one schema."""

    def __init__(self, schema: Schema, plans: Plans, runner: Runner) -> None:
        self._schema: Final = schema
        self._plans: Final = plans
        self._runner: Final = runner
        self._reading: Final = asyncio.Semaphore(EVENT_READS)

    async def subscribed(self, execution: Execution) -> Subscribed:
        """What a subscription is about."""
        watch = await self._planned(execution)
        check_purpose(watch.plan, execution)
        execution.operation.charge(STATEMENT_POINTS)
        variables, operation = execution.variables.coerced, execution.operation
        given = watch.arguments.get("id")
        row = None if given is None else address_of(resolve(given, variables))
        after = resolve(watch.arguments.get("after"), variables) or operation.resume_after
        at = None if row is None else (row.tenant_id, row.row_id)
        return Subscribed(watch.topic.name, at, after)

    async def event_answer(self, execution: Execution, event: Event) -> bytes | None:
        """The response body of one event; None: it is not for this reader."""
        plan, principal = (await self._planned(execution)).plan, execution.principal
        at = {
            "tenant_id": event.tenant_id,
            "row_id": event.row_id,
            "event_id": event.place.token,
            "occurred_at": event.occurred_at,
        }
        variables = {**execution.variables.coerced, PAYLOAD: at}
        values = plan.values(principal, variables, self._runner.cursors)
        # The same statement with the same values in the same context: the same answer.
        key = (plan.sql, repr(values), principal.audience, principal.context.enter_sql)
        if key not in event.answers:
            event.answers[key] = asyncio.create_task(self._read(plan, values, principal))
        text = await asyncio.shield(event.answers[key])
        if text is None:
            return None
        data = await self._runner.told(text.encode(), plan, execution)
        return b'{"data":' + data + plan.end

    async def _planned(self, execution: Execution) -> Watch:
        return await self._plans.planned(execution, self._plan, lambda watch: watch.plan.weight)

    async def _read(self, plan: Plan, values: list[Any], principal: Principal) -> str | None:
        async with self._reading:
            return await self._runner.run(plan, values, principal)

    def _plan(self, execution: Execution, symbolic: VariableValues) -> Watch:
        return compile_event(
            self._schema,
            execution.admitted,
            symbolic,
            execution.grants,
            execution.principal.audience,
            notes_reads=self._runner.notes_reads,
        )
