"""Use cases of budgets: draft the lines of a project, have them approved, move money between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from asyncpg import Record

from citywide.acts.act import Act
from citywide.acts.problems import ProblemError, StateProblem, wrong_state
from citywide.budgets.ledger import Account, AccountKind, Leg, OverdrawnError, move
from citywide.budgets.models import BUDGET, BUDGET_CHANGE, BUDGET_LINE, CATEGORIES
from citywide.budgets.posting import balances_of, book, open_accounts
from citywide.budgets.problems import BudgetExceeded, exceeded
from citywide.budgets.rules import amount_faults, line_of, reason_faults
from citywide.errors import Fault
from citywide.graph.mutate import asked, mutation
from citywide.graph.scalars import print_money
from citywide.ids import NodeId, new_id
from citywide.projects.models import PROJECT
from citywide.tenancy.drafts import choice_faults, refuse
from citywide.tenancy.models import AGREEMENT
from citywide.tenancy.rows import insert_rows, rows_with, tenant_rows

_NO_BUDGET = "There is no budget with this id."
_OPEN_FOR_DRAFTING = frozenset({"DRAFT", "RETURNED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """What a category of a project's budget is to hold."""

    project_id: Annotated[UUID, asked("The project.", of="Project")]
    category: Annotated[str, asked("The category.", enum="BudgetCategory")]
    amount: Annotated[int, asked("How much, in yuan; 0.00 takes the line out.", money=True)]


@mutation(gives="BudgetLine")
async def draft_budget_line(act: Act, draft: LineDraft) -> UUID:
    """Set a line of a budget that is not approved yet."""
    await act.find(PROJECT, draft.project_id, "project_id", "There is no project with this id.")
    faults = [*choice_faults(("category",), draft.category, CATEGORIES)]
    if draft.amount:
        faults += amount_faults("amount", draft.amount)
    refuse(faults)
    budget = await _budget_of(act, draft.project_id)
    if budget["status"] not in _OPEN_FOR_DRAFTING:
        message = f"The budget is {budget['status'].lower()}: request a change instead."
        raise wrong_state(message, "projectId")
    lines = await _lines(act, budget["id"])
    values = {"original_fen": draft.amount, "revised_fen": draft.amount}
    for line in lines:
        if line["category"] == draft.category:
            await act.update(BUDGET_LINE, line, values)
            line_id: UUID = line["id"]
            return line_id
    row = act.desk.owned(
        id=new_id(),
        budget_id=budget["id"],
        project_id=draft.project_id,
        category=draft.category,
        **values,
    )
    [line_id] = await insert_rows(act.transaction, table=BUDGET_LINE, rows=[row])
    return line_id


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSubmission:
    """A budget that is ready to be approved."""

    budget_id: Annotated[UUID, asked("The budget.", of="Budget")]
    version: Annotated[int, asked("The version you read.")]


@mutation(gives="Budget")
async def submit_budget(act: Act, submission: BudgetSubmission) -> UUID:
    """Ask the bureau to approve a project's budget."""
    row = await act.find(BUDGET, submission.budget_id, "budget_id", _NO_BUDGET)
    if row["status"] not in _OPEN_FOR_DRAFTING:
        raise wrong_state(f"The budget is {row['status'].lower()} already.", "budgetId")
    await _check_total(act, row)
    values = {"status": "SUBMITTED", "submitted_by": act.principal.member_id, "note": None}
    await act.update(BUDGET, row, values, version=submission.version)
    act.tell("approvalRequested", row["id"])
    return submission.budget_id


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetDecision:
    """A decision about a submitted budget."""

    budget_id: Annotated[NodeId, asked("The budget.", of="Budget")]
    version: Annotated[int, asked("The version you read.")]


@mutation(gives="Budget")
async def approve_budget(act: Act, decision: BudgetDecision) -> UUID:
    """Approve a budget: its lines can be committed from now on."""
    row = await _submitted(act, decision.budget_id)
    agreement_id = await _check_total(act, row)
    values = {"status": "APPROVED", "decided_on": act.desk.today}
    await act.update(BUDGET, row, values, version=decision.version)
    lines = await _lines(act, row["id"])
    granted = Account(AccountKind.GRANTED, agreement_id)
    accounts = [granted, *(Account(kind, agreement_id) for kind in _OF_AGREEMENT)]
    legs: list[Leg] = []
    for line in lines:
        accounts += [Account(kind, line["id"]) for kind in _OF_LINE]
        if line["revised_fen"]:
            target = Account(AccountKind.AVAILABLE, line["id"])
            legs += move(line["revised_fen"], granted, target)
    await open_accounts(act, accounts)
    await book(act, "BUDGET", legs, subject_id=row["id"])
    return decision.budget_id.row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReturn:
    """A budget that cannot be approved as it is."""

    budget_id: Annotated[NodeId, asked("The budget.", of="Budget")]
    version: Annotated[int, asked("The version you read.")]
    note: Annotated[str, asked("What has to change.")]


@mutation(gives="Budget")
async def return_budget(act: Act, returning: BudgetReturn) -> UUID:
    """Send a submitted budget back to the agency."""
    row = await _submitted(act, returning.budget_id)
    refuse(reason_faults("note", returning.note))
    values = {"status": "RETURNED", "note": returning.note, "decided_on": act.desk.today}
    await act.update(BUDGET, row, values, version=returning.version)
    return returning.budget_id.row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDraft:
    """Money to be moved from one line of a project to another."""

    from_line_id: Annotated[UUID, asked("The line that gives.", of="BudgetLine")]
    to_line_id: Annotated[UUID, asked("The line that gets.", of="BudgetLine")]
    amount: Annotated[int, asked("How much, in yuan.", money=True)]
    reason: Annotated[str, asked("Why; whoever decides reads it.")]


@mutation(gives="BudgetChange", problems=[BudgetExceeded])
async def request_budget_change(act: Act, draft: ChangeDraft) -> UUID:
    """Ask the bureau to move money between two lines of a project."""
    giving, project = await line_of(act, draft.from_line_id, "from_line_id")
    getting, other = await line_of(act, draft.to_line_id, "to_line_id")
    faults = [*amount_faults("amount", draft.amount), *reason_faults("reason", draft.reason)]
    if giving["id"] == getting["id"]:
        faults.append(Fault(("to_line_id",), "The two lines are the same."))
    elif project["id"] != other["id"]:
        faults.append(Fault(("to_line_id",), "The two lines belong to different projects."))
    refuse(faults)
    await _check_available(act, giving, draft.amount)
    row = act.desk.owned(
        id=new_id(),
        from_line_id=giving["id"],
        to_line_id=getting["id"],
        amount_fen=draft.amount,
        reason=draft.reason,
        status="REQUESTED",
        requested_by=act.principal.member_id,
        requested_on=act.desk.today,
        **_before_and_after(giving, getting, draft.amount),
    )
    [change_id] = await insert_rows(act.transaction, table=BUDGET_CHANGE, rows=[row])
    act.tell("approvalRequested", change_id)
    return change_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDecision:
    """A decision about a requested change."""

    change_id: Annotated[NodeId, asked("The change.", of="BudgetChange")]
    version: Annotated[int, asked("The version you read.")]


@mutation(gives="BudgetChange", problems=[BudgetExceeded])
async def approve_budget_change(act: Act, decision: ChangeDecision) -> UUID:
    """Move the money between the two lines."""
    change = await _requested(act, decision.change_id)
    lines = await tenant_rows(
        act.transaction,
        desk=act.desk,
        table=BUDGET_LINE,
        ids={change["from_line_id"], change["to_line_id"]},
    )
    giving, getting = lines[change["from_line_id"]], lines[change["to_line_id"]]
    amount = change["amount_fen"]
    values = _before_and_after(giving, getting, amount)
    await act.update(
        BUDGET_CHANGE,
        change,
        {**values, "status": "APPROVED", "decided_on": act.desk.today},
        version=decision.version,
    )
    source = Account(AccountKind.AVAILABLE, giving["id"])
    target = Account(AccountKind.AVAILABLE, getting["id"])
    try:
        await book(act, "CHANGE", move(amount, source, target), subject_id=change["id"])
    except OverdrawnError as error:
        raise exceeded(error) from error
    await act.update(BUDGET_LINE, giving, {"revised_fen": values["from_after_fen"]})
    await act.update(BUDGET_LINE, getting, {"revised_fen": values["to_after_fen"]})
    return decision.change_id.row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRefusal:
    """A change that is not made."""

    change_id: Annotated[NodeId, asked("The change.", of="BudgetChange")]
    version: Annotated[int, asked("The version you read.")]
    note: Annotated[str, asked("Why not.")]


@mutation(gives="BudgetChange")
async def refuse_budget_change(act: Act, refusal: ChangeRefusal) -> UUID:
    """Refuse a requested change."""
    change = await _requested(act, refusal.change_id)
    refuse(reason_faults("note", refusal.note))
    values = {"status": "REFUSED", "note": refusal.note, "decided_on": act.desk.today}
    await act.update(BUDGET_CHANGE, change, values, version=refusal.version)
    return refusal.change_id.row_id


_OF_AGREEMENT = (AccountKind.BUREAU, AccountKind.CASH, AccountKind.PAYEES)
_OF_LINE = (AccountKind.AVAILABLE, AccountKind.SPENT, AccountKind.PAID, AccountKind.OVERRUN)


def _before_and_after(giving: Record, getting: Record, amount_fen: int) -> dict[str, int]:
    return {
        "from_before_fen": giving["revised_fen"],
        "from_after_fen": giving["revised_fen"] - amount_fen,
        "to_before_fen": getting["revised_fen"],
        "to_after_fen": getting["revised_fen"] + amount_fen,
    }


async def _check_available(act: Act, line: Record, amount_fen: int) -> None:
    left = (await balances_of(act, line["id"])).get(AccountKind.AVAILABLE, 0)
    if amount_fen > left:
        account = Account(AccountKind.AVAILABLE, line["id"])
        raise exceeded(OverdrawnError(account, left), "amount")


async def _budget_of(act: Act, project_id: UUID) -> Record:
    """The project's budget, made as a draft when there is none."""
    found = await rows_with(
        act.transaction, desk=act.desk, column=BUDGET.c.project_id, values=[project_id]
    )
    if found:
        return found[0]
    row = act.desk.owned(id=new_id(), project_id=project_id, status="DRAFT")
    [budget_id] = await insert_rows(act.transaction, table=BUDGET, rows=[row])
    return await act.find(BUDGET, budget_id, "project_id", _NO_BUDGET)


async def _lines(act: Act, budget_id: UUID) -> list[Record]:
    return await rows_with(
        act.transaction, desk=act.desk, column=BUDGET_LINE.c.budget_id, values=[budget_id]
    )


async def _check_total(act: Act, budget: Record) -> UUID:
    """Hold all budgets of the agreement to its amount; the agreement's id."""
    project = await act.find(PROJECT, budget["project_id"], "budget_id", _NO_BUDGET)
    agreement = await act.find(AGREEMENT, project["agreement_id"], "budget_id", _NO_BUDGET)
    await act.serialise(agreement["id"])
    siblings = await rows_with(
        act.transaction,
        desk=act.desk,
        column=PROJECT.c.agreement_id,
        values=[agreement["id"]],
    )
    budgets = await rows_with(
        act.transaction,
        desk=act.desk,
        column=BUDGET.c.project_id,
        values=[each["id"] for each in siblings],
    )
    total = 0
    for each in budgets:
        if each["id"] == budget["id"] or each["status"] in {"SUBMITTED", "APPROVED"}:
            total += sum(line["revised_fen"] for line in await _lines(act, each["id"]))
    if total > agreement["amount_fen"]:
        message = (
            f"The budgets come to {print_money(total)} yuan, the agreement to "
            f"{print_money(agreement['amount_fen'])}."
        )
        problem = StateProblem(code="OVER_AGREEMENT", message=message, path=["budgetId"])
        raise ProblemError(problem)
    if not any(line["revised_fen"] for line in await _lines(act, budget["id"])):
        raise wrong_state("The budget has no lines yet.", "budgetId")
    agreement_id: UUID = agreement["id"]
    return agreement_id


async def _submitted(act: Act, node: NodeId) -> Record:
    act.move_to(node.tenant_id)
    row = await act.find(BUDGET, node.row_id, "budget_id", _NO_BUDGET)
    if row["status"] != "SUBMITTED":
        raise wrong_state(f"The budget is {row['status'].lower()}, not submitted.", "budgetId")
    return row


async def _requested(act: Act, node: NodeId) -> Record:
    act.move_to(node.tenant_id)
    message = "There is no budget change with this id."
    row = await act.find(BUDGET_CHANGE, node.row_id, "change_id", message)
    if row["status"] != "REQUESTED":
        raise wrong_state("The change is decided already.", "changeId")
    return row
