"""Use cases of a case's beginning: open it, open it again, hand it to another worker."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.agencies.workers import worker_faults
from citywide.beneficiaries.files import FileCourse, find_file
from citywide.beneficiaries.models import BENEFICIARY
from citywide.cases.casework import ReasonedStepDraft, early_faults, record_step, take_step
from citywide.cases.courses import CaseCourse
from citywide.cases.models import CASE_FILE, CASE_RISK
from citywide.cases.problems import CaseStageProblem
from citywide.cases.words import CaseStage, CaseStepKind, RiskLevel
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, line, paragraph, word
from citywide.rules.texts import NUMBER_LENGTH


@draft
class CaseDraft:
    """A case to open."""

    number: str = line("The agency's own number of the case.", NUMBER_LENGTH)
    beneficiary_id: UUID = id_of("Beneficiary", "Whom it is about.")
    opened_on: date = day("The day it was taken on.", past=True)
    problem: str = paragraph("What led to it.")
    risk: RiskLevel = word("How much is at stake now.")
    risk_reason: str = paragraph("What the risk is judged by.")
    worker_id: UUID | None = id_of(
        "Member", "Who works it; left out: the person's own worker.", default=None
    )


@mutation(gives="Case")
async def open_case(act: Act, draft: CaseDraft) -> UUID:
    """Open a case with a beneficiary, at the stage INTAKE."""
    file = await find_file(act, draft.beneficiary_id)
    act.check(FileCourse.begin_casework, file, "beneficiary_id")
    worker_id = draft.worker_id or file["worker_id"]
    act.check_worker(worker_id, "worker_id")
    message = "The person's file was opened on {}."
    faults = [
        *await worker_faults(act, worker_id, ("worker_id",), draft.opened_on),
        *early_faults("opened_on", draft.opened_on, file["opened_on"], message),
    ]
    if await act.row(CASE_FILE, number=draft.number) is not None:
        faults.append(Fault(("number",), "Another case has this number.", "TAKEN"))
    refuse(faults)
    case_id = await act.insert(CASE_FILE, draft, worker_id=worker_id, stage=CaseStage.INTAKE)
    await act.insert(
        CASE_RISK,
        case_id=case_id,
        level=draft.risk,
        reason=draft.risk_reason,
        rated_on=draft.opened_on,
        member_id=act.member_id,
    )
    await record_step(act, CaseStepKind.OPEN, case_id, draft, None, CaseStage.INTAKE)
    return case_id


@mutation(gives="Case", problems=[CaseStageProblem])
async def reopen_case(act: Act, draft: ReasonedStepDraft) -> UUID:
    """Open a closed case again; it begins with a new assessment and keeps its history."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    file = await act.find(BENEFICIARY, case["beneficiary_id"], "case_id", anybodys=True)
    act.check(FileCourse.begin_casework, file, "case_id")
    return await take_step(act, CaseCourse.reopen, case, draft, outcome=None)


@draft
class AssignmentDraft(ReasonedStepDraft):
    """A case to hand to another worker."""

    worker_id: UUID = id_of("Member", "Who works it from now on.")


@mutation(gives="Case", problems=[CaseStageProblem])
async def assign_case(act: Act, draft: AssignmentDraft) -> UUID:
    """Hand an open case to another worker."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    act.check(CaseCourse.hand_it_over, case, "case_id")
    refuse(await worker_faults(act, draft.worker_id, ("worker_id",), act.today))
    await act.update(CASE_FILE, case, draft)
    stage = case["stage"]
    await record_step(act, CaseStepKind.ASSIGN, case["id"], draft, stage, stage)
    return case["id"]
