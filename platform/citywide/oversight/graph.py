"""Oversight in the schema: spending, unit costs, and what they are split by."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Any

import strawberry

from citywide.budgets.graph import BudgetCategory
from citywide.graph.scalars import Money

CATEGORY_LABELS = {
    "PERSONNEL": "人员",
    "ACTIVITIES": "活动",
    "MATERIALS": "物资",
    "VOLUNTEER_SUBSIDIES": "志愿者补贴",
    "SUPERVISION": "督导",
    "MANAGEMENT": "管理",
}


def _money(description: str) -> Any:
    return strawberry.field(description=description)


@strawberry.enum(description="What spending can be split by.")
class SpendingDimension(Enum):
    FUND = strawberry.enum_value(
        "FUND",
        description="The fund: an agreement's money is split as its fundings are, each figure "
        "rounded to the fen.",
    )
    AGENCY = strawberry.enum_value("AGENCY", description="The agency that spends.")
    PROJECT = strawberry.enum_value("PROJECT", description="The project it is spent for.")
    LINE = strawberry.enum_value("LINE", description="One line of one project's budget.")
    CATEGORY = strawberry.enum_value("CATEGORY", description="What lines pay for.")
    MONTH = strawberry.enum_value("MONTH", description="The calendar month, as 2015-03.")


@strawberry.type(description="One dimension's value in a row of spending.")
class SpendingKey:
    dimension: SpendingDimension = strawberry.field(description="What the row was split by.")
    value: str | None = strawberry.field(
        description="The id, category or month; null for what no fund is promised for yet."
    )
    label: str | None = strawberry.field(description="Its name.")


@strawberry.type(description="Where the money of one combination of dimension values is, in yuan.")
class SpendingRow:
    keys: list[SpendingKey] = strawberry.field(description="In the order of `by`.")
    allocated: Money = _money(
        "The revised budget; of a month or another period, its share by days of the project."
    )
    committed: Money = _money("Promised on the days asked for, and not spent yet.")
    spent: Money = _money("Approved vouchers, paid or not.")
    paid: Money = _money("Of these, what was paid.")
    overrun: Money = _money("What approvers let lines exceed their budget by.")
    available: Money = _money(
        "allocated + overrun - committed - spent; of a period it can be below zero."
    )
    expected: Money = _money("What an even pace would have spent by the end of today.")
    burn_rate: float | None = strawberry.field(
        description="spent / expected: 1.0 is an even pace; null where nothing is expected yet."
    )
    forecast: Money = _money(
        "What will be spent by the end: so far, and from tomorrow on each day as much as on the "
        "average day of the last three full months."
    )


@strawberry.type(description="Where the money is.")
class SpendingTable:
    rows: list[SpendingRow] = strawberry.field(
        description="One row without `by`; else one for each combination that occurs, by label."
    )


@strawberry.input(description="Which money is told about; all that is given must hold.")
class SpendingFilter:
    funds: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only money of these funds."
    )
    agencies: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only these agencies."
    )
    projects: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only these projects."
    )
    categories: list[BudgetCategory] | None = strawberry.field(
        default=strawberry.UNSET, description="Only lines of these categories."
    )
    from_: date | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="From this day on."
    )
    until: date | None = strawberry.field(default=strawberry.UNSET, description="Before this day.")


@strawberry.enum(description="What money is divided by.")
class CostUnit(Enum):
    PERSON = strawberry.enum_value("PERSON", description="Persons served, each once.")
    PERSON_TIME = strawberry.enum_value(
        "PERSON_TIME", description="Attendances of persons served, at any service."
    )
    SERVICE = strawberry.enum_value("SERVICE", description="Services of any kind.")
    HOME_HELP = strawberry.enum_value("HOME_HELP", description="Person-times helped at home.")
    CASE_COUNSELLING = strawberry.enum_value(
        "CASE_COUNSELLING", description="Person-times counselled."
    )
    GROUP_ACTIVITY = strawberry.enum_value("GROUP_ACTIVITY", description="Group activities held.")


@strawberry.enum(description="What unit costs can be split by.")
class CostDimension(Enum):
    AGENCY = strawberry.enum_value("AGENCY", description="The agency that serves.")
    PROJECT = strawberry.enum_value("PROJECT", description="The project it serves in.")
    CATEGORY = strawberry.enum_value(
        "CATEGORY", description="What was spent of such lines, over all that was delivered."
    )


@strawberry.type(description="One dimension's value in a row of unit costs.")
class CostKey:
    dimension: CostDimension = strawberry.field(description="What the row was split by.")
    value: str = strawberry.field(description="The id or category.")
    label: str = strawberry.field(description="Its name.")


@strawberry.type(description="What one unit cost.")
class UnitCost:
    unit: CostUnit = strawberry.field(description="What the money is divided by.")
    spent: Money = _money("Approved vouchers, in yuan; all of them, whatever they were for.")
    quantity: int = strawberry.field(description="How many units were delivered.")
    cost: Money | None = strawberry.field(
        description="spent / quantity, in yuan; null where nothing was delivered."
    )
    median: Money | None = strawberry.field(
        description="The median of the same over the city's agencies, in yuan."
    )


@strawberry.type(description="The unit costs of one combination of dimension values.")
class UnitCostRow:
    keys: list[CostKey] = strawberry.field(description="In the order of `by`.")
    costs: list[UnitCost] = strawberry.field(description="In the order of `per`.")


@strawberry.type(description="What the money did.")
class UnitCostTable:
    rows: list[UnitCostRow] = strawberry.field(
        description="One row without `by`; else one for each combination that occurs, by label."
    )


@strawberry.input(description="Which money and services count; all that is given must hold.")
class UnitCostFilter:
    agencies: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only these agencies; the median stays the city's."
    )
    categories: list[BudgetCategory] | None = strawberry.field(
        default=strawberry.UNSET, description="Only money of such lines."
    )
    from_: date | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="From this day on."
    )
    until: date | None = strawberry.field(default=strawberry.UNSET, description="Before this day.")
