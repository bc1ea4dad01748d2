"""Whom a user's name means: looked up in the deployment's database, with the names near it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from difflib import get_close_matches

from sqlalchemy import select

from citywide.authz.membership import Membership, memberships_of
from citywide.db.migrate import check_ready
from citywide.db.session import Audience, Context, Database
from citywide.errors import OperatorError
from citywide.tenancy.models import BUREAU, MEMBER

# As many near matches as fit in a sentence.
NEAR_MATCHES = 5


def near(word: str, known: Iterable[str]) -> str:
    """A sentence with what `word` may have meant, or nothing."""
    by_folded = {each.casefold(): each for each in known}
    found = get_close_matches(word.casefold(), by_folded, n=NEAR_MATCHES)
    return f" Near it: {', '.join(by_folded[each] for each in found)}." if found else ""


@asynccontextmanager
async def people(url: str, *, secret: bytes) -> AsyncIterator[Database]:
    """The deployment's database, for looking up who somebody is."""
    await check_ready(url, secret=secret)
    audiences = (Audience.IDENTITY, Audience.OPERATOR)
    database = await Database.open(url, secret=secret, audiences=audiences)
    try:
        yield database
    finally:
        await database.close()


async def known(database: Database, user: str) -> Sequence[Membership]:
    """The user's memberships; raises `OperatorError` with near names when there are none."""
    found = await memberships_of(database, user)
    if not found:
        raise OperatorError(f"Nobody is called {user}.{near(user, await _subjects(database))}")
    return found


async def _subjects(database: Database) -> list[str]:
    """Every user name of the deployment; only its operator is shown these."""
    async with database.read(Context(Audience.IDENTITY)) as transaction:
        bureaus = [row["id"] for row in await transaction.rows(select(BUREAU.c.id))]
    names: list[str] = []
    for bureau in bureaus:
        async with database.read(Context(Audience.OPERATOR, bureau_id=bureau)) as transaction:
            names += [row["subject"] for row in await transaction.rows(select(MEMBER.c.subject))]
    return names
