"""Use cases of the bureau's money: funds, appropriations, what agreements get, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, rows_with, tenant_rows
from citywide.acts.problems import ProblemError, StateProblem, wrong_state
from citywide.budgets.ledger import Account, AccountKind, OverdrawnError, move
from citywide.budgets.models import APPROPRIATION, DELIVERABLE, FUND, FUNDING, TRANCHE
from citywide.budgets.posting import book, open_accounts
from citywide.budgets.problems import BudgetExceeded, exceeded
from citywide.budgets.rules import amount_faults, number_faults, reason_faults, title_faults
from citywide.errors import Fault, refuse
from citywide.graph.mutate import asked, mutation
from citywide.graph.scalars import print_money
from citywide.ids import NodeId, new_id
from citywide.projects.grades import Grade
from citywide.projects.models import PROJECT
from citywide.rules.legacy import choice_faults, past_faults
from citywide.rules.periods import period_faults
from citywide.tenancy.models import AGREEMENT

# Fiscal years are calendar years; the platform's own records begin with the pilot.
FIRST_YEAR, LAST_YEAR = 2000, 2100
# A year has twelve months; finer tranches are wages.
MOST_TRANCHES = 24
_NO_AGREEMENT = "There is no agreement with this id."
_NO_TRANCHE = "There is no tranche with this id."


@dataclass(frozen=True, slots=True, kw_only=True)
class FundDraft:
    """Where money comes from."""

    name: Annotated[str, asked("Its name, as 优抚事业补助资金.")]
    source: Annotated[str, asked("Who puts it in, as 市级财政.")]


@mutation(gives="Fund")
async def create_fund(act: Act, draft: FundDraft) -> UUID:
    """Open a fund."""
    same = await rows_with(act.transaction, desk=act.desk, column=FUND.c.name, values=[draft.name])
    taken = [Fault(("name",), "There is a fund of this name.")] if same else []
    refuse([*title_faults("name", draft.name), *title_faults("source", draft.source), *taken])
    row = act.desk.owned(id=new_id(), name=draft.name, source=draft.source)
    [fund_id] = await insert_rows(act.transaction, table=FUND, rows=[row])
    return fund_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AppropriationDraft:
    """Money of a fund for a fiscal year."""

    fund_id: Annotated[UUID, asked("The fund.", of="Fund")]
    fiscal_year: Annotated[int, asked("The year it may be spent in.")]
    document: Annotated[str, asked("The number of the document that grants it.")]
    appropriated_on: Annotated[date, asked("The document's day.")]
    amount: Annotated[int, asked("How much, in yuan.", money=True)]


@mutation(gives="Appropriation")
async def appropriate(act: Act, draft: AppropriationDraft) -> UUID:
    """Appropriate money of a fund for a fiscal year."""
    fund = await act.find(FUND, draft.fund_id, "fund_id", "There is no fund with this id.")
    same = await rows_with(
        act.transaction,
        desk=act.desk,
        column=APPROPRIATION.c.document,
        values=[draft.document],
    )
    faults = [
        *amount_faults("amount", draft.amount),
        *number_faults("document", draft.document),
        *past_faults(("appropriated_on",), draft.appropriated_on, today=act.desk.today),
    ]
    if same:
        faults.append(Fault(("document",), "This document is on record already."))
    if not FIRST_YEAR <= draft.fiscal_year <= LAST_YEAR:
        faults.append(Fault(("fiscal_year",), f"A year is {FIRST_YEAR} to {LAST_YEAR}."))
    refuse(faults)
    row = act.desk.owned(
        id=new_id(),
        fund_id=fund["id"],
        fiscal_year=draft.fiscal_year,
        document=draft.document,
        appropriated_on=draft.appropriated_on,
        amount_fen=draft.amount,
    )
    [appropriation_id] = await insert_rows(act.transaction, table=APPROPRIATION, rows=[row])
    source = Account(AccountKind.FUND, fund["id"])
    target = Account(AccountKind.APPROPRIATED, appropriation_id)
    await open_accounts(act, [source, target])
    legs = move(draft.amount, source, target)
    await book(act, "APPROPRIATION", legs, subject_id=appropriation_id)
    return appropriation_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingDraft:
    """Money of an appropriation for an agreement."""

    appropriation_id: Annotated[UUID, asked("Where it is taken from.", of="Appropriation")]
    agreement_id: Annotated[NodeId, asked("The agreement it is for.", of="Agreement")]
    amount: Annotated[int, asked("How much, in yuan.", money=True)]


@mutation(gives="Funding", problems=[BudgetExceeded])
async def fund_agreement(act: Act, draft: FundingDraft) -> UUID:
    """Promise money of an appropriation to an agreement; no more than either has left."""
    message = "There is no appropriation with this id."
    await act.find(APPROPRIATION, draft.appropriation_id, "appropriation_id", message)
    refuse(amount_faults("amount", draft.amount))
    agreement = await _agreement(act, draft.agreement_id)
    await act.serialise(agreement["id"])
    earlier = await rows_with(
        act.transaction,
        desk=act.desk,
        column=FUNDING.c.agreement_id,
        values=[agreement["id"]],
    )
    total = draft.amount + sum(row["amount_fen"] for row in earlier)
    if total > agreement["amount_fen"]:
        sentence = (
            f"The agreement is about {print_money(agreement['amount_fen'])} yuan; with this it "
            f"would be funded with {print_money(total)}."
        )
        raise _over_agreement(sentence)
    row = act.desk.owned(
        id=new_id(),
        appropriation_id=draft.appropriation_id,
        agency_id=agreement["tenant_id"],
        agreement_id=agreement["id"],
        amount_fen=draft.amount,
        funded_on=act.desk.today,
    )
    [funding_id] = await insert_rows(act.transaction, table=FUNDING, rows=[row])
    contracted = Account(AccountKind.CONTRACTED, agreement["id"])
    await open_accounts(act, [contracted, Account(AccountKind.RELEASED, agreement["id"])])
    source = Account(AccountKind.APPROPRIATED, draft.appropriation_id)
    try:
        await book(act, "FUNDING", move(draft.amount, source, contracted), subject_id=funding_id)
    except OverdrawnError as error:
        raise exceeded(error, "amount") from error
    return funding_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverable:
    """An output that must be reached before a tranche is handed over."""

    project_id: Annotated[NodeId, asked("The project.", of="Project")]
    measure: Annotated[str, asked("What is counted.", enum="OutputMeasure")]
    valid_from: Annotated[date, asked("First day that counts.")]
    valid_until: Annotated[date, asked("First day that does not.")]
    quantity: Annotated[int, asked("How many there must be.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheDraft:
    """A part of an agreement's amount."""

    agreement_id: Annotated[NodeId, asked("The agreement.", of="Agreement")]
    number: Annotated[int, asked("Its number, from 1.")]
    amount: Annotated[int, asked("How much, in yuan.", money=True)]
    due_on: Annotated[date, asked("When it is due if all is delivered.")]
    condition: Annotated[str, asked("What has to be delivered, in words.")]
    deliverables: Annotated[tuple[Deliverable, ...], asked("The same in figures.")] = ()
    least_grade: Annotated[
        str | None,
        asked("The grade that the period's frozen scorecard must have at least.", enum="Grade"),
    ] = None
    scorecard_day: Annotated[date | None, asked("A day of that period, with a grade.")] = None


@mutation(gives="Tranche")
async def plan_tranche(act: Act, draft: TrancheDraft) -> UUID:
    """Plan a part of an agreement's amount, and what must be delivered for it."""
    agreement = await _agreement(act, draft.agreement_id)
    act.move_to(draft.agreement_id.tenant_id)
    await act.serialise(agreement["id"])
    projects = await tenant_rows(
        act.transaction,
        desk=act.desk,
        table=PROJECT,
        ids={each.project_id.row_id for each in draft.deliverables},
    )
    planned = await rows_with(
        act.transaction, desk=act.desk, column=TRANCHE.c.agreement_id, values=[agreement["id"]]
    )
    faults = [
        *amount_faults("amount", draft.amount),
        *reason_faults("condition", draft.condition),
    ]
    if not 1 <= draft.number <= MOST_TRANCHES:
        faults.append(Fault(("number",), f"Tranches are numbered 1 to {MOST_TRANCHES}."))
    if draft.number in {row["number"] for row in planned}:
        faults.append(Fault(("number",), "There is a tranche of this number."))
    for place, each in enumerate(draft.deliverables):
        path = ("deliverables", place)
        project = projects.get(each.project_id.row_id)
        if project is None or project["agreement_id"] != agreement["id"]:
            faults.append(Fault((*path, "project_id"), "The agreement has no such project."))
        if each.measure == "BENEFICIARIES_ON_FILE":
            faults.append(Fault((*path, "measure"), "Files are not delivered; services are."))
        if each.quantity < 1:
            faults.append(Fault((*path, "quantity"), "At least 1."))
        faults += period_faults(path, each.valid_from, each.valid_until)
    refuse([*faults, *_scorecard_faults(draft, agreement)])
    total = draft.amount + sum(row["amount_fen"] for row in planned)
    if total > agreement["amount_fen"]:
        raise _over_agreement("The tranches come to more than the agreement.")
    row = act.desk.owned(
        id=new_id(),
        agreement_id=agreement["id"],
        number=draft.number,
        amount_fen=draft.amount,
        due_on=draft.due_on,
        condition=draft.condition,
        status="PLANNED",
        least_grade=draft.least_grade,
        scorecard_day=draft.scorecard_day,
    )
    [tranche_id] = await insert_rows(act.transaction, table=TRANCHE, rows=[row])
    rows = [
        act.desk.owned(
            id=new_id(),
            tranche_id=tranche_id,
            project_id=each.project_id.row_id,
            measure=each.measure,
            valid_from=each.valid_from,
            valid_until=each.valid_until,
            quantity=each.quantity,
        )
        for each in draft.deliverables
    ]
    await insert_rows(act.transaction, table=DELIVERABLE, rows=rows)
    return tranche_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A tranche to be handed over."""

    tranche_id: Annotated[NodeId, asked("The tranche.", of="Tranche")]
    version: Annotated[int, asked("The version you read.")]


@mutation(gives="Tranche", problems=[BudgetExceeded])
async def release_tranche(act: Act, release: Release) -> UUID:
    """Hand a tranche over to the agency: in the bureau's books and in the agency's."""
    bureau_id = act.desk.tenant_id
    row = await find_tranche(act, release.tranche_id, "ACCEPTED")
    agreement_id = row["agreement_id"]
    values = {"status": "RELEASED", "released_on": act.desk.today}
    await act.update(TRANCHE, row, values, version=release.version)
    cash = Account(AccountKind.CASH, agreement_id)
    handed = Account(AccountKind.BUREAU, agreement_id)
    await open_accounts(act, [cash, handed, Account(AccountKind.PAYEES, agreement_id)])
    await book(act, "TRANCHE", move(row["amount_fen"], handed, cash), subject_id=row["id"])
    act.move_to(bureau_id)
    contracted = Account(AccountKind.CONTRACTED, agreement_id)
    released = Account(AccountKind.RELEASED, agreement_id)
    try:
        legs = move(row["amount_fen"], contracted, released)
        await book(act, "TRANCHE", legs, subject_id=row["id"])
    except OverdrawnError as error:
        raise exceeded(error) from error
    act.move_to(release.tranche_id.tenant_id)
    return release.tranche_id.row_id


async def find_tranche(act: Act, node: NodeId, status: str) -> Record:
    """A tranche of the bureau's city that is as far as `status`; moves the act to its agency."""
    act.move_to(node.tenant_id)
    row = await act.find(TRANCHE, node.row_id, "tranche_id", _NO_TRANCHE)
    if row["status"] != status:
        message = f"The tranche is {row['status'].lower()}; this step needs {status.lower()}."
        raise wrong_state(message, "trancheId")
    return row


async def _agreement(act: Act, node: NodeId) -> Record:
    """An agreement of the bureau's city, wherever it lies."""
    found = await act.transaction.rows(
        select(AGREEMENT).where(
            AGREEMENT.c.tenant_id == node.tenant_id,
            AGREEMENT.c.bureau_id == act.desk.bureau_id,
            AGREEMENT.c.id == node.row_id,
        )
    )
    if not found:
        refuse([Fault(("agreement_id",), _NO_AGREEMENT)])
    return found[0]


def _scorecard_faults(draft: TrancheDraft, agreement: Record) -> Iterator[Fault]:
    """A grade is that of a period of the agreement, and a period without a grade asks nothing."""
    if draft.least_grade is not None:
        yield from choice_faults(("least_grade",), draft.least_grade, [*Grade])
    day = draft.scorecard_day
    if (draft.least_grade is None) != (day is None):
        yield Fault(("scorecard_day",), "A least grade needs a day of its period, and only it.")
    elif day is not None and not agreement["valid_from"] <= day < agreement["valid_until"]:
        yield Fault(("scorecard_day",), "The day lies outside of the agreement.")


def _over_agreement(message: str) -> ProblemError:
    return ProblemError(StateProblem(code="OVER_AGREEMENT", message=message, path=["amount"]))
