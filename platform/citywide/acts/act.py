"""An act: who does what for which tenant, how far they may, and what it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import BigInteger, Table, Text, bindparam, func, select
from sqlalchemy import cast as sql_cast

from citywide.acts.problems import ProblemError, not_yours
from citywide.acts.workspace import Workspace
from citywide.authz.grants import Scope
from citywide.authz.policy import Policy
from citywide.authz.principal import Principal
from citywide.db.compiled import Prepared
from citywide.db.sealed import Sealer
from citywide.db.session import Transaction
from citywide.db.tables import CASELOAD_KEY, METADATA, RowTable
from citywide.ids import NodeId
from citywide.rules.course import Step
from citywide.rules.words import Words

R = TypeVar("R", bound=Mapping[str, object])

APPROVAL_REQUESTED = "approvalRequested"


@dataclass(frozen=True, slots=True)
class Event:
    """Something others may want to know: a topic, and the row to look at."""

    topic: str
    row_id: UUID


class Act(Workspace):
    """One use case that a member performs.

    It works in the actor's own tenant, until a member of the bureau moves to the agency that a row
    belongs to. `scope` is how far the policy lets the actor go with it; `policy` is the one that
    said so, for use cases that give rights to others.
    """

    def __init__(
        self,
        transaction: Transaction,
        principal: Principal,
        scope: Scope,
        sealer: Sealer,
        policy: Policy,
    ) -> None:
        """Begin in the principal's own tenant."""
        super().__init__(
            transaction,
            tenant_id=principal.tenant_id,
            bureau_id=principal.bureau_id,
            today=principal.today,
            sealer=sealer,
        )
        self.principal = principal
        self.scope = scope
        self.policy = policy
        self.events: list[Event] = []

    @property
    def member_id(self) -> UUID:
        """Who acts."""
        return self.principal.member_id

    def is_one_of(self, members: Iterable[UUID | None]) -> bool:
        """Whether the person who acts is one of these members, of whichever tenant."""
        return self.principal.is_one_of(members)

    def announce(self, topic: str, row_id: UUID) -> None:
        """Put an event into the outbox when the act is done."""
        self.events.append(Event(topic, row_id))

    # -- how far the actor may go --------------------------------------------------------------

    async def find(
        self,
        table: RowTable[R],
        row_id: UUID | NodeId,
        field: str,
        *,
        lock: bool = False,
        anybodys: bool = False,
    ) -> R:
        """As in a workspace; a row outside of the actor's caseload is an `AccessProblem`.

        `anybodys` finds a colleague's client's row as well, where it is only referred to.
        """
        row = await super().find(table, row_id, field, lock=lock)
        if self.scope is Scope.CASELOAD and not anybodys and table.info.get(CASELOAD_KEY):
            self.check_worker(await self._worker_of(table, row), field)
        return row

    async def _worker_of(self, table: Table, row: Mapping[str, Any]) -> UUID | None:
        """In whose caseload a row is: its own column names the member, or one of what it is of."""
        name = table.info[CASELOAD_KEY]
        [key] = [each for each in table.foreign_key_constraints if name in each.column_keys]
        target = key.referred_table
        if target.name == "member":
            return cast(UUID | None, row[name])
        whole: RowTable[Any] = cast(RowTable[Any], METADATA.tables[target.name])
        [above] = await self.rows(whole, id=row[name])
        return await self._worker_of(whole, above)

    def check_worker(self, worker_id: UUID | None, *path: str) -> None:
        """Refuse what is outside of the actor's caseload, when that is how far they may go."""
        if self.scope is Scope.CASELOAD and worker_id != self.member_id:
            raise not_yours("This is not in your caseload.", *path)

    # -- courses -------------------------------------------------------------------------------

    async def take(
        self,
        step: Step,
        row: Mapping[str, Any],
        draft: object,
        /,
        field: str,
        *,
        to: Words | None = None,
        **columns: Any,
    ) -> None:
        """Take a step of a row's course: the only way in which its stage changes.

        What `draft` calls as a column is called, and `columns`, are written with it; `to` is where
        a step leads that leads to one of several. Refused, about the draft's `field`, are a step
        that the stage has not, one by whoever may not take it, and one on an older version.
        """
        self.check(step, row, field)
        self.check_maker(step, row, field)
        reached = to or step.to
        assert reached in step.targets, f"{step.name} does not lead to {reached}"
        course = step.course
        values = {**course.values_of(reached, row), **columns}
        table = cast(RowTable[Any], course.table)
        await self.update(table, row, draft, **values)
        if step.awaits:
            self.announce(APPROVAL_REQUESTED, row["id"])

    def check_maker(self, step: Step, row: Mapping[str, Any], *path: str) -> None:
        """Refuse a step by whoever may not take it: who made something does not decide about it."""
        if self.is_one_of(row[name] for name in step.not_by):
            message = f"Somebody else has to {step.phrase}: not who made it."
            raise (step.course.own_work or _not_yours)(message, row, *path)

    # -- waiting -------------------------------------------------------------------------------

    async def serialise(self, row_id: UUID) -> None:
        """Wait for acts that decide about the same row, and make later ones wait for this one.

        For decisions about a sum over other rows, which no lock on one of them would hold.
        """
        key = int.from_bytes(row_id.bytes[:8], "big", signed=True)
        await self.transaction.fetch(_serialising(), {"key": key})


def _not_yours(message: str, _: Mapping[str, Any], *path: str) -> ProblemError:
    return not_yours(message, *path)


@cache
def _serialising() -> Prepared:
    lock = func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger()))
    return Prepared.of(select(sql_cast(lock, Text)))
