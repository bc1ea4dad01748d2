"""A request through the read engine: admit, authorise and plan once, then bind, run, answer.

A warm request is a look-up of the plan, its bind values, one transaction and the bytes that
PostgreSQL built.
"""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from cachetools import LRUCache
from graphql import (
    ExecutionResult,
    GraphQLSchema,
    OperationType,
    execute_sync,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values

from citywide.acts.perform import KEY_LENGTH, Done, Request, perform
from citywide.acts.problems import Problem, invalid
from citywide.audit.reads import PURPOSE_HEADER, Read, ReadLog
from citywide.authz.grants import Grants
from citywide.authz.policy import Policy
from citywide.authz.principal import Principal
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Database
from citywide.errors import Code, Fault, InvalidError, RefusalError
from citywide.events.event import Event
from citywide.graph.address import address_of
from citywide.graph.admit import (
    ERRORS,
    Admission,
    Admitted,
    InvalidDocumentError,
    bound_variables,
)
from citywide.graph.compile import compile_operation
from citywide.graph.mutate import Reading
from citywide.graph.payloads import Step, Watch, compile_event, compile_payloads, problem_answer
from citywide.graph.plan import Plan
from citywide.graph.schema import WITHOUT_PURPOSE, Schema
from citywide.graph.selection import Selections
from citywide.graph.subjects import without_subjects
from citywide.graph.values import PAYLOAD, resolve, shape, symbolic
from citywide.graph.visible import introspection, visible_schema

# Plans kept; each is some kilobytes. Every operation times the sets of roles that use it.
PLANS = 2_000
# Schemas as seen by a set of roles, for introspection; each is some megabytes.
VISIBLE_SCHEMAS = 16
# Connections that events are read on at a time: the others are for those who ask.
EVENT_READS = 4

# A sealed value in an answer: the control character is JSON's \u0001 at a string's start.
_SEALED = re.compile(rb'"\\u0001([A-Za-z0-9+/=]+)"')
# A payload's plan has no root of a query, and so none that finishes in Python.
_UNUSED: Mapping[str, Any] = {}
_NO_VARIABLES = VariableValues({}, {})
# What planning comes to: a query's plan with the end of its answer, or a mutation's steps.
Planned = TypeVar("Planned")


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client sends: a document, which of its operations, and the variables.

    `purpose` is why they want to know, for the audit trail of what they read about persons;
    `resume_after` the last event that a reconnecting subscriber saw.
    """

    document: str
    name: str | None
    variables: Mapping[str, Any]
    purpose: str | None = None
    resume_after: str | None = None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription's topic and arguments: events of one row alone, and from where to resume."""

    topic: str
    row: tuple[UUID, UUID] | None
    after: str | None


class Engine:
    """Answers operations of one schema under one policy from one database."""

    def __init__(
        self,
        schema: Schema,
        policy: Policy,
        database: Database,
        sealer: Sealer,
        *,
        reads: ReadLog | None,
    ) -> None:
        """`reads` None notes nothing of what is read: only to measure what that costs."""
        self.schema = schema
        self.policy = policy
        self._database = database
        self._sealer = sealer
        self._reads = reads
        self._admission = Admission(schema)
        self._plans: LRUCache[Any, Any] = LRUCache(PLANS)
        self._event_reads = asyncio.Semaphore(EVENT_READS)
        self._visible: LRUCache[Any, tuple[str, GraphQLSchema]] = LRUCache(VISIBLE_SCHEMAS)

    async def answer(self, operation: Operation, principal: Principal) -> bytes:
        """The response body: `{"data": …}` with extensions where something is masked.

        Raises `InvalidDocumentError`, `RefusalError` or `BusyError`; anything else is our fault.
        """
        admitted = self._admission.admit(operation.document, operation.name)
        if admitted.operation.operation is OperationType.SUBSCRIPTION:
            message = (
                "A subscription is answered over a WebSocket (graphql-transport-ws) or as a stream "
                "of events (/graphql/stream)."
            )
            raise RefusalError(Code.BAD_USER_INPUT, message)
        coerced = self._coerced(admitted, operation.variables)
        grants = self.policy.grants(principal.roles)
        if admitted.operation.operation is OperationType.MUTATION:
            return await self._done(admitted, coerced, grants, principal, operation)
        plan, tail = self._planned(admitted, coerced, grants, principal, self._query)
        values = plan.values(principal, coerced.coerced)
        data = await self._read(
            plan, values, grants, principal, operation, variables=coerced.coerced
        )
        if plan.introspection:
            data = self._with_introspection(data, plan, admitted, coerced, grants)
        return b'{"data":' + data + tail

    def subscribed(self, operation: Operation, principal: Principal) -> Subscribed:
        """What a subscription asks for; raises as `answer` does."""
        admitted = self._admission.admit(operation.document, operation.name)
        if admitted.operation.operation is not OperationType.SUBSCRIPTION:
            raise RefusalError(Code.BAD_USER_INPUT, "This operation is no subscription.")
        coerced = self._coerced(admitted, operation.variables)
        grants = self.policy.grants(principal.roles)
        watch, _ = self._planned(admitted, coerced, grants, principal, self._watch)
        _check_purpose(watch.plan, grants, operation)
        given = watch.arguments.get("id")
        row = None if given is None else address_of(resolve(given, coerced.coerced))
        after = resolve(watch.arguments.get("after"), coerced.coerced) or operation.resume_after
        at = None if row is None else (row.tenant_id, row.row_id)
        return Subscribed(watch.topic.name, at, after)

    async def told(self, operation: Operation, principal: Principal, event: Event) -> bytes | None:
        """The response body of one event of a subscription; None: it is not for this reader.

        It is read by the same way as any answer, with the rights that the reader has now.
        """
        admitted = self._admission.admit(operation.document, operation.name)
        coerced = self._coerced(admitted, operation.variables)
        grants = self.policy.grants(principal.roles)
        watch, tail = self._planned(admitted, coerced, grants, principal, self._watch)
        at = {
            "tenant_id": event.tenant_id,
            "row_id": event.row_id,
            "event_id": event.place.token,
            "occurred_at": event.occurred_at,
        }
        values = watch.plan.values(principal, {**coerced.coerced, PAYLOAD: at})
        # The same statement with the same values in the same context: the same answer.
        key = (watch.plan.sql, repr(values), principal.audience, principal.context.enter_sql)
        if key not in event.answers:
            event.answers[key] = asyncio.create_task(self._event(watch.plan, values, principal))
        text = await asyncio.shield(event.answers[key])
        if text is None:
            return None
        data = await self._noted(text.encode(), watch.plan, principal, operation)
        return b'{"data":' + data + tail

    async def _event(self, plan: Plan, values: list[Any], principal: Principal) -> str | None:
        async with self._event_reads:
            text: str | None = await self._run(plan, values, principal)
        return text

    def kind(self, operation: Operation) -> OperationType:
        """What the operation is; raises as `answer` does for a document that is not valid."""
        return self._admission.admit(operation.document, operation.name).operation.operation

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

    async def _done(
        self,
        admitted: Admitted,
        coerced: VariableValues,
        grants: Grants,
        principal: Principal,
        operation: Operation,
    ) -> bytes:
        """Run a mutation operation's fields, one after the other, and read what each led to."""
        steps = self._planned(admitted, coerced, grants, principal, self._steps)
        for step in steps:
            _check_purpose(step.plan, grants, operation)
        parts: list[bytes] = []
        masked: list[Mapping[str, object]] = []
        for step in steps:
            if step.mutation is None or step.plan is None:
                value = b'"Mutation"'
            else:
                outcome = await self._outcome(step, admitted, coerced, grants, principal)
                if isinstance(outcome, Problem):
                    selections = Selections(self.schema.graphql, admitted.fragments, coerced)
                    told = problem_answer(selections, step.group, outcome)
                    value = json.dumps(told, ensure_ascii=False).encode()
                else:
                    at = {"tenant_id": outcome.tenant_id, "row_id": outcome.row_id}
                    values = step.plan.values(principal, {**coerced.coerced, PAYLOAD: at})
                    value = await self._read(step.plan, values, grants, principal, operation)
                    masked += step.plan.masked
            parts.append(json.dumps(step.group.key).encode() + b":" + value)
        extensions = f',"extensions":{json.dumps({"masked": masked})}' if masked else ""
        return b'{"data":{' + b",".join(parts) + b"}" + extensions.encode() + b"}"

    async def _outcome(
        self,
        step: Step,
        admitted: Admitted,
        coerced: VariableValues,
        grants: Grants,
        principal: Principal,
    ) -> Done | Problem:
        mutation = step.mutation
        assert mutation is not None
        parent = self.schema.graphql.mutation_type
        grant = grants.of(mutation.coordinate)
        assert parent is not None
        assert grant is not None
        assert grant.clear is not None
        field = parent.fields[mutation.name]
        given = get_argument_values(field, step.group.nodes[0], coerced)["input"]
        key = given["idempotencyKey"].strip()
        if not 0 < len(key) <= KEY_LENGTH or not key.isprintable():
            message = f"An idempotency key has 1 to {KEY_LENGTH} printable characters."
            return invalid(InvalidError([Fault(("idempotency_key",), message)]))
        reading = Reading(self.schema.entities, principal.tenant_id)
        try:
            request = Request(
                coordinate=mutation.coordinate,
                key=key,
                draft=reading.read(mutation.takes, given),
                logged=reading.logged(mutation.takes, given),
                operation=admitted.name or None,
            )
        except InvalidError as error:
            return invalid(error)
        with _timeout(principal):
            return await perform(
                self._database,
                request,
                mutation.use_case,
                principal=principal,
                scope=grant.clear,
                sealer=self._sealer,
                policy=self.policy,
            )

    def _steps(
        self, admitted: Admitted, values: VariableValues, grants: Grants, audience: Audience
    ) -> list[Step]:
        return compile_payloads(self.schema, admitted, values, grants, audience)

    def _query(
        self, admitted: Admitted, values: VariableValues, grants: Grants, audience: Audience
    ) -> tuple[Plan, bytes]:
        tells = self._reads is not None
        plan = compile_operation(self.schema, admitted, values, grants, audience, tells=tells)
        return plan, _tail(plan)

    def _watch(
        self, admitted: Admitted, values: VariableValues, grants: Grants, audience: Audience
    ) -> tuple[Watch, bytes]:
        watch = compile_event(self.schema, admitted, values, grants, audience)
        return watch, _tail(watch.plan)

    def _planned(
        self,
        admitted: Admitted,
        coerced: VariableValues,
        grants: Grants,
        principal: Principal,
        compiled: Callable[[Admitted, VariableValues, Grants, Audience], Planned],
    ) -> Planned:
        """What `compiled` makes of the operation, remembered with its refusals."""
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
                found = compiled(admitted, symbolic_values, grants, principal.audience)
            except RefusalError as refusal:
                # Kept as well: refusing again must not cost another plan.
                found = refusal
            self._plans[key] = found
        if isinstance(found, RefusalError):
            raise RefusalError(found.code, found.message, **found.extensions)
        return found

    async def _read(
        self,
        plan: Plan,
        values: list[Any],
        grants: Grants,
        principal: Principal,
        operation: Operation,
        *,
        variables: Mapping[str, Any] = _UNUSED,
    ) -> bytes:
        """Run a plan: what goes out."""
        _check_purpose(plan, grants, operation)
        data = (await self._run(plan, values, principal)).encode()
        if plan.finishes:
            data = plan.finished(data, variables)
        return await self._noted(data, plan, principal, operation)

    async def _noted(
        self, data: bytes, plan: Plan, principal: Principal, operation: Operation
    ) -> bytes:
        """What goes out of what a plan came to, after it was noted whom it tells about."""
        if plan.told and self._reads is not None:
            data, persons = without_subjects(data, principal)
            if persons:
                await self._reads.note(
                    Read(
                        reader=principal,
                        roots=plan.roots,
                        coordinates=plan.told,
                        operation=operation.name,
                        purpose=operation.purpose,
                        persons=persons,
                    )
                )
        return self._unsealed(data) if plan.has_sealed else data

    async def _run(self, plan: Plan, values: list[Any], principal: Principal) -> Any:
        with _timeout(principal):
            async with self._database.read(principal.context) as transaction:
                # Not `fetchval`: it asks for one row at most, and PostgreSQL runs a statement whose
                # rows are limited so without its parallel workers.
                rows = await transaction.connection.fetch(plan.sql, *values)
                # An event that its reader may not see has none.
                return rows[0][0] if rows else None

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
        document = introspection(plan.introspection, admitted, schema)
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


def _tail(plan: Plan) -> bytes:
    """The end of an answer: what is masked in it, if anything."""
    extensions = f',"extensions":{json.dumps({"masked": plan.masked})}' if plan.masked else ""
    return f"{extensions}}}".encode()


def _check_purpose(plan: Plan | None, grants: Grants, operation: Operation) -> None:
    """Whoever the policy does not excuse says why they read about persons."""
    if plan is None or not plan.told or operation.purpose is not None:
        return
    if grants.of(WITHOUT_PURPOSE) is None:
        message = (
            "Your roles read about persons only for a stated purpose: say it in the header "
            f"{PURPOSE_HEADER}."
        )
        raise RefusalError(Code.BAD_USER_INPUT, message, coordinates=list(plan.told))


@contextmanager
def _timeout(principal: Principal) -> Iterator[None]:
    try:
        yield
    except asyncpg.QueryCanceledError:
        limit = principal.context.statement_timeout_ms
        message = f"The database took longer than {limit} ms; ask for less."
        raise RefusalError(Code.TIMEOUT, message) from None
