"""Figures for those who see aggregates only: nothing that is told depends on a small cell alone.

A *base cell* is one agency, project, community, kind and month of one measure, whatever is
asked. A cell about five persons or more is published as it is. All others of an agency are
rounded together to multiples of five in one fixed order (controlled rounding by cumulated sums:
I. P. Fellegi, "Controlled random rounding", Survey Methodology 1, 1975; L. Willenborg and
T. de Waal, "Elements of Statistical Disclosure Control", 2001, ch. 9; A. Hundepool et al.,
"Statistical Disclosure Control", 2012, ch. 5), and the agency's total is kept: what the rounding
leaves goes to its largest published cell. An agency about fewer than five persons is left out.

Every answer is a sum of published cells, whoever asks what and how often. So differences,
periods and filters give nothing but published cells, each of which is possible for several
values of the small ones: no set of questions can be solved for one of them. A sum with neither
a cell about five persons nor two cells that were rounded up is null, as nothing is.

Days are whole months: a window that moved day by day would show where a rounded sum turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    and_,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.sql import ColumnElement

from citywide.errors import Code, RefusalError
from citywide.evaluation.counting import (
    Conditions,
    Counting,
    Figure,
    Part,
    chosen,
    days,
    scan,
)
from citywide.evaluation.facts import TIME_DIMENSIONS, Wanted, in_time
from citywide.evaluation.measures import MEASURES, SPLITS, Measured

# A cell about fewer persons tells who they are to somebody who knows the community; it is also
# the base of the rounding.
SMALLEST_CELL = 5
_FIVE: ColumnElement[int] = literal_column(str(SMALLEST_CELL), Integer)
_FOUR: ColumnElement[int] = literal_column(str(SMALLEST_CELL - 1), Integer)
_ZERO: ColumnElement[int] = literal_column("0", Integer)


def possible_splits(measure: str) -> frozenset[str]:
    """What a published figure can be split by; nothing where the measure is not published.

    Whoever is enrolled in two projects would be in two cells, and a service type is a judgement.
    """
    if not MEASURES[measure].additive:
        return frozenset()
    is_file = measure == "BENEFICIARIES_ON_FILE"
    return SPLITS[measure] - {"SEGMENT"} - ({"PROJECT"} if is_file else frozenset())


class Publishing(Counting):
    """Counts figures out of published cells."""

    def parts(self, figures: Sequence[Figure]) -> list[Part]:
        """One part for each figure: no two measures have the same small cells."""
        return [self._published(figure) for figure in figures]

    @property
    def is_whole(self) -> bool:
        """Whether whole agencies are asked for, whose totals are kept."""
        return set(self.question.by) <= {"AGENCY"} and not set(self.question.where) - {"agencies"}

    def _published(self, figure: Figure) -> Part:
        names = sorted(possible_splits(figure.measure) - TIME_DIMENSIONS)
        cells = self._cells(figure.measured, names)
        keys = {name: cells.c[name.lower()] for name in names}
        if "MONTH" in possible_splits(figure.measure):
            keys |= in_time(cells.c.month)
        found: ColumnElement[Any] = func.sum(cells.c.published)
        if not self.is_whole:
            is_told = or_(
                func.bool_or(~cells.c.small),
                func.count().filter(and_(cells.c.small, cells.c.published > _ZERO))
                > literal_column("1"),
            )
            found = case((is_told, found), else_=null())
        conditions = [
            *chosen(self.access, self.question.where, keys),
            *self._months(cells, figure),
        ]
        return Part(
            [keys[name] for name in self.question.by], {figure: (found, None)}, cells, conditions
        )

    def _months(self, cells: Any, figure: Figure) -> Conditions:
        first, last = days(
            self.access, self.question.where, is_before=figure.is_before, check=check_month
        )
        found: Conditions = []
        if last is not None:
            found.append(cells.c.month < last)
        if "open" in cells.c:
            still = cells.c.open if first is None else cells.c.last_month >= first
            found.append(still if first is None else or_(cells.c.last_month.is_(None), still))
        elif first is not None:
            found.append(cells.c.month >= first)
        return found

    def _cells(self, measured: Measured, names: Sequence[str]) -> Any:
        """The base cells with what is published of each."""
        fact = measured.fact(Wanted(frozenset(names), served=measured.served))
        conditions = [*scan(self.access, fact)]
        if measured.only is not None:
            conditions.append(measured.only(fact))
        columns = [fact.keys[name].label(name.lower()) for name in names]
        columns.append(_month(fact.first_day).label("month"))
        if fact.last_day is not None:
            columns += self._endings(fact.last_day)
            conditions.append(fact.first_day <= self.access.binds.principal("today", Date()))
        persons = func.count(fact.person.distinct()).label("persons")
        agency = fact.keys["AGENCY"].label("agency")
        base: Any = (
            select(*columns, cast(measured.count(fact), BigInteger).label("counted"), persons)
            .select_from(fact.source)
            .where(and_(true(), *conditions))
            .group_by(*[column.element for column in columns])
            .subquery()
        )
        whole: Any = (
            select(agency, persons)
            .select_from(fact.source)
            .where(and_(true(), *conditions))
            .group_by(fact.keys["AGENCY"])
            .subquery()
        )
        order = [base.c.month, *(base.c[c.name] for c in columns if c.name != "month")]
        is_small = base.c.persons.between(literal_column("1"), _FOUR)
        pooled = case((is_small, base.c.counted), else_=_ZERO)
        mine = base.c.agency
        run = func.sum(pooled).over(partition_by=mine, order_by=order)
        windows: Any = (
            select(
                *[base.c[column.name] for column in columns],
                base.c.counted,
                is_small.label("small"),
                cast(run, BigInteger).label("run"),
                cast(func.sum(pooled).over(partition_by=mine), BigInteger).label("pool"),
                func.bool_or(~is_small).over(partition_by=mine).label("has_large"),
                func.row_number()
                .over(partition_by=[mine, is_small], order_by=[base.c.counted.desc(), *order])
                .label("largest"),
                func.count().filter(is_small).over(partition_by=mine).label("smalls"),
                func.count()
                .filter(is_small)
                .over(partition_by=mine, order_by=order)
                .label("place"),
            )
            .select_from(base.join(whole, whole.c.agency == base.c.agency))
            .where(or_(whole.c.persons == _ZERO, whole.c.persons >= _FIVE))
            .subquery()
        )
        return (
            select(
                *[windows.c[column.name] for column in columns],
                windows.c.small,
                _published(windows).label("published"),
            )
            .select_from(windows)
            .subquery()
        )

    def _endings(self, last_day: ColumnElement[Any]) -> list[Any]:
        """Until when a file is open: the month of its last day, and whether that has come."""
        today = self.access.binds.principal("today", Date())
        return [
            _month(last_day - literal_column("1")).label("last_month"),
            func.coalesce(last_day > today, literal_column("true")).label("open"),
        ]


def _month(day: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.date_trunc(literal_column("'month'"), day), Date)


def _published(cell: Any) -> ColumnElement[Any]:
    """What is told of a base cell: itself, or multiples of five of the small ones before it."""
    columns = cell.c
    left = columns.pool % _FIVE
    # Without a large cell the total gives the pool away; beginning in the middle of a five then
    # leaves the first and the last small cell as open as the others.
    half = (_FOUR - left) // literal_column("2", Integer)
    start = case((columns.has_large, _ZERO), else_=half)
    reached = (columns.run + start) // _FIVE
    before = (columns.run - columns.counted + start) // _FIVE
    is_last = and_(~columns.has_large, columns.place == columns.smalls)
    rounded = _FIVE * (reached - before) + case((is_last, left), else_=_ZERO)
    is_largest = columns.largest == literal_column("1")
    as_it_is = columns.counted + case((is_largest, left), else_=_ZERO)
    return case((columns.small, rounded), else_=as_it_is)


def check_month(day: date) -> None:
    """Refuse a day that is not the first of a month."""
    if day.day != 1:
        message = (
            f"{day} is not the first day of a month; your roles see figures of whole months only."
        )
        raise RefusalError(Code.BAD_USER_INPUT, message)
