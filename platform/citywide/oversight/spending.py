"""`spending` in the schema: where the money is and how long it will last, in the one statement.

Everything is one sum over four kinds of facts: the plan of a budget line month by month, its
commitments, its vouchers, and what the present pace will spend. Each fact has a line and a month,
so figures split in any way add up to the same totals. Only by fund are they rounded in each row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import strawberry
from sqlalchemy import (
    BigInteger,
    Date,
    FromClause,
    Numeric,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.sql import ColumnElement

from citywide.budgets.ledger import AccountKind
from citywide.budgets.ledger_models import LEDGER_ACCOUNT
from citywide.budgets.models import (
    APPROPRIATION,
    BUDGET,
    BUDGET_LINE,
    COMMITMENT,
    EXPENSE,
    FUND,
    FUNDING,
)
from citywide.budgets.words import BudgetStatus, ExpenseStatus
from citywide.graph.declare import CATALOGUE, TODAY, Kind, Root
from citywide.graph.planning import (
    Chosen,
    Group,
    JsonObject,
    Place,
    constant,
    inside,
    json_list,
    keys_of_a_row,
    opaque_id,
    printed,
    selected,
)
from citywide.oversight import pace
from citywide.oversight.cells import is_owed, labelled
from citywide.oversight.graph import SpendingFilter, SpendingTable
from citywide.oversight.words import SpendingDimension
from citywide.projects.models import PROJECT

Sql = ColumnElement[Any]
# What facts bring along; the other figures follow from these.
_SUMS = ("allocated", "expected", "committed", "overrun", "spent", "paid", "coming")


class Spending:
    """Compiles one `spending` field."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.access = place.access
        self.by: Sequence[str] = tuple(dict.fromkeys(place.arguments.get("by") or ()))
        self.chosen = Chosen.of(self.access, place.arguments.get("where"), "spending")
        self.cells = self._cells()

    def json(self) -> Sql:
        """The answer as the operation selects it."""
        made = {"rows": self._rows}
        return JsonObject(selected(self.place, self.place.group, "SpendingTable", made))

    # -- adding up ----------------------------------------------------------------------------

    def _cells(self) -> FromClause:
        """One row a cell: `k0 …` and `l0 …` its keys, and the sums."""
        facts = union_all(self._plan(), self._commitments(), self._vouchers()).subquery("fact")
        line, budget, run = BUDGET_LINE.alias(), BUDGET.alias(), PROJECT.alias()
        source: FromClause = (
            facts.join(
                line,
                and_(line.c.tenant_id == facts.c.tenant_id, line.c.id == facts.c.line_id),
            )
            .join(budget, inside(line, "budget_id", budget))
            .join(run, inside(line, "project_id", run))
        )
        conditions = [
            budget.c.status == literal_column(f"'{BudgetStatus.APPROVED}'"),
            *self.chosen.walls((BUDGET_LINE, line), (BUDGET, budget), (PROJECT, run)),
            *self.chosen.ids("agencies", "Agency", line.c.tenant_id),
            *self.chosen.ids("projects", "Project", line.c.project_id, line.c.tenant_id),
            *self.chosen.words("categories", line.c.category),
        ]
        sums: dict[str, Sql] = {name: facts.c[name] for name in _SUMS}
        keys: dict[str, tuple[Sql, Sql]] = {
            "LINE": (opaque_id(self.access.entities["BudgetLine"], line), line.c.category),
            "PROJECT": (opaque_id(self.access.entities["Project"], run), run.c.name),
            "CATEGORY": (line.c.category, line.c.category),
            "MONTH": (facts.c.month, facts.c.month),
        }
        if "AGENCY" in self.by:
            agency = self.access.entities["Agency"]
            tenant = agency.table.alias()
            source = source.join(tenant, tenant.c.id == line.c.tenant_id)
            conditions += self.access.wall(agency.table, tenant)
            keys["AGENCY"] = (opaque_id(agency, tenant), tenant.c.name)
        if "FUND" in self.by or "funds" in self.chosen.where:
            fund = self._funds()
            source = source.outerjoin(
                fund,
                and_(
                    fund.c.agency_id == run.c.tenant_id, fund.c.agreement_id == run.c.agreement_id
                ),
            )
            conditions += self.chosen.ids("funds", "Fund", fund.c.fund_id, fund.c.fund_tenant_id)
            keys["FUND"] = (fund.c.opaque, fund.c.name)
            sums = {name: _of_fund(value, fund) for name, value in sums.items()}
        split = [keys[name] for name in self.by]
        columns = [
            column
            for number, (value, label) in enumerate(split)
            for column in (value.label(f"k{number}"), label.label(f"l{number}"))
        ]
        totals = [
            cast(func.round(func.coalesce(func.sum(value), 0)), BigInteger).label(name)
            for name, value in sums.items()
        ]
        return (
            select(*columns, *totals)
            .select_from(source)
            .where(and_(true(), *conditions))
            .group_by(*(column for pair in split for column in pair))
            .subquery("cell")
        )

    def _fact(self, row: FromClause, line_id: Sql, month: Sql, **sums: Sql) -> Select[Any]:
        nothing = literal_column("0", Numeric)
        given = [cast(sums.get(name, nothing), Numeric).label(name) for name in _SUMS]
        return select(row.c.tenant_id, line_id.label("line_id"), month.label("month"), *given)

    def _plan(self) -> Select[Any]:
        """What of each line belongs to each month, and what the present pace will spend in it."""
        line, run = BUDGET_LINE.alias(), PROJECT.alias()
        months = (
            func.generate_series(
                pace.month_of(run.c.valid_from), run.c.valid_until - literal(1), pace.MONTH
            )
            .table_valued("first")
            .render_derived(name="month")
        )
        first = cast(months.c.first, Date)
        start, end = func.greatest(first, run.c.valid_from), pace.next_month(first)
        given_from, given_until = self.chosen.day("from"), self.chosen.day("until")
        if given_from is not None:
            start = func.greatest(start, given_from)
        if given_until is not None:
            end = func.least(end, given_until)
        since, before = pace.recent(run, TODAY)
        spent = EXPENSE.alias()
        lately = (
            select(func.coalesce(func.sum(spent.c.amount_fen), 0))
            .where(
                inside(spent, "budget_line_id", line),
                *self.access.wall(EXPENSE, spent),
                spent.c.spent_on >= since,
                spent.c.spent_on < before,
                is_owed(spent),
            )
            .correlate(line, run)
            .scalar_subquery()
        )

        def share(days: Callable[[Sql], Sql], total: Sql, every: Sql) -> Sql:
            return pace.part(total, days(end), every) - pace.part(total, days(start), every)

        def until_today(day: Sql) -> Sql:
            return pace.elapsed(run, func.least(day, TODAY + literal(1)))

        budget = line.c.revised_fen
        return (
            self._fact(
                line,
                line.c.id,
                pace.label(first),
                allocated=share(lambda day: pace.elapsed(run, day), budget, pace.length(run)),
                expected=share(until_today, budget, pace.length(run)),
                coming=share(lambda day: pace.ahead(run, day, TODAY), lately, before - since),
            )
            .select_from(line.join(run, inside(line, "project_id", run)).join(months, true()))
            .where(start < end, *self.chosen.walls((BUDGET_LINE, line), (PROJECT, run)))
        )

    def _commitments(self) -> Select[Any]:
        row, account = COMMITMENT.alias(), LEDGER_ACCOUNT.alias()
        held = and_(
            account.c.tenant_id == row.c.tenant_id,
            account.c.owner_id == row.c.id,
            account.c.kind == literal_column(f"'{AccountKind.COMMITTED}'"),
        )
        return (
            self._fact(
                row,
                row.c.budget_line_id,
                pace.label(row.c.committed_on),
                committed=account.c.balance_fen,
                overrun=row.c.override_fen,
            )
            .select_from(row.join(account, held))
            .where(
                *self.chosen.walls((COMMITMENT, row), (LEDGER_ACCOUNT, account)),
                *self.chosen.period(row.c.committed_on),
            )
        )

    def _vouchers(self) -> Select[Any]:
        row = EXPENSE.alias()
        is_paid = row.c.status == literal_column(f"'{ExpenseStatus.PAID}'")
        return (
            self._fact(
                row,
                row.c.budget_line_id,
                pace.label(row.c.spent_on),
                spent=row.c.amount_fen,
                paid=case((is_paid, row.c.amount_fen), else_=0),
            )
            .select_from(row)
            .where(
                is_owed(row), *self.access.wall(EXPENSE, row), *self.chosen.period(row.c.spent_on)
            )
        )

    def _funds(self) -> FromClause:
        """What each agreement is funded with, beside the sum of it; a fund can do so twice."""
        row, appropriation, fund = FUNDING.alias(), APPROPRIATION.alias(), FUND.alias()
        of_agreement = (row.c.agency_id, row.c.agreement_id)
        return (
            select(
                row.c.agency_id,
                row.c.agreement_id,
                row.c.amount_fen,
                func.sum(row.c.amount_fen).over(partition_by=of_agreement).label("every"),
                fund.c.tenant_id.label("fund_tenant_id"),
                fund.c.id.label("fund_id"),
                opaque_id(self.access.entities["Fund"], fund).label("opaque"),
                fund.c.name,
            )
            .select_from(
                row.join(appropriation, inside(row, "appropriation_id", appropriation)).join(
                    fund, inside(appropriation, "fund_id", fund)
                )
            )
            .where(*self.chosen.walls((FUNDING, row), (APPROPRIATION, appropriation), (FUND, fund)))
            .subquery("share")
        )

    # -- selecting ----------------------------------------------------------------------------

    def _rows(self, group: Group) -> Sql:
        cell = self.cells
        expected = cast(func.nullif(cell.c.expected, 0), Numeric)
        forecast = cell.c.spent + cell.c.coming
        money = {
            "allocated": cell.c.allocated,
            "committed": cell.c.committed,
            "spent": cell.c.spent,
            "paid": cell.c.paid,
            "overrun": cell.c.overrun,
            "available": cell.c.allocated + cell.c.overrun - cell.c.committed - cell.c.spent,
            "expected": cell.c.expected,
            "forecast": forecast,
        }
        made: dict[str, Callable[[Group], Sql]] = {
            name: constant(printed(Kind.MONEY, value)) for name, value in money.items()
        }
        made["burnRate"] = constant(
            func.round(cast(cell.c.spent, Numeric) / expected, literal_column("3"))
        )
        made["keys"] = self._keys
        row = JsonObject(selected(self.place, group, "SpendingRow", made))
        order = [cell.c[f"{what}{n}"] for n in range(len(self.by)) for what in "lk"]
        return select(json_list(row, order or [literal(1)])).select_from(cell).scalar_subquery()

    def _keys(self, group: Group) -> Sql:
        keys = labelled(self.cells, self.by)
        return keys_of_a_row(self.place, group, "SpendingKey", keys)


def _of_fund(value: Sql, fund: FromClause) -> Sql:
    """A fund's share of a fact; all of it where nothing is funded."""
    share = value * cast(fund.c.amount_fen, Numeric) / cast(fund.c.every, Numeric)
    return case((fund.c.every.is_(null()), value), else_=share)


CATALOGUE.roots["spending"] = Root(
    description="Where the money is: allocated, committed, spent, and how long it will last.",
    returns=SpendingTable,
    arguments={
        "by": (
            list[SpendingDimension] | None,
            "What to split by; nothing: one row.",
            strawberry.UNSET,
        ),
        "where": (SpendingFilter | None, "Which money.", strawberry.UNSET),
    },
    compile=lambda place: Spending(place).json(),
    guarded={"by": SpendingDimension},
)
