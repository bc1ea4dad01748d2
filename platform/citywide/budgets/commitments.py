"""Use cases of commitments: promise money of a budget line, and give back what was not spent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows
from citywide.acts.problems import wrong_state
from citywide.budgets.ledger import Account, AccountKind, OverdrawnError, move
from citywide.budgets.models import COMMITMENT
from citywide.budgets.posting import balances_of, book, open_accounts
from citywide.budgets.problems import BudgetExceeded, exceeded
from citywide.budgets.rules import (
    NO_COMMITMENT,
    amount_faults,
    booked_faults,
    check_open,
    expenses_of,
    line_of,
    number_faults,
    payee_faults,
    reason_faults,
    taken_faults,
    title_faults,
)
from citywide.errors import refuse
from citywide.graph.mutate import asked, mutation
from citywide.ids import new_id

_UNDECIDED = frozenset({"SUBMITTED", "RETURNED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentDraft:
    """Money to be promised to somebody."""

    budget_line_id: Annotated[UUID, asked("The line it is taken from.", of="BudgetLine")]
    number: Annotated[str, asked("The contract's or order's number.")]
    payee: Annotated[str, asked("To whom it is promised.")]
    purpose: Annotated[str, asked("What for, in one line.")]
    committed_on: Annotated[date, asked("The day of the promise.")]
    amount: Annotated[int, asked("How much, in yuan.", money=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideDraft:
    """Money to be promised beyond what a line has left."""

    budget_line_id: Annotated[UUID, asked("The line it is taken from.", of="BudgetLine")]
    number: Annotated[str, asked("The contract's or order's number.")]
    payee: Annotated[str, asked("To whom it is promised.")]
    purpose: Annotated[str, asked("What for, in one line.")]
    committed_on: Annotated[date, asked("The day of the promise.")]
    amount: Annotated[int, asked("How much, in yuan.", money=True)]
    reason: Annotated[str, asked("Why the line may be exceeded; the bureau reads it.")]


@mutation(gives="Commitment", problems=[BudgetExceeded])
async def commit_money(act: Act, draft: CommitmentDraft) -> UUID:
    """Promise money of a budget line to somebody; never more than the line has left."""
    return await _commit(act, draft, override_fen=0, reason=None)


@mutation(gives="Commitment", problems=[BudgetExceeded])
async def commit_beyond_budget(act: Act, draft: OverrideDraft) -> UUID:
    """Promise money beyond what a budget line has left, for a reason that the bureau sees."""
    refuse(reason_faults("reason", draft.reason))
    held = await balances_of(act, draft.budget_line_id)
    short = draft.amount - held.get(AccountKind.AVAILABLE, 0)
    if short <= 0:
        message = "The budget line has enough left: commit it without an override."
        raise wrong_state(message, "amount")
    return await _commit(act, draft, override_fen=short, reason=draft.reason)


async def _commit(
    act: Act, draft: CommitmentDraft | OverrideDraft, *, override_fen: int, reason: str | None
) -> UUID:
    line, project = await line_of(act, draft.budget_line_id, "budget_line_id")
    refuse(
        [
            *amount_faults("amount", draft.amount),
            *number_faults("number", draft.number),
            *payee_faults("payee", draft.payee),
            *title_faults("purpose", draft.purpose),
            *booked_faults("committed_on", draft.committed_on, project, today=act.desk.today),
            *await taken_faults(act, COMMITMENT.c.number, draft.number),
        ]
    )
    await check_open(act, project["agreement_id"], draft.committed_on, "committedOn")
    member_id = act.principal.member_id
    [commitment_id] = await insert_rows(
        act.transaction,
        table=COMMITMENT,
        rows=[
            act.desk.owned(
                id=new_id(),
                budget_line_id=line["id"],
                number=draft.number,
                payee=draft.payee,
                purpose=draft.purpose,
                committed_on=draft.committed_on,
                amount_fen=draft.amount,
                status="OPEN",
                made_by=member_id,
                override_fen=override_fen,
                override_by=member_id if override_fen else None,
                override_reason=reason,
            )
        ],
    )
    available = Account(AccountKind.AVAILABLE, line["id"])
    committed = Account(AccountKind.COMMITTED, commitment_id)
    await open_accounts(act, [committed])
    legs = [*move(draft.amount, available, committed)]
    if override_fen:
        legs += move(override_fen, Account(AccountKind.OVERRUN, line["id"]), available)
    try:
        await book(act, "COMMITMENT", legs, subject_id=commitment_id, reason=reason)
    except OverdrawnError as error:
        raise exceeded(error, "amount") from error
    return commitment_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentClosing:
    """A commitment of which nothing more will be spent."""

    commitment_id: Annotated[UUID, asked("The commitment.", of="Commitment")]
    version: Annotated[int, asked("The version you read.")]


@mutation(gives="Commitment")
async def close_commitment(act: Act, closing: CommitmentClosing) -> UUID:
    """Close a commitment: what was not spent of it is available again."""
    row = await act.find(COMMITMENT, closing.commitment_id, "commitment_id", NO_COMMITMENT)
    if row["status"] != "OPEN":
        raise wrong_state("The commitment is closed already.", "commitmentId")
    waiting = [each for each in await expenses_of(act, row["id"]) if each["status"] in _UNDECIDED]
    if waiting:
        message = f"The expense {waiting[0]['number']} is not decided yet."
        raise wrong_state(message, "commitmentId")
    await act.update(COMMITMENT, row, {"status": "CLOSED"}, version=closing.version)
    rest = (await balances_of(act, row["id"])).get(AccountKind.COMMITTED, 0)
    if rest:
        committed = Account(AccountKind.COMMITTED, row["id"])
        available = Account(AccountKind.AVAILABLE, row["budget_line_id"])
        await book(act, "CLOSING", move(rest, committed, available), subject_id=row["id"])
    return closing.commitment_id
