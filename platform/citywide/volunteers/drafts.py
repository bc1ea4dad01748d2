"""What is asked for about volunteers, and the rules of an entry, of hours and of a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from citywide.errors import Fault, Path
from citywide.graph.mutate import UNSET, Unset, asked
from citywide.rules.legacy import optional_text_faults, past_faults, phone_faults
from citywide.rules.texts import NAME_LENGTH, NUMBER_LENGTH, TITLE_LENGTH, text_faults

# Nobody offers more different things than the code table is likely to hold.
MOST_SKILLS = 30
# Three parts of each of seven days.
MOST_SLOTS = 21
DAY_MINUTES = 24 * 60
NO_VOLUNTEER = "There is no Volunteer with this id."


@dataclass(frozen=True, slots=True)
class SlotDraft:
    """A part of a weekday on which a volunteer can come."""

    weekday: Annotated[str, asked("The day of the week.", enum="Weekday")]
    part_of_day: Annotated[str, asked("The part of the day.", enum="PartOfDay")]


@dataclass(frozen=True, slots=True)
class VolunteerDraft:
    """Someone who volunteers; they may be a beneficiary too, in a file of their own."""

    number: Annotated[str, asked("The agency's own number of the volunteer.")]
    name: Annotated[str, asked("Their name.")]
    phone: Annotated[str | None, asked("A telephone number.")]
    skills: Annotated[str | None, asked("What they are good at, in your own words.")]
    registered_on: Annotated[date, asked("The day they registered.")]
    area_id: Annotated[UUID | None, asked("Where they live, as an area.", of="Area")] = None
    skill_ids: Annotated[tuple[UUID, ...], asked("What they offer.", of="Skill")] = ()
    slots: Annotated[tuple[SlotDraft, ...], asked("When they can come.")] = ()


@dataclass(frozen=True, slots=True)
class UpdateVolunteer:
    """What changes of an entry; what is left out stays, a list replaces the earlier one."""

    volunteer_id: Annotated[UUID, asked("Whose entry.", of="Volunteer")]
    version: Annotated[int, asked("The version you read.")]
    name: Annotated[str | Unset | None, asked("Their name; never null.")] = UNSET
    phone: Annotated[str | Unset | None, asked("A telephone number.")] = UNSET
    skills: Annotated[str | Unset | None, asked("What they are good at, in your own words.")] = (
        UNSET
    )
    area_id: Annotated[UUID | Unset | None, asked("Where they live, as an area.", of="Area")] = (
        UNSET
    )
    skill_ids: Annotated[tuple[UUID, ...] | Unset, asked("What they offer.", of="Skill")] = UNSET
    slots: Annotated[tuple[SlotDraft, ...] | Unset, asked("When they can come.")] = UNSET


@dataclass(frozen=True, slots=True)
class RecordLeaving:
    """That a volunteer no longer helps."""

    volunteer_id: Annotated[UUID, asked("Who.", of="Volunteer")]
    version: Annotated[int, asked("The version you read.")]
    left_on: Annotated[date, asked("First day on which they no longer help.")]
    reason: Annotated[str, asked("Why, in one line.")]


@dataclass(frozen=True, slots=True)
class LinkVolunteer:
    """A volunteer and a beneficiary who are the same person."""

    volunteer_id: Annotated[UUID, asked("The person as a volunteer.", of="Volunteer")]
    beneficiary_id: Annotated[UUID, asked("The person as a beneficiary.", of="Beneficiary")]


@dataclass(frozen=True, slots=True)
class UnlinkVolunteer:
    """A link that was a mistake."""

    volunteer_link_id: Annotated[UUID, asked("Which link.", of="VolunteerLink")]


@dataclass(frozen=True, slots=True)
class HoursDraft:
    """Hours that a volunteer gave, at a service or otherwise."""

    volunteer_id: Annotated[UUID, asked("Whose hours.", of="Volunteer")]
    service_record_id: Annotated[
        UUID | None, asked("The service they turned out for.", of="ServiceRecord")
    ]
    served_on: Annotated[date, asked("The day.")]
    minutes: Annotated[int, asked("How long, in minutes.")]
    activity: Annotated[str, asked("What they did, in one line.")]


@dataclass(frozen=True, slots=True)
class CertifyHours:
    """Recorded hours that a second person vouches for."""

    hours_id: Annotated[UUID, asked("Which hours.", of="VolunteerHours")]
    version: Annotated[int, asked("The version you read.")]


@dataclass(frozen=True, slots=True)
class RefuseHours:
    """Recorded hours that a second person does not vouch for."""

    hours_id: Annotated[UUID, asked("Which hours.", of="VolunteerHours")]
    version: Annotated[int, asked("The version you read.")]
    reason: Annotated[str, asked("Why, in one line.")]


@dataclass(frozen=True, slots=True)
class Turnout:
    """A service as far as a volunteer's hours depend on it; `was_there` is the volunteer."""

    served_on: date
    duration_minutes: int
    was_there: bool


def volunteer_faults(path: Path, draft: VolunteerDraft, *, today: date) -> Iterator[Fault]:
    """An entry's rules."""
    yield from text_faults((*path, "number"), draft.number, longest=NUMBER_LENGTH)
    yield from text_faults((*path, "name"), draft.name, longest=NAME_LENGTH)
    yield from phone_faults((*path, "phone"), draft.phone)
    yield from optional_text_faults((*path, "skills"), draft.skills, longest=TITLE_LENGTH)
    yield from past_faults((*path, "registered_on"), draft.registered_on, today=today)
    yield from list_faults(path, draft.skill_ids, draft.slots)


def change_faults(draft: UpdateVolunteer) -> Iterator[Fault]:
    """The rules of what changes."""
    if draft.name is None:
        yield Fault(("name",), "A volunteer has a name.")
    elif draft.name is not UNSET:
        yield from text_faults(("name",), draft.name, longest=NAME_LENGTH)
    if draft.phone is not UNSET:
        yield from phone_faults(("phone",), draft.phone)
    if draft.skills is not UNSET:
        yield from optional_text_faults(("skills",), draft.skills, longest=TITLE_LENGTH)
    skill_ids = () if draft.skill_ids is UNSET else draft.skill_ids
    yield from list_faults((), skill_ids or (), () if draft.slots is UNSET else draft.slots or ())


def list_faults(
    path: Path, skill_ids: tuple[UUID, ...], slots: tuple[SlotDraft, ...]
) -> Iterator[Fault]:
    """Not too many, and nothing twice."""
    lists = (("skill_ids", skill_ids, MOST_SKILLS), ("slots", slots, MOST_SLOTS))
    for field, given, most in lists:
        if len(given) > most:
            yield Fault((*path, field), f"At most {most} fit into one entry.")
        if len(set(given)) < len(given):
            yield Fault((*path, field), "Something is listed twice.")


def leaving_faults(draft: RecordLeaving, *, registered_on: date, today: date) -> Iterator[Fault]:
    """A leaving has happened, after the registration, for a reason."""
    yield from past_faults(("left_on",), draft.left_on, today=today)
    yield from text_faults(("reason",), draft.reason, longest=TITLE_LENGTH)
    if draft.left_on < registered_on:
        message = f"They registered on {registered_on}: nobody leaves before that."
        yield Fault(("left_on",), message)


def hours_faults(
    draft: HoursDraft,
    *,
    registered_on: date,
    left_on: date | None,
    turnout: Turnout | None,
    minutes_of_day: int,
    today: date,
) -> Iterator[Fault]:
    """The rules of recorded hours.

    `turnout` is the service that they name, `minutes_of_day` what is recorded of the volunteer
    on that day already, without what was refused.
    """
    yield from past_faults(("served_on",), draft.served_on, today=today)
    yield from text_faults(("activity",), draft.activity, longest=TITLE_LENGTH)
    if draft.served_on < registered_on or (left_on is not None and draft.served_on >= left_on):
        yield Fault(("served_on",), "They are not on the roll on that day.")
    if not 0 < draft.minutes <= DAY_MINUTES:
        yield Fault(("minutes",), f"Hours of a day are 1 to {DAY_MINUTES} minutes.")
    elif draft.minutes + minutes_of_day > DAY_MINUTES:
        message = f"With {minutes_of_day} minutes recorded already the day has more than 24 hours."
        yield Fault(("minutes",), message)
    if turnout is None:
        return
    if not turnout.was_there:
        yield Fault(("service_record_id",), "They are not among those who turned out for it.")
    if draft.served_on != turnout.served_on:
        yield Fault(("served_on",), f"The service was on {turnout.served_on}.")
    if draft.minutes > turnout.duration_minutes:
        message = f"The service took {turnout.duration_minutes} minutes."
        yield Fault(("minutes",), message)
