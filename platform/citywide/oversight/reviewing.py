"""Use cases of findings: look for them, answer one, close one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows
from citywide.acts.problems import wrong_state
from citywide.errors import refuse
from citywide.graph.mutate import asked, mutation
from citywide.ids import NodeId, new_id
from citywide.oversight.detection import Found, detect
from citywide.oversight.models import FINDING, FINDING_EVIDENCE, INSPECTION
from citywide.rules.texts import NOTE_LENGTH, text_faults

_NO_FINDING = "There is no finding with this id."
_WAITING = frozenset({"OPEN", "ANSWERED"})
_EVIDENCE = ("expense_id", "commitment_id", "tranche_id", "budget_line_id", "project_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionOrder:
    """A look through the books of every agency; there is nothing to say about it."""


@mutation(gives="Inspection")
async def inspect_spending(act: Act, _: InspectionOrder) -> UUID:
    """Look through the books of every agency of the city, and keep what is found.

    What was found before keeps its answer while its evidence is the same. Other evidence opens
    it again; what is found no longer is settled, unless it was closed.
    """
    bureau_id = act.desk.tenant_id
    await act.serialise(bureau_id)
    known = {_key(row): row for row in await _findings(act)}
    found = await detect(act.transaction, act.desk)
    counted: Counter[str] = Counter()
    for each in found:
        row = known.pop(each.key, None)
        act.move_to(each.tenant_id)
        if row is None:
            await _open(act, each)
            counted["opened"] += 1
        elif await _look_again(act, row, each):
            counted["reopened"] += 1
    for row in known.values():
        if row["status"] in _WAITING:
            act.move_to(row["tenant_id"])
            values = {"status": "SETTLED", "settled_on": act.desk.today}
            await act.update(FINDING, row, values)
            counted["settled"] += 1
    act.move_to(bureau_id)
    inspection = act.desk.owned(
        id=new_id(),
        inspected_on=act.desk.today,
        inspected_by=act.principal.member_id,
        found=len(found),
        **{name: counted[name] for name in ("opened", "reopened", "settled")},
    )
    [inspection_id] = await insert_rows(act.transaction, table=INSPECTION, rows=[inspection])
    return inspection_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingAnswer:
    """What an agency says to a finding."""

    finding_id: Annotated[UUID, asked("The finding.", of="Finding")]
    version: Annotated[int, asked("The version you read.")]
    answer: Annotated[str, asked("How it came about, and what was done.")]


@mutation(gives="Finding")
async def answer_finding(act: Act, answering: FindingAnswer) -> UUID:
    """Answer a finding in the agency's own books; a better answer takes the place of the first."""
    row = await act.find(FINDING, answering.finding_id, "finding_id", _NO_FINDING)
    refuse(text_faults(("answer",), answering.answer, longest=NOTE_LENGTH, lines=True))
    _check_waiting(row)
    values = {
        "status": "ANSWERED",
        "answer": answering.answer,
        "answered_by": act.principal.member_id,
        "answered_on": act.desk.today,
    }
    await act.update(FINDING, row, values, version=answering.version)
    return answering.finding_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingClosing:
    """A finding that needs nothing more."""

    finding_id: Annotated[NodeId, asked("The finding.", of="Finding")]
    version: Annotated[int, asked("The version you read.")]
    reason: Annotated[str, asked("Why nothing more is needed; the agency reads it.")]


@mutation(gives="Finding")
async def close_finding(act: Act, closing: FindingClosing) -> UUID:
    """Close a finding, answered or not; other evidence opens it again."""
    act.move_to(closing.finding_id.tenant_id)
    row = await act.find(FINDING, closing.finding_id.row_id, "finding_id", _NO_FINDING)
    refuse(text_faults(("reason",), closing.reason, longest=NOTE_LENGTH, lines=True))
    _check_waiting(row)
    values = {
        "status": "CLOSED",
        "closed_by": act.principal.member_id,
        "closed_on": act.desk.today,
        "closing_reason": closing.reason,
    }
    await act.update(FINDING, row, values, version=closing.version)
    return closing.finding_id.row_id


def _key(row: Record) -> tuple[UUID, str, UUID, str]:
    return row["tenant_id"], row["kind"], row["subject_id"], row["month"]


async def _findings(act: Act) -> list[Record]:
    return await act.transaction.rows(
        select(FINDING).where(FINDING.c.bureau_id == act.desk.bureau_id)
    )


def _told(found: Found) -> dict[str, Any]:
    return {
        "amount_fen": found.amount_fen,
        "explanation_zh": found.words.zh,
        "explanation_en": found.words.en,
    }


async def _open(act: Act, found: Found) -> None:
    row = act.desk.owned(
        id=new_id(),
        kind=found.kind,
        subject_id=found.subject_id,
        month=found.month,
        status="OPEN",
        round=1,
        digest=found.digest,
        found_on=act.desk.today,
        **_told(found),
    )
    [finding_id] = await insert_rows(act.transaction, table=FINDING, rows=[row])
    await _keep_evidence(act, finding_id, 1, found)


async def _look_again(act: Act, row: Record, found: Found) -> bool:
    """Bring a finding up to date; whether that opened it again."""
    values: dict[str, Any] = {}
    is_other: bool = row["digest"] != found.digest
    if is_other:
        values |= {"round": row["round"] + 1, "digest": found.digest}
        await _keep_evidence(act, row["id"], row["round"] + 1, found)
    is_opened: bool = row["status"] == "SETTLED" or (is_other and row["status"] != "OPEN")
    if is_opened:
        values |= {"status": "OPEN", "reopened_on": act.desk.today, "settled_on": None}
        values |= {"closed_by": None, "closed_on": None, "closing_reason": None}
    if is_opened or row["status"] != "CLOSED":
        # A forecast moves from day to day although nothing new has happened.
        values |= {name: told for name, told in _told(found).items() if row[name] != told}
    if values:
        await act.update(FINDING, row, values)
    return is_opened


async def _keep_evidence(act: Act, finding_id: UUID, number: int, found: Found) -> None:
    rows = [
        act.desk.owned(
            id=new_id(),
            finding_id=finding_id,
            round=number,
            **{name: each.row_id if each.column == name else None for name in _EVIDENCE},
        )
        for each in found.evidence
    ]
    await insert_rows(act.transaction, table=FINDING_EVIDENCE, rows=rows)


def _check_waiting(row: Record) -> None:
    if row["status"] not in _WAITING:
        message = f"The finding is {row['status'].lower()}: it waits for nobody."
        raise wrong_state(message, "findingId")
