"""Figures as SQL: the measures of one fact in one scan, each period in a part of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    and_,
    cast,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.sql import ColumnElement

from citywide.errors import Code, RefusalError
from citywide.evaluation.facts import Fact, Wanted
from citywide.evaluation.measures import MEASURES, Measured
from citywide.graph.declare import Kind
from citywide.graph.planning import Access, Chosen, converter

Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure in the period that is asked for, or in the one before."""

    measure: str
    is_before: bool = False

    @property
    def measured(self) -> Measured:
        """The measure's declaration."""
        return MEASURES[self.measure]


@dataclass(frozen=True, slots=True)
class Question:
    """What a `metrics` field asks for: which facts, split by what."""

    by: Sequence[str]
    where: Mapping[str, Any]

    @property
    def dimensions(self) -> frozenset[str]:
        """What the facts are split or filtered by, apart from days."""
        filtered = {
            "agencies": "AGENCY",
            "projects": "PROJECT",
            "areas": "AREA",
            "kinds": "KIND",
        }
        return frozenset([*self.by, *(filtered[name] for name in self.where if name in filtered)])


@dataclass(frozen=True, slots=True)
class Part:
    """One sub-query: `keys` in the order of `by`, and two sums for each of its figures."""

    keys: Sequence[ColumnElement[Any]]
    sums: Mapping[Figure, tuple[ColumnElement[Any], ColumnElement[Any] | None]]
    source: Any
    conditions: Conditions


class Counting:
    """Counts figures as they are, one scan for all measures of a fact and a period."""

    def __init__(self, access: Access, question: Question) -> None:
        self.access = access
        self.question = question

    @property
    def is_whole(self) -> bool:
        """Whether a cell without a sum is a cell of nothing, and not one that is withheld."""
        return True

    def parts(self, figures: Sequence[Figure]) -> list[Part]:
        """One part for each fact and period."""
        together: dict[tuple[Any, bool], list[Figure]] = {}
        for figure in figures:
            together.setdefault((figure.measured.fact, figure.is_before), []).append(figure)
        return [self._part(group) for group in together.values()]

    def _part(self, figures: Sequence[Figure]) -> Part:
        first = figures[0]
        fact = first.measured.fact(Wanted(self.question.dimensions))
        sums = {}
        every: Conditions = []
        for figure in figures:
            measured = figure.measured
            counted: list[Any] = [
                measured.count(fact),
                measured.over(fact) if measured.over else None,
            ]
            if measured.only is not None:
                is_counted = measured.only(fact)
                every.append(is_counted)
                # Where it is the only measure, the condition of the scan says the same.
                if len(figures) > 1:
                    counted = [None if c is None else c.filter(is_counted) for c in counted]
            sums[figure] = counted[0], counted[1]
        conditions = [*scan(self.access, fact), *self.chosen(fact)]
        conditions += self.period(fact, is_before=first.is_before)
        if len(every) == len(figures):
            conditions.append(or_(*every))
        return Part([fact.keys[name] for name in self.question.by], sums, fact.source, conditions)

    def chosen(self, fact: Fact) -> Conditions:
        """The agencies, projects, communities and kinds that are asked for."""
        return chosen(self.access, self.question.where, fact.keys)

    def period(self, fact: Fact, *, is_before: bool) -> Conditions:
        """Facts of the days asked for; a file counts while it is open, today by default."""
        first, last = days(self.access, self.question.where, is_before=is_before)
        found: Conditions = []
        if fact.last_day is None:
            if first is not None:
                found.append(fact.first_day >= first)
            if last is not None:
                found.append(fact.first_day < last)
            return found
        today = self.access.binds.principal("today", Date())
        found.append(fact.first_day <= today if last is None else fact.first_day < last)
        since = today if first is None else first
        return [*found, or_(fact.last_day.is_(None), fact.last_day > since)]


def scan(access: Access, fact: Fact) -> Conditions:
    """The fact's own conditions, and the wall at every table."""
    found = list(fact.conditions)
    for table in fact.tables:
        original: Any = getattr(table, "element", table)
        found += access.wall(original, table)
    return found


def chosen(
    access: Access, where: Mapping[str, Any], keys: Mapping[str, ColumnElement[Any]]
) -> Conditions:
    """What the filter says of agencies, projects, communities and kinds."""
    given = Chosen(access, where)
    found: Conditions = []
    for name, key, type_name in (
        ("agencies", "AGENCY", "Agency"),
        ("projects", "PROJECT", "Project"),
        ("areas", "AREA", "Area"),
    ):
        if name in where:
            tenant_id = keys["AGENCY"] if name == "projects" else None
            found += given.ids(name, type_name, keys[key], tenant_id)
    if "kinds" in where:
        found += given.words("kinds", keys["KIND"])
    return found


def days(
    access: Access, where: Mapping[str, Any], *, is_before: bool, check: Any = None
) -> tuple[ColumnElement[Any] | None, ColumnElement[Any] | None]:
    """`from` and `until` of the period, or of the one before; `check` may refuse a day."""
    convert = converter(Kind.DATE, "", "")

    def checked(found: Any) -> date:
        day: date = convert(found)
        if check is not None:
            check(day)
        return day

    def day(name: str) -> ColumnElement[Any] | None:
        if name not in where:
            return None
        return access.binds.value(where[name], Date(), checked)

    if not is_before:
        return day("from"), day("until")
    both = [where["from"], where["until"]]

    def start(found: Any) -> date:
        return day_before(*(checked(each_day) for each_day in found))

    return access.binds.value(both, Date(), start), day("from")


def day_before(first: date, last: date) -> date:
    """The first day of the period before: as many months if both are whole months, else days."""
    if last <= first or first - date.min < last - first:
        message = f"previous needs an until after from, and a period before; not {first} to {last}."
        raise RefusalError(Code.BAD_USER_INPUT, message)
    if first.day == last.day == 1:
        index = 2 * (first.year * 12 + first.month - 1) - (last.year * 12 + last.month - 1)
        return date(index // 12, index % 12 + 1, 1)
    return first - (last - first)


def sub_query(part: Part, figures: Sequence[Figure]) -> Any:
    """A part as one SELECT with the columns that all parts have."""
    columns = [key.label(f"k{place}") for place, key in enumerate(part.keys)]
    for place, figure in enumerate(figures):
        numerator, denominator = part.sums.get(figure, (null(), null()))
        columns.append(cast(numerator, BigInteger).label(f"a{place}"))
        if figure.measured.over is not None:
            columns.append(cast(denominator, BigInteger).label(f"b{place}"))
    found = select(*columns).select_from(part.source).where(and_(true(), *part.conditions))
    return found.group_by(*part.keys)
