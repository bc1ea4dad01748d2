"""What people once did, from rows of files: replayed in order, each on its day and in its name.

A replayed act is a use case of the domain, performed as the API performs it: with the rules of that
day, the rights of whoever the row names, an audit entry, and an idempotency key. The key makes a
second run, or one that goes on after an interruption, do nothing twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from strawberry.utils.str_converters import to_camel_case

from citywide.acts.models import IDEMPOTENCY_KEY
from citywide.acts.perform import Done, Request, UseCase, perform
from citywide.acts.problems import IdempotencyProblem, InputProblem
from citywide.acts.problems import Problem as ActProblem
from citywide.authz.membership import Memberships
from citywide.authz.policy import Policy
from citywide.authz.principal import Principal
from citywide.db.sealed import Sealer
from citywide.db.session import Context, Database
from citywide.errors import RefusalError
from citywide.exchange.records import CellError
from citywide.tenancy.reading import Problem, refuse_problems

CONSEQUENCE = "what came before it stays, and the next run goes on from there"
# How the audit trail calls the operation behind these entries.
OPERATION = "TenantsLoad"
# A key never changes once it is used: the next run looks for it.
_KEY = "pilot {}"


@dataclass(slots=True)
class Known:
    """The rows that later acts refer to, by what the files call them."""

    rows: dict[Hashable, Done] = field(default_factory=dict)

    def row(self, *name: Hashable) -> Done:
        """The row of this name; raises `CellError`."""
        if name not in self.rows:
            message = f"There is no {' '.join(map(str, name))}."
            raise CellError(message)
        return self.rows[name]

    def id(self, *name: Hashable) -> UUID:
        """The id of the row of this name."""
        return self.row(*name).row_id


@dataclass(frozen=True, slots=True)
class ReplayedAct:
    """One use case that somebody performed on one day.

    `step` orders acts of one day; `draft` makes the input when its turn has come, and `kept` is
    what later acts call the row that it led to.
    """

    day: date
    step: int
    name: str
    file: str
    line: int
    subject: str
    use_case: UseCase
    draft: Callable[[Known], Awaitable[Any]]
    kept: tuple[Hashable, ...] | None = None

    @property
    def key(self) -> str:
        """The idempotency key."""
        return _KEY.format(self.name)

    @property
    def coordinate(self) -> str:
        """What the policy calls the use case."""
        return f"Mutation.{to_camel_case(self.use_case.__name__)}"


def in_order(acts: Sequence[ReplayedAct]) -> list[ReplayedAct]:
    """Day by day, and within a day as the steps of the work follow each other."""
    return sorted(acts, key=lambda act: (act.day, act.step, act.file, act.line))


async def is_done(database: Database, sealer: Sealer, context: Context, act: ReplayedAct) -> bool:
    """Whether an act of the context's tenant was done, by an earlier run."""
    assert context.tenant_id is not None
    key = sealer.request_key(context.tenant_id, act.key)
    table = IDEMPOTENCY_KEY
    done = select(table.c.id).where(table.c.tenant_id == context.tenant_id, table.c.key == key)
    async with database.read(context) as transaction:
        return await transaction.scalar(done) is not None


async def replay(
    database: Database,
    acts: Sequence[ReplayedAct],
    known: Known,
    *,
    policy: Policy,
    sealer: Sealer,
    progress: Callable[[int], None],
) -> None:
    """Perform the acts in order; raises `OperatorError` with the first that cannot be done."""
    memberships = Memberships(database)
    people: dict[str, Principal] = {}
    for number, act in enumerate(in_order(acts), start=1):
        try:
            if act.subject not in people:
                people[act.subject] = await memberships.principal(act.subject, None)
            outcome = await _done(
                database, act, people[act.subject], known=known, policy=policy, sealer=sealer
            )
        except (CellError, RefusalError) as error:
            refuse_problems([Problem(act.file, act.line, str(error))], CONSEQUENCE)
            raise
        if not isinstance(outcome, Done):
            refuse_problems([*_problems(act, outcome)], CONSEQUENCE)
            return
        if act.kept is not None:
            known.rows[act.kept] = outcome
        progress(number)


async def _done(
    database: Database,
    act: ReplayedAct,
    principal: Principal,
    *,
    known: Known,
    policy: Policy,
    sealer: Sealer,
) -> Done | ActProblem:
    grant = policy.grants(principal.roles).of(act.coordinate)
    if grant is None or grant.clear is None:
        message = f"The roles of {act.subject} do not allow {act.coordinate}."
        raise CellError(message)
    request = Request(
        coordinate=act.coordinate,
        key=act.key,
        draft=await act.draft(known),
        logged={"file": act.file, "line": act.line},
        operation=OPERATION,
    )
    return await perform(
        database,
        request,
        act.use_case,
        principal=replace(principal, today=act.day),
        scope=grant.clear,
        sealer=sealer,
        policy=policy,
    )


def _problems(act: ReplayedAct, problem: ActProblem) -> list[Problem]:
    """The broken rules at the line of their row."""
    if isinstance(problem, InputProblem):
        said = [f"{'.'.join(fault.path)}: {fault.message}" for fault in problem.faults]
    elif isinstance(problem, IdempotencyProblem):
        said = ["It was done already, and the row said something else then: put that back."]
    else:
        said = [problem.message]
    return [Problem(act.file, act.line, f"{act.coordinate}: {each}") for each in said]
