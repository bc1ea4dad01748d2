"""Use cases of budget changes: an agency asks to move money between lines, the bureau decides."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from citywide.acts.act import APPROVAL_REQUESTED, Act
from citywide.beneficiaries.others_eyes import HARMLESS, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.budgets.courses import ChangeCourse
from citywide.budgets.ledger import Account, AccountKind, OverdrawnError, move
from citywide.budgets.models import BUDGET_CHANGE, BUDGET_LINE, BudgetLineRow
from citywide.budgets.posting import balances_of, book
from citywide.budgets.problems import BudgetExceeded, exceeded
from citywide.budgets.rules import line_of
from citywide.budgets.words import ChangeStatus
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.rules.fields import draft, id_of, list_of, money, paragraph, version


@draft
class ChangeDraft:
    """Money to be moved from one line of a project to another."""

    from_line_id: UUID = id_of("BudgetLine", "The line that gives.")
    to_line_id: UUID = id_of("BudgetLine", "The line that gets.")
    amount: int = money("How much, in yuan.")
    reason: str = paragraph("Why; whoever decides reads it, so it names nobody who is served.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="BudgetChange", problems=[BudgetExceeded, RevealingProblem])
async def request_budget_change(act: Act, draft: ChangeDraft) -> UUID:
    """Ask the bureau to move money between two lines of a project."""
    giving, project = await line_of(act, draft.from_line_id, "from_line_id")
    getting, other = await line_of(act, draft.to_line_id, "to_line_id")
    if giving["id"] == getting["id"]:
        refuse([Fault(("to_line_id",), "The two lines are the same.")])
    if project["id"] != other["id"]:
        refuse([Fault(("to_line_id",), "The two lines belong to different projects.")])
    await _check_given(act, giving, draft.amount, "amount")
    await check_deidentified(act, draft, {"reason": draft.reason})
    change_id = await act.insert(
        BUDGET_CHANGE,
        draft,
        status=ChangeStatus.REQUESTED,
        requested_by=act.member_id,
        requested_on=act.today,
        **_before_and_after(giving, getting, draft.amount),
    )
    act.announce(APPROVAL_REQUESTED, change_id)
    return change_id


@draft
class ChangeDecision:
    """A decision about a requested change."""

    change_id: NodeId = id_of("BudgetChange", "The change.")
    version: int = version()


@mutation(gives="BudgetChange", problems=[BudgetExceeded])
async def approve_budget_change(act: Act, draft: ChangeDecision) -> UUID:
    """Move the money between the two lines."""
    change = await act.find(BUDGET_CHANGE, draft.change_id, "change_id")
    act.check(ChangeCourse.approve, change, "change_id")
    giving = await act.find(BUDGET_LINE, change["from_line_id"], "change_id")
    getting = await act.find(BUDGET_LINE, change["to_line_id"], "change_id")
    await _check_given(act, giving, change["amount_fen"], "change_id")
    amounts = _before_and_after(giving, getting, change["amount_fen"])
    await act.take(
        ChangeCourse.approve, change, draft, "change_id", decided_on=act.today, **amounts
    )
    source = Account(AccountKind.AVAILABLE, giving["id"])
    target = Account(AccountKind.AVAILABLE, getting["id"])
    legs = move(change["amount_fen"], source, target)
    try:
        await book(act, "CHANGE", legs, subject_id=change["id"])
    except OverdrawnError as error:
        raise exceeded(error) from error
    await act.update(BUDGET_LINE, giving, revised_fen=amounts["from_after_fen"])
    await act.update(BUDGET_LINE, getting, revised_fen=amounts["to_after_fen"])
    return change["id"]


@draft
class ChangeRefusal(ChangeDecision):
    """A change that is not made."""

    note: str = paragraph("Why not.")


@mutation(gives="BudgetChange")
async def refuse_budget_change(act: Act, draft: ChangeRefusal) -> UUID:
    """Refuse a requested change."""
    change = await act.find(BUDGET_CHANGE, draft.change_id, "change_id")
    await act.take(ChangeCourse.refuse, change, draft, "change_id", decided_on=act.today)
    return change["id"]


async def _check_given(act: Act, giving: BudgetLineRow, amount_fen: int, field: str) -> None:
    """A line gives what it has left of its own: not what it was allowed beyond its budget."""
    available = (await balances_of(act, giving["id"])).get(AccountKind.AVAILABLE, 0)
    left = min(available, giving["revised_fen"])
    if amount_fen > left:
        account = Account(AccountKind.AVAILABLE, giving["id"])
        raise exceeded(OverdrawnError(account, max(0, left)), field)


def _before_and_after(
    giving: BudgetLineRow, getting: BudgetLineRow, amount_fen: int
) -> dict[str, Any]:
    return {
        "from_before_fen": giving["revised_fen"],
        "from_after_fen": giving["revised_fen"] - amount_fen,
        "to_before_fen": getting["revised_fen"],
        "to_after_fen": getting["revised_fen"] + amount_fen,
    }
