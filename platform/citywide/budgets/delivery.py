"""What of a tranche's deliverables is delivered, counted from the service records."""

from __future__ import annotations

from typing import Any

from asyncpg import Record
from sqlalchemy import Select, and_, func, select

from citywide.acts.act import Act
from citywide.budgets.models import DELIVERABLE
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.tenancy.rows import rows_with

# Person-times by the role of who turned out, or by the kind of the service; occurrences.
_TURNOUTS = {"SOCIAL_WORKER_TURNOUTS": "WORKER", "VOLUNTEER_TURNOUTS": "VOLUNTEER"}
_RECEIVED = {"CASE_COUNSELLING": "CASE_SESSION", "HOME_HELP": "HOME_HELP"}


async def shortfalls(act: Act, tranche_id: object) -> list[str]:
    """A phrase for every deliverable that is not reached yet."""
    wanted = await rows_with(
        act.transaction, desk=act.desk, column=DELIVERABLE.c.tranche_id, values=[tranche_id]
    )
    found = []
    for each in wanted:
        actual = await act.transaction.scalar(_counted(each))
        if actual < each["quantity"]:
            period = f"{each['valid_from']} to before {each['valid_until']}"
            found.append(f"{each['measure']} {actual} of {each['quantity']} from {period}")
    return found


def _counted(each: Record) -> Select[Any]:
    record, attendance = SERVICE_RECORD, ATTENDANCE
    within = and_(
        record.c.tenant_id == each["tenant_id"],
        record.c.project_id == each["project_id"],
        # Neither cancelled nor an earlier version of a corrected record.
        record.c.status == "CURRENT",
        record.c.served_on >= each["valid_from"],
        record.c.served_on < each["valid_until"],
    )
    measure = each["measure"]
    if measure == "GROUP_ACTIVITIES":
        statement = select(func.count()).select_from(record)
        return statement.where(within, record.c.kind == "GROUP_SESSION")
    joined = record.join(
        attendance,
        and_(
            attendance.c.tenant_id == record.c.tenant_id,
            attendance.c.service_record_id == record.c.id,
        ),
    )
    statement = select(func.count()).select_from(joined)
    if measure in _TURNOUTS:
        return statement.where(within, attendance.c.role == _TURNOUTS[measure])
    is_kind = record.c.kind == _RECEIVED[measure]
    return statement.where(within, attendance.c.role == "BENEFICIARY", is_kind)
