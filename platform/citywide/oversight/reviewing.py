"""Use cases of findings: look for them, answer one, close one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select

from citywide.acts.act import Act
from citywide.beneficiaries.others_eyes import HARMLESS, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.oversight.courses import FindingCourse
from citywide.oversight.detection import Found, Key, detect
from citywide.oversight.models import FINDING, FINDING_EVIDENCE, INSPECTION, FindingRow
from citywide.oversight.words import FindingStatus
from citywide.rules.fields import draft, id_of, list_of, paragraph, version

_EVIDENCE = ("expense_id", "commitment_id", "tranche_id", "budget_line_id", "project_id")


@draft
class InspectionOrder:
    """A look through the books of every agency; there is nothing to say about it."""


@mutation(gives="Inspection")
async def inspect_spending(act: Act, _: InspectionOrder) -> UUID:
    """Look through the books of every agency of the city, and keep what is found.

    What was found before keeps its answer while its evidence is the same. Other evidence opens
    it again; what is found no longer is settled, unless it was closed.
    """
    own_tenant_id = act.tenant_id
    await act.serialise(own_tenant_id)
    known = {_key(row): row for row in await _known(act)}
    found = await detect(act.transaction, act.bureau_id, act.today)
    counted: Counter[str] = Counter()
    for each in found:
        row = known.pop(each.key, None)
        act.move_to(each.tenant_id)
        if row is None:
            await _open(act, each)
            counted["opened"] += 1
        elif await _look_again(act, row, each):
            counted["reopened"] += 1
    settle = FindingCourse.settle_by_inspection
    for row in known.values():
        if row["status"] in settle.sources:
            act.move_to(row["tenant_id"])
            await act.take(settle, row, None, "finding_id", settled_on=act.today)
            counted["settled"] += 1
    act.move_to(own_tenant_id)
    counts = {name: counted[name] for name in ("opened", "reopened", "settled")}
    return await act.insert(
        INSPECTION,
        inspected_on=act.today,
        inspected_by=act.member_id,
        found=len(found),
        **counts,
    )


@draft
class FindingAnswer:
    """What an agency says to a finding."""

    finding_id: UUID = id_of("Finding", "The finding.")
    version: int = version()
    answer: str = paragraph("How it came about, and what was done; names nobody who is served.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Finding", problems=[RevealingProblem])
async def answer_finding(act: Act, draft: FindingAnswer) -> UUID:
    """Answer a finding in the agency's own books; a better answer takes the place of the first."""
    row = await act.find(FINDING, draft.finding_id, "finding_id")
    act.check(FindingCourse.answer, row, "finding_id")
    await check_deidentified(act, draft, {"answer": draft.answer})
    await act.take(
        FindingCourse.answer,
        row,
        draft,
        "finding_id",
        answered_by=act.member_id,
        answered_on=act.today,
    )
    return row["id"]


@draft
class FindingClosing:
    """A finding that needs nothing more."""

    finding_id: NodeId = id_of("Finding", "The finding.")
    version: int = version()
    reason: str = paragraph("Why nothing more is needed; the agency reads it.")


@mutation(gives="Finding")
async def close_finding(act: Act, draft: FindingClosing) -> UUID:
    """Close a finding, answered or not; other evidence opens it again."""
    row = await act.find(FINDING, draft.finding_id, "finding_id")
    await act.take(
        FindingCourse.close,
        row,
        draft,
        "finding_id",
        closed_by=act.member_id,
        closed_on=act.today,
        closing_reason=draft.reason,
    )
    return row["id"]


def _key(row: FindingRow) -> Key:
    return row["tenant_id"], row["kind"], row["subject_id"], row["month"]


async def _known(act: Act) -> Sequence[FindingRow]:
    """Everything that was ever found in the city."""
    statement = select(FINDING).where(FINDING.c.bureau_id == act.bureau_id)
    return cast(Sequence[FindingRow], await act.transaction.rows(statement))


def _explained(found: Found) -> dict[str, Any]:
    return {
        "amount_fen": found.amount_fen,
        "explanation_zh": found.explanation.zh,
        "explanation_en": found.explanation.en,
    }


async def _open(act: Act, found: Found) -> None:
    finding_id = await act.insert(
        FINDING,
        kind=found.kind,
        subject_id=found.subject_id,
        month=found.month,
        status=FindingStatus.OPEN,
        round=1,
        digest=found.digest,
        found_on=act.today,
        **_explained(found),
    )
    await _keep_evidence(act, finding_id, 1, found)


async def _look_again(act: Act, row: FindingRow, found: Found) -> bool:
    """Bring a finding up to date; whether that opened it again."""
    values: dict[str, Any] = {}
    is_other = row["digest"] != found.digest
    if is_other:
        values |= {"round": row["round"] + 1, "digest": found.digest}
        await _keep_evidence(act, row["id"], row["round"] + 1, found)
    status = FindingStatus[row["status"]]
    is_opened = status is FindingStatus.SETTLED or (is_other and status is not FindingStatus.OPEN)
    if is_opened or status is not FindingStatus.CLOSED:
        # A forecast moves from day to day although nothing new has happened.
        kept: dict[str, Any] = {**row}
        now = _explained(found)
        values |= {name: now[name] for name in now if kept[name] != now[name]}
    if is_opened:
        values |= dict.fromkeys(("settled_on", "closed_by", "closed_on", "closing_reason"))
        step = FindingCourse.reopen_by_inspection
        await act.take(step, row, None, "finding_id", reopened_on=act.today, **values)
    elif values:
        await act.update(FINDING, row, **values)
    return is_opened


async def _keep_evidence(act: Act, finding_id: UUID, number: int, found: Found) -> None:
    rows = [
        {
            "finding_id": finding_id,
            "round": number,
            **{name: each.row_id if each.column == name else None for name in _EVIDENCE},
        }
        for each in found.evidence
    ]
    await act.insert_all(FINDING_EVIDENCE, rows)
