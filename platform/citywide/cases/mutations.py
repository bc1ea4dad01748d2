"""The use cases that move a case from stage to stage, as mutations."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.legacy import field_workers, insert_rows, rows_with
from citywide.beneficiaries.drafts import NO_BENEFICIARY, worker_faults
from citywide.beneficiaries.models import BENEFICIARY
from citywide.cases.commands import (
    check_open,
    check_open_file,
    find_case,
    record_step,
    standing_goals,
    take_step,
)
from citywide.cases.drafts import (
    AssignmentDraft,
    CaseDraft,
    ClosureDraft,
    FindingsDraft,
    PlanDraft,
    ReasonedStepDraft,
    StepDraft,
)
from citywide.cases.models import CASE_FILE, CASE_RISK
from citywide.cases.problems import CaseStageProblem
from citywide.cases.stages import CaseStage, CaseStepKind
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.rules.legacy import past_faults, taken_faults
from citywide.rules.texts import NOTE_LENGTH, NUMBER_LENGTH, text_faults

# A plan that nobody looks at for longer than this is none.
LONGEST_REVIEW = timedelta(days=366)


@mutation(gives="Case")
async def open_case(act: Act, draft: CaseDraft) -> UUID:
    """Open a case with a beneficiary, at the stage INTAKE."""
    file = await act.find(BENEFICIARY, draft.beneficiary_id, "beneficiary_id", NO_BENEFICIARY)
    act.check_worker(file["worker_id"], "beneficiaryId")
    worker_id = draft.worker_id or file["worker_id"]
    act.check_worker(worker_id, "workerId")
    check_open_file(file, "beneficiaryId")
    workers = await field_workers(act.transaction, desk=act.desk, ids={worker_id})
    refuse(
        [
            *text_faults(("number",), draft.number, longest=NUMBER_LENGTH),
            *text_faults(("problem",), draft.problem, longest=NOTE_LENGTH, lines=True),
            *text_faults(("risk_reason",), draft.risk_reason, longest=NOTE_LENGTH, lines=True),
            *past_faults(("opened_on",), draft.opened_on, today=act.desk.today),
            *worker_faults(("worker_id",), worker_id, workers, day=draft.opened_on),
        ]
    )
    if draft.opened_on < file["opened_on"]:
        message = f"The person's file was opened on {file['opened_on']}."
        refuse([Fault(("opened_on",), message)])
    taken = await rows_with(
        act.transaction, desk=act.desk, column=CASE_FILE.c.number, values=[draft.number]
    )
    numbers = {row["number"] for row in taken}
    faults = taken_faults("number", [draft.number], numbers, "Another case has this number.")
    refuse(Fault(fault.path[1:], fault.message) for fault in faults)
    row = act.desk.owned(
        id=new_id(),
        number=draft.number,
        beneficiary_id=draft.beneficiary_id,
        worker_id=worker_id,
        opened_on=draft.opened_on,
        problem=draft.problem,
        risk=draft.risk,
        stage=CaseStage.INTAKE,
    )
    [case_id] = await insert_rows(act.transaction, table=CASE_FILE, rows=[row])
    risk = act.desk.owned(
        id=new_id(),
        case_id=case_id,
        level=draft.risk,
        reason=draft.risk_reason,
        rated_on=draft.opened_on,
        member_id=act.principal.member_id,
    )
    await insert_rows(act.transaction, table=CASE_RISK, rows=[risk])
    await record_step(act, case_id, CaseStepKind.OPEN, None, CaseStage.INTAKE, None)
    act.persons.add(draft.beneficiary_id)
    return case_id


@mutation(gives="Case", problems=[CaseStageProblem])
async def complete_intake(act: Act, draft: StepDraft) -> UUID:
    """End the intake: the agency and the person agree to work together."""
    case = await find_case(act, draft.case_id)
    return await take_step(act, case, CaseStepKind.COMPLETE_INTAKE, version=draft.version)


@mutation(gives="Case", problems=[CaseStageProblem])
async def complete_case_assessment(act: Act, draft: FindingsDraft) -> UUID:
    """End the assessment of a case with its findings; planning begins."""
    case = await find_case(act, draft.case_id)
    refuse(text_faults(("findings",), draft.findings, longest=NOTE_LENGTH, lines=True))
    return await take_step(
        act,
        case,
        CaseStepKind.COMPLETE_ASSESSMENT,
        version=draft.version,
        values={"findings": draft.findings},
    )


@mutation(gives="Case", problems=[CaseStageProblem])
async def submit_case_plan(act: Act, draft: PlanDraft) -> UUID:
    """Hand in the plan for approval: its goals, and an action for each at least."""
    case = await find_case(act, draft.case_id)
    today = act.desk.today
    faults = list(text_faults(("plan",), draft.plan, longest=NOTE_LENGTH, lines=True))
    if not today < draft.review_on <= today + LONGEST_REVIEW:
        message = f"A plan is looked at again after {today} and within a year."
        faults.append(Fault(("review_on",), message))
    refuse(faults)
    return await take_step(
        act,
        case,
        CaseStepKind.SUBMIT_PLAN,
        version=draft.version,
        values={"plan": draft.plan, "review_on": draft.review_on},
        goals=await standing_goals(act, draft.case_id),
    )


@mutation(gives="Case", problems=[CaseStageProblem])
async def approve_case_plan(act: Act, draft: StepDraft) -> UUID:
    """Approve a plan that somebody else handed in; the intervention begins."""
    case = await find_case(act, draft.case_id)
    return await take_step(act, case, CaseStepKind.APPROVE_PLAN, version=draft.version)


@mutation(gives="Case", problems=[CaseStageProblem])
async def return_case_plan(act: Act, draft: ReasonedStepDraft) -> UUID:
    """Return a plan to its author with the reason; it can be handed in again."""
    case = await find_case(act, draft.case_id)
    step = CaseStepKind.RETURN_PLAN
    return await take_step(act, case, step, version=draft.version, reason=draft.reason)


@mutation(gives="Case", problems=[CaseStageProblem])
async def revise_case_plan(act: Act, draft: ReasonedStepDraft) -> UUID:
    """Go back to planning: the approved plan no longer fits."""
    case = await find_case(act, draft.case_id)
    step = CaseStepKind.REVISE_PLAN
    return await take_step(act, case, step, version=draft.version, reason=draft.reason)


@mutation(gives="Case", problems=[CaseStageProblem])
async def begin_case_evaluation(act: Act, draft: StepDraft) -> UUID:
    """End the intervention; its goals are scored for the evaluation."""
    case = await find_case(act, draft.case_id)
    return await take_step(act, case, CaseStepKind.BEGIN_EVALUATION, version=draft.version)


@mutation(gives="Case", problems=[CaseStageProblem])
async def propose_closure(act: Act, draft: ClosureDraft) -> UUID:
    """Propose to close a case, with its outcome, for somebody else to approve.

    All goals are scored before; a case whose person declines, moves or dies ends at any stage.
    """
    case = await find_case(act, draft.case_id)
    refuse(text_faults(("evaluation",), draft.evaluation, longest=NOTE_LENGTH, lines=True))
    return await take_step(
        act,
        case,
        CaseStepKind.PROPOSE_CLOSURE,
        version=draft.version,
        values={"outcome": draft.outcome, "evaluation": draft.evaluation},
        goals=await standing_goals(act, draft.case_id),
        outcome=draft.outcome,
    )


@mutation(gives="Case", problems=[CaseStageProblem])
async def approve_closure(act: Act, draft: StepDraft) -> UUID:
    """Close a case that somebody else proposed to close."""
    case = await find_case(act, draft.case_id)
    return await take_step(act, case, CaseStepKind.APPROVE_CLOSURE, version=draft.version)


@mutation(gives="Case", problems=[CaseStageProblem])
async def return_closure(act: Act, draft: ReasonedStepDraft) -> UUID:
    """Refuse a proposed closure with the reason; the case goes on where it was."""
    case = await find_case(act, draft.case_id)
    return await take_step(
        act,
        case,
        CaseStepKind.RETURN_CLOSURE,
        version=draft.version,
        values={"outcome": None},
        reason=draft.reason,
    )


@mutation(gives="Case", problems=[CaseStageProblem])
async def reopen_case(act: Act, draft: ReasonedStepDraft) -> UUID:
    """Open a closed case again; it begins with a new assessment and keeps its history."""
    case = await find_case(act, draft.case_id)
    file = await act.find(BENEFICIARY, case["beneficiary_id"], "case_id", NO_BENEFICIARY)
    check_open_file(file, "caseId")
    return await take_step(
        act,
        case,
        CaseStepKind.REOPEN,
        version=draft.version,
        values={"outcome": None},
        reason=draft.reason,
    )


@mutation(gives="Case", problems=[CaseStageProblem])
async def assign_case(act: Act, draft: AssignmentDraft) -> UUID:
    """Hand an open case to another worker."""
    case = await find_case(act, draft.case_id)
    check_open(case)
    workers = await field_workers(act.transaction, desk=act.desk, ids={draft.worker_id})
    refuse(
        [
            *worker_faults(("worker_id",), draft.worker_id, workers, day=act.desk.today),
            *text_faults(("reason",), draft.reason, longest=NOTE_LENGTH, lines=True),
        ]
    )
    await act.update(CASE_FILE, case, {"worker_id": draft.worker_id}, version=draft.version)
    stage = case["stage"]
    await record_step(act, draft.case_id, CaseStepKind.ASSIGN, stage, stage, draft.reason)
    return draft.case_id
