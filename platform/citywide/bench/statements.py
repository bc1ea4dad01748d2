"""What the engine sends to the database for a request, overheard in process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import asyncpg

from citywide.authz.membership import Memberships
from citywide.bench.contenders import Statement
from citywide.bench.operations import PURPOSE, Asked
from citywide.db.session import Audience, Context, Database, Transaction
from citywide.domain import CATALOGUE
from citywide.graph.cursors import Cursors
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from citywide.graph.schema import build_schema
from citywide.web.app import load_policy


async def overheard(
    url: str, asked: dict[str, list[Asked]], *, secret: bytes, home: Path
) -> dict[str, list[Statement]]:
    """The statement of each request, in the requests' order, as if nobody noted what is read."""
    schema = build_schema(CATALOGUE)
    policy = load_policy(home / "policies", schema)
    database = await Database.open(url, secret=secret, audiences=[Audience.IDENTITY])
    try:
        memberships = Memberships(database)
        await memberships.look()
        listener = _Listener(secret)
        engine = Engine(schema, policy, listener, listener.sealer, Cursors(secret), reads=None)
        found: dict[str, list[Statement]] = {}
        for operation, requests in asked.items():
            for each in requests:
                principal = await memberships.principal(each.subject, None)
                sent = Operation(each.document, None, each.variables, PURPOSE)
                await engine.answer(sent, principal)
            found[operation] = listener.taken()
        return found
    finally:
        await database.close()


class _Listener(Database):
    """Stands where the database is, keeps what it is asked and answers an empty object."""

    def __init__(self, secret: bytes) -> None:
        super().__init__({}, secret, size=1)
        self._heard: list[Statement] = []

    def read(self, context: Context, *, is_heavy: bool = False) -> Transaction:
        del is_heavy
        return _Silence(self._heard, context)

    def taken(self) -> list[Statement]:
        """What was heard since the last time."""
        heard, self._heard = self._heard, []
        return heard


class _Silence(Transaction):
    """A transaction that never begins."""

    def __init__(self, heard: list[Statement], context: Context) -> None:
        self.connection = cast("asyncpg.Connection", _Listening(heard, context))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return


@dataclass(frozen=True, slots=True)
class _Listening:
    """Stands where the connection is."""

    heard: list[Statement]
    context: Context

    async def fetch(self, sql: str, *values: Any) -> list[tuple[str]]:
        """As asyncpg's."""
        self.heard.append(Statement(self.context, sql, values))
        return [("{}",)]
