"""`volunteerProposals` in the schema: facts by the one compiled statement, ranked by `matching`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    Text,
    Uuid,
    and_,
    any_,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.sql import ColumnElement, FromClause

from citywide.errors import Code, RefusalError
from citywide.graph.declare import CATALOGUE, Entity, Root
from citywide.graph.planning import Group, JsonObject, Place, Variables, json_list, resolve, row_id
from citywide.volunteers.graph import VolunteerProposal
from citywide.volunteers.matching import Candidate, Proposal, Wanted, propose
from citywide.volunteers.roll import MOST_SKILLS
from citywide.volunteers.words import HoursStatus, PartOfDay, Weekday

# Of those with most of the wanted skills; an agency's roll is rarely longer.
MOST_CANDIDATES = 500
MOST_PROPOSALS = 50
# What somebody gave in a quarter of a year is what they gave of late.
LATE_DAYS = 91
# Every fact that a score tells something of, and so every right that it takes to see one.
FACTS = (
    "Volunteer.abilities",
    "Volunteer.area",
    "Volunteer.slots",
    "Volunteer.hours",
    "Volunteer.attendances",
    "Volunteer.leftOn",
    "VolunteerSkill.skill",
    "VolunteerSlot.weekday",
    "VolunteerSlot.partOfDay",
    "VolunteerHours.minutes",
    "VolunteerHours.servedOn",
    "ServiceRecord.durationMinutes",
    "ServiceRecord.servedOn",
    "ServiceRecord.status",
    "Attendance.serviceRecord",
)


class Facts:
    """Compiles the facts of one `volunteerProposals` field."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.access = place.access
        self.entities = place.access.entities
        for coordinate in FACTS:
            self.access.grant(coordinate)
            name, _, looked_at = coordinate.partition(".")
            self.access.probe(self.entities[name], looked_at)
        for group in self._groups():
            self._select("VolunteerProposal", group)
            if group.name == "reasons":
                for child in self.place.selections.children(group, "ProposalReason"):
                    self._select("ProposalReason", child)

    def json(self) -> ColumnElement[Any]:
        """`area` is the path to the task's, `candidates` what is known of each volunteer."""
        return JsonObject([("area", self._wanted_area()), ("candidates", self._candidates())])

    def _wanted_area(self) -> ColumnElement[Any]:
        given = self.place.arguments.get("areaId")
        if given is None:
            return literal_column("'[]'::json")
        wanted = self.access.binds.value(given, Uuid(), lambda text: row_id(text, "area", "Area"))
        return self._path(wanted)

    def _path(self, area_id: ColumnElement[Any]) -> ColumnElement[Any]:
        """The ids from an area up to its city; the tree has three levels."""
        area = self.entities["Area"].table
        here, above, top = area.alias(), area.alias(), area.alias()
        joined = here.outerjoin(above, above.c.id == here.c.parent_id)
        joined = joined.outerjoin(top, top.c.id == above.c.parent_id)
        path = func.json_build_array(here.c.id, above.c.id, top.c.id)
        return select(path).select_from(joined).where(here.c.id == area_id).scalar_subquery()

    def _candidates(self) -> ColumnElement[Any]:
        entity = self.entities["Volunteer"]
        row = entity.table.alias()
        today = self.access.binds.principal("today", Date())
        here = or_(row.c.left_on.is_(None), row.c.left_on > today)
        chosen = (
            select(*row.c)
            .where(and_(here, *self.access.visible(entity, row)))
            .order_by(self._wanted_skills(row).desc(), row.c.id)
            .limit(MOST_CANDIDATES)
            .subquery()
        )
        since = today - literal_column(str(LATE_DAYS))
        facts = [
            ("id", chosen.c.id),
            ("skills", self._listed("VolunteerSkill", chosen, lambda r: r.c.skill_id)),
            ("slots", self._listed("VolunteerSlot", chosen, _slot)),
            ("area", self._path(chosen.c.area_id)),
            ("minutes", self._turned_out(chosen, since) + self._otherwise(chosen, since)),
        ]
        joined: FromClause = chosen
        shown: list[tuple[str, ColumnElement[Any]]] = []
        for group in self._groups():
            if group.name != "volunteer":
                continue
            path = (*self.place.path, group.key)
            sizes = ([None] * MOST_CANDIDATES,)
            place = replace(self.place, group=group, arguments={}, path=path, sizes=sizes)
            made, joined = place.row_json(entity, chosen, joined)
            shown.append((group.key, made))
        every = JsonObject([*facts, ("shown", JsonObject(shown))])
        return select(json_list(every, [chosen.c.id])).select_from(joined).scalar_subquery()

    def _groups(self) -> Sequence[Group]:
        return self.place.selections.children(self.place.group, "VolunteerProposal")

    def _select(self, type_name: str, group: Group) -> None:
        if group.name != "__typename":
            self.access.grant(f"{type_name}.{group.name}")

    def _wanted_skills(self, row: FromClause) -> ColumnElement[Any]:
        """How many of the wanted skills the volunteer offers."""
        entity = self.entities["VolunteerSkill"]
        other = entity.table.alias()
        wanted = self.access.binds.value(self.place.arguments["skills"], ARRAY(Uuid()), _skill_ids)
        conditions = self._about(entity, other, row)
        conditions.append(other.c.skill_id == any_(wanted))
        counted = select(func.count()).select_from(other).where(and_(true(), *conditions))
        return counted.correlate(row).scalar_subquery()

    def _listed(
        self, name: str, row: FromClause, value: Callable[[FromClause], ColumnElement[Any]]
    ) -> ColumnElement[Any]:
        entity = self.entities[name]
        other = entity.table.alias()
        listed = select(json_list(value(other), [other.c.id])).select_from(other)
        return listed.where(*self._about(entity, other, row)).correlate(row).scalar_subquery()

    def _turned_out(self, row: FromClause, since: ColumnElement[Any]) -> ColumnElement[Any]:
        """Minutes of the services they turned out for since then."""
        attendance, record = self.entities["Attendance"], self.entities["ServiceRecord"]
        there, service = attendance.table.alias(), record.table.alias()
        conditions = [
            *self._about(attendance, there, row),
            *self.access.visible(record, service),
            *self.access.joined(record, service, {"id": "service_record_id"}, there),
            service.c.status == literal_column("'CURRENT'", Text),
            service.c.served_on >= since,
        ]
        return _sum(service.c.duration_minutes, [there, service], conditions, row)

    def _otherwise(self, row: FromClause, since: ColumnElement[Any]) -> ColumnElement[Any]:
        """Minutes recorded since then that belong to no service."""
        entity = self.entities["VolunteerHours"]
        hours = entity.table.alias()
        conditions = [
            *self._about(entity, hours, row),
            hours.c.service_record_id.is_(None),
            hours.c.status != literal_column(f"'{HoursStatus.REFUSED}'", Text),
            hours.c.served_on >= since,
        ]
        return _sum(hours.c.minutes, [hours], conditions, row)

    def _about(self, entity: Entity, other: FromClause, row: FromClause) -> list[Any]:
        joined = self.access.joined(entity, other, {"volunteer_id": "id"}, row)
        return [*self.access.visible(entity, other), *joined]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranks the facts of one `volunteerProposals` field and answers as it was selected."""

    arguments: Mapping[str, Any]
    groups: Sequence[tuple[Group, Sequence[Group]]]

    def __call__(self, found: Any, variables: Variables) -> Any:
        """The proposals, best first."""
        weekday, part = (self.arguments.get(name) for name in ("weekday", "partOfDay"))
        wanted = Wanted(
            skills=frozenset(_skill_ids(resolve(self.arguments["skills"], variables))),
            area=_downwards(found["area"]),
            slot=(weekday, part) if weekday and part else None,
        )
        first = resolve(self.arguments["first"], variables)
        if not 0 < first <= MOST_PROPOSALS:
            message = f"first is 1 to {MOST_PROPOSALS} proposals."
            raise RefusalError(Code.BAD_USER_INPUT, message)
        shown = {each["id"]: each["shown"] for each in found["candidates"]}
        ranked = propose(wanted, map(_candidate, found["candidates"]), first)
        return [self._told(each, shown[str(each.candidate.volunteer_id)]) for each in ranked]

    def _told(self, proposal: Proposal, shown: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for group, children in self.groups:
            match group.name:
                case "__typename":
                    told[group.key] = "VolunteerProposal"
                case "volunteer":
                    told[group.key] = shown[group.key]
                case "score":
                    told[group.key] = proposal.score
                case _:
                    told[group.key] = [
                        {child.key: _of_reason(reason, child.name) for child in children}
                        for reason in proposal.reasons
                    ]
        return told


def _compiled(place: Place) -> ColumnElement[Any]:
    return Facts(place).json()


def _finish(place: Place) -> Ranking:
    selections = place.selections
    groups = selections.children(place.group, "VolunteerProposal")
    # Below `volunteer` stands what PostgreSQL has answered; the rest has reasons' fields at most.
    children = [
        selections.children(each, "ProposalReason") if each.name == "reasons" else ()
        for each in groups
    ]
    return Ranking(place.arguments, [*zip(groups, children, strict=True)])


def _of_reason(reason: Any, name: str) -> Any:
    return "ProposalReason" if name == "__typename" else getattr(reason, name)


def _candidate(found: Mapping[str, Any]) -> Candidate:
    return Candidate(
        volunteer_id=UUID(found["id"]),
        skills=frozenset(map(UUID, found["skills"])),
        area=_downwards(found["area"]),
        slots=frozenset((weekday, part) for weekday, part in found["slots"]),
        minutes=int(found["minutes"]),
    )


def _downwards(path: Sequence[str | None] | None) -> tuple[UUID, ...]:
    """A path from the area up, as one from the city down."""
    return tuple(UUID(each) for each in reversed(path or ()) if each is not None)


def _slot(row: FromClause) -> ColumnElement[Any]:
    return func.json_build_array(row.c.weekday, row.c.part_of_day)


def _sum(
    value: ColumnElement[Any],
    tables: Sequence[FromClause],
    conditions: Sequence[ColumnElement[bool]],
    row: FromClause,
) -> ColumnElement[Any]:
    total = func.coalesce(cast(func.sum(value), BigInteger), literal_column("0"))
    found = select(total).select_from(*tables).where(and_(true(), *conditions))
    return found.correlate(row).scalar_subquery()


def _skill_ids(found: Sequence[str]) -> list[UUID]:
    """The wanted skills; raises `RefusalError` for what is no skill, or too many."""
    if len(found) > MOST_SKILLS:
        message = f"A task needs {MOST_SKILLS} different skills at most."
        raise RefusalError(Code.LIMIT_EXCEEDED, message)
    return [row_id(each, "skil", "Skill") for each in found]


CATALOGUE.roots["volunteerProposals"] = Root(
    description="Your agency's volunteers, ranked for a task, with the reasons for their place.",
    returns=list[VolunteerProposal],
    arguments={
        "skills": (list[strawberry.ID], "The skills that the task needs.", []),
        "area_id": (strawberry.ID | None, "Where the task is.", strawberry.UNSET),
        "weekday": (Weekday | None, "The day of the week; with partOfDay.", strawberry.UNSET),
        "part_of_day": (PartOfDay | None, "The part of the day; with weekday.", strawberry.UNSET),
        "first": (int, f"How many, {MOST_PROPOSALS} at most.", 10),
    },
    compile=_compiled,
    finish=_finish,
)
