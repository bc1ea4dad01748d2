"""The CSV files of a city's year: their columns, their rows, and when a row's acts are due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select

from citywide.acts.perform import Done, UseCase
from citywide.db.session import Audience, Context, Database
from citywide.exchange.records import CellError, Cells
from citywide.exchange.replay import Known, ReplayedAct
from citywide.graph.declare import CATALOGUE
from citywide.ids import NodeId
from citywide.tenancy.reading import TableRow

# The bureau's files, and those of each agency; `by` and its like are members' subjects.
CITY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "funds": ("name", "source", "opened_on", "by"),
    "appropriations": ("document", "fund", "fiscal_year", "amount", "appropriated_on", "by"),
    "inspections": ("inspected_on", "by"),
}
AGENCY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "fundings": ("agreement", "document", "amount", "funded_on", "by"),
    "tranches": (
        "agreement",
        "number",
        "amount",
        "due_on",
        "condition",
        "least_grade",
        "scorecard_day",
        "planned_on",
        "accepted_on",
        "accepted_because",
        "released_on",
        "by",
    ),
    "deliverables": (
        "agreement",
        "tranche",
        "project",
        "measure",
        "valid_from",
        "valid_until",
        "quantity",
    ),
    "budgets": ("project", "submitted_on", "submitted_by", "approved_on", "approved_by"),
    "budget_lines": ("project", "category", "amount"),
    "budget_changes": (
        "project",
        "from_category",
        "to_category",
        "amount",
        "reason",
        "requested_on",
        "requested_by",
        "approved_on",
        "approved_by",
    ),
    "commitments": (
        "number",
        "project",
        "category",
        "payee",
        "purpose",
        "committed_on",
        "amount",
        "by",
        "override_reason",
        "closed_on",
    ),
    "vouchers": (
        "number",
        "commitment",
        "payee",
        "spent_on",
        "amount",
        "evidence",
        "entered_on",
        "entered_by",
        "approved_on",
        "approved_by",
        "countersigned_by",
        "paid_on",
        "reversed_on",
        "reversal_reason",
    ),
    "periods": (
        "agreement",
        "valid_from",
        "valid_until",
        "submitted_on",
        "submitted_by",
        "approved_on",
        "approved_by",
    ),
    "indicators": (
        "agreement",
        "name",
        "aspect",
        "weight",
        "measure",
        "project",
        "direction",
        "baseline",
        "target",
        "defined_on",
        "by",
    ),
    "anchors": ("agreement", "indicator", "points", "meaning"),
    "scorecards": (
        "agreement",
        "valid_from",
        "valid_until",
        "opened_on",
        "by",
        "self_evaluated_on",
        "self_evaluated_by",
        "self_evaluation",
        "evidence",
        "graded_on",
        "frozen_on",
        "consequence",
        "consequence_reason",
        "rectify_by",
    ),
    "ratings": (
        "agreement",
        "scorecard",
        "indicator",
        "rater_kind",
        "rater",
        "points",
        "reason",
        "rated_on",
        "by",
    ),
}
# The order of what happens on one day: money comes in before it is promised, and so on.
_STEPS = (
    "create_fund",
    "appropriate",
    "fund_agreement",
    "plan_tranche",
    "define_indicator",
    "open_scorecard",
    "self_evaluate_scorecard",
    "rate_scorecard",
    "grade_scorecard",
    "freeze_scorecard",
    "accept_deliverables",
    "release_tranche",
    "draft_budget_line",
    "submit_budget",
    "approve_budget",
    "request_budget_change",
    "approve_budget_change",
    "commit_money",
    "commit_beyond_budget",
    "enter_expense",
    "approve_expense",
    "pay_expense",
    "close_commitment",
    "reverse_expense",
    "submit_period",
    "approve_period",
    "inspect_spending",
)
# What the bureau's own rows are known under; no agency can be called so.
BUREAU = "(bureau)"
Tables = Mapping[str, list[TableRow]]
Drafting = Callable[[Known], Any]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The files of one tenant's year as read: the rows of each by its name."""

    slug: str
    folder: str
    tables: Tables

    @property
    def row_count(self) -> int:
        """Rows in all files."""
        return sum(map(len, self.tables.values()))


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A row, from which acts are made."""

    accounts: Accounts
    file: str
    cells: Cells

    def act(
        self,
        use_case: UseCase,
        name: str,
        day: date,
        by: str,
        draft: Drafting,
        *,
        kept: tuple[str, ...] | None = None,
    ) -> ReplayedAct:
        """An act of this row; `name` is unique among those of the tenant."""

        async def drafted(known: Known) -> Any:
            found = draft(known)
            return await found if isinstance(found, Awaitable) else found

        return ReplayedAct(
            day=day,
            step=_STEPS.index(use_case.__name__),
            name=f"{self.accounts.slug} {name}",
            file=self.file,
            line=self.cells.row.line,
            subject=self.cells.text(by),
            use_case=use_case,
            draft=drafted,
            kept=None if kept is None else (self.accounts.slug, *kept),
        )


def node(known: Known, entity: str, *name: str) -> NodeId:
    """The address of a row that the bureau may name although it is an agency's."""
    done = known.row(*name)
    return NodeId(CATALOGUE.entities[entity].tag, done.tenant_id, done.row_id)


async def row_made_by(database: Database, done: Done, table: Table, **columns: Any) -> UUID:
    """The one row with these values in the tenant of an act, which made it along with its own."""
    found = select(table.c.id).where(
        table.c.tenant_id == done.tenant_id,
        *(table.c[name] == value for name, value in columns.items()),
    )
    context = Context(Audience.AGENCY, tenant_id=done.tenant_id)
    async with database.read(context) as transaction:
        row_id: UUID | None = await transaction.scalar(found)
    if row_id is None:
        message = f"There is no {table.name} {' '.join(map(str, columns.values()))}."
        raise CellError(message)
    return row_id
