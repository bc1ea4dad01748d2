"""Figures for those who see aggregates only: nothing that is told depends on a small cell alone.

A *base cell* is one agency, project, community, kind and month of one measure, whatever is
asked. A cell about five persons or more is published as it is. The others of an agency and kind
are rounded together to multiples of six in one fixed order (controlled rounding by cumulated sums:
I. P. Fellegi, "Controlled random rounding", Survey Methodology 1, 1975; L. Willenborg and
T. de Waal, "Elements of Statistical Disclosure Control", 2001, ch. 9; A. Hundepool et al.,
"Statistical Disclosure Control", 2012, ch. 5). What is rounded is what each holds beyond one, for
whoever knows that a cell is there knows that it holds one; the ones are told as a six at every
sixth cell. What is left goes to the largest published cell, or to the last small one, so
that the total is kept. An agency's kind about fewer than five persons is left out.

Every answer is a sum of published cells, whoever asks what and how often. So differences,
periods and filters give nothing but published cells, each of which is possible for at least three
values of every small one: no set of questions can be solved for one of them. Two measures of the
same cells have the same grid, since it ends with agency and kind. A sum with neither a cell about
five persons nor two cells that were rounded up is null, as nothing is.

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
from citywide.evaluation.facts import PERIODS, Wanted, in_time, start
from citywide.evaluation.measures import MEASURES, SPLITS, Measured
from citywide.evaluation.words import Unit

# A cell about fewer persons tells who they are to somebody who knows the community.
SMALLEST_CELL = 5


def _number(number: int) -> ColumnElement[int]:
    return literal_column(str(number), Integer)


_ZERO, _ONE, _TWO = _number(0), _number(1), _number(2)
# More than a small cell can be about. Files of such a cell are up to three beyond one, and a run of
# full cells grows by threes: counted from two it never meets a bound of a six, but one of a five.
_BASE = _number(6)
# Small cells of one such value are rounded together, those of two never.
_GRID = frozenset({"AGENCY", "KIND"})


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
        names = sorted(possible_splits(figure.measure) - PERIODS.keys())
        cells = self._cells(figure.measured, names)
        keys = {name: cells.c[name.lower()] for name in names}
        if "MONTH" in possible_splits(figure.measure):
            keys |= in_time(cells.c.month, cells.c.month)
        found: ColumnElement[Any] = func.sum(cells.c.published)
        if not self.is_whole:
            is_told = or_(
                func.bool_or(~cells.c.small),
                func.count().filter(and_(cells.c.small, cells.c.published > _ZERO)) > _ONE,
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
        columns.append(start("MONTH", fact.first_day).label("month"))
        if fact.last_day is not None:
            columns += self._endings(fact.last_day)
            conditions.append(fact.first_day <= self.access.binds.principal("today", Date()))
        persons = func.count(fact.person.distinct()).label("persons")
        groups = [fact.keys[name].label(name.lower()) for name in names if name in _GRID]
        base: Any = (
            select(*columns, cast(measured.count(fact), BigInteger).label("counted"), persons)
            .select_from(fact.source)
            .where(and_(true(), *conditions))
            .group_by(*[column.element for column in columns])
            .subquery()
        )
        whole: Any = (
            select(*groups, persons)
            .select_from(fact.source)
            .where(and_(true(), *conditions))
            .group_by(*[group.element for group in groups])
            .subquery()
        )
        order = [base.c.month, *(base.c[c.name] for c in columns if c.name != "month")]
        mine = [base.c[group.name] for group in groups]
        is_small = base.c.persons.between(_ONE, _number(SMALLEST_CELL - 1))
        beyond = case((is_small, base.c.counted - _ONE), else_=_ZERO)
        smalls = func.count().filter(is_small)
        windows: Any = (
            select(
                *[base.c[column.name] for column in columns],
                base.c.counted,
                is_small.label("small"),
                beyond.label("beyond"),
                _whole(func.sum(beyond).over(partition_by=mine, order_by=order)).label("run"),
                _whole(func.sum(beyond).over(partition_by=mine)).label("pool"),
                smalls.over(partition_by=mine, order_by=order).label("place"),
                smalls.over(partition_by=mine).label("smalls"),
                func.bool_or(and_(~is_small, base.c.counted >= _TWO))
                .over(partition_by=mine)
                .label("has_large"),
                func.row_number()
                .over(partition_by=[*mine, is_small], order_by=[base.c.counted.desc(), *order])
                .label("largest"),
            )
            .select_from(
                base.join(whole, and_(*(whole.c[g.name] == base.c[g.name] for g in groups)))
            )
            .where(or_(whole.c.persons == _ZERO, whole.c.persons >= _number(SMALLEST_CELL)))
            .subquery()
        )
        is_counting_persons = measured.unit is Unit.PERSONS
        published = _published(windows, is_bounded=is_counting_persons)
        return (
            select(
                *[windows.c[column.name] for column in columns],
                windows.c.small,
                published.label("published"),
            )
            .select_from(windows)
            .subquery()
        )

    def _endings(self, last_day: ColumnElement[Any]) -> list[Any]:
        """Until when a file is open: the month of its last day, and whether that has come."""
        today = self.access.binds.principal("today", Date())
        return [
            start("MONTH", last_day - _ONE).label("last_month"),
            func.coalesce(last_day > today, literal_column("true")).label("open"),
        ]


def _whole(number: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(number, BigInteger)


def _published(cell: Any, *, is_bounded: bool) -> ColumnElement[Any]:
    """What is told of a base cell: itself, or multiples of six of the small ones before it.

    `is_bounded` says that a small cell holds no more than persons, four at the most.
    """
    columns = cell.c
    left = columns.pool % _BASE
    # Where the total gives the pool away, beginning in the middle of a six leaves the first and
    # the last small cell as open as the others.
    middle = (_BASE - _ONE - left) // _TWO
    offset = _TWO if is_bounded else case((columns.has_large, _TWO), else_=middle)

    def sixes(run: ColumnElement[Any], place: ColumnElement[Any]) -> ColumnElement[Any]:
        return _BASE * ((run + offset) // _BASE + place // _BASE)

    rounded = sixes(columns.run, columns.place)
    rounded -= sixes(columns.run - columns.beyond, columns.place - _ONE)
    rest = columns.pool + columns.smalls - sixes(columns.pool, columns.smalls)
    # With no more than one beyond each of them the total would give all of them away.
    is_last = and_(
        ~columns.has_large,
        columns.place == columns.smalls,
        columns.smalls > _ONE,
        columns.pool >= _BASE,
    )
    carried = _ZERO if is_bounded else case((is_last, rest), else_=_ZERO)
    is_largest = and_(columns.has_large, columns.largest == _ONE)
    as_it_is = columns.counted + case((is_largest, rest), else_=_ZERO)
    return case((columns.small, rounded + carried), else_=as_it_is)


def check_month(day: date) -> None:
    """Refuse a day that is not the first of a month."""
    if day.day != 1:
        message = (
            f"{day} is not the first day of a month; your roles see figures of whole months only."
        )
        raise RefusalError(Code.BAD_USER_INPUT, message)
