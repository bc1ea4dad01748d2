"""What can be counted: each measure is one declaration over a fact, with its unit.

A measure counts or adds up rows of one fact; a ratio keeps numerator and denominator.
Units are never mixed, and no figure is ever added to one of another measure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
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


@strawberry.enum(description="What figures can be split by.")
class Dimension(Enum):
    AGENCY = "AGENCY"
    PROJECT = "PROJECT"
    AREA = "AREA"
    SEGMENT = "SEGMENT"
    KIND = "KIND"
    DEPARTMENT = "DEPARTMENT"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


@strawberry.enum(description="What a figure counts; different units are never added together.")
class Unit(Enum):
    PERSONS = "PERSONS"
    PERSON_TIMES = "PERSON_TIMES"
    OCCURRENCES = "OCCURRENCES"
    DAYS = "DAYS"
    POINTS = "POINTS"
    SHARE = "SHARE"
    MINUTES = "MINUTES"
    FEN = "FEN"


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

    description: str
    fact: Callable[[Wanted], Fact]
    unit: Unit
    count: Aggregate = _rows
    over: Aggregate | None = None
    only: Callable[[Fact], ColumnElement[bool]] | None = None
    by_segment: bool = False
    served: bool = False
    additive: bool = True


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
    "BENEFICIARIES_ON_FILE": Measured(
        description="Persons with an open file, today or on a day of the period.",
        fact=files,
        unit=Unit.PERSONS,
        by_segment=True,
    ),
    "PERSONS_SERVED": Measured(
        description="Persons who were served, each counted once.",
        fact=attendances,
        unit=Unit.PERSONS,
        count=_persons,
        only=_as("BENEFICIARY"),
        by_segment=True,
        additive=False,
    ),
    "SOCIAL_WORKER_TURNOUTS": Measured(
        description="Social workers turned out.",
        fact=attendances,
        unit=Unit.PERSON_TIMES,
        only=_as("WORKER"),
        served=True,
    ),
    "VOLUNTEER_TURNOUTS": Measured(
        description="Volunteers turned out.",
        fact=attendances,
        unit=Unit.PERSON_TIMES,
        only=_as("VOLUNTEER"),
        served=True,
    ),
    "VOLUNTEER_MINUTES": Measured(
        description="Certified time of volunteers, in minutes.",
        fact=certified_hours,
        unit=Unit.MINUTES,
        count=_total("minutes"),
    ),
    "SERVICES": Measured(
        description="Services delivered, of whatever kind.",
        fact=records,
        unit=Unit.OCCURRENCES,
        served=True,
    ),
    "CASE_COUNSELLING": Measured(
        description="Persons counselled in a case session, each time.",
        fact=attendances,
        unit=Unit.PERSON_TIMES,
        only=_received("CASE_SESSION"),
        by_segment=True,
    ),
    "GROUP_ACTIVITIES": Measured(
        description="Group activities held.",
        fact=records,
        unit=Unit.OCCURRENCES,
        only=lambda fact: fact.row.c.kind == literal_column("'GROUP_SESSION'"),
        served=True,
    ),
    "HOME_HELP": Measured(
        description="Persons helped at home, each time.",
        fact=attendances,
        unit=Unit.PERSON_TIMES,
        only=_received("HOME_HELP"),
        by_segment=True,
    ),
    "NEEDS_RAISED": Measured(
        description="Questions and requests raised.",
        fact=needs,
        unit=Unit.OCCURRENCES,
        by_segment=True,
    ),
    "NEEDS_ANSWERED": Measured(
        description="Of those raised in the period, the ones that were answered.",
        fact=needs,
        unit=Unit.OCCURRENCES,
        only=_is_answered,
        by_segment=True,
        additive=False,
    ),
    "NEEDS_ANSWERED_ON_TIME": Measured(
        description="Of those raised in the period and answered, how many by the day due.",
        fact=needs,
        unit=Unit.SHARE,
        count=_on_time,
        over=_rows,
        only=_is_answered,
        by_segment=True,
        additive=False,
    ),
    "DAYS_TO_ANSWER": Measured(
        description="From raising to answer in the mean, of those raised in the period.",
        fact=needs,
        unit=Unit.DAYS,
        count=_days,
        over=_rows,
        only=_is_answered,
        by_segment=True,
        additive=False,
    ),
    "SATISFACTION": Measured(
        description="What persons gave an answer they got, 1 to 5 in the mean.",
        fact=needs,
        unit=Unit.POINTS,
        count=_total("satisfaction"),
        over=_rows,
        only=lambda fact: fact.row.c.satisfaction.is_not(None),
        by_segment=True,
        additive=False,
    ),
    "ASSESSMENTS": Measured(
        description="Approved needs assessments.",
        fact=assessments,
        unit=Unit.OCCURRENCES,
        by_segment=True,
    ),
    "SCORE_CHANGE": Measured(
        description=(
            "How far the need of a person changed from the first to the last assessment, in the "
            "mean; what each assessment of the period changed is added up. Less is less need."
        ),
        fact=assessments,
        unit=Unit.POINTS,
        count=lambda fact: func.sum(_change(fact)),
        over=_persons,
        only=lambda fact: _change(fact).is_not(None),
        by_segment=True,
        additive=False,
    ),
    "CASES_OPENED": Measured(
        description="Cases opened.",
        fact=opened_cases,
        unit=Unit.OCCURRENCES,
        by_segment=True,
    ),
    "CASES_CLOSED": Measured(
        description="Cases closed.",
        fact=closed_cases,
        unit=Unit.OCCURRENCES,
        by_segment=True,
        additive=False,
    ),
    "MONEY_COMMITTED": Measured(
        description="Promised in the period, spent or not, in fen.",
        fact=promises,
        unit=Unit.FEN,
        count=_total("amount_fen"),
        additive=False,
    ),
    "MONEY_SPENT": Measured(
        description="Owed on approved vouchers of the period, in fen.",
        fact=vouchers,
        unit=Unit.FEN,
        count=_total("amount_fen"),
        additive=False,
    ),
}
_EVERY = Wanted(frozenset(dimension.name for dimension in Dimension))
SPLITS: Mapping[str, frozenset[str]] = {
    name: frozenset(each.fact(_EVERY).keys) - (frozenset() if each.by_segment else {"SEGMENT"})
    for name, each in MEASURES.items()
}

if TYPE_CHECKING:

    class Measure(Enum):
        """The measures by name."""

else:
    Measure = strawberry.enum(
        Enum(
            "Measure",
            {
                name: strawberry.enum_value(name, description=each.description)
                for name, each in MEASURES.items()
            },
        ),
        description="A figure computed from records; each has a unit of its own.",
    )
