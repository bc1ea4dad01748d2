"""What the use cases of casework share: a part with its case, the days it runs, its history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from citywide.acts.act import Act
from citywide.cases.courses import kind_of, stage_of
from citywide.cases.models import (
    CASE_FILE,
    CASE_STEP,
    CaseActionRow,
    CaseFileRow,
    CaseGoalRow,
    CasePairingRow,
)
from citywide.cases.words import CaseStage, CaseState, CaseStepKind
from citywide.db.tables import RowTable
from citywide.errors import Fault
from citywide.rules.course import Step
from citywide.rules.fields import draft, id_of, paragraph, version

OPENED = "The case was opened on {}."

P = TypeVar("P", CaseActionRow, CaseGoalRow, CasePairingRow)


@draft
class StepDraft:
    """A step that needs no words."""

    case_id: UUID = id_of("Case", "The case.")
    version: int = version("The version of the case that you read.")


@draft
class ReasonedStepDraft(StepDraft):
    """A step that needs a reason."""

    reason: str = paragraph("Why; goes into the case's history.")


async def take_step(
    act: Act,
    step: Step,
    case: CaseFileRow,
    draft: StepDraft,
    to: CaseState | None = None,
    **columns: Any,
) -> UUID:
    """Take a step of a case's course and add it to the case's history; the case's id."""
    reached = to or step.to
    assert reached is not None
    columns["author_id"] = act.member_id if step.awaits else None
    columns["closed_on"] = act.today if reached is CaseState.CLOSED else None
    await act.take(step, case, draft, "case_id", to=reached, **columns)
    await record_step(act, kind_of(step), case["id"], draft, case["stage"], stage_of(reached))
    return case["id"]


async def record_step(  # noqa: PLR0917 -- a step is from where to where
    act: Act,
    kind: CaseStepKind,
    case_id: UUID,
    draft: object,
    from_stage: CaseStage | None,
    to_stage: CaseStage,
) -> None:
    """Add to the case's history, with the reason that a draft gives."""
    await act.insert(
        CASE_STEP,
        draft,
        case_id=case_id,
        kind=kind,
        from_stage=from_stage,
        to_stage=to_stage,
        taken_on=act.today,
        member_id=act.member_id,
    )


async def part_and_case(
    act: Act, table: RowTable[P], part_id: UUID, field: str
) -> tuple[P, CaseFileRow]:
    """A part of a case as it stands once its case is locked, and the case.

    A case changes one act at a time; it says in whose caseload its parts are.
    """
    part = await act.find(table, part_id, field, anybodys=True)
    case = await act.find(CASE_FILE, part["case_id"], field, lock=True)
    return await act.find(table, part_id, field, anybodys=True), case


def early_faults(field: str, day: date, earliest: date, message: str = OPENED) -> Iterator[Fault]:
    """A day that is no earlier than another one, which `message` tells."""
    if day < earliest:
        yield Fault((field,), message.format(earliest), "OUT_OF_RANGE", {"min": str(earliest)})
