"""What a row of each file of the year comes to: acts of the bureau and of an agency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from uuid import UUID

from citywide.budgets.changes import (
    ChangeDecision,
    ChangeDraft,
    approve_budget_change,
    request_budget_change,
)
from citywide.budgets.funding import (
    AppropriationDraft,
    FundDraft,
    FundingDraft,
    appropriate,
    create_fund,
    fund_agreement,
)
from citywide.budgets.models import BUDGET
from citywide.budgets.planning import (
    BudgetDecision,
    BudgetSubmission,
    LineDraft,
    approve_budget,
    draft_budget_line,
    submit_budget,
)
from citywide.budgets.tranches import (
    Deliverable,
    Release,
    TrancheDraft,
    plan_tranche,
    release_tranche,
)
from citywide.budgets.words import BudgetCategory
from citywide.db.session import Database
from citywide.evaluation.acceptance import Acceptance, accept_deliverables
from citywide.exchange.account_tables import BUREAU, AccountRow, Accounts, node, row_made_by
from citywide.exchange.records import CellError, Cells
from citywide.exchange.replay import Known, ReplayedAct
from citywide.exchange.replayed_judgement import indicator, rating, scorecard
from citywide.exchange.replayed_spending import commitment, period, voucher
from citywide.oversight.reviewing import InspectionOrder, inspect_spending
from citywide.projects.words import Grade, OutputMeasure
from citywide.tenancy.reading import Problem


def acts_of(accounts: Accounts, database: Database, problems: list[Problem]) -> list[ReplayedAct]:
    """The acts of all rows; a problem for each row that says nothing usable."""
    readers: Mapping[str, Callable[[AccountRow], Iterable[ReplayedAct]]] = {
        "funds": _fund,
        "appropriations": _appropriation,
        "inspections": _inspection,
        "fundings": _funding,
        "tranches": _tranche,
        "budgets": lambda row: _budget(row, database),
        "budget_changes": _change,
        "commitments": commitment,
        "vouchers": voucher,
        "periods": period,
        "indicators": indicator,
        "scorecards": scorecard,
        "ratings": lambda row: rating(row, database),
    }
    found: list[ReplayedAct] = []
    for table, acts_of_row in readers.items():
        for row in accounts.tables.get(table, ()):
            file = f"{accounts.folder}/{table}.csv"
            try:
                found += acts_of_row(AccountRow(accounts, file, Cells(row)))
            except CellError as error:
                problems.append(Problem(file, row.line, str(error)))
    return found


# -- the bureau's ----------------------------------------------------------------------------


def _fund(row: AccountRow) -> Iterator[ReplayedAct]:
    cells = row.cells
    name = cells.text("name")
    draft = FundDraft(name=name, source=cells.text("source"))
    day = cells.day("opened_on")
    yield row.act(create_fund, f"fund {name}", day, "by", lambda _: draft, kept=("fund", name))


def _appropriation(row: AccountRow) -> Iterator[ReplayedAct]:
    cells = row.cells
    document, fund = cells.text("document"), cells.text("fund")
    year, amount = cells.number("fiscal_year"), cells.money("amount")
    day = cells.day("appropriated_on")

    def draft(known: Known) -> AppropriationDraft:
        return AppropriationDraft(
            fund_id=known.id(BUREAU, "fund", fund),
            fiscal_year=year,
            document=document,
            appropriated_on=day,
            amount=amount,
        )

    name = f"appropriation {document}"
    yield row.act(appropriate, name, day, "by", draft, kept=("appropriation", document))


def _inspection(row: AccountRow) -> Iterator[ReplayedAct]:
    day = row.cells.day("inspected_on")
    order = InspectionOrder()
    yield row.act(inspect_spending, f"inspection {day}", day, "by", lambda _: order)


def _funding(row: AccountRow) -> Iterator[ReplayedAct]:
    cells, agency = row.cells, row.accounts.slug
    document, agreement = cells.text("document"), cells.text("agreement")
    amount, day = cells.money("amount"), cells.day("funded_on")

    def draft(known: Known) -> FundingDraft:
        return FundingDraft(
            appropriation_id=known.id(BUREAU, "appropriation", document),
            agreement_id=node(known, "Agreement", agency, "agreement", agreement),
            amount=amount,
        )

    yield row.act(fund_agreement, f"funding {agreement} {document}", day, "by", draft)


# -- an agency's -----------------------------------------------------------------------------


def _tranche(row: AccountRow) -> Iterator[ReplayedAct]:
    cells, agency = row.cells, row.accounts.slug
    agreement, number = cells.text("agreement"), cells.number("number")
    amount, due_on = cells.money("amount"), cells.day("due_on")
    condition = cells.text("condition")
    least_grade, day = (
        cells.optional_word("least_grade", Grade),
        cells.optional_day("scorecard_day"),
    )
    wanted = [
        Cells(each)
        for each in row.accounts.tables["deliverables"]
        if (each.cells["agreement"], each.cells["tranche"]) == (agreement, str(number))
    ]
    named = ("tranche", agreement, str(number))
    name = " ".join(named)

    def plan(known: Known) -> TrancheDraft:
        return TrancheDraft(
            agreement_id=node(known, "Agreement", agency, "agreement", agreement),
            number=number,
            amount=amount,
            due_on=due_on,
            condition=condition,
            deliverables=tuple(
                Deliverable(
                    project_id=node(known, "Project", agency, "project", each.text("project")),
                    measure=each.word("measure", OutputMeasure),
                    valid_from=each.day("valid_from"),
                    valid_until=each.day("valid_until"),
                    quantity=each.number("quantity"),
                )
                for each in wanted
            ),
            least_grade=least_grade,
            scorecard_day=day,
        )

    yield row.act(plan_tranche, f"{name} plan", cells.day("planned_on"), "by", plan, kept=named)
    accepted_on, released_on = cells.optional_day("accepted_on"), cells.optional_day("released_on")
    if accepted_on is not None:
        because = cells.text("accepted_because")

        def accept(known: Known) -> Acceptance:
            tranche = node(known, "Tranche", agency, *named)
            return Acceptance(tranche_id=tranche, version=1, because=because)

        yield row.act(accept_deliverables, f"{name} accept", accepted_on, "by", accept)
    if released_on is not None:

        def release(known: Known) -> Release:
            return Release(tranche_id=node(known, "Tranche", agency, *named), version=2)

        yield row.act(release_tranche, f"{name} release", released_on, "by", release)


def _budget(row: AccountRow, database: Database) -> Iterator[ReplayedAct]:
    cells, agency = row.cells, row.accounts.slug
    project, day = cells.text("project"), cells.day("submitted_on")
    for line in row.accounts.tables["budget_lines"]:
        yield from _line(row, Cells(line), project, day)

    async def budget(known: Known) -> UUID:
        # It was made with its first line, which is what that act is known by.
        done = known.row(agency, "project", project)
        return await row_made_by(database, done, BUDGET, project_id=done.row_id)

    async def submit(known: Known) -> BudgetSubmission:
        return BudgetSubmission(budget_id=await budget(known), version=1)

    kept = ("budget", project)
    yield row.act(submit_budget, f"budget {project}", day, "submitted_by", submit, kept=kept)
    approved_on = cells.optional_day("approved_on")
    if approved_on is not None:

        def approve(known: Known) -> BudgetDecision:
            return BudgetDecision(budget_id=node(known, "Budget", agency, *kept), version=2)

        name = f"budget {project} approve"
        yield row.act(approve_budget, name, approved_on, "approved_by", approve)


def _line(row: AccountRow, cells: Cells, project: str, day: date) -> Iterator[ReplayedAct]:
    agency = row.accounts.slug
    if cells.text("project") != project:
        return
    category, amount = cells.word("category", BudgetCategory), cells.money("amount")

    def draft(known: Known) -> LineDraft:
        project_id = known.id(agency, "project", project)
        return LineDraft(project_id=project_id, category=category, amount=amount)

    name = f"line {project} {category}"
    kept = ("line", project, category)
    yield row.act(draft_budget_line, name, day, "submitted_by", draft, kept=kept)


def _change(row: AccountRow) -> Iterator[ReplayedAct]:
    cells, agency, project = row.cells, row.accounts.slug, row.cells.text("project")
    giving, getting = cells.text("from_category"), cells.text("to_category")
    amount, reason, day = cells.money("amount"), cells.text("reason"), cells.day("requested_on")

    def request(known: Known) -> ChangeDraft:
        return ChangeDraft(
            from_line_id=known.id(agency, "line", project, giving),
            to_line_id=known.id(agency, "line", project, getting),
            amount=amount,
            reason=reason,
        )

    kept = ("change", project, giving, getting, str(day))
    name = " ".join(kept)
    yield row.act(request_budget_change, name, day, "requested_by", request, kept=kept)
    approved_on = cells.optional_day("approved_on")
    if approved_on is not None:

        def approve(known: Known) -> ChangeDecision:
            return ChangeDecision(change_id=node(known, "BudgetChange", agency, *kept), version=1)

        name = f"{name} approve"
        yield row.act(approve_budget_change, name, approved_on, "approved_by", approve)
