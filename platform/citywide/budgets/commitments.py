"""Use cases of commitments: promise money of a budget line, and give back what was not spent."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.beneficiaries.others_eyes import HARMLESS, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.budgets.courses import CommitmentCourse
from citywide.budgets.ledger import Account, AccountKind, OverdrawnError, move
from citywide.budgets.models import COMMITMENT, EXPENSE, CommitmentRow
from citywide.budgets.posting import balances_of, book, open_accounts
from citywide.budgets.problems import BudgetExceeded, exceeded
from citywide.budgets.rules import PAYEE_LENGTH, booked_faults, check_books, line_of
from citywide.budgets.words import CommitmentStatus, ExpenseStatus
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, line, list_of, money, paragraph, version
from citywide.rules.texts import NUMBER_LENGTH, TITLE_LENGTH


@draft
class CommitmentDraft:
    """Money to be promised to somebody."""

    budget_line_id: UUID = id_of("BudgetLine", "The line it is taken from.")
    number: str = line("The contract's or order's number.", NUMBER_LENGTH)
    payee: str = line("To whom it is promised.", PAYEE_LENGTH)
    purpose: str = line("What for, in one line; names nobody who is served.", TITLE_LENGTH)
    committed_on: date = day("The day of the promise.", past=True)
    amount: int = money("How much, in yuan.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@draft
class OverrideDraft(CommitmentDraft):
    """Money to be promised beyond what a line has left."""

    reason: str = paragraph("Why the line may be exceeded; the bureau reads it.")


@mutation(gives="Commitment", problems=[BudgetExceeded, RevealingProblem])
async def commit_money(act: Act, draft: CommitmentDraft) -> UUID:
    """Promise money of a budget line to somebody; never more than the line has left."""
    return await _commit(act, draft, override_fen=0)


@mutation(gives="Commitment", problems=[BudgetExceeded, RevealingProblem])
async def commit_beyond_budget(act: Act, draft: OverrideDraft) -> UUID:
    """Promise money beyond what a budget line has left, for a reason that the bureau sees."""
    held = await balances_of(act, draft.budget_line_id)
    short = draft.amount - held.get(AccountKind.AVAILABLE, 0)
    if short <= 0:
        message = "The budget line has enough left: commit it without an override."
        raise wrong_state(message, "amount")
    override = {"override_by": act.member_id, "override_reason": draft.reason}
    return await _commit(act, draft, override_fen=short, **override)


async def _commit(
    act: Act, draft: CommitmentDraft, *, override_fen: int, **override: object
) -> UUID:
    budget_line, project = await line_of(act, draft.budget_line_id, "budget_line_id")
    faults = [*booked_faults("committed_on", draft.committed_on, project)]
    if await act.row(COMMITMENT, number=draft.number) is not None:
        faults.append(Fault(("number",), "Another one has this number.", "TAKEN"))
    refuse(faults)
    await check_books(act, project["agreement_id"], draft.committed_on, "committed_on")
    reason = getattr(draft, "reason", None)
    await check_deidentified(act, draft, {"purpose": draft.purpose, "reason": reason})
    commitment_id = await act.insert(
        COMMITMENT,
        draft,
        status=CommitmentStatus.OPEN,
        made_by=act.member_id,
        override_fen=override_fen,
        **override,
    )
    available = Account(AccountKind.AVAILABLE, budget_line["id"])
    committed = Account(AccountKind.COMMITTED, commitment_id)
    await open_accounts(act, [committed])
    legs = [*move(draft.amount, available, committed)]
    if override_fen:
        legs += move(override_fen, Account(AccountKind.OVERRUN, budget_line["id"]), available)
    try:
        await book(act, "COMMITMENT", legs, subject_id=commitment_id, reason=reason)
    except OverdrawnError as error:
        raise exceeded(error, "amount") from error
    return commitment_id


@draft
class CommitmentClosing:
    """A commitment of which nothing more will be spent."""

    commitment_id: UUID = id_of("Commitment", "The commitment.")
    version: int = version()


@mutation(gives="Commitment")
async def close_commitment(act: Act, draft: CommitmentClosing) -> UUID:
    """Close a commitment: what was not spent of it is available again."""
    commitment = await act.find(COMMITMENT, draft.commitment_id, "commitment_id")
    act.check(CommitmentCourse.close, commitment, "commitment_id")
    undecided = (ExpenseStatus.SUBMITTED, ExpenseStatus.RETURNED)
    waiting = await act.rows(EXPENSE, commitment_id=commitment["id"], status=undecided)
    if waiting:
        message = f"The expense {waiting[0]['number']} is not decided yet."
        raise wrong_state(message, "commitment_id")
    await act.take(CommitmentCourse.close, commitment, draft, "commitment_id")
    await give_back(act, commitment)
    return commitment["id"]


async def give_back(act: Act, commitment: CommitmentRow) -> None:
    """What is held of a commitment and will not be spent is available again."""
    rest = (await balances_of(act, commitment["id"])).get(AccountKind.COMMITTED, 0)
    if rest:
        committed = Account(AccountKind.COMMITTED, commitment["id"])
        available = Account(AccountKind.AVAILABLE, commitment["budget_line_id"])
        await book(act, "CLOSING", move(rest, committed, available), subject_id=commitment["id"])
