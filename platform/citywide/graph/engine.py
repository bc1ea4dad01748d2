"""The read engine and what is done through it: an operation's phases, from top to bottom.

    admit      the document is bounded, parsed and validated, once for its text        `admit`
    coerce     the variables become values of the declared types                       `coerce`
    grant      the roles' grants under the policy in force                      `authz.policy`
    plan       one statement, or a refusal, once for all that it depends on  `plans`, `compile`
    bind       this request's values; what is out of bounds is refused                   `plan`
    run        one transaction with the caller's rights, and JSON as PostgreSQL wrote it  `run`
    note       whom it tells about goes to the read log before it goes out                `run`
    seal       cursors are sealed for whoever asks, sealed values opened       `run`, `cursors`

The first three are the same for every operation. From there `queries` goes straight on,
`subscriptions` goes on with every event, and `mutations` stops after binding: only when nothing
that can be known is wrong with any of its fields is the first one done, and then read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from graphql import OperationType

from citywide.audit.reads import ReadLog
from citywide.authz.policy import Policy
from citywide.authz.principal import Principal
from citywide.db.sealed import Sealer
from citywide.db.session import Database
from citywide.errors import Code, RefusalError
from citywide.events.event import Event
from citywide.graph.admit import Admission, Admitted, InvalidDocumentError
from citywide.graph.coerce import coerced
from citywide.graph.costs import Charge, for_nothing
from citywide.graph.cursors import Cursors
from citywide.graph.introspection import Introspection
from citywide.graph.mutations import Mutations
from citywide.graph.operation import Execution, Operation
from citywide.graph.plans import Plans
from citywide.graph.probes import PROBES, Probes
from citywide.graph.queries import Queries
from citywide.graph.run import Runner
from citywide.graph.schema import Schema
from citywide.graph.slices import Slices
from citywide.graph.subscriptions import Subscribed, Subscriptions
from citywide.graph.visible import VisibleSchemas, errors_as_seen

_ELSEWHERE = (
    "A subscription is answered over a WebSocket (graphql-transport-ws) or as a stream of events "
    "(/graphql/stream)."
)


class Engine:
    """Answers operations of one schema under one policy from one database."""

    def __init__(
        self,
        schema: Schema,
        policy: Policy,
        database: Database,
        sealer: Sealer,
        cursors: Cursors,
        *,
        reads: ReadLog | None,
        probes: int = PROBES,
    ) -> None:
        """`reads` None notes nothing of what is read: only to measure what that costs.

        `probes` is how many counts of few persons a member may ask for in an hour.
        """
        self.schema: Final = schema
        self.policy: Final = policy
        self._admission: Final = Admission(schema)
        self._slices: Final = Slices()
        self._plans: Final = Plans(self._slices)
        self._visible: Final = VisibleSchemas(schema)
        runner = Runner(database, sealer, cursors, Probes(probes), reads)
        introspection = Introspection(self._visible, self._slices)
        self._queries: Final = Queries(schema, self._plans, runner, introspection)
        self._mutations: Final = Mutations(schema, self._plans, runner, policy)
        self._subscriptions: Final = Subscriptions(schema, self._plans, runner)

    async def answer(self, operation: Operation, principal: Principal) -> bytes:
        """The response body: `{"data": …}` with extensions where something is masked.

        Raises `InvalidDocumentError`, `RefusalError`, `UnavailableError`; the rest is our fault.
        A mutation raises before anything is written. What fails later stands in the body, as
        `errors` beside the data.
        """
        with self._slices.request():
            execution = await self._begun(operation, principal)
            match execution.admitted.operation.operation:
                case OperationType.QUERY:
                    return await self._queries.answer(execution)
                case OperationType.MUTATION:
                    return await self._mutations.answer(execution)
                case OperationType.SUBSCRIPTION:
                    raise RefusalError(Code.BAD_USER_INPUT, _ELSEWHERE)

    async def subscribed(self, operation: Operation, principal: Principal) -> Subscribed:
        """What a subscription asks for; raises as `answer` does."""
        with self._slices.request():
            execution = await self._begun(operation, principal)
            if execution.admitted.operation.operation is not OperationType.SUBSCRIPTION:
                raise RefusalError(Code.BAD_USER_INPUT, "This operation is no subscription.")
            return await self._subscriptions.subscribed(execution)

    async def event_answer(
        self, operation: Operation, principal: Principal, event: Event
    ) -> bytes | None:
        """The response body of one event of a subscription; None: it is not for this reader.

        It is read by the same way as any answer, with the rights that the reader has now. Nobody
        pays: what happens elsewhere uses up no budget.
        """
        with self._slices.request():
            execution = await self._begun(replace(operation, charge=for_nothing), principal)
            return await self._subscriptions.event_answer(execution, event)

    async def kind(self, operation: Operation, principal: Principal) -> OperationType:
        """What the operation is; raises as `answer` does for a document that is not valid."""
        with self._slices.request():
            return (await self._admitted(operation, principal)).operation.operation

    async def sdl(self, principal: Principal, charge: Charge = for_nothing) -> str:
        """The schema as the principal's roles see it."""
        grants, tenant = self.policy.grants(principal.roles), principal.tenant_id
        with self._slices.request():
            sdl, _ = await self._slices.made(
                tenant, lambda: self._visible.seen(grants, tenant), charge
            )
            return sdl

    async def _begun(self, operation: Operation, principal: Principal) -> Execution:
        """Admitted, coerced, and with the grants of whoever asks: the phases of every kind."""
        admitted = await self._admitted(operation, principal)
        try:
            variables = coerced(self.schema.graphql, admitted, operation.variables)
        except InvalidDocumentError as error:
            raise await self._as_seen(operation, principal, error) from None
        grants = self.policy.grants(principal.roles)
        return Execution(operation, admitted, variables, principal, grants)

    async def _admitted(self, operation: Operation, principal: Principal) -> Admitted:
        """The operation of a document that is read slice by slice when it is new."""
        text, name, tenant = operation.document, operation.name, principal.tenant_id
        try:
            if self._admission.knows(text):
                return self._admission.admit(text, name)
            return await self._slices.made(
                tenant, lambda: self._admission.admit(text, name, tenant), operation.charge
            )
        except InvalidDocumentError as error:
            raise await self._as_seen(operation, principal, error) from None

    async def _as_seen(
        self, operation: Operation, principal: Principal, error: InvalidDocumentError
    ) -> InvalidDocumentError:
        """What is wrong with the operation, told in names that the roles may see."""
        grants, tenant = self.policy.grants(principal.roles), principal.tenant_id

        def told() -> InvalidDocumentError:
            _, schema = self._visible.seen(grants, tenant)
            return InvalidDocumentError(errors_as_seen(schema, operation, error.errors))

        return await self._slices.made(tenant, told, operation.charge)
