"""A database with everything that stands before it: what a request meets, without HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

import asyncpg

from citywide.audit.reads import Read
from citywide.authz.grants import Grants
from citywide.authz.membership import Memberships
from citywide.authz.policy import Policy
from citywide.authz.principal import Principal
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Database
from citywide.domain import CATALOGUE
from citywide.errors import Code, RefusalError
from citywide.graph.cursors import Cursors
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from citywide.graph.schema import Schema, build_schema
from citywide.settings import CHECKOUT

# Whoever has to say why they read says this.
PURPOSE = "年度审计"
# Tests ask more in a minute than a person in a year.
MANY = 10**9


class NotedReads:
    """Keeps what was read in memory, where tests can look at it."""

    def __init__(self) -> None:
        self.noted: list[Read] = []

    async def note(self, read: Read) -> None:
        self.noted.append(read)


@dataclass(frozen=True, slots=True)
class House:
    """One database, its engine, and the owner's connection past both walls."""

    url: str
    database: Database
    engine: Engine
    memberships: Memberships
    owner: asyncpg.Connection
    reads: NotedReads
    cursors: Cursors

    @property
    def schema(self) -> Schema:
        return self.engine.schema

    async def principal(self, user: str) -> Principal:
        """Of `user`, or of "user at tenant" for one who belongs to several."""
        subject, _, tenant = user.partition(" at ")
        return await self.memberships.principal(subject, tenant or None)

    async def grants(self, user: str) -> Grants:
        return self.engine.policy.grants((await self.principal(user)).roles)

    async def bytes(self, user: str, document: str, **variables: Any) -> bytes:
        """The answer as it goes out; raises what the engine raises."""
        principal = await self.principal(user)
        return await self.engine.answer(Operation(document, None, variables, PURPOSE), principal)

    async def data(self, user: str, document: str, **variables: Any) -> Any:
        answer = json.loads(await self.bytes(user, document, **variables))
        assert "errors" not in answer, answer
        return answer["data"]

    async def act(
        self, user: str, mutation: str, selection: str = "", *, key: str | None = None, **given: Any
    ) -> Any:
        """What a mutation comes to: its result with `__typename` and, of a problem, everything.

        `selection` is what to read of the success. Input names are those of the schema.
        """
        kind = f"{mutation[0].upper()}{mutation[1:]}"
        document = (
            f"mutation Act($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename "
            f"... on {kind}Success {{ {selection or '__typename'} }} "
            "... on Problem { code message path } "
            "... on InputProblem { faults { code path message } } "
            f"{'... on StaleVersionProblem { currentVersion }' if 'version' in given else ''} }} }}"
        )
        given["idempotencyKey"] = key or str(uuid4())
        return (await self.data(user, document, input=given))[mutation]

    async def refusal(self, user: str, document: str, **variables: Any) -> RefusalError:
        """The refusal of an operation that must be refused."""
        try:
            answer = await self.bytes(user, document, **variables)
        except RefusalError as refusal:
            return refusal
        raise AssertionError(f"{user} was answered: {answer[:200]!r}")

    async def forbidden(self, user: str, document: str, **variables: Any) -> set[str]:
        """The coordinates that a refusal names, which says FORBIDDEN and nothing about data."""
        refusal = await self.refusal(user, document, **variables)
        assert refusal.code is Code.FORBIDDEN, refusal.message
        named = refusal.extensions["coordinates"]
        assert isinstance(named, list)
        assert refusal.message == f"Your roles do not allow: {', '.join(named)}."
        assert set(refusal.extensions) == {"coordinates"}
        return set(named)


@cache
def made_schema() -> Schema:
    """The schema of every declared entity: one in a process, since it takes a second."""
    return build_schema(CATALOGUE)


@cache
def made_policy(schema: Schema) -> Policy:
    """The shipped policy: one in a process as well."""
    return Policy.load(
        CHECKOUT / "policies", schema.coordinates(), schema.maskable(), schema.caseloads()
    )


@asynccontextmanager
async def opened_house(
    url: str, secret: bytes, schema: Schema, policy: Policy, *, like: House | None = None
) -> AsyncIterator[House]:
    """The house over the database at `url`; it plans what `like` has planned no second time."""
    database = await Database.open(url, secret=secret, audiences=Audience, size=4)
    owner = await asyncpg.connect(url)
    try:
        memberships = Memberships(database)
        await memberships.look()
        reads = NotedReads()
        cursors = Cursors(secret)
        engine = Engine(schema, policy, database, Sealer(secret), cursors, reads=reads, probes=MANY)
        if like is not None:
            engine._admission._documents = like.engine._admission._documents
            engine._plans._kept = like.engine._plans._kept
        yield House(url, database, engine, memberships, owner, reads, cursors)
    finally:
        await owner.close()
        await database.close()
