"""Who was there at a service: each person in one role, one row each."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from citywide.acts.workspace import Workspace
from citywide.services.models import ATTENDANCE, AttendanceRow
from citywide.services.words import AttendanceRole

# In what role, and who.
Person = tuple[AttendanceRole, UUID]


async def attend(
    work: Workspace, record_id: UUID, persons: Iterable[Person], *, superseded: bool = False
) -> None:
    """Write down that these persons were there; `superseded` on an earlier version of a record."""
    rows = [
        {
            "service_record_id": record_id,
            "role": role,
            "beneficiary_id": person_id if role == AttendanceRole.BENEFICIARY else None,
            "member_id": person_id if role == AttendanceRole.WORKER else None,
            "volunteer_id": person_id if role == AttendanceRole.VOLUNTEER else None,
            "superseded": superseded,
        }
        for role, person_id in persons
    ]
    await work.insert_all(ATTENDANCE, rows)


def attendee(row: AttendanceRow) -> Person:
    """Whom an attendance is of."""
    person_id = row["beneficiary_id"] or row["member_id"] or row["volunteer_id"]
    assert person_id is not None
    return AttendanceRole[row["role"]], person_id
