"""What every use case of casework begins and ends with: the case, locked; a step, recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, of_tenant, rows_with
from citywide.acts.problems import ProblemError, wrong_state
from citywide.beneficiaries.models import BENEFICIARY
from citywide.cases.deidentified import Known, known_of, revealing
from citywide.cases.models import CASE_ACTION, CASE_FILE, CASE_GOAL, CASE_STEP
from citywide.cases.problems import CaseStageProblem, RevealingProblem
from citywide.cases.stages import (
    CaseApproval,
    CaseOutcome,
    CaseStage,
    CaseState,
    CaseStepKind,
    Goal,
    StageError,
    after,
    possible_steps,
)
from citywide.errors import Fault, InvalidError, refuse
from citywide.ids import new_id
from citywide.rules.legacy import past_faults
from citywide.rules.texts import NOTE_LENGTH, text_faults
from citywide.tenancy.models import MEMBER
from citywide.volunteers.models import VOLUNTEER

NO_CASE = "No case of this agency has this id."


async def find_case(act: Act, case_id: UUID, field_name: str = "case_id") -> Record:
    """The case, locked until the act is done, so that its parts change one act at a time.

    Refuses a case outside of the actor's caseload when that is how far they may go.
    """
    statement = select(CASE_FILE).where(CASE_FILE.c.id == case_id).with_for_update()
    found = await act.transaction.rows(of_tenant(statement, CASE_FILE, desk=act.desk))
    if not found:
        raise InvalidError([Fault((field_name,), NO_CASE)])
    [case] = found
    act.check_worker(case["worker_id"], field_name)
    act.persons.add(case["beneficiary_id"])
    return case


def state_of(case: Record) -> CaseState:
    """Where the case stands."""
    return CaseState(
        stage=CaseStage(case["stage"]),
        worker_id=case["worker_id"],
        awaiting=case["awaiting"] and CaseApproval(case["awaiting"]),
        author_id=case["author_id"],
        returns_to=case["returns_to"] and CaseStage(case["returns_to"]),
        is_closed=case["closed_on"] is not None,
    )


def check_stage(case: Record, *stages: CaseStage) -> None:
    """Refuse what is done at these stages alone, of an open case that awaits nothing."""
    state = state_of(case)
    if not state.is_closed and state.awaiting is None and state.stage in stages:
        return
    if state.is_closed:
        message = "The case is closed."
    elif state.awaiting is not None:
        message = f"The {state.awaiting.lower()} waits for approval: it cannot change now."
    else:
        message = f"This is done in the stages {', '.join(stages)}; the case is in {state.stage}."
    raise _stage_problem(state, "WRONG_STAGE", message)


def check_open(case: Record) -> None:
    """Refuse what is done in an open case alone, at whichever stage."""
    if case["closed_on"] is not None:
        raise _stage_problem(state_of(case), "WRONG_STAGE", "The case is closed.")


async def take_step(
    act: Act,
    case: Record,
    step: CaseStepKind,
    *,
    version: int,
    values: Mapping[str, Any] | None = None,
    reason: str | None = None,
    goals: Iterable[Goal] = (),
    outcome: str | None = None,
) -> UUID:
    """Take a step of the stage machine, with `values` of the case; the case's id."""
    if reason is not None:
        refuse(text_faults(("reason",), reason, longest=NOTE_LENGTH, lines=True))
    state = state_of(case)
    try:
        reached = after(
            state,
            step,
            actor_id=act.principal.member_id,
            goals=tuple(goals),
            outcome=None if outcome is None else CaseOutcome(outcome),
        )
    except StageError as refusal:
        raise _stage_problem(state, refusal.code, refusal.message) from refusal
    changed = {
        "stage": reached.stage,
        "awaiting": reached.awaiting,
        "author_id": reached.author_id,
        "returns_to": reached.returns_to,
        "closed_on": act.desk.today if reached.is_closed else None,
        **(values or {}),
    }
    await act.update(CASE_FILE, case, changed, version=version)
    await record_step(act, case["id"], step, state.stage, reached.stage, reason)
    if reached.awaiting is not None:
        act.tell("approvalRequested", case["id"])
    return case["id"]  # type: ignore[no-any-return]


async def record_step(  # noqa: PLR0917 - a step is from where to where
    act: Act,
    case_id: UUID,
    kind: CaseStepKind,
    from_stage: str | None,
    to_stage: str,
    reason: str | None,
) -> None:
    """Add to the case's history."""
    row = act.desk.owned(
        id=new_id(),
        case_id=case_id,
        kind=kind,
        from_stage=from_stage,
        to_stage=to_stage,
        taken_on=act.desk.today,
        member_id=act.principal.member_id,
        reason=reason,
    )
    await insert_rows(act.transaction, table=CASE_STEP, rows=[row])


async def standing_goals(act: Act, case_id: UUID) -> list[Goal]:
    """The goals that were not dropped, each with the number of its standing actions."""
    goals = await rows_with(
        act.transaction, desk=act.desk, column=CASE_GOAL.c.case_id, values=[case_id]
    )
    actions = await rows_with(
        act.transaction, desk=act.desk, column=CASE_ACTION.c.case_id, values=[case_id]
    )
    standing = [action["goal_id"] for action in actions if action["dropped_on"] is None]
    return [
        Goal(standing.count(goal["id"]), goal["target_score"], goal["score"])
        for goal in goals
        if goal["dropped_on"] is None
    ]


async def known_persons(act: Act, *, has_staff: bool) -> Known:
    """What the agency of the desk knows its persons by, those of the staff if so wanted."""

    async def every(*columns: Any) -> list[Record]:
        statement = select(*columns)
        return await act.transaction.rows(of_tenant(statement, columns[0].table, desk=act.desk))

    person = BENEFICIARY.c
    files = await every(person.name, person.file_number, person.address)
    others = await every(VOLUNTEER.c.name)
    others += await every(MEMBER.c.name) if has_staff else []
    return known_of(
        [row["name"] for row in (*files, *others)],
        [row["file_number"] for row in files],
        [row["address"] for row in files if row["address"]],
    )


async def check_deidentified(
    act: Act, texts: Mapping[str, str | None], *, hides_staff: bool = False
) -> None:
    """Refuse texts for the eyes of others when they give one of the agency's persons away.

    `texts` are keyed by the input's fields. Only the agency's own people are told what gives
    somebody away: to anyone else that would say whom the agency knows.
    """
    known = await known_persons(act, has_staff=hides_staff)
    is_own = act.principal.tenant_id == act.desk.tenant_id
    for field_name, text in texts.items():
        pieces = revealing(text or "", known)
        if pieces:
            message = (
                "Others read this, so it must not give anybody away: take out names, numbers "
                "and addresses."
            )
            raise ProblemError(
                RevealingProblem(
                    code="REVEALING",
                    message=message,
                    path=[field_name],
                    pieces=pieces if is_own else [],
                )
            )


def check_day(act: Act, case: Record, field_name: str, day: date) -> None:
    """What happened in a case happened while it ran, and not in the future."""
    faults = list(past_faults((field_name,), day, today=act.desk.today))
    if day < case["opened_on"]:
        faults.append(Fault((field_name,), f"The case was opened on {case['opened_on']}."))
    refuse(faults)


def check_open_file(file: Record, field_name: str) -> None:
    """Refuse casework with somebody whose file is closed."""
    if file["closed_on"] is not None:
        raise wrong_state("The person's file is closed.", field_name)


def _stage_problem(state: CaseState, code: str, message: str) -> ProblemError:
    return ProblemError(
        CaseStageProblem(
            code=code,
            message=message,
            path=[],
            stage=state.stage.value,
            awaiting=state.awaiting and state.awaiting.value,
            possible_steps=[step.value for step in possible_steps(state)],
        )
    )
