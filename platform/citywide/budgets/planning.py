"""Use cases of budgets: draft the lines of a project, and have them approved."""

from __future__ import annotations

from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.budgets.courses import BudgetCourse
from citywide.budgets.funding import over_agreement
from citywide.budgets.ledger import Account, AccountKind, Leg, move
from citywide.budgets.models import BUDGET, BUDGET_LINE, BudgetLineRow, BudgetRow
from citywide.budgets.posting import book, open_accounts
from citywide.budgets.words import BudgetCategory, BudgetStatus
from citywide.graph.mutate import mutation
from citywide.graph.scalars import print_money
from citywide.ids import NodeId
from citywide.projects.models import PROJECT
from citywide.rules.fields import draft, id_of, money, paragraph, version, word
from citywide.tenancy.models import AGREEMENT

_OF_AGREEMENT = (AccountKind.BUREAU, AccountKind.CASH, AccountKind.PAYEES)
_OF_LINE = (AccountKind.AVAILABLE, AccountKind.SPENT, AccountKind.PAID, AccountKind.OVERRUN)
# What counts against the agreement's amount, beside the budget that is being decided.
_COUNTED = (BudgetStatus.SUBMITTED, BudgetStatus.APPROVED)


@draft
class LineDraft:
    """What a category of a project's budget is to hold."""

    project_id: UUID = id_of("Project", "The project.")
    category: BudgetCategory = word("The category.")
    amount: int = money("How much, in yuan; 0.00 takes the line out.", least=0)


@mutation(gives="BudgetLine")
async def draft_budget_line(act: Act, draft: LineDraft) -> UUID:
    """Set a line of a budget that is not approved yet."""
    await act.find(PROJECT, draft.project_id, "project_id")
    budget = await act.row(BUDGET, project_id=draft.project_id)
    if budget is not None:
        act.check(BudgetCourse.set_lines_of, budget, "project_id")
        budget_id = budget["id"]
    else:
        budget_id = await act.insert(BUDGET, draft, status=BudgetStatus.DRAFT)
    amounts = {"original_fen": draft.amount, "revised_fen": draft.amount}
    line = await act.row(BUDGET_LINE, budget_id=budget_id, category=draft.category)
    if line is None:
        return await act.insert(BUDGET_LINE, draft, budget_id=budget_id, **amounts)
    await act.update(BUDGET_LINE, line, **amounts)
    return line["id"]


@draft
class BudgetSubmission:
    """A budget that is ready to be approved."""

    budget_id: UUID = id_of("Budget", "The budget.")
    version: int = version()


@mutation(gives="Budget")
async def submit_budget(act: Act, draft: BudgetSubmission) -> UUID:
    """Ask the bureau to approve a project's budget."""
    budget = await act.find(BUDGET, draft.budget_id, "budget_id")
    act.check(BudgetCourse.submit, budget, "budget_id")
    await _check_total(act, budget)
    await act.take(
        BudgetCourse.submit, budget, draft, "budget_id", submitted_by=act.member_id, note=None
    )
    return budget["id"]


@draft
class BudgetDecision:
    """A decision about a submitted budget."""

    budget_id: NodeId = id_of("Budget", "The budget.")
    version: int = version()


@mutation(gives="Budget")
async def approve_budget(act: Act, draft: BudgetDecision) -> UUID:
    """Approve a budget: its lines can be committed from now on."""
    budget = await act.find(BUDGET, draft.budget_id, "budget_id")
    act.check(BudgetCourse.approve, budget, "budget_id")
    agreement_id = await _check_total(act, budget)
    await act.take(BudgetCourse.approve, budget, draft, "budget_id", decided_on=act.today)
    granted = Account(AccountKind.GRANTED, agreement_id)
    accounts = [granted, *(Account(kind, agreement_id) for kind in _OF_AGREEMENT)]
    legs: list[Leg] = []
    for line in await act.rows(BUDGET_LINE, budget_id=budget["id"]):
        accounts += [Account(kind, line["id"]) for kind in _OF_LINE]
        if line["revised_fen"]:
            target = Account(AccountKind.AVAILABLE, line["id"])
            legs += move(line["revised_fen"], granted, target)
    await open_accounts(act, accounts)
    await book(act, "BUDGET", legs, subject_id=budget["id"])
    return budget["id"]


@draft
class BudgetReturn(BudgetDecision):
    """A budget that cannot be approved as it is."""

    note: str = paragraph("What has to change.")


@mutation(gives="Budget")
async def return_budget(act: Act, draft: BudgetReturn) -> UUID:
    """Send a submitted budget back to the agency."""
    budget = await act.find(BUDGET, draft.budget_id, "budget_id")
    await act.take(BudgetCourse.send_back, budget, draft, "budget_id", decided_on=act.today)
    return budget["id"]


async def _check_total(act: Act, budget: BudgetRow) -> UUID:
    """Hold all budgets of the agreement to its amount; the agreement's id."""
    project = await act.find(PROJECT, budget["project_id"], "budget_id")
    agreement = await act.find(AGREEMENT, project["agreement_id"], "budget_id")
    await act.serialise(agreement["id"])
    siblings = await act.rows(PROJECT, agreement_id=agreement["id"])
    budgets = await act.rows(BUDGET, project_id=[each["id"] for each in siblings])
    counted = [
        each["id"] for each in budgets if each["id"] == budget["id"] or each["status"] in _COUNTED
    ]
    lines: list[BudgetLineRow] = await act.rows(BUDGET_LINE, budget_id=counted)
    total = sum(line["revised_fen"] for line in lines)
    if total > agreement["amount_fen"]:
        message = (
            f"The budgets come to {print_money(total)} yuan, the agreement to "
            f"{print_money(agreement['amount_fen'])}."
        )
        raise over_agreement(message, "budgetId")
    if not any(line["revised_fen"] for line in lines if line["budget_id"] == budget["id"]):
        raise wrong_state("The budget has no lines yet.", "budget_id")
    return agreement["id"]
