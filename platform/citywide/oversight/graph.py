"""Oversight in the schema: spending, unit costs and findings."""

from __future__ import annotations

from datetime import date
from typing import Any

import strawberry

from citywide.budgets.words import BudgetCategory
from citywide.graph.declare import Kind, column, entity, few, localised, one
from citywide.graph.scalars import Money
from citywide.oversight.models import FINDING, FINDING_EVIDENCE, INSPECTION
from citywide.oversight.words import CostDimension, CostUnit, SpendingDimension

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


@entity(
    FINDING,
    tag="find",
    root="findings",
    root_description="What somebody should look at in the books, as of the last inspection.",
)
class Finding:
    """Something in an agency's books that somebody should look at (疑点), with its evidence."""

    kind = column("What it is.")
    month = column("The month it is about, as 2015-03; empty where it is about none.")
    amount = column("How much money it is about, in yuan.", "amount_fen", kind=Kind.MONEY)
    explanation = localised(
        "What was found, in one sentence with its figures.",
        ZH_CN="explanation_zh",
        EN="explanation_en",
    )
    status = column("How far it is.")
    round = column("Counts how often its evidence was another; the first is 1.")
    found_on = column("The day it was found first.")
    reopened_on = column("The day it was last reopened: by other evidence, or found again.")
    settled_on = column("The day it was found no longer.")
    answer = column("What the agency says; to the evidence of that day.")
    answered_on = column("The day of the answer.")
    closed_on = column("The day the bureau closed it.")
    closing_reason = column("Why the bureau closed it.")
    version = column("Counts its changes; send it back when you change it.")
    agency = one("Agency", "The agency whose books it is in.", {"id": "tenant_id"})
    evidence = few(
        "FindingEvidence",
        "The rows that it rests on.",
        {"finding_id": "id", "round": "round"},
        order=(),
    )


@entity(FINDING_EVIDENCE, tag="fevi")
class FindingEvidence:
    """One row that a finding rests on; one of its edges leads there."""

    expense = one("Expense", "A voucher.", {"id": "expense_id"}, nullable=True)
    commitment = one("Commitment", "A commitment.", {"id": "commitment_id"}, nullable=True)
    tranche = one("Tranche", "A tranche.", {"id": "tranche_id"}, nullable=True)
    line = one("BudgetLine", "A budget line.", {"id": "budget_line_id"}, nullable=True)
    project = one("Project", "A project.", {"id": "project_id"}, nullable=True)


@entity(
    INSPECTION,
    tag="insp",
    root="inspections",
    root_description="Looks through the books of all agencies.",
)
class Inspection:
    """One look through the books of all agencies of the city (巡查)."""

    inspected_on = column("The business day as of which it looked.")
    found = column("How many findings there were.")
    opened = column("Of these, how many for the first time.")
    reopened = column("Of these, how many were answered, closed or settled, and are open again.")
    settled = column("How many of those before it found no longer.")
