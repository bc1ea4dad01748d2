"""Use cases on volunteers: take them on the agency's roll, with what they offer and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Table

from citywide.acts.act import Act
from citywide.acts.legacy import catalogue_rows, insert_rows, rows_with
from citywide.db.session import Transaction
from citywide.errors import Fault, Path, refuse
from citywide.ids import new_id
from citywide.places.models import AREA
from citywide.rules.legacy import taken_faults
from citywide.rules.periods import Span
from citywide.tenancy.desk import Desk
from citywide.volunteers.drafts import SlotDraft, VolunteerDraft, volunteer_faults
from citywide.volunteers.models import SKILL, VOLUNTEER, VOLUNTEER_SKILL, VOLUNTEER_SLOT


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
    areas = await areas_of(transaction, [draft.area_id for draft in drafts])
    skills = await skills_of(transaction, [each for draft in drafts for each in draft.skill_ids])
    for place, draft in enumerate(drafts):
        faults += area_faults((place,), draft.area_id, areas, desk)
        faults += skill_faults((place,), draft.skill_ids, skills, desk)
    refuse(faults)
    rows = [
        desk.owned(
            id=new_id(),
            number=draft.number,
            name=draft.name,
            phone=draft.phone,
            skills=draft.skills,
            registered_on=draft.registered_on,
            area_id=draft.area_id,
        )
        for draft in drafts
    ]
    ids = await insert_rows(transaction, table=VOLUNTEER, rows=rows)
    offered = [
        _offer(desk, volunteer_id, skill_id=skill_id)
        for volunteer_id, draft in zip(ids, drafts, strict=True)
        for skill_id in draft.skill_ids
    ]
    await insert_rows(transaction, table=VOLUNTEER_SKILL, rows=offered)
    free = [
        _offer(desk, volunteer_id, weekday=slot.weekday, part_of_day=slot.part_of_day)
        for volunteer_id, draft in zip(ids, drafts, strict=True)
        for slot in draft.slots
    ]
    await insert_rows(transaction, table=VOLUNTEER_SLOT, rows=free)
    return ids


async def skills_labelled(transaction: Transaction) -> Mapping[str, UUID]:
    """The code table by its Chinese labels, as agencies wrote them before there were codes."""
    rows = await transaction.rows(SKILL.select())
    return {row["label_zh"]: row["id"] for row in rows}


async def areas_of(transaction: Transaction, ids: Iterable[UUID | None]) -> Mapping[UUID, Record]:
    """The areas with these ids."""
    return await catalogue_rows(transaction, table=AREA, ids={each for each in ids if each})


async def skills_of(transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Record]:
    """The skills with these ids."""
    return await catalogue_rows(transaction, table=SKILL, ids=set(ids))


def area_faults(
    path: Path, area_id: UUID | None, areas: Mapping[UUID, Record], desk: Desk
) -> Iterator[Fault]:
    """An area is one of today's."""
    if area_id is not None and not _is_in_use(areas.get(area_id), desk):
        yield Fault((*path, "area_id"), "There is no area with this id today.")


def skill_faults(
    path: Path, skill_ids: Sequence[UUID], skills: Mapping[UUID, Record], desk: Desk
) -> Iterator[Fault]:
    """A skill is one of today's code table."""
    for place, skill_id in enumerate(skill_ids):
        if not _is_in_use(skills.get(skill_id), desk):
            yield Fault((*path, "skill_ids", place), "There is no skill with this id today.")


async def offer_skills(act: Act, volunteer_id: UUID, skill_ids: Sequence[UUID]) -> None:
    """Let the volunteer offer just these skills from now on."""
    wanted: list[dict[str, Any]] = [{"skill_id": each} for each in skill_ids]
    await _offer_just(act, VOLUNTEER_SKILL, volunteer_id, wanted)


async def offer_slots(act: Act, volunteer_id: UUID, slots: Sequence[SlotDraft]) -> None:
    """Let the volunteer come at just these times from now on."""
    wanted: list[dict[str, Any]] = [
        {"weekday": each.weekday, "part_of_day": each.part_of_day} for each in slots
    ]
    await _offer_just(act, VOLUNTEER_SLOT, volunteer_id, wanted)


async def _offer_just(
    act: Act, table: Table, volunteer_id: UUID, wanted: Sequence[Mapping[str, Any]]
) -> None:
    rows = await rows_with(
        act.transaction, desk=act.desk, column=table.c.volunteer_id, values=[volunteer_id]
    )
    missing = [dict(each) for each in wanted]
    for row in rows:
        mine = next((each for each in missing if all(row[k] == v for k, v in each.items())), None)
        if mine is not None:
            missing.remove(mine)
        if row["is_current"] is not (mine is not None):
            await act.update(table, row, {"is_current": mine is not None})
    added = [_offer(act.desk, volunteer_id, **each) for each in missing]
    await insert_rows(act.transaction, table=table, rows=added)


def _offer(desk: Desk, volunteer_id: UUID, **what: object) -> dict[str, object]:
    return desk.owned(
        id=new_id(),
        volunteer_id=volunteer_id,
        offered_on=desk.today,
        is_current=True,
        **what,
    )


def _is_in_use(row: Record | None, desk: Desk) -> bool:
    return row is not None and Span(row["valid_from"], row["valid_until"]).covers(desk.today)
