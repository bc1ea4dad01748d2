"""An act: who does what for which tenant, how far they may, and what it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import BigInteger, Table, Text, bindparam, cast, func, select

from citywide.acts.problems import ProblemError, StaleVersionProblem, not_yours
from citywide.authz.grants import Scope
from citywide.authz.policy import Policy
from citywide.authz.principal import Principal
from citywide.db.sealed import Sealer
from citywide.db.session import Prepared, Transaction
from citywide.errors import Fault, InvalidError
from citywide.tenancy.desk import Desk
from citywide.tenancy.rows import tenant_rows, update_row


@dataclass(frozen=True, slots=True)
class Event:
    """Something others may want to know: a topic, and the row to look at."""

    topic: str
    row_id: UUID


@dataclass(slots=True)
class Act:
    """One use case under way.

    `desk` is where it writes: the actor's own tenant, until a member of the bureau moves to the
    agency that a row belongs to. `scope` is how far the policy lets the actor go with it; `policy`
    is the one that said so, for use cases that give rights to others.
    """

    transaction: Transaction
    principal: Principal
    scope: Scope
    sealer: Sealer
    policy: Policy
    desk: Desk
    events: list[Event] = field(default_factory=list)
    # Persons that the act is about, for the audit trail.
    persons: set[UUID] = field(default_factory=set)

    def move_to(self, tenant_id: UUID) -> None:
        """Write in another tenant from now on; row-level security says whether that is allowed."""
        self.desk = Desk(tenant_id, self.desk.bureau_id, self.desk.today)

    def tell(self, topic: str, row_id: UUID) -> None:
        """Put an event into the outbox when the act is done."""
        self.events.append(Event(topic, row_id))

    def check_worker(self, worker_id: UUID | None, *path: str) -> None:
        """Refuse what is outside of the actor's caseload, when that is how far they may go."""
        if self.scope is Scope.CASELOAD and worker_id != self.principal.member_id:
            raise not_yours("This is not in your caseload.", *path)

    async def serialise(self, row_id: UUID) -> None:
        """Wait for acts that decide about the same row, and make later ones wait for this one.

        For decisions about a sum over other rows, which no lock on one of them would hold.
        """
        key = int.from_bytes(row_id.bytes[:8], "big", signed=True)
        await self.transaction.fetch(_serialising(), {"key": key})

    async def find(self, table: Table, row_id: UUID, field_name: str, message: str) -> Record:
        """A row of the desk's tenant; `InvalidError` about `field_name` when it is not there."""
        found = await tenant_rows(self.transaction, desk=self.desk, table=table, ids={row_id})
        if row_id not in found:
            raise InvalidError([Fault((field_name,), message)])
        return found[row_id]

    def check_version(self, row: Record, version: int) -> None:
        """Refuse to decide on a row that was changed since the caller read it."""
        if row["version"] != version:
            raise _stale(row["version"])

    async def update(
        self, table: Table, row: Record, values: Mapping[str, Any], *, version: int | None = None
    ) -> None:
        """Change a row that was read in this act.

        `version` is what the caller had seen: an update in between is a `StaleVersionProblem`.
        """
        seen = row["version"] if version is None and "version" in table.c else version
        if version is not None:
            self.check_version(row, version)
        done = await update_row(
            self.transaction,
            desk=self.desk,
            table=table,
            row_id=row["id"],
            values=values,
            version=seen,
        )
        if not done:
            again = await tenant_rows(
                self.transaction, desk=self.desk, table=table, ids={row["id"]}
            )
            raise _stale(again[row["id"]]["version"])


@cache
def _serialising() -> Prepared:
    lock = func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger()))
    return Prepared.of(select(cast(lock, Text)))


def _stale(current: int) -> ProblemError:
    message = f"Somebody changed this meanwhile (it is at version {current}): read it again."
    return ProblemError(
        StaleVersionProblem(
            code="STALE_VERSION", message=message, path=["version"], current_version=current
        )
    )
