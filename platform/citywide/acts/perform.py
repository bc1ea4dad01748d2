"""Do an act: once for each idempotency key, wholly or not at all, with its audit and its events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    BigInteger,
    DateTime,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from citywide.acts.act import Act
from citywide.acts.models import IDEMPOTENCY_KEY
from citywide.acts.problems import (
    IdempotencyProblem,
    Problem,
    ProblemError,
    StaleVersionProblem,
    StateProblem,
    invalid,
)
from citywide.audit.chain import (
    changes_told,
    each_row,
    entry_of,
    link,
    locked_link,
    rows_told,
)
from citywide.audit.models import AUDIT_SUBJECT
from citywide.audit.words import AuditKind
from citywide.authz.grants import Scope
from citywide.authz.policy import Policy
from citywide.authz.principal import Principal
from citywide.db.compiled import Prepared
from citywide.db.sealed import Sealer
from citywide.db.session import Database, Transaction
from citywide.errors import InvalidError
from citywide.events.models import OUTBOX
from citywide.ids import new_id
from citywide.rules.fields import check, is_versioned

# A key is a UUID or what a frontend makes of its form; longer ones are a mistake.
KEY_LENGTH = 100
# Two acts that wait for each other, or the same key twice at once: one goes again.
ATTEMPTS = 3

_KEY = ("tenant_id", "member_id", "key")

UseCase = Callable[[Act, Any], Awaitable[UUID]]


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for: a mutation's coordinate, its input, and the key of this request.

    `draft` is the input as the use case takes it, `logged` as the audit trail may keep it: without
    what is sealed.
    """

    coordinate: str
    key: str
    draft: Any
    logged: Mapping[str, Any]
    operation: str | None = None

    def digest(self, sealer: Sealer, tenant_id: UUID) -> bytes:
        """Keyed, over what is asked for: what a draft says of a person can be guessed through."""
        plain = sha256(f"{self.coordinate}\n{self.draft!r}".encode()).digest()
        return sealer.request_digest(tenant_id, plain)


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
    policy: Policy,
) -> Done | Problem:
    """Run `use_case` in one transaction; a request repeated with its key is not done again."""
    for attempt in range(ATTEMPTS):
        try:
            async with database.write(principal.context) as transaction:
                return await _performed(
                    transaction,
                    request,
                    use_case,
                    principal=principal,
                    scope=scope,
                    sealer=sealer,
                    policy=policy,
                )
        except InvalidError as error:
            return await _twin(database, principal, request, sealer) or invalid(error)
        except ProblemError as error:
            is_stale = isinstance(error.problem, StaleVersionProblem)
            if not is_stale or is_versioned(request.draft):
                return await _twin(database, principal, request, sealer) or error.problem
            # Nobody said which version they had seen: somebody was there in between.
            if attempt == ATTEMPTS - 1:
                break
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
    database: Database, principal: Principal, request: Request, sealer: Sealer
) -> Done | Problem | None:
    """What the same request came to when it was done meanwhile.

    What it wrote is then the very reason why it could not be done twice.
    """
    async with database.read(principal.context) as transaction:
        return await _earlier(transaction, principal, request, sealer)


async def _performed(
    transaction: Transaction,
    request: Request,
    use_case: UseCase,
    *,
    principal: Principal,
    scope: Scope,
    sealer: Sealer,
    policy: Policy,
) -> Done | Problem:
    earlier = await _earlier(transaction, principal, request, sealer)
    if earlier is not None:
        return earlier
    check(request.draft, today=principal.today)
    act = Act(transaction, principal, scope, sealer, policy)
    row_id = await use_case(act, request.draft)
    done = Done(act.tenant_id, row_id)
    await _record(act, request, done)
    return done


async def _earlier(
    transaction: Transaction, principal: Principal, request: Request, sealer: Sealer
) -> Done | Problem | None:
    given = {
        "tenant_id": principal.tenant_id,
        "member_id": principal.member_id,
        "key": sealer.request_key(principal.tenant_id, request.key),
    }
    found = await transaction.fetch(_keys(), given)
    if not found:
        return None
    if found[0]["digest"] != request.digest(sealer, principal.tenant_id):
        message = "This idempotency key was used for something else: take a new one."
        return IdempotencyProblem(code="KEY_REUSED", message=message, path=["idempotencyKey"])
    return Done(found[0]["result_tenant_id"], found[0]["result_id"])


@cache
def _keys() -> Prepared:
    table = IDEMPOTENCY_KEY
    same = (table.c[name] == bindparam(name, type_=table.c[name].type) for name in _KEY)
    return Prepared.of(select(table).where(*same))


async def _record(act: Act, request: Request, done: Done) -> None:
    """Audit entry, events and idempotency key, in one statement at the end of the transaction.

    At the end, because the audit chain's head stays locked from just before until the commit.
    """
    now = datetime.now(UTC)
    principal = act.principal
    content = {
        "member": str(principal.member_id),
        "roles": sorted(map(str, principal.roles)),
        "from": str(principal.tenant_id),
        "operation": request.operation,
        "input": request.logged,
        **changes_told(act.transaction.changes),
        **rows_told(act.transaction.written),
        "persons": sorted(map(str, act.persons)),
    }
    entry = entry_of(
        tenant_id=act.tenant_id,
        bureau_id=act.bureau_id,
        kind=AuditKind.WRITE,
        occurred_at=now,
        actor=principal.subject,
        coordinate=request.coordinate,
        content=content,
        sealer=act.sealer,
    )
    values = {
        **await locked_link(act.transaction, entry),
        "tenant_id": act.tenant_id,
        "bureau_id": act.bureau_id,
        "key_id": new_id(),
        "key_tenant_id": principal.tenant_id,
        "member_id": principal.member_id,
        "key": act.sealer.request_key(principal.tenant_id, request.key),
        "digest": request.digest(act.sealer, principal.tenant_id),
        "result_id": done.row_id,
        "event_ids": [new_id() for _ in act.events],
        "topics": [event.topic for event in act.events],
        "row_ids": [event.row_id for event in act.events],
        "subject_ids": [new_id() for _ in act.persons],
        "person_ids": sorted(act.persons),
    }
    await act.transaction.fetch(_recording(), values)


@cache
def _recording() -> Prepared:
    """Everything that an act leaves behind, but for its own rows."""
    head, appended = link()
    now = bindparam("entry_occurred_at", type_=DateTime(timezone=True))
    tenant_id = bindparam("tenant_id", type_=Uuid())
    bureau_id = bindparam("bureau_id", type_=Uuid())
    key = insert(IDEMPOTENCY_KEY).values(
        tenant_id=bindparam("key_tenant_id", type_=Uuid()),
        bureau_id=bureau_id,
        id=bindparam("key_id", type_=Uuid()),
        member_id=bindparam("member_id", type_=Uuid()),
        key=bindparam("key", type_=Text()),
        coordinate=bindparam("entry_coordinate", type_=Text()),
        digest=bindparam("digest", type_=LargeBinary()),
        done_at=now,
        result_tenant_id=tenant_id,
        result_id=bindparam("result_id", type_=Uuid()),
    )
    owned = {"tenant_id": cast(tenant_id, Uuid), "bureau_id": cast(bureau_id, Uuid)}
    current = cast(cast(func.pg_current_xact_id(), Text), BigInteger)
    events = each_row(
        OUTBOX,
        {"id": "event_ids", "topic": "topics", "row_id": "row_ids"},
        {**owned, "occurred_at": cast(now, DateTime(timezone=True)), "transaction": current},
    )
    subjects = each_row(
        AUDIT_SUBJECT,
        {"id": "subject_ids", "person_id": "person_ids"},
        {**owned, "entry_id": cast(bindparam("entry_id", type_=Uuid()), Uuid)},
    )
    return Prepared.of(
        appended.add_cte(head)
        .add_cte(key.returning(IDEMPOTENCY_KEY.c.id).cte("key"))
        .add_cte(events.cte("told"))
        .add_cte(subjects.cte("about"))
    )


__all__ = ["KEY_LENGTH", "Done", "Request", "UseCase", "perform"]
