"""Mutations: what can be known is checked before the first write, then field after field is done.

A refusal of the whole operation has therefore written nothing. What fails later fails one field:
the field is null, or its success without the row when the act itself is committed, and an entry of
`errors` says where and why. The fields beside it are done and told as if nothing had happened.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from graphql.execution.values import VariableValues, get_argument_values

from citywide.acts.perform import KEY_LENGTH, Done, Request, perform
from citywide.acts.problems import Problem, invalid
from citywide.authz.policy import Policy
from citywide.db.outage import AwayError, UncertainError
from citywide.errors import Fault, InvalidError, UnavailableError
from citywide.graph.costs import act_points
from citywide.graph.failure import errors_of
from citywide.graph.mutate import Reading
from citywide.graph.operation import Execution
from citywide.graph.payloads import Step, compile_payloads, problem_answer
from citywide.graph.plans import Plans
from citywide.graph.run import Runner, check_purpose, within_time
from citywide.graph.schema import Schema
from citywide.graph.selection import Group, Selections
from citywide.graph.values import PAYLOAD
from citywide.ids import NO_TENANT

# Stands for the row that a use case is going to lead to, while it is not known.
_SOME_ROW = Done(NO_TENANT, UUID(int=0))


@dataclass(frozen=True, slots=True)
class Turn:
    """A step with all that can be known before it is its turn.

    Input that leads nowhere is a problem, and so an answer: it refuses no other field.
    """

    step: Step
    request: Request | Problem


@dataclass(slots=True)
class Body:
    """A response body in the making: data by response key, errors, and what is masked.

    `outage` is why nothing more is tried, once something that we need was away.
    """

    data: list[tuple[str, bytes]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    masked: list[Mapping[str, object]] = field(default_factory=list)
    outage: UnavailableError | None = None

    def bytes(self) -> bytes:
        """The body; errors first, as the specification advises."""
        errors = b'"errors":' + _json(self.errors) + b"," if self.errors else b""
        data = b",".join(_json(key) + b":" + value for key, value in self.data)
        masked = b',"extensions":' + _json({"masked": self.masked}) if self.masked else b""
        return b"{" + errors + b'"data":{' + data + b"}" + masked + b"}"


class Mutations:
    """Answers the mutations of one schema."""

    def __init__(self, schema: Schema, plans: Plans, runner: Runner, policy: Policy) -> None:
        self._schema: Final = schema
        self._plans: Final = plans
        self._runner: Final = runner
        self._policy: Final = policy

    async def answer(self, execution: Execution) -> bytes:
        """The response body; raises only what is known before anything is written.

        Of this is an outage that befalls the first field: whether that one was done is all that
        may be unknown then, and its sentence says so.
        """
        steps = await self._plans.planned(execution, self._plan, _bytes)
        turns = [self._turn(step, execution) for step in steps]
        body = Body()
        for turn in turns:
            if isinstance(turn, Group):
                body.data.append((turn.key, b'"Mutation"'))
            else:
                value = await self._field(turn, execution, body)
                body.data.append((turn.step.group.key, value))
        return body.bytes()

    def _plan(self, execution: Execution, symbolic: VariableValues) -> Sequence[Step | Group]:
        return compile_payloads(
            self._schema,
            execution.admitted,
            symbolic,
            execution.grants,
            execution.principal.audience,
            notes_reads=self._runner.notes_reads,
        )

    # -- before the first write ---------------------------------------------------------------

    def _turn(self, step: Step | Group, execution: Execution) -> Turn | Group:
        """The step with its input; raises what its payload would be refused for."""
        if isinstance(step, Group):
            return step
        check_purpose(step.plan, execution)
        self._values(step, execution, _SOME_ROW)
        try:
            return Turn(step, self._request(step, execution))
        except InvalidError as error:
            return Turn(step, invalid(error))

    def _request(self, step: Step, execution: Execution) -> Request:
        mutation, parent = step.mutation, self._schema.graphql.mutation_type
        assert parent is not None
        declared = parent.fields[mutation.name]
        given = get_argument_values(declared, step.group.nodes[0], execution.variables)["input"]
        execution.operation.charge(act_points(given))
        key = given["idempotencyKey"].strip()
        if not 0 < len(key) <= KEY_LENGTH or not key.isprintable():
            message = f"An idempotency key has 1 to {KEY_LENGTH} printable characters."
            raise InvalidError([Fault(("idempotency_key",), message)])
        reading = Reading(self._schema.entities, execution.principal.tenant_id)
        return Request(
            coordinate=mutation.coordinate,
            key=key,
            draft=reading.read(mutation.takes, given),
            logged=reading.logged(mutation.takes, given),
            operation=execution.admitted.name or None,
        )

    # -- field after field --------------------------------------------------------------------

    async def _field(self, turn: Turn, execution: Execution, body: Body) -> bytes:
        """A field's value; what fails here fails this field alone, but for an outage."""
        step = turn.step
        if body.outage is not None:
            body.errors += errors_of(body.outage, [step.group.key])
            return b"null"
        try:
            outcome = await self._outcome(turn, execution)
            if isinstance(outcome, Problem):
                fragments, variables = execution.admitted.fragments, execution.variables
                selections = Selections(self._schema.graphql, fragments, variables)
                return _json(problem_answer(selections, step.group, outcome))
        except UnavailableError as outage:
            if not body.data:
                raise
            # Of those that follow it is known that they were not tried.
            body.outage = AwayError() if isinstance(outage, UncertainError) else outage
            body.errors += errors_of(outage, [step.group.key])
            return b"null"
        except Exception as error:  # noqa: BLE001 -- what is no refusal is logged
            body.errors += errors_of(error, [step.group.key])
            return b"null"
        try:
            return await self._payload(step, outcome, execution, body)
        except Exception as error:  # noqa: BLE001 -- it is committed, whatever happens now
            rows = [child.key for child in step.success if child.name != "__typename"]
            body.errors += errors_of(error, *([step.group.key, row] for row in rows))
            return _json(step.without_row)

    async def _outcome(self, turn: Turn, execution: Execution) -> Done | Problem:
        """Do it, once for its key."""
        if isinstance(turn.request, Problem):
            return turn.request
        mutation, principal = turn.step.mutation, execution.principal
        grant = execution.grants.of(mutation.coordinate)
        assert grant is not None
        assert grant.clear is not None
        with within_time(principal):
            return await perform(
                self._runner.database,
                turn.request,
                mutation.use_case,
                principal=principal,
                scope=grant.clear,
                sealer=self._runner.sealer,
                policy=self._policy,
            )

    async def _payload(self, step: Step, done: Done, execution: Execution, body: Body) -> bytes:
        """The success, read with the caller's rights; the row is null when they do not reach it."""
        if not step.reads_row:
            return _json(step.without_row)
        plan, runner = step.plan, self._runner
        values = self._values(step, execution, done)
        execution.operation.charge(plan.points(execution.variables.coerced))
        text = await runner.run(plan, values, execution.principal)
        assert text is not None
        data = await runner.told(text.encode(), plan, execution)
        body.masked += plan.masked
        return data

    def _values(self, step: Step, execution: Execution, done: Done) -> list[Any]:
        """What is bound to the payload's plan; refuses what is out of bounds."""
        row = {"tenant_id": done.tenant_id, "row_id": done.row_id}
        variables = {**execution.variables.coerced, PAYLOAD: row}
        return step.plan.values(execution.principal, variables, self._runner.cursors)


def _bytes(steps: Sequence[Step | Group]) -> int:
    return sum(step.plan.weight for step in steps if isinstance(step, Step))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")
