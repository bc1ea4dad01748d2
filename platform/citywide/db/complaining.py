"""What is kept of an error, without the values that it quotes: they may be what people sent.

PostgreSQL leaves the row out of DETAIL where row-level security stands before the login; an owner
is told it. Of Python's own errors those quote values that are about values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import asyncpg

# `invalid input syntax for type date: "…"`; the driver's `invalid input for query argument $1: …`.
_QUOTED = re.compile(r"""".*"|'.*'|(?<=argument \$)([0-9]+).*""", re.DOTALL)
_QUOTING = (asyncpg.DataError, ValueError, LookupError, AssertionError)


def without_values(error: BaseException | None) -> None:
    """Take keys, rows and values out of what an error says, and those it came from."""
    for each in _all_of(error, set()):
        if isinstance(each, asyncpg.PostgresError):
            each.detail = None
        if isinstance(each, KeyError):
            each.args = tuple("…" for _ in each.args)
        elif isinstance(each, _QUOTING):
            each.args = tuple(_QUOTED.sub(r"\1", str(given)) for given in each.args)


def _all_of(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for other in (error.__cause__, error.__context__, *inner):
        yield from _all_of(other, seen)
