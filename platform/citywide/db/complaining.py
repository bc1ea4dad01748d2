"""What a database says of an error, without the values that it quotes.

PostgreSQL leaves the row out of DETAIL where row-level security stands before the login, so this
matters for what the owner does, and for values that are of no use as what they are needed as.
"""

from __future__ import annotations

import re

import asyncpg

# `invalid input syntax for type date: "…"`; the driver's `invalid input for query argument $1: …`.
_QUOTED = re.compile(r'".*"|(?<=argument \$)([0-9]+).*', re.DOTALL)


def without_values(error: BaseException | None) -> None:
    """Take keys, rows and values out of an error of the driver's and of those it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, asyncpg.PostgresError):
            error.detail = None
        if isinstance(error, asyncpg.DataError):
            error.args = (_QUOTED.sub(r"\1", str(error)),)
        error = error.__cause__ or error.__context__
