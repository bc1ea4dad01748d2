"""What the database can hold of the values that JSON, GraphQL and Python can spell.

Asked at every door by which such a value comes in: scalars, filters, cursors, messages.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import asyncpg

# PostgreSQL counts days from here.
_EPOCH = date(2000, 1, 1).toordinal()
# The last day that Python can tell.
_LAST = date.max.toordinal()


def is_storable_text(text: str) -> bool:
    """Whether PostgreSQL, whose texts are UTF-8 without NUL, can hold it.

    JSON can spell half of a surrogate pair, and a NUL; both are characters for Python.
    """
    if text.isprintable():
        return True
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def is_storable_instant(instant: datetime) -> bool:
    """Whether it is one on every machine, and within the years that a date can have in UTC."""
    if instant.tzinfo is None:
        return False
    try:
        instant.astimezone(UTC)
    except OverflowError:
        return False
    return True


async def hold_every_day(connection: asyncpg.Connection[Any]) -> None:
    """Make a connection take each day for itself.

    The driver takes the first and the last day that Python knows for the infinities, which are no
    days: what is counted from one is an error, and what is shown of one is the word.
    """
    await connection.set_type_codec(
        "date", schema="pg_catalog", format="tuple", encoder=_encoded, decoder=_decoded
    )


def _encoded(day: date) -> tuple[int]:
    return (day.toordinal() - _EPOCH,)


def _decoded(days: tuple[int]) -> date:
    # An infinity that was written before is the day that it was meant for.
    return date.fromordinal(min(max(days[0] + _EPOCH, 1), _LAST))
