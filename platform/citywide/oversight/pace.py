"""An even pace and what comes of the present one, as SQL over days; sums stay exact to the fen.

A share of a sum is told as the difference of two whole parts, what belongs before its end and
what belongs before its start. So shares of neighbouring periods add up to that of both together,
and those of a whole run to the sum, whatever the split.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import TIMESTAMP, Date, FromClause, Numeric, case, cast, func, literal_column
from sqlalchemy.sql import ColumnElement

Sql = ColumnElement[Any]
# How many full months the forecast looks back: one is chance, and a year is no pace. A run rate
# over three months is what earned-value forecasts use (GAO-20-195G, estimates at completion).
MONTHS_BACK = 3
MONTH: Sql = literal_column("interval '1 month'")
_ONE: Sql = literal_column("1")


def part(total: Sql, done: Sql, every: Sql) -> Sql:
    """The whole fen of `total` that belong to the first `done` of `every` days; 0 of nothing."""
    share = func.div(
        cast(total, Numeric) * cast(done, Numeric), cast(func.nullif(every, 0), Numeric)
    )
    return func.coalesce(share, 0)


def month_of(day: Sql) -> Sql:
    """The first day of a day's month."""
    return cast(func.date_trunc(literal_column("'month'"), cast(day, TIMESTAMP)), Date)


def next_month(first: Sql) -> Sql:
    """The first day of the month after the one that begins on `first`."""
    return cast(first + MONTH, Date)


def label(day: Sql) -> Sql:
    """A day's month as 2015-03."""
    return func.to_char(day, literal_column("'YYYY-MM'"))


def elapsed(run: FromClause, day: Sql) -> Sql:
    """Days of a run before `day`."""
    return func.greatest(func.least(day, run.c.valid_until) - run.c.valid_from, 0)


def length(run: FromClause) -> Sql:
    """Days of a run."""
    return run.c.valid_until - run.c.valid_from


def ahead(run: FromClause, day: Sql, today: Sql) -> Sql:
    """Days of a run after today and before `day`."""
    tomorrow = func.greatest(today + _ONE, run.c.valid_from)
    return func.greatest(func.least(day, run.c.valid_until) - tomorrow, 0)


def recent(run: FromClause, today: Sql) -> tuple[Sql, Sql]:
    """The days that the forecast looks back on: the first, and the first one after them.

    The last three full months of the run, or what there is of them; in its first month the days
    so far.
    """
    this_month = month_of(today)
    end = case((this_month > run.c.valid_from, this_month), else_=today + _ONE)
    back: Sql = literal_column(f"interval '{MONTHS_BACK} months'")
    start = func.greatest(cast(this_month - back, Date), run.c.valid_from)
    return start, func.least(end, run.c.valid_until)
