"""The engine and the oracle side by side: one operation, two answers, and how they must agree."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLSchema, parse

from citywide.authz.membership import Memberships
from citywide.authz.principal import Principal
from citywide.db.sealed import Sealer
from citywide.db.session import Database
from citywide.errors import Code, RefusalError
from citywide.graph.cursors import Cursors
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from oracle.contract import Asker, answered
from oracle.lists import Lists
from oracle.refusals import Refusals
from oracle.sight import Sight
from oracle.world import World
from walls.house import PURPOSE


class Bench:
    """Compares the two for one principal after another; `outcomes` counts what came of it.

    No dataclass: Hypothesis tells a failure with the test's arguments and would print every row.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        database: Database,
        world: World,
        schema: GraphQLSchema,
        sealer: Sealer,
        cursors: Cursors,
    ) -> None:
        self.engine = engine
        self.database = database
        self.world = world
        self.schema = schema
        self.sealer = sealer
        self.cursors = cursors
        self.outcomes: Counter[str] = Counter()
        self._askers: dict[str, Asker] = {}

    async def asker(self, subject: str) -> Asker:
        """The oracle's view for one user."""
        if subject not in self._askers:
            principal = await Memberships(self.database).principal(subject, None)
            grants = self.engine.policy.grants(principal.roles)
            sight = Sight(self.world, self.engine.schema.entities, grants, principal)
            self._askers[subject] = Asker(sight, Lists(sight, self.cursors), self.sealer)
        return self._askers[subject]

    async def compare(self, subject: str, document: str, variables: Mapping[str, Any]) -> str:
        """Ask both, assert that they agree, and say how the operation ended."""
        asker = await self.asker(subject)
        outcome = await self._compare(asker, document, variables)
        self.outcomes[outcome] += 1
        return outcome

    async def _compare(self, asker: Asker, document: str, variables: Mapping[str, Any]) -> str:
        sight = asker.sight
        found = Refusals(self.schema, self.engine.schema.entities, sight.grants, asker.lists)
        found.walk(parse(document), variables)
        try:
            body = await self._asked(sight.principal, document, variables)
        except RefusalError as refusal:
            return _judged(refusal, found)
        assert not found.forbidden, f"answered in spite of {sorted(found.forbidden)}"
        assert not found.faults, f"answered in spite of {sorted(found.faults)}"
        expected = answered(self.schema, asker, document, variables)
        seen = dict(json.loads(body, object_pairs_hook=list))["data"]
        wanted = json.loads(expected, object_pairs_hook=list)
        assert seen == wanted, difference(seen, wanted)
        return "answered"

    async def _asked(
        self, principal: Principal, document: str, variables: Mapping[str, Any]
    ) -> bytes:
        return await self.engine.answer(Operation(document, None, variables, PURPOSE), principal)


def _judged(refusal: RefusalError, found: Refusals) -> str:
    """How a refused operation ended; a refusal without a reason fails."""
    if refusal.code is Code.FORBIDDEN:
        assert refusal.extensions["coordinates"] == sorted(found.forbidden)
        return "forbidden"
    if found.faults or found.latent:
        assert refusal.code in (Code.BAD_USER_INPUT, Code.LIMIT_EXCEEDED)
        return "faulty"
    # A limit on the plan's size: not about the input, so nothing that the oracle could know.
    assert refusal.code is Code.LIMIT_EXCEEDED, (refusal.code, refusal.message)
    return "too large"


def difference(seen: Any, wanted: Any, path: str = "data") -> str:
    """The first place where two answers differ."""
    if isinstance(seen, list) and isinstance(wanted, list):
        for place, (one, two) in enumerate(zip(seen, wanted, strict=False)):
            if one != two:
                return difference(one, two, f"{path}.{place}")
        return f"{path}: {len(seen)} entries instead of {len(wanted)}"
    return f"{path}: {seen!r} instead of {wanted!r}"
