"""What operations cost, in points: a point is about a millisecond of a processor.

Reading and planning a new document costs what it took. A statement costs what can be known of it
before it runs, so that an operation with the same variables always costs the same, however busy the
database is: how many rows it may answer (the product of page sizes along each path, summed, as
`Plan.rows` counts them), how long it is, and whether it counts rows beyond those.
"""

from __future__ import annotations

from collections.abc import Callable

# A statement of one row: an exchange with the database, its snapshot, and JSON.
STATEMENT_POINTS = 1.0
# Rows of some ten values that PostgreSQL finds and writes as JSON in a millisecond.
ROWS_PER_POINT = 100
# Characters of SQL that PostgreSQL reads and plans in a millisecond.
CHARACTERS_PER_POINT = 2_000
# A figure goes through rows that it does not answer: a city's year takes a second, an agency's
# month two milliseconds.
FIGURES_POINTS = 20.0
# A use case: its transaction reads what it depends on, writes, and is told in the trail.
ACT_POINTS = 5.0
# Values of its input that are checked and written in a millisecond: persons, sessions, amounts.
VALUES_PER_POINT = 20
# What a point is.
POINTS_PER_S = 1_000

# Told what is done for somebody, as it is begun; it refuses nothing.
Charge = Callable[[float], None]


def for_nothing(_: float) -> None:
    """Nobody pays."""


def statement_points(rows: int, characters: int, *, has_figures: bool) -> float:
    """The points of a statement of so many characters that may answer so many rows."""
    figures = FIGURES_POINTS if has_figures else 0.0
    size = rows / ROWS_PER_POINT + characters / CHARACTERS_PER_POINT
    return STATEMENT_POINTS + size + figures


def act_points(given: object) -> float:
    """The points of a use case with this input."""
    return ACT_POINTS + _values(given) / VALUES_PER_POINT


def _values(given: object) -> int:
    match given:
        case dict():
            return sum(map(_values, given.values()))
        case list():
            return sum(map(_values, given))
        case _:
            return 1


def making_points(seconds: float) -> float:
    """The points of work that took a processor so long."""
    return seconds * POINTS_PER_S
