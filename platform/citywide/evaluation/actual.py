"""What a measure that a row names is now, over the row's own tenant, period, project and place.

The row is a line of a scorecard, or what a tranche asks for, which has no place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    FromClause,
    Numeric,
    and_,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.sql import ColumnElement

from citywide.evaluation.facts import Fact, Wanted
from citywide.evaluation.measures import MEASURES, SPLITS, Measured
from citywide.evaluation.words import Unit

# Money is told where money is told.
INDICATED = tuple(name for name, each in MEASURES.items() if each.unit is not Unit.FEN)
RATIOS = frozenset(name for name, each in MEASURES.items() if each.over is not None)
OPERATION = (
    "query Figure({variables}) {{ metrics(measures: {measure}, where: {{ {where} }}) "
    "{{ rows {{ values {{ value numerator denominator unit }} }} }} }}"
)


def may_split(measure: str, dimension: str) -> bool:
    """Whether an indicator of the measure can be about one project or one community."""
    is_file = measure == "BENEFICIARIES_ON_FILE"
    return dimension in SPLITS[measure] and not (is_file and dimension == "PROJECT")


def operation_of(measure: str, *, by_project: bool, by_area: bool) -> str:
    """The operation that tells the figure to whoever may ask for it."""
    listed = ["agencies", *["projects"] * by_project, *["areas"] * by_area]
    types = {**dict.fromkeys(listed, "[ID!]"), "from": "Date", "until": "Date"}
    return OPERATION.format(
        measure=measure,
        variables=", ".join(f"${name}: {kind}" for name, kind in types.items()),
        where=", ".join(f"{name}: ${name}" for name in types),
    )


def numerator(row: FromClause) -> ColumnElement[Any]:
    """What the measure of the row counts now."""
    return _each(row, lambda measured: measured.count)


def denominator(row: FromClause) -> ColumnElement[Any]:
    """What it is divided by now; null for a count."""
    return _each(row, lambda measured: measured.over)


def in_thousandths(
    row: FromClause, above: ColumnElement[Any], below: ColumnElement[Any]
) -> ColumnElement[Any]:
    """A count, or the quotient of two sums; null where there is nothing to divide by."""
    thousand: ColumnElement[Any] = literal_column("1000", BigInteger)
    is_ratio = or_(*(row.c.measure == literal_column(f"'{name}'") for name in sorted(RATIOS)))
    quotient = func.round(cast(above * thousand, Numeric) / func.nullif(below, literal_column("0")))
    return cast(case((is_ratio, quotient), else_=above * thousand), BigInteger)


def current(row: FromClause) -> ColumnElement[Any]:
    """The figure as the records are now."""
    return in_thousandths(row, numerator(row), denominator(row))


def frozen(row: FromClause) -> ColumnElement[Any]:
    """The figure as it was kept."""
    return in_thousandths(row, row.c.numerator, row.c.denominator)


def difference(row: FromClause) -> ColumnElement[Any]:
    """What a record that was changed afterwards makes."""
    return current(row) - frozen(row)


def _each(row: FromClause, aggregate: Callable[[Measured], Any]) -> ColumnElement[Any]:
    """The aggregate of the row's measure: PostgreSQL runs the branch that is taken alone."""
    found: dict[str, ColumnElement[Any]] = {}
    for name in INDICATED:
        made = aggregate(MEASURES[name])
        if made is not None:
            found[name] = _sum(row, name, made)
    return case(
        *((row.c.measure == literal_column(f"'{name}'"), each) for name, each in found.items()),
        else_=null(),
    )


def _sum(row: FromClause, name: str, made: Any) -> ColumnElement[Any]:
    measured = MEASURES[name]
    only_in = {
        dimension: row.c[column]
        for dimension, column in (("PROJECT", "project_id"), ("AREA", "area_id"))
        if column in row.c and may_split(name, dimension)
    }
    fact = measured.fact(Wanted(frozenset(only_in) & {"AREA"}))
    conditions = [
        *fact.conditions,
        *(table.c.tenant_id == row.c.tenant_id for table in fact.tables),
    ]
    if measured.only is not None:
        conditions.append(measured.only(fact))
    conditions += _period(row, fact)
    conditions += [
        or_(column.is_(None), fact.keys[dimension] == column)
        for dimension, column in only_in.items()
    ]
    counted = func.coalesce(made(fact), literal_column("0"))
    found = select(cast(counted, BigInteger)).select_from(fact.source).where(and_(*conditions))
    return found.correlate(row).scalar_subquery()


def _period(row: FromClause, fact: Fact) -> list[ColumnElement[bool]]:
    if fact.last_day is None:
        return [fact.first_day >= row.c.valid_from, fact.first_day < row.c.valid_until]
    is_open = or_(fact.last_day.is_(None), fact.last_day > row.c.valid_from)
    return [fact.first_day < row.c.valid_until, is_open]
