"""The statements behind findings, each over all agencies of one bureau."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    FromClause,
    Select,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql import ColumnElement

from citywide.budgets.models import (
    BUDGET,
    BUDGET_LINE,
    COMMITMENT,
    EXPENSE,
    EXPENSE_APPROVAL,
    TRANCHE,
)
from citywide.budgets.words import BudgetCategory, BudgetStatus, ExpenseStatus, TrancheStatus
from citywide.graph.planning import inside
from citywide.oversight import pace
from citywide.oversight.cells import is_owed
from citywide.projects.models import PROJECT
from citywide.rules.words import Words
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.tenancy.models import AGREEMENT

# Vouchers of one purchase handed in twice lie closer together than two purchases of the same.
DUPLICATE_DAYS = 10
# Vouchers that are not given up.
_ALIVE = (ExpenseStatus.SUBMITTED, ExpenseStatus.APPROVED, ExpenseStatus.PAID)
# What pays for services; supervision and management serve nobody directly.
_DIRECT = (
    BudgetCategory.PERSONNEL,
    BudgetCategory.ACTIVITIES,
    BudgetCategory.MATERIALS,
    BudgetCategory.VOLUNTEER_SUBSIDIES,
)
Found = Select[Any]


def _of(bureau_id: UUID, *rows: FromClause) -> list[ColumnElement[bool]]:
    """The first wall at each of these references."""
    return [row.c.bureau_id == literal(bureau_id, Uuid) for row in rows]


def _is(column: ColumnElement[Any], *words: Words) -> ColumnElement[bool]:
    listed = ", ".join(f"'{word}'" for word in words)
    return column == func.any(literal_column(f"ARRAY[{listed}]"))


def _ids(column: ColumnElement[Any], condition: ColumnElement[bool] | None = None) -> Any:
    """The ids of a group's rows, sorted."""
    found: Any = func.array_agg(aggregate_order_by(column, column))
    found = found if condition is None else found.filter(condition)
    return func.coalesce(found, literal_column("'{}'::uuid[]"))


def without_services(bureau_id: UUID, _: date) -> Found:
    """Vouchers before which nothing was done that their line pays for.

    A voucher may be of the month after the service: what counts are its month and the one before.
    What each line pays for: activities are groups and festival visits, subsidies are volunteers'
    turnouts, wages and materials any service.
    """
    voucher, line = EXPENSE.alias(), BUDGET_LINE.alias()
    record, attendance = SERVICE_RECORD.alias(), ATTENDANCE.alias()
    turned_out = (
        select(literal_column("1"))
        .select_from(attendance)
        .where(
            inside(attendance, "service_record_id", record),
            *_of(bureau_id, attendance),
            attendance.c.role == literal_column("'VOLUNTEER'"),
        )
        .correlate(record)
        .exists()
    )
    is_activity = or_(
        record.c.kind == literal_column("'GROUP_SESSION'"), record.c.festival.is_not(None)
    )
    paid_for = case(
        (line.c.category == literal_column(f"'{BudgetCategory.ACTIVITIES}'"), is_activity),
        (line.c.category == literal_column(f"'{BudgetCategory.VOLUNTEER_SUBSIDIES}'"), turned_out),
        else_=literal_column("true"),
    )
    month = pace.month_of(voucher.c.spent_on)
    done = (
        select(literal_column("1"))
        .select_from(record)
        .where(
            record.c.tenant_id == line.c.tenant_id,
            *_of(bureau_id, record),
            record.c.project_id == line.c.project_id,
            record.c.status == literal_column("'CURRENT'"),
            record.c.served_on >= cast(month - pace.MONTH, Date),
            record.c.served_on < pace.next_month(month),
            paid_for,
        )
        .correlate(voucher, line)
        .exists()
    )
    return (
        select(
            voucher.c.tenant_id,
            voucher.c.id,
            voucher.c.amount_fen,
            voucher.c.spent_on,
            line.c.id.label("line_id"),
            line.c.category,
            pace.label(voucher.c.spent_on).label("month"),
        )
        .select_from(voucher.join(line, inside(voucher, "budget_line_id", line)))
        .where(
            *_of(bureau_id, voucher, line),
            is_owed(voucher),
            _is(line.c.category, *_DIRECT),
            ~done,
        )
        .order_by(voucher.c.spent_on, voucher.c.id)
    )


def outside_agreement(bureau_id: UUID, _: date) -> Found:
    """Vouchers of days on which their agreement is not in force, as when it was shortened later."""
    voucher, line = EXPENSE.alias(), BUDGET_LINE.alias()
    run, agreement = PROJECT.alias(), AGREEMENT.alias()
    return (
        select(
            voucher.c.tenant_id,
            voucher.c.id,
            voucher.c.number,
            voucher.c.amount_fen,
            voucher.c.spent_on,
            agreement.c.valid_from,
            agreement.c.valid_until,
        )
        .select_from(
            voucher.join(line, inside(voucher, "budget_line_id", line))
            .join(run, inside(line, "project_id", run))
            .join(agreement, inside(run, "agreement_id", agreement))
        )
        .where(
            *_of(bureau_id, voucher, line, run, agreement),
            is_owed(voucher),
            or_(
                voucher.c.spent_on < agreement.c.valid_from,
                voucher.c.spent_on >= agreement.c.valid_until,
            ),
        )
    )


def duplicates(bureau_id: UUID, _: date) -> Found:
    """Pairs of vouchers with the same payee and amount, a few days apart, neither given up."""
    later, earlier = EXPENSE.alias(), EXPENSE.alias()
    apart = later.c.spent_on - earlier.c.spent_on
    return (
        select(
            later.c.tenant_id,
            later.c.id,
            later.c.number,
            later.c.amount_fen,
            later.c.spent_on,
            earlier.c.id.label("earlier_id"),
            earlier.c.number.label("earlier_number"),
        )
        .select_from(
            later.join(
                earlier,
                and_(
                    earlier.c.tenant_id == later.c.tenant_id,
                    earlier.c.payee == later.c.payee,
                    earlier.c.amount_fen == later.c.amount_fen,
                    apart <= literal(DUPLICATE_DAYS),
                    or_(apart > literal(0), and_(apart == literal(0), earlier.c.id < later.c.id)),
                ),
            )
        )
        .where(
            *_of(bureau_id, later, earlier),
            *(_is(row.c.status, *_ALIVE) for row in (later, earlier)),
        )
        .order_by(later.c.id, earlier.c.id)
    )


def monthly_costs(bureau_id: UUID, today: date) -> Found:
    """What each project spent and delivered in each full month in which it did both."""
    voucher, line = EXPENSE.alias(), BUDGET_LINE.alias()
    record, attendance = SERVICE_RECORD.alias(), ATTENDANCE.alias()
    this_month = literal(today.replace(day=1), Date)
    spent_in = pace.label(voucher.c.spent_on)
    spent = (
        select(
            line.c.tenant_id,
            line.c.project_id,
            spent_in.label("month"),
            cast(func.sum(voucher.c.amount_fen), BigInteger).label("spent_fen"),
            _ids(voucher.c.id).label("expense_ids"),
        )
        .select_from(voucher.join(line, inside(voucher, "budget_line_id", line)))
        .where(*_of(bureau_id, voucher, line), is_owed(voucher), voucher.c.spent_on < this_month)
        .group_by(line.c.tenant_id, line.c.project_id, spent_in)
        .subquery()
    )
    served_in = pace.label(record.c.served_on)
    served = (
        select(
            record.c.tenant_id,
            record.c.project_id,
            served_in.label("month"),
            func.count().label("quantity"),
        )
        .select_from(record.join(attendance, inside(attendance, "service_record_id", record)))
        .where(
            *_of(bureau_id, record, attendance),
            record.c.status == literal_column("'CURRENT'"),
            attendance.c.role == literal_column("'BENEFICIARY'"),
        )
        .group_by(record.c.tenant_id, record.c.project_id, served_in)
        .subquery()
    )
    same = [spent.c[name] == served.c[name] for name in ("tenant_id", "project_id", "month")]
    return (
        select(spent, served.c.quantity)
        .select_from(spent.join(served, and_(*same)))
        .order_by(spent.c.tenant_id, spent.c.project_id, spent.c.month)
    )


def overrides(bureau_id: UUID, _: date) -> Found:
    """Commitments beyond their line which their maker allowed, and what they approved on them."""
    row, voucher, approval = COMMITMENT.alias(), EXPENSE.alias(), EXPENSE_APPROVAL.alias()
    approved = (
        select(voucher.c.tenant_id, voucher.c.commitment_id, voucher.c.id, approval.c.member_id)
        .select_from(voucher.join(approval, inside(approval, "expense_id", voucher)))
        .where(*_of(bureau_id, voucher, approval))
        .subquery()
    )
    by_maker = and_(
        approved.c.tenant_id == row.c.tenant_id,
        approved.c.commitment_id == row.c.id,
        approved.c.member_id == row.c.made_by,
    )
    return (
        select(
            row.c.tenant_id,
            row.c.id,
            row.c.number,
            row.c.amount_fen,
            row.c.override_fen,
            row.c.override_reason,
            _ids(approved.c.id, approved.c.id.is_not(None)).label("expense_ids"),
        )
        .select_from(row.outerjoin(approved, by_maker))
        .where(
            *_of(bureau_id, row),
            row.c.override_fen > literal(0),
            row.c.override_by == row.c.made_by,
        )
        .group_by(
            row.c.tenant_id,
            row.c.id,
            row.c.number,
            row.c.amount_fen,
            row.c.override_fen,
            row.c.override_reason,
        )
    )


def approvals_by_makers(bureau_id: UUID, _: date) -> Found:
    """Vouchers that were approved by who entered them, or by who made an ordinary commitment."""
    voucher, commitment, approval = EXPENSE.alias(), COMMITMENT.alias(), EXPENSE_APPROVAL.alias()
    is_maker = or_(
        approval.c.member_id == voucher.c.entered_by,
        and_(
            approval.c.member_id == commitment.c.made_by,
            commitment.c.override_fen == literal(0),
        ),
    )
    return (
        select(
            voucher.c.tenant_id,
            voucher.c.id,
            voucher.c.number,
            voucher.c.amount_fen,
            voucher.c.spent_on,
            voucher.c.commitment_id,
        )
        .distinct()
        .select_from(
            voucher.join(commitment, inside(voucher, "commitment_id", commitment)).join(
                approval, inside(approval, "expense_id", voucher)
            )
        )
        .where(*_of(bureau_id, voucher, commitment, approval), is_owed(voucher), is_maker)
    )


def overdue(bureau_id: UUID, today: date) -> Found:
    """Tranches that were due and are not handed over."""
    row = TRANCHE.alias()
    return select(row).where(
        *_of(bureau_id, row),
        row.c.due_on < literal(today, Date),
        _is(row.c.status, TrancheStatus.PLANNED, TrancheStatus.ACCEPTED),
    )


def paces(bureau_id: UUID, today: date) -> Found:
    """What each line of an approved budget has, has spent, and will spend at the present pace."""
    line, budget, run = BUDGET_LINE.alias(), BUDGET.alias(), PROJECT.alias()
    voucher, commitment = EXPENSE.alias(), COMMITMENT.alias()
    now = literal(today, Date)
    since, before = pace.recent(run, now)
    is_recent = and_(voucher.c.spent_on >= since, voucher.c.spent_on < before)
    overrun = (
        select(func.coalesce(func.sum(commitment.c.override_fen), 0))
        .where(inside(commitment, "budget_line_id", line), *_of(bureau_id, commitment))
        .correlate(line)
        .scalar_subquery()
    )
    amount = voucher.c.amount_fen
    lines = (
        select(
            line.c.tenant_id,
            line.c.id,
            line.c.category,
            run.c.valid_until,
            cast(line.c.revised_fen + overrun, BigInteger).label("budget_fen"),
            cast(func.sum(amount), BigInteger).label("spent_fen"),
            cast(func.sum(amount).filter(is_recent), BigInteger).label("lately_fen"),
            (before - since).label("lately_days"),
            pace.ahead(run, run.c.valid_until, now).label("days_ahead"),
            _ids(voucher.c.id, is_recent).label("expense_ids"),
        )
        .select_from(
            line.join(budget, inside(line, "budget_id", budget))
            .join(run, inside(line, "project_id", run))
            .join(voucher, inside(voucher, "budget_line_id", line))
        )
        .where(
            *_of(bureau_id, line, budget, run, voucher),
            budget.c.status == literal_column(f"'{BudgetStatus.APPROVED}'"),
            run.c.valid_until > now,
            is_owed(voucher),
        )
        .group_by(
            line.c.tenant_id,
            line.c.id,
            line.c.category,
            line.c.revised_fen,
            run.c.valid_from,
            run.c.valid_until,
        )
        .subquery()
    )
    coming = pace.part(lines.c.lately_fen, lines.c.days_ahead, lines.c.lately_days)
    return select(lines, cast(coming, BigInteger).label("coming_fen")).where(
        lines.c.lately_fen > literal(0)
    )
