"""Use cases of tranches: what of an agreement's amount is handed over when, and for what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.budgets.courses import TrancheCourse
from citywide.budgets.funding import over_agreement
from citywide.budgets.ledger import Account, AccountKind, OverdrawnError, move
from citywide.budgets.models import DELIVERABLE, TRANCHE
from citywide.budgets.posting import book, open_accounts
from citywide.budgets.problems import BudgetExceeded, exceeded
from citywide.budgets.words import TrancheStatus
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.projects.models import PROJECT
from citywide.projects.words import Grade, OutputMeasure
from citywide.rules.fields import (
    day,
    draft,
    id_of,
    list_of,
    money,
    paragraph,
    version,
    whole,
    word,
)
from citywide.rules.periods import period_faults
from citywide.tenancy.models import AGREEMENT, AgreementRow

# A year has twelve months; finer tranches are wages.
MOST_TRANCHES = 24


@draft
class Deliverable:
    """An output that must be reached before a tranche is handed over."""

    project_id: NodeId = id_of("Project", "The project.")
    measure: OutputMeasure = word("What is counted.")
    valid_from: date = day("First day that counts.")
    valid_until: date = day("First day that does not.")
    quantity: int = whole("How many there must be.", least=1)


@draft
class TrancheDraft:
    """A part of an agreement's amount."""

    agreement_id: NodeId = id_of("Agreement", "The agreement.")
    number: int = whole("Its number, from 1.", least=1, most=MOST_TRANCHES)
    amount: int = money("How much, in yuan.")
    due_on: date = day("When it is due if all is delivered.")
    condition: str = paragraph("What has to be delivered, in words.")
    deliverables: tuple[Deliverable, ...] = list_of("The same in figures.", default=())
    least_grade: Grade | None = word(
        "The grade that the period's frozen scorecard must have at least.", default=None
    )
    scorecard_day: date | None = day("A day of that period, with a grade.", default=None)


@mutation(gives="Tranche")
async def plan_tranche(act: Act, draft: TrancheDraft) -> UUID:
    """Plan a part of an agreement's amount, and what must be delivered for it."""
    agreement = await act.find(AGREEMENT, draft.agreement_id, "agreement_id")
    await act.serialise(agreement["id"])
    planned = await act.rows(TRANCHE, agreement_id=agreement["id"])
    faults = [*_scorecard_faults(draft, agreement)]
    if draft.number in {row["number"] for row in planned}:
        faults.append(Fault(("number",), "There is a tranche of this number.", "TAKEN"))
    refuse([*faults, *await _deliverable_faults(act, draft, agreement)])
    total = draft.amount + sum(row["amount_fen"] for row in planned)
    if total > agreement["amount_fen"]:
        raise over_agreement("The tranches come to more than the agreement.")
    tranche_id = await act.insert(
        TRANCHE, draft, agreement_id=agreement["id"], status=TrancheStatus.PLANNED
    )
    for each in draft.deliverables:
        project_id = each.project_id.row_id
        await act.insert(DELIVERABLE, each, tranche_id=tranche_id, project_id=project_id)
    return tranche_id


@draft
class Release:
    """A tranche to be handed over."""

    tranche_id: NodeId = id_of("Tranche", "The tranche.")
    version: int = version()


@mutation(gives="Tranche", problems=[BudgetExceeded])
async def release_tranche(act: Act, draft: Release) -> UUID:
    """Hand a tranche over to the agency: in the bureau's books and in the agency's."""
    bureau = act.tenant_id
    tranche = await act.find(TRANCHE, draft.tranche_id, "tranche_id")
    agency, agreement_id = act.tenant_id, tranche["agreement_id"]
    await act.take(TrancheCourse.release, tranche, draft, "tranche_id", released_on=act.today)
    cash = Account(AccountKind.CASH, agreement_id)
    handed = Account(AccountKind.BUREAU, agreement_id)
    await open_accounts(act, [cash, handed, Account(AccountKind.PAYEES, agreement_id)])
    await book(act, "TRANCHE", move(tranche["amount_fen"], handed, cash), subject_id=tranche["id"])
    act.move_to(bureau)
    contracted = Account(AccountKind.CONTRACTED, agreement_id)
    released = Account(AccountKind.RELEASED, agreement_id)
    legs = move(tranche["amount_fen"], contracted, released)
    try:
        await book(act, "TRANCHE", legs, subject_id=tranche["id"])
    except OverdrawnError as error:
        raise exceeded(error) from error
    act.move_to(agency)
    return tranche["id"]


async def _deliverable_faults(
    act: Act, draft: TrancheDraft, agreement: AgreementRow
) -> list[Fault]:
    """What is delivered is an output of the agreement's projects, within a period."""
    ids = {each.project_id.row_id for each in draft.deliverables}
    projects = await act.by_id(PROJECT, ids)
    faults: list[Fault] = []
    for place, each in enumerate(draft.deliverables):
        path = ("deliverables", place)
        project = projects.get(each.project_id.row_id)
        if project is None or project["agreement_id"] != agreement["id"]:
            faults.append(Fault((*path, "project_id"), "The agreement has no such project."))
        if each.measure is OutputMeasure.BENEFICIARIES_ON_FILE:
            faults.append(Fault((*path, "measure"), "Files are not delivered; services are."))
        faults += period_faults(path, each.valid_from, each.valid_until)
    return faults


def _scorecard_faults(draft: TrancheDraft, agreement: AgreementRow) -> Iterator[Fault]:
    """A grade is that of a period of the agreement, and a period without a grade asks nothing."""
    day = draft.scorecard_day
    if (draft.least_grade is None) != (day is None):
        yield Fault(("scorecard_day",), "A least grade needs a day of its period, and only it.")
    elif day is not None and not agreement["valid_from"] <= day < agreement["valid_until"]:
        yield Fault(("scorecard_day",), "The day lies outside of the agreement.")
