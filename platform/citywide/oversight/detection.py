"""What somebody should look at, found in the facts: the same facts give the same findings.

Each kind is one statement over all agencies of a bureau (`statements`) and a rule on what it
returns. Nothing here writes, and nothing depends on what was found before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import groupby
from statistics import median
from typing import Any
from uuid import UUID

from asyncpg import Record

from citywide.db.session import Transaction
from citywide.oversight import statements
from citywide.oversight.robust import THRESHOLD, scores
from citywide.oversight.wording import Explanation, explained
from citywide.oversight.words import FindingKind

# What makes a finding the same another time: tenant, kind, what it is about, and its month.
Key = tuple[UUID, FindingKind, UUID, str]


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """A row that a finding rests on: the column that refers to it, its id, what it says."""

    column: str
    row_id: UUID
    says: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Something to look at: what it is about, what it rests on, and how it is explained."""

    kind: FindingKind
    tenant_id: UUID
    subject_id: UUID
    month: str
    amount_fen: int
    explanation: Explanation
    evidence: tuple[Evidence, ...]

    @property
    def key(self) -> Key:
        """What makes it the same finding another time."""
        return self.tenant_id, self.kind, self.subject_id, self.month

    @property
    def digest(self) -> bytes:
        """SHA-256 over the evidence: while it stays, an answered or closed finding stays so.

        Without a key: ids, amounts and days that stand in the same database in clear, and no text.
        """
        lines = (f"{each.column}\n{each.row_id}\n{each.says}" for each in sorted(self.evidence))
        return sha256("\n\n".join(lines).encode()).digest()


async def detect(transaction: Transaction, bureau_id: UUID, today: date) -> list[Found]:
    """Every finding of a bureau's agencies on a business day, in a fixed order."""
    found: list[Found] = []
    for statement, rule in (
        (statements.without_services, _without_services),
        (statements.outside_agreement, _outside_agreement),
        (statements.duplicates, _duplicates),
        (statements.monthly_costs, _far_out),
        (statements.overrides, _overridden),
        (statements.approvals_by_makers, _approved),
        (statements.overdue, _overdue),
        (statements.paces, _running_out),
    ):
        rows = await transaction.rows(statement(bureau_id, today))
        found += rule(rows, today)
    return sorted(found, key=lambda each: (each.kind, each.tenant_id, each.month, each.subject_id))


def _without_services(rows: Sequence[Record], _: date) -> Iterator[Found]:
    """Vouchers of a line in a month in which nothing was done that such a line pays for."""
    for vouchers in _grouped(rows, "tenant_id", "line_id", "month"):
        row = vouchers[0]
        yield _found(
            FindingKind.SPENDING_WITHOUT_SERVICES,
            row,
            sum(each["amount_fen"] for each in vouchers),
            (Evidence("budget_line_id", row["line_id"]), *_vouchers(vouchers)),
            subject="line_id",
            month=row["month"],
            category=row["category"],
            count=len(vouchers),
        )


def _outside_agreement(rows: Sequence[Record], _: date) -> Iterator[Found]:
    for row in rows:
        yield _found(
            FindingKind.OUTSIDE_AGREEMENT,
            row,
            row["amount_fen"],
            _vouchers([row]),
            number=row["number"],
            day=row["spent_on"],
            first=row["valid_from"],
            end=row["valid_until"],
        )


def _duplicates(rows: Sequence[Record], _: date) -> Iterator[Found]:
    """A voucher with all earlier ones that look like it."""
    for pairs in _grouped(rows, "tenant_id", "id"):
        row = pairs[0]
        earlier = [Evidence("expense_id", each["earlier_id"], _says(each)) for each in pairs]
        yield _found(
            FindingKind.LIKELY_DUPLICATE,
            row,
            row["amount_fen"],
            (*_vouchers([row]), *earlier),
            number=row["number"],
            others=[each["earlier_number"] for each in pairs],
        )


def _far_out(rows: Sequence[Record], _: date) -> Iterator[Found]:
    """Months of projects whose cost of a person-time is far from that of all such months."""
    figures = [row["spent_fen"] / row["quantity"] for row in rows]
    found = scores(figures)
    if found is None:
        return
    middle = median(figures)
    for row, figure, score in zip(rows, figures, found, strict=True):
        if abs(score) <= THRESHOLD:
            continue
        yield _found(
            FindingKind.UNIT_COST_FAR_OUT,
            row,
            row["spent_fen"],
            (
                Evidence("project_id", row["project_id"], f"{row['spent_fen']}/{row['quantity']}"),
                *_expenses(row),
            ),
            subject="project_id",
            month=row["month"],
            cost_fen=round(figure),
            median_fen=round(middle),
            score=score,
            quantity=row["quantity"],
        )


def _overridden(rows: Sequence[Record], _: date) -> Iterator[Found]:
    for row in rows:
        vouchers = _expenses(row)
        yield _found(
            FindingKind.APPROVED_BY_MAKER,
            row,
            row["override_fen"],
            (Evidence("commitment_id", row["id"], str(row["override_fen"])), *vouchers),
            number=row["number"],
            # The sentence tells the whole commitment, and by how much it exceeds its line.
            amount_fen=row["amount_fen"],
            override_fen=row["override_fen"],
            reason=row["override_reason"],
            approved=len(vouchers),
        )


def _approved(rows: Sequence[Record], _: date) -> Iterator[Found]:
    for row in rows:
        yield _found(
            FindingKind.APPROVED_BY_MAKER,
            row,
            row["amount_fen"],
            (*_vouchers([row]), Evidence("commitment_id", row["commitment_id"])),
            number=row["number"],
            override_fen=0,
            reason=None,
            approved=1,
        )


def _overdue(rows: Sequence[Record], today: date) -> Iterator[Found]:
    for row in rows:
        yield _found(
            FindingKind.TRANCHE_OVERDUE,
            row,
            row["amount_fen"],
            (Evidence("tranche_id", row["id"], f"{row['due_on']} {row['status']}"),),
            number=row["number"],
            due_on=row["due_on"],
            days=(today - row["due_on"]).days,
            status=row["status"],
        )


def _running_out(rows: Sequence[Record], today: date) -> Iterator[Found]:
    """Lines whose money is spent before their project ends, if it goes on as in these months."""
    for row in rows:
        left = row["budget_fen"] - row["spent_fen"]
        short = row["coming_fen"] - left
        if short <= 0:
            continue
        # The last day on which there is still enough, at so much a day.
        days = max(0, left) * row["lately_days"] // row["lately_fen"]
        yield _found(
            FindingKind.MONEY_RUNS_OUT,
            row,
            short,
            (Evidence("budget_line_id", row["id"], str(row["budget_fen"])), *_expenses(row)),
            category=row["category"],
            left_fen=left,
            day=today + timedelta(days=days + 1),
            end=row["valid_until"],
        )


def _found(
    kind: FindingKind,
    row: Record,
    amount_fen: int,
    evidence: tuple[Evidence, ...],
    /,
    *,
    subject: str = "id",
    month: str = "",
    **facts: Any,
) -> Found:
    """A finding about the row that `subject` names; `facts` are what its sentence says besides."""
    shown = {"amount_fen": amount_fen, "month": month, **facts}
    return Found(
        kind=kind,
        tenant_id=row["tenant_id"],
        subject_id=row[subject],
        month=month,
        amount_fen=amount_fen,
        explanation=explained(kind, **shown),
        evidence=evidence,
    )


def _expenses(row: Record) -> tuple[Evidence, ...]:
    return tuple(Evidence("expense_id", each) for each in row["expense_ids"])


def _vouchers(rows: Iterable[Record]) -> tuple[Evidence, ...]:
    return tuple(Evidence("expense_id", row["id"], _says(row)) for row in rows)


def _says(row: Record) -> str:
    return f"{row['amount_fen']} {row['spent_on']}"


def _grouped(rows: Sequence[Record], *names: str) -> Iterator[list[Record]]:
    """The rows that are equal in these columns, together."""

    def key(row: Record) -> tuple[Any, ...]:
        return tuple(row[name] for name in names)

    for _, members in groupby(sorted(rows, key=key), key):
        yield list(members)
