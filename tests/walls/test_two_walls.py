"""Row-level security alone, predicates alone, and both: three times the same answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from graphql.execution.values import VariableValues

from citywide.authz.principal import Principal
from citywide.evaluation.measures import SPLITS
from citywide.evaluation.published import possible_splits
from citywide.graph.compile import compile_operation
from citywide.graph.declare import Entity
from citywide.graph.plan import Plan
from walls.house import House
from walls.paths import granted, operations, paths_to_persons, roots, values

USERS = [
    "yijiaqin.director",
    "yijiaqin.worker1",
    "yijiaqin.volunteers",
    "yijiaqin.finance",
    "bureau.officer",
    "bureau.budget",
    "bureau.evaluator",
    "bureau.auditor",
    "bureau.analyst",
    "supervisor.lead",
    "supervisor.assistant2",
]
# Every so many operations of the walk; together with the root fields each type is among them.
SAMPLED = 6


@dataclass(frozen=True, slots=True)
class Walls:
    """One user's operations, run with either wall left out."""

    house: House
    principal: Principal
    plans: dict[tuple[str, bool], Plan] = field(default_factory=dict)

    def plan(self, document: str, *, has_predicates: bool) -> Plan:
        """Made once: that takes longer than running it."""
        key = (document, has_predicates)
        if key not in self.plans:
            self.plans[key] = self._plan(document, has_predicates=has_predicates)
        return self.plans[key]

    def _plan(self, document: str, *, has_predicates: bool) -> Plan:
        engine = self.house.engine
        return compile_operation(
            engine.schema,
            engine._admission.admit(document, None),
            VariableValues({}, {}),
            engine.policy.grants(self.principal.roles),
            self.principal.audience,
            has_predicates=has_predicates,
        )

    async def under_security(self, plan: Plan) -> str:
        """The answer to the audience's login, which row-level security stops."""
        async with self.house.database.read(self.principal.context) as transaction:
            return await self._run(transaction.connection, plan)

    async def without_security(self, plan: Plan) -> str:
        """The answer to the owner, whom nothing stops."""
        return await self._run(self.house.owner, plan)

    async def _run(self, connection: Any, plan: Plan) -> str:
        found: str = await connection.fetchval(plan.sql, *plan.values(self.principal, {}))
        return found


async def walls(house: House, user: str) -> Walls:
    return Walls(house, await house.principal(user))


async def root_operations(house: House, user: str) -> list[str]:
    """Each list and look-up with every value and order that the user may read."""
    readable = granted(await house.grants(user))
    found = []
    for root in roots(house.schema):
        if not readable(f"Query.{root.name}"):
            continue
        chosen = " ".join(values(root.target, readable))
        if root.target.root is None:
            found.append(f"{{ {root.name} {{ {chosen} }} }}")
            continue
        orders = [
            f"{key.lower()}: {root.name}(first: 5, orderBy: {{ field: {key}, direction: DESC }}, "
            f"where: {{ not: {{ {name}: {{ isNull: true }} }} }}) {{ totalCount nodes {{ id }} }}"
            for key, name in root.target.orders.items()
            if readable(f"{root.target.name}.{name}")
        ]
        page = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        listed = f"{root.name}(last: 100) {{ totalCount {page} nodes {{ {chosen} }} }}"
        found.append(f"{{ {listed} {' '.join(orders)} }}")
    return found


async def metric_operations(house: House, user: str) -> list[str]:
    """Every measure by every dimension that it can be split by and the user may ask for."""
    readable = granted(await house.grants(user))
    found = []
    grant = (await house.grants(user)).of("MetricValue.value")
    hides = grant is not None and grant.clear is None
    for measure, every in SPLITS.items():
        dimensions = possible_splits(measure) if hides else every
        if not readable(f"Measure.{measure}") or not dimensions:
            continue
        splits = ["", *(each for each in sorted(dimensions) if readable(f"Dimension.{each}"))]
        parts = [
            f"by{by}: metrics(measures: {measure}, by: [{by}])"
            " { rows { keys { value label } values { value } } }"
            for by in splits
        ]
        found.append(f"{{ {' '.join(parts)} }}")
    return found


async def walked_operations(house: House, user: str) -> list[str]:
    """Each path to a person that the user may read."""
    readable = granted(await house.grants(user))
    return operations(paths_to_persons(house.schema, readable), readable)


@pytest.mark.parametrize("user", USERS)
async def test_either_wall_alone_gives_the_answer_of_both(crowded: House, user: str) -> None:
    """And without either the answers differ, which proves that this can fail."""
    found = await walls(crowded, user)
    whole = [*await root_operations(crowded, user), *await metric_operations(crowded, user)]
    await expect_either_alone(found, whole)
    await expect_either_alone(found, (await walked_operations(crowded, user))[::SAMPLED])
    differing = {document for document in whole if await differs(found, document)}
    # A catalogue is one for everybody.
    shared = [f" {root.name}(" for root in roots(crowded.schema) if is_shared(root.target)]
    alike = {*whole} - differing
    assert alike == {each for each in alike if any(name in each for name in shared)}


@pytest.mark.long
@pytest.mark.parametrize("user", USERS)
async def test_either_wall_alone_gives_the_answer_of_both_on_every_path(
    crowded: House, user: str
) -> None:
    await expect_either_alone(await walls(crowded, user), await walked_operations(crowded, user))


async def expect_either_alone(found: Walls, documents: list[str]) -> None:
    for document in documents:
        whole = found.plan(document, has_predicates=True)
        both = await found.under_security(whole)
        bare = found.plan(document, has_predicates=False)
        assert await found.under_security(bare) == both, document
        assert await found.without_security(whole) == both, document


async def differs(found: Walls, document: str) -> bool:
    """Whether more is seen without either wall."""
    bare = found.plan(document, has_predicates=False)
    try:
        answer = await found.without_security(bare)
    except asyncpg.CardinalityViolationError:
        # The neighbours' rows of the same id: more than one where there can be one.
        return True
    return answer != await found.under_security(bare)


def is_shared(entity: Entity) -> bool:
    """Whether its rows belong to no tenant."""
    return "tenant_id" not in entity.table.c
