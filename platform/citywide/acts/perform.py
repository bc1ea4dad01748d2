"""Do an act: once for each idempotency key, wholly or not at all, with its audit and its events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, BigInteger, Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from citywide.acts.act import Act
from citywide.acts.models import IDEMPOTENCY_KEY
from citywide.acts.problems import (
    IdempotencyProblem,
    Problem,
    ProblemError,
    StateProblem,
    invalid,
)
from citywide.audit.chain import changes_told, entry_of, link
from citywide.audit.models import AUDIT_SUBJECT
from citywide.authz.grants import Scope
from citywide.authz.principal import Principal
from citywide.db.sealed import Sealer
from citywide.db.session import Database, Transaction
from citywide.errors import InvalidError
from citywide.events.models import OUTBOX
from citywide.ids import new_id
from citywide.tenancy.desk import Desk

# A key is a UUID or what a frontend makes of its form; longer ones are a mistake.
KEY_LENGTH = 100
# Two acts that wait for each other, or the same key twice at once: one goes again.
ATTEMPTS = 3

UseCase = Callable[[Act, Any], Awaitable[UUID]]


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for: a mutation's coordinate, its input, and the key of this request.

    `told` is the input as the audit trail may keep it, without what is sealed.
    """

    coordinate: str
    key: str
    asked: Any
    told: Mapping[str, Any]
    operation: str | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 over what is asked for, the key left out."""
        return sha256(f"{self.coordinate}\n{self.asked!r}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Done:
    """The row that an act led to."""

    tenant_id: UUID
    row_id: UUID


async def perform(
    database: Database,
    request: Request,
    use_case: UseCase,
    *,
    principal: Principal,
    scope: Scope,
    sealer: Sealer,
) -> Done | Problem:
    """Run `use_case` in one transaction; a request repeated with its key is not done again."""
    for attempt in range(ATTEMPTS):
        try:
            async with database.write(principal.context) as transaction:
                return await _performed(
                    transaction, request, use_case, principal=principal, scope=scope, sealer=sealer
                )
        except InvalidError as error:
            return await _twin(database, principal, request) or invalid(error)
        except ProblemError as error:
            return await _twin(database, principal, request) or error.problem
        except (
            asyncpg.UniqueViolationError,
            asyncpg.ExclusionViolationError,
            asyncpg.DeadlockDetectedError,
            asyncpg.SerializationError,
        ):
            # Somebody was there at the same time. The next attempt sees what they wrote, and so
            # does the rule about it; what breaks no rule the second time goes through.
            if attempt == ATTEMPTS - 1:
                break
    message = "Others are changing the same things right now: try again."
    return StateProblem(code="CONTENDED", message=message, path=[])


async def _twin(
    database: Database, principal: Principal, request: Request
) -> Done | Problem | None:
    """What the same request came to when it was done meanwhile.

    What it wrote is then the very reason why it could not be done twice.
    """
    async with database.read(principal.context) as transaction:
        return await _earlier(transaction, principal, request)


async def _performed(
    transaction: Transaction,
    request: Request,
    use_case: UseCase,
    *,
    principal: Principal,
    scope: Scope,
    sealer: Sealer,
) -> Done | Problem:
    earlier = await _earlier(transaction, principal, request)
    if earlier is not None:
        return earlier
    desk = Desk(principal.tenant_id, principal.bureau_id, principal.today)
    act = Act(transaction, principal, scope, sealer, desk)
    row_id = await use_case(act, request.asked)
    done = Done(act.desk.tenant_id, row_id)
    await _record(act, request, done)
    return done


async def _earlier(
    transaction: Transaction, principal: Principal, request: Request
) -> Done | Problem | None:
    table = IDEMPOTENCY_KEY
    found = await transaction.rows(
        select(table).where(
            table.c.tenant_id == principal.tenant_id,
            table.c.member_id == principal.member_id,
            table.c.key == request.key,
        )
    )
    if not found:
        return None
    if found[0]["digest"] != request.digest:
        message = "This idempotency key was used for something else: take a new one."
        return IdempotencyProblem(code="KEY_REUSED", message=message, path=["idempotencyKey"])
    return Done(found[0]["result_tenant_id"], found[0]["result_id"])


async def _record(act: Act, request: Request, done: Done) -> None:
    """Audit entry, events and idempotency key, in one statement at the end of the transaction.

    At the end, because the audit chain's head stays locked until the commit.
    """
    now = datetime.now(UTC)
    principal, desk = act.principal, act.desk
    content = {
        "member": str(principal.member_id),
        "roles": sorted(principal.roles),
        "from": str(principal.tenant_id),
        "operation": request.operation,
        "input": request.told,
        **changes_told(act.transaction.changes),
        "persons": sorted(map(str, act.persons)),
    }
    entry = entry_of(
        tenant_id=desk.tenant_id,
        bureau_id=desk.bureau_id,
        kind="WRITE",
        occurred_at=now,
        actor=principal.subject,
        coordinate=request.coordinate,
        content=content,
    )
    head, appended = link(entry)
    key = insert(IDEMPOTENCY_KEY).values(
        tenant_id=principal.tenant_id,
        bureau_id=principal.bureau_id,
        id=new_id(),
        member_id=principal.member_id,
        key=request.key,
        coordinate=request.coordinate,
        digest=request.digest,
        done_at=now,
        result_tenant_id=done.tenant_id,
        result_id=done.row_id,
    )
    statement = appended.add_cte(head).add_cte(key.returning(IDEMPOTENCY_KEY.c.id).cte("key"))
    if act.events:
        statement = statement.add_cte(_events(act, now).cte("told"))
    if act.persons:
        statement = statement.add_cte(_subjects(act, entry.id).cte("about"))
    await act.transaction.rows(statement)


def _events(act: Act, now: datetime) -> Any:
    """The outbox rows, with the id of the transaction they are written in."""
    current = cast(cast(func.pg_current_xact_id(), Text), BigInteger)
    rows = [
        act.desk.owned(id=new_id(), topic=event.topic, row_id=event.row_id, occurred_at=now)
        for event in act.events
    ]
    return (
        insert(OUTBOX)
        .values([{**row, "transaction": current} for row in rows])
        .returning(OUTBOX.c.id)
    )


def _subjects(act: Act, entry_id: UUID) -> Any:
    persons = sorted(act.persons)
    row = {
        "id": literal([new_id() for _ in persons], ARRAY(AUDIT_SUBJECT.c.id.type)),
        "person_id": literal(persons, ARRAY(AUDIT_SUBJECT.c.person_id.type)),
    }
    values = func.unnest(*row.values()).table_valued(*row).render_derived()
    columns = {
        "tenant_id": literal(act.desk.tenant_id, AUDIT_SUBJECT.c.tenant_id.type),
        "bureau_id": literal(act.desk.bureau_id, AUDIT_SUBJECT.c.bureau_id.type),
        "entry_id": literal(entry_id, AUDIT_SUBJECT.c.entry_id.type),
        **{name: values.c[name] for name in row},
    }
    made = insert(AUDIT_SUBJECT).from_select(list(columns), select(*columns.values()))
    return made.returning(AUDIT_SUBJECT.c.id)


__all__ = ["KEY_LENGTH", "Done", "Request", "UseCase", "perform"]
