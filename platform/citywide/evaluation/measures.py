"""What can be counted: each measure is one declaration over a fact, with its unit.

A measure counts or adds up rows of one fact; a ratio keeps numerator and denominator.
Units are never mixed, and no figure is ever added to one of another measure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, and_, case, cast, func, literal_column
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from citywide.assessments.graph import change_of_score
from citywide.evaluation.facts import (
    Fact,
    Wanted,
    assessments,
    attendances,
    certified_hours,
    closed_cases,
    files,
    needs,
    opened_cases,
    promises,
    records,
    vouchers,
)
from citywide.evaluation.words import Dimension, Measure, Unit

Aggregate = Callable[[Fact], FunctionElement[Any]]


def _rows(fact: Fact) -> FunctionElement[Any]:
    return func.count(fact.row.c.id.distinct()) if fact.is_repeated else func.count()


def _persons(fact: Fact) -> FunctionElement[Any]:
    """Each person once."""
    return func.count(fact.person.distinct())


def _total(column: str) -> Aggregate:
    return lambda fact: func.sum(fact.row.c[column])


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The declaration of one measure.

    `count` is what is counted of the rows for which `only` holds; `over`, of a ratio, what it is
    divided by. `by_segment` says that each row is about one person, whose service type can split
    it; `served`, that whom a row is about are those served there. Only what is `additive`, so
    that the figures of parts add up to that of the whole, is told where small cells are hidden.
    """

    fact: Callable[[Wanted], Fact]
    unit: Unit
    count: Aggregate = _rows
    over: Aggregate | None = None
    only: Callable[[Fact], ColumnElement[bool]] | None = None
    by_segment: bool = False
    served: bool = False
    additive: bool = True

    @property
    def is_about_persons(self) -> bool:
        """Whether its rows are persons, or what happened to one."""
        return self.fact in _OF_PERSONS


_OF_PERSONS = frozenset(
    {files, attendances, needs, assessments, opened_cases, closed_cases, certified_hours}
)


# -- measures --------------------------------------------------------------------------------


def _as(role: str) -> Callable[[Fact], ColumnElement[bool]]:
    return lambda fact: fact.row.c.role == literal_column(f"'{role}'")


def _received(kind: str) -> Callable[[Fact], ColumnElement[bool]]:
    return lambda fact: and_(
        fact.row.c.role == literal_column("'BENEFICIARY'"),
        fact.keys["KIND"] == literal_column(f"'{kind}'"),
    )


def _is_answered(fact: Fact) -> ColumnElement[bool]:
    return fact.row.c.answered_on.is_not(None)


def _on_time(fact: Fact) -> FunctionElement[Any]:
    is_on_time = fact.row.c.answered_on <= fact.row.c.due_on
    return func.sum(case((is_on_time, literal_column("1")), else_=literal_column("0")))


def _days(fact: Fact) -> FunctionElement[Any]:
    return func.sum(cast(fact.row.c.answered_on - fact.row.c.raised_on, BigInteger))


def _change(fact: Fact) -> ColumnElement[Any]:
    return change_of_score(fact.row)


MEASURES: Mapping[str, Measured] = {
    Measure.BENEFICIARIES_ON_FILE: Measured(
        fact=files,
        unit=Unit.PERSONS,
        by_segment=True,
    ),
    Measure.PERSONS_SERVED: Measured(
        fact=attendances,
        unit=Unit.PERSONS,
        count=_persons,
        only=_as("BENEFICIARY"),
        by_segment=True,
        additive=False,
    ),
    Measure.SOCIAL_WORKER_TURNOUTS: Measured(
        fact=attendances,
        unit=Unit.PERSON_TIMES,
        only=_as("WORKER"),
        served=True,
    ),
    Measure.VOLUNTEER_TURNOUTS: Measured(
        fact=attendances,
        unit=Unit.PERSON_TIMES,
        only=_as("VOLUNTEER"),
        served=True,
    ),
    Measure.VOLUNTEER_MINUTES: Measured(
        fact=certified_hours,
        unit=Unit.MINUTES,
        count=_total("minutes"),
    ),
    Measure.SERVICES: Measured(
        fact=records,
        unit=Unit.OCCURRENCES,
        served=True,
    ),
    Measure.CASE_COUNSELLING: Measured(
        fact=attendances,
        unit=Unit.PERSON_TIMES,
        only=_received("CASE_SESSION"),
        by_segment=True,
    ),
    Measure.GROUP_ACTIVITIES: Measured(
        fact=records,
        unit=Unit.OCCURRENCES,
        only=lambda fact: fact.row.c.kind == literal_column("'GROUP_SESSION'"),
        served=True,
    ),
    Measure.HOME_HELP: Measured(
        fact=attendances,
        unit=Unit.PERSON_TIMES,
        only=_received("HOME_HELP"),
        by_segment=True,
    ),
    Measure.NEEDS_RAISED: Measured(
        fact=needs,
        unit=Unit.OCCURRENCES,
        by_segment=True,
    ),
    Measure.NEEDS_ANSWERED: Measured(
        fact=needs,
        unit=Unit.OCCURRENCES,
        only=_is_answered,
        by_segment=True,
        additive=False,
    ),
    Measure.NEEDS_ANSWERED_ON_TIME: Measured(
        fact=needs,
        unit=Unit.SHARE,
        count=_on_time,
        over=_rows,
        only=_is_answered,
        by_segment=True,
        additive=False,
    ),
    Measure.DAYS_TO_ANSWER: Measured(
        fact=needs,
        unit=Unit.DAYS,
        count=_days,
        over=_rows,
        only=_is_answered,
        by_segment=True,
        additive=False,
    ),
    Measure.SATISFACTION: Measured(
        fact=needs,
        unit=Unit.POINTS,
        count=_total("satisfaction"),
        over=_rows,
        only=lambda fact: fact.row.c.satisfaction.is_not(None),
        by_segment=True,
        additive=False,
    ),
    Measure.ASSESSMENTS: Measured(
        fact=assessments,
        unit=Unit.OCCURRENCES,
        by_segment=True,
    ),
    Measure.SCORE_CHANGE: Measured(
        fact=assessments,
        unit=Unit.POINTS,
        count=lambda fact: func.sum(_change(fact)),
        over=_persons,
        only=lambda fact: _change(fact).is_not(None),
        by_segment=True,
        additive=False,
    ),
    Measure.CASES_OPENED: Measured(
        fact=opened_cases,
        unit=Unit.OCCURRENCES,
        by_segment=True,
    ),
    Measure.CASES_CLOSED: Measured(
        fact=closed_cases,
        unit=Unit.OCCURRENCES,
        by_segment=True,
        additive=False,
    ),
    Measure.MONEY_COMMITTED: Measured(
        fact=promises,
        unit=Unit.FEN,
        count=_total("amount_fen"),
        additive=False,
    ),
    Measure.MONEY_SPENT: Measured(
        fact=vouchers,
        unit=Unit.FEN,
        count=_total("amount_fen"),
        additive=False,
    ),
}
_EVERY = Wanted(frozenset(Dimension))
SPLITS: Mapping[str, frozenset[str]] = {
    name: frozenset(each.fact(_EVERY).keys) - (frozenset() if each.by_segment else {"SEGMENT"})
    for name, each in MEASURES.items()
}
