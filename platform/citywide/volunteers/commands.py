"""Use cases on volunteers: take them on the agency's roll."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from citywide.db.session import Transaction
from citywide.errors import Fault
from citywide.ids import new_id
from citywide.tenancy.desk import Desk
from citywide.tenancy.drafts import (
    NAME_LENGTH,
    NUMBER_LENGTH,
    TITLE_LENGTH,
    Path,
    optional_text_faults,
    past_faults,
    phone_faults,
    refuse,
    taken_faults,
    text_faults,
)
from citywide.tenancy.rows import insert_rows, rows_with
from citywide.volunteers.models import VOLUNTEER


@dataclass(frozen=True, slots=True)
class VolunteerDraft:
    """Someone who volunteers; they may be a beneficiary too, in a file of their own."""

    number: str
    name: str
    phone: str | None
    skills: str | None
    registered_on: date


async def register_volunteers(
    transaction: Transaction, *, desk: Desk, drafts: Sequence[VolunteerDraft]
) -> list[UUID]:
    """Enter volunteers on the roll; their ids, in the drafts' order."""
    numbers = [draft.number for draft in drafts]
    present = await rows_with(transaction, desk=desk, column=VOLUNTEER.c.number, values=numbers)
    faults = [
        fault
        for place, draft in enumerate(drafts)
        for fault in volunteer_faults((place,), draft, today=desk.today)
    ]
    faults += taken_faults(
        "number", numbers, {row["number"] for row in present}, "Another volunteer has this number."
    )
    refuse(faults)
    rows = [
        desk.owned(
            id=new_id(),
            number=draft.number,
            name=draft.name,
            phone=draft.phone,
            skills=draft.skills,
            registered_on=draft.registered_on,
        )
        for draft in drafts
    ]
    return await insert_rows(transaction, table=VOLUNTEER, rows=rows)


def volunteer_faults(path: Path, draft: VolunteerDraft, *, today: date) -> Iterator[Fault]:
    """An entry's rules."""
    yield from text_faults((*path, "number"), draft.number, longest=NUMBER_LENGTH)
    yield from text_faults((*path, "name"), draft.name, longest=NAME_LENGTH)
    yield from phone_faults((*path, "phone"), draft.phone)
    yield from optional_text_faults((*path, "skills"), draft.skills, longest=TITLE_LENGTH)
    yield from past_faults((*path, "registered_on"), draft.registered_on, today=today)
