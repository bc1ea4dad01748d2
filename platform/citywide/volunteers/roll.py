"""Use cases on the roll of volunteers: who is on it, what they offer, when they can come."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.workspace import Workspace
from citywide.db.tables import RowTable
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.places.models import AREA
from citywide.rules.fields import (
    UNSET,
    Unset,
    day,
    draft,
    id_of,
    ids_of,
    line,
    list_of,
    phone,
    version,
    word,
)
from citywide.rules.periods import Span
from citywide.rules.texts import NAME_LENGTH, NUMBER_LENGTH, TITLE_LENGTH
from citywide.volunteers.courses import VolunteerCourse
from citywide.volunteers.models import SKILL, VOLUNTEER, VOLUNTEER_SKILL, VOLUNTEER_SLOT
from citywide.volunteers.words import PartOfDay, Weekday

# Nobody offers more different things than the code table is likely to hold.
MOST_SKILLS = 30
# Three parts of each of seven days.
MOST_SLOTS = 21
VOLUNTEER_CHANGED = "volunteerChanged"


@draft
class SlotDraft:
    """A part of a weekday on which a volunteer can come."""

    weekday: Weekday = word("The day of the week.")
    part_of_day: PartOfDay = word("The part of the day.")


@draft
class VolunteerDraft:
    """Someone who volunteers; they may be a beneficiary too, in a file of their own."""

    number: str = line("The agency's own number of the volunteer.", NUMBER_LENGTH)
    name: str = line("Their name.", NAME_LENGTH)
    phone: str | None = phone("A telephone number.", default=None)
    skills: str | None = line(
        "What they are good at, in your own words.", TITLE_LENGTH, default=None
    )
    registered_on: date = day("The day they registered.", past=True)
    area_id: UUID | None = id_of("Area", "Where they live, as an area.", default=None)
    skill_ids: tuple[UUID, ...] = ids_of("Skill", "What they offer.", most=MOST_SKILLS, default=())
    slots: tuple[SlotDraft, ...] = list_of(
        "When they can come.", most=MOST_SLOTS, distinct=True, default=()
    )


@mutation(gives="Volunteer")
async def register_volunteer(act: Act, draft: VolunteerDraft) -> UUID:
    """Enter a volunteer on the agency's roll."""
    volunteer_id = await enter_volunteer(act, draft)
    act.announce(VOLUNTEER_CHANGED, volunteer_id)
    return volunteer_id


async def enter_volunteer(work: Workspace, draft: VolunteerDraft) -> UUID:
    """Enter a volunteer on the roll; their id."""
    faults = await _code_faults(work, draft.area_id, draft.skill_ids)
    if await work.row(VOLUNTEER, number=draft.number) is not None:
        faults.append(Fault(("number",), "Another volunteer has this number.", "TAKEN"))
    refuse(faults)
    volunteer_id = await work.insert(VOLUNTEER, draft)
    await _offer_skills(work, volunteer_id, draft.skill_ids)
    await _offer_slots(work, volunteer_id, draft.slots)
    work.persons.add(volunteer_id)
    return volunteer_id


@draft
class VolunteerUpdate:
    """What changes of an entry; what is left out stays, a list replaces the earlier one."""

    volunteer_id: UUID = id_of("Volunteer", "Whose entry.")
    version: int = version()
    name: str | Unset = line("Their name; never null.", NAME_LENGTH, default=UNSET)
    phone: str | Unset | None = phone("A telephone number.", default=UNSET)
    skills: str | Unset | None = line(
        "What they are good at, in your own words.", TITLE_LENGTH, default=UNSET
    )
    area_id: UUID | Unset | None = id_of("Area", "Where they live, as an area.", default=UNSET)
    skill_ids: tuple[UUID, ...] | Unset | None = ids_of(
        "Skill", "What they offer.", most=MOST_SKILLS, default=UNSET
    )
    slots: tuple[SlotDraft, ...] | Unset | None = list_of(
        "When they can come.", most=MOST_SLOTS, distinct=True, default=UNSET
    )


@mutation(gives="Volunteer")
async def update_volunteer(act: Act, draft: VolunteerUpdate) -> UUID:
    """Change a volunteer's entry, what they offer or when they can come."""
    volunteer = await act.find(VOLUNTEER, draft.volunteer_id, "volunteer_id")
    area_id = None if draft.area_id is UNSET else draft.area_id
    skill_ids = () if draft.skill_ids is UNSET else draft.skill_ids or ()
    refuse(await _code_faults(act, area_id, skill_ids))
    act.check(VolunteerCourse.change_their_entry, volunteer, "volunteer_id")
    # The entry's version covers what they offer as well.
    await act.update(VOLUNTEER, volunteer, draft)
    if draft.skill_ids is not UNSET:
        await _offer_skills(act, volunteer["id"], skill_ids)
    if draft.slots is not UNSET:
        await _offer_slots(act, volunteer["id"], draft.slots or ())
    act.persons.add(volunteer["id"])
    act.announce(VOLUNTEER_CHANGED, volunteer["id"])
    return volunteer["id"]


@draft
class Leaving:
    """That a volunteer no longer helps."""

    volunteer_id: UUID = id_of("Volunteer", "Who.")
    version: int = version()
    left_on: date = day("First day on which they no longer help.", past=True)
    reason: str = line("Why, in one line.", TITLE_LENGTH)


@mutation(gives="Volunteer")
async def record_volunteer_leaving(act: Act, draft: Leaving) -> UUID:
    """Note that a volunteer no longer helps; their entry and hours stay on record."""
    volunteer = await act.find(VOLUNTEER, draft.volunteer_id, "volunteer_id")
    act.check(VolunteerCourse.leave, volunteer, "volunteer_id")
    if draft.left_on < volunteer["registered_on"]:
        message = f"They registered on {volunteer['registered_on']}: nobody leaves before that."
        refuse([Fault(("left_on",), message)])
    await act.take(
        VolunteerCourse.leave, volunteer, draft, "volunteer_id", leaving_reason=draft.reason
    )
    act.persons.add(volunteer["id"])
    act.announce(VOLUNTEER_CHANGED, volunteer["id"])
    return volunteer["id"]


async def _code_faults(
    work: Workspace, area_id: UUID | None, skill_ids: Sequence[UUID]
) -> list[Fault]:
    """Area and skills are of today's code tables."""
    faults = []
    if area_id is not None and area_id not in await _in_use(work, AREA, [area_id]):
        faults.append(Fault(("area_id",), "There is no area with this id today.", "NOT_FOUND"))
    skills = await _in_use(work, SKILL, skill_ids)
    message = "There is no skill with this id today."
    faults += [
        Fault(("skill_ids", place), message, "NOT_FOUND")
        for place, skill_id in enumerate(skill_ids)
        if skill_id not in skills
    ]
    return faults


async def _in_use(work: Workspace, codes: RowTable[Any], ids: Collection[UUID]) -> set[UUID]:
    found = await work.by_id(codes, ids)
    return {row_id for row_id, row in found.items() if Span.of(row).covers(work.today)}


async def _offer_skills(work: Workspace, volunteer_id: UUID, skill_ids: Sequence[UUID]) -> None:
    """Let the volunteer offer just these skills from now on."""
    offered = [{"skill_id": each} for each in skill_ids]
    await _offer_just(work, VOLUNTEER_SKILL, volunteer_id, offered)


async def _offer_slots(work: Workspace, volunteer_id: UUID, slots: Sequence[SlotDraft]) -> None:
    """Let the volunteer come at just these times from now on."""
    offered = [{"weekday": each.weekday, "part_of_day": each.part_of_day} for each in slots]
    await _offer_just(work, VOLUNTEER_SLOT, volunteer_id, offered)


async def _offer_just(
    work: Workspace,
    table: RowTable[Any],
    volunteer_id: UUID,
    offered: Sequence[Mapping[str, Any]],
) -> None:
    missing = [*offered]
    for row in await work.rows(table, volunteer_id=volunteer_id):
        mine = next((each for each in missing if each.items() <= dict(row).items()), None)
        if mine is not None:
            missing.remove(mine)
        if row["is_current"] is not (mine is not None):
            await work.update(table, row, is_current=mine is not None)
    since = {"volunteer_id": volunteer_id, "offered_on": work.today, "is_current": True}
    await work.insert_all(table, [{**since, **each} for each in missing])
