"""Use cases of the bureau's money: funds, appropriations, and what agreements get of them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import ProblemError, StateProblem
from citywide.budgets.ledger import Account, AccountKind, OverdrawnError, move
from citywide.budgets.models import APPROPRIATION, FUND, FUNDING
from citywide.budgets.posting import book, open_accounts
from citywide.budgets.problems import BudgetExceeded, exceeded
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.graph.scalars import print_money
from citywide.ids import NodeId
from citywide.rules.fields import day, draft, id_of, line, money, whole
from citywide.rules.texts import NUMBER_LENGTH, TITLE_LENGTH
from citywide.tenancy.models import AGREEMENT

# Fiscal years are calendar years; the platform's own records begin with the pilot.
FIRST_YEAR, LAST_YEAR = 2000, 2100


@draft
class FundDraft:
    """Where money comes from."""

    name: str = line("Its name, as 优抚事业补助资金.", TITLE_LENGTH)
    source: str = line("Who puts it in, as 市级财政.", TITLE_LENGTH)


@mutation(gives="Fund")
async def create_fund(act: Act, draft: FundDraft) -> UUID:
    """Open a fund."""
    if await act.row(FUND, name=draft.name) is not None:
        refuse([Fault(("name",), "There is a fund of this name.", "TAKEN")])
    return await act.insert(FUND, draft)


@draft
class AppropriationDraft:
    """Money of a fund for a fiscal year."""

    fund_id: UUID = id_of("Fund", "The fund.")
    fiscal_year: int = whole("The year it may be spent in.", least=FIRST_YEAR, most=LAST_YEAR)
    document: str = line("The number of the document that grants it.", NUMBER_LENGTH)
    appropriated_on: date = day("The document's day.", past=True)
    amount: int = money("How much, in yuan.")


@mutation(gives="Appropriation")
async def appropriate(act: Act, draft: AppropriationDraft) -> UUID:
    """Appropriate money of a fund for a fiscal year."""
    fund = await act.find(FUND, draft.fund_id, "fund_id")
    if await act.row(APPROPRIATION, document=draft.document) is not None:
        refuse([Fault(("document",), "This document is on record already.", "TAKEN")])
    appropriation_id = await act.insert(APPROPRIATION, draft)
    source = Account(AccountKind.FUND, fund["id"])
    target = Account(AccountKind.APPROPRIATED, appropriation_id)
    await open_accounts(act, [source, target])
    legs = move(draft.amount, source, target)
    await book(act, "APPROPRIATION", legs, subject_id=appropriation_id)
    return appropriation_id


@draft
class FundingDraft:
    """Money of an appropriation for an agreement."""

    appropriation_id: UUID = id_of("Appropriation", "Where it is taken from.")
    agreement_id: NodeId = id_of("Agreement", "The agreement it is for.")
    amount: int = money("How much, in yuan.")


@mutation(gives="Funding", problems=[BudgetExceeded])
async def fund_agreement(act: Act, draft: FundingDraft) -> UUID:
    """Promise money of an appropriation to an agreement; no more than either has left."""
    await act.find(APPROPRIATION, draft.appropriation_id, "appropriation_id")
    bureau = act.tenant_id
    agreement = await act.find(AGREEMENT, draft.agreement_id, "agreement_id")
    act.move_to(bureau)
    await act.serialise(agreement["id"])
    earlier = await act.rows(FUNDING, agreement_id=agreement["id"])
    total = draft.amount + sum(row["amount_fen"] for row in earlier)
    if total > agreement["amount_fen"]:
        sentence = (
            f"The agreement is about {print_money(agreement['amount_fen'])} yuan; with this it "
            f"would be funded with {print_money(total)}."
        )
        raise over_agreement(sentence)
    funding_id = await act.insert(
        FUNDING,
        appropriation_id=draft.appropriation_id,
        agency_id=agreement["tenant_id"],
        agreement_id=agreement["id"],
        amount_fen=draft.amount,
        funded_on=act.today,
    )
    contracted = Account(AccountKind.CONTRACTED, agreement["id"])
    await open_accounts(act, [contracted, Account(AccountKind.RELEASED, agreement["id"])])
    source = Account(AccountKind.APPROPRIATED, draft.appropriation_id)
    try:
        await book(act, "FUNDING", move(draft.amount, source, contracted), subject_id=funding_id)
    except OverdrawnError as error:
        raise exceeded(error, "amount") from error
    return funding_id


def over_agreement(message: str, field: str = "amount") -> ProblemError:
    """The problem of parts that come to more than their agreement."""
    return ProblemError(StateProblem(code="OVER_AGREEMENT", message=message, path=[field]))
