"""What can be counted, in which unit, and what it can be split by: the facts behind `metrics`.

Person-times, persons and occurrences are three units. A measure has one of them, each measure is
counted in a sub-query of its own, and no figure is ever added to one of another measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry
from sqlalchemy import FromClause, and_, func
from sqlalchemy.sql import ColumnElement

from citywide.beneficiaries.models import BENEFICIARY
from citywide.projects.graph import Measure
from citywide.projects.models import ENROLMENT
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.tenancy.models import SITE


@strawberry.enum(description="What figures can be split by.")
class Dimension(Enum):
    AGENCY = "AGENCY"
    PROJECT = "PROJECT"
    AREA = "AREA"
    SEGMENT = "SEGMENT"
    KIND = "KIND"
    MONTH = "MONTH"


@strawberry.enum(description="What a figure counts; different units are never added together.")
class Unit(Enum):
    PERSONS = "PERSONS"
    PERSON_TIMES = "PERSON_TIMES"
    OCCURRENCES = "OCCURRENCES"


UNITS: Mapping[str, Unit] = {
    Measure.BENEFICIARIES_ON_FILE.name: Unit.PERSONS,
    Measure.SOCIAL_WORKER_TURNOUTS.name: Unit.PERSON_TIMES,
    Measure.VOLUNTEER_TURNOUTS.name: Unit.PERSON_TIMES,
    Measure.CASE_COUNSELLING.name: Unit.PERSON_TIMES,
    Measure.GROUP_ACTIVITIES.name: Unit.OCCURRENCES,
    Measure.HOME_HELP.name: Unit.PERSON_TIMES,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """The rows of one measure: where they come from, how they count, what they split by.

    `tables` are all table references, each of which gets the tenant predicate. `persons` are the
    persons that a cell is about, for the suppression of small cells.
    """

    source: FromClause
    tables: tuple[FromClause, ...]
    conditions: tuple[ColumnElement[bool], ...]
    count: ColumnElement[int]
    persons: ColumnElement[Any]
    keys: Mapping[str, ColumnElement[Any]]
    first_day: ColumnElement[Any]
    last_day: ColumnElement[Any] | None


def fact_of(measure: str, *, by_project: bool, by_segment: bool) -> Fact:
    """The rows that `measure` counts; joins to projects and segments only where they are used."""
    match measure:
        case "BENEFICIARIES_ON_FILE":
            return _files(by_project=by_project)
        case "SOCIAL_WORKER_TURNOUTS":
            return _attendances("WORKER", "member_id")
        case "VOLUNTEER_TURNOUTS":
            return _attendances("VOLUNTEER", "volunteer_id")
        case "CASE_COUNSELLING":
            return _attendances("BENEFICIARY", "beneficiary_id", "CASE_SESSION", by_segment)
        case "HOME_HELP":
            return _attendances("BENEFICIARY", "beneficiary_id", "HOME_HELP", by_segment)
        case "GROUP_ACTIVITIES":
            return _occurrences("GROUP_SESSION")
        case _:
            raise ValueError(measure)


def _inside(one: FromClause, column: str, other: FromClause) -> ColumnElement[bool]:
    return and_(one.c.tenant_id == other.c.tenant_id, one.c[column] == other.c.id)


def _files(*, by_project: bool) -> Fact:
    file, site = BENEFICIARY.alias(), SITE.alias()
    source: FromClause = file.join(site, _inside(file, "site_id", site))
    tables: tuple[FromClause, ...] = (file, site)
    keys = {"AGENCY": file.c.tenant_id, "AREA": site.c.area_id, "SEGMENT": file.c.segment_id}
    if by_project:
        enrolment = ENROLMENT.alias()
        source = source.join(enrolment, _inside(enrolment, "beneficiary_id", file))
        tables = (*tables, enrolment)
        keys["PROJECT"] = enrolment.c.project_id
    return Fact(
        source=source,
        tables=tables,
        conditions=(),
        # A person enrolled twice in a project is one person on file.
        count=func.count(file.c.id.distinct()) if by_project else func.count(),
        persons=file.c.id,
        keys=keys,
        first_day=file.c.opened_on,
        last_day=file.c.closed_on,
    )


def _record_keys(record: FromClause) -> dict[str, ColumnElement[Any]]:
    return {
        "AGENCY": record.c.tenant_id,
        "PROJECT": record.c.project_id,
        "AREA": record.c.area_id,
        "KIND": record.c.kind,
        "MONTH": func.to_char(record.c.served_on, "YYYY-MM"),
    }


def _attendances(
    role: str, person: str, kind: str | None = None, by_segment: bool = False  # noqa: FBT001, FBT002 -- private
) -> Fact:
    record, attendance = SERVICE_RECORD.alias(), ATTENDANCE.alias()
    source: FromClause = record.join(
        attendance, _inside(attendance, "service_record_id", record)
    )
    tables: tuple[FromClause, ...] = (record, attendance)
    keys = _record_keys(record)
    if by_segment:
        file = BENEFICIARY.alias()
        source = source.join(file, _inside(attendance, "beneficiary_id", file))
        tables = (*tables, file)
        keys["SEGMENT"] = file.c.segment_id
    kinds = () if kind is None else (record.c.kind == kind,)
    return Fact(
        source=source,
        tables=tables,
        conditions=(attendance.c.role == role, *kinds),
        count=func.count(),
        persons=attendance.c[person],
        keys=keys,
        first_day=record.c.served_on,
        last_day=None,
    )


def _occurrences(kind: str) -> Fact:
    record, attendance = SERVICE_RECORD.alias(), ATTENDANCE.alias()
    taken_part = and_(
        _inside(attendance, "service_record_id", record), attendance.c.role == "BENEFICIARY"
    )
    return Fact(
        source=record.outerjoin(attendance, taken_part),
        # The outer join's condition binds the tenant to the record's, whose predicate holds.
        tables=(record,),
        conditions=(record.c.kind == kind,),
        count=func.count(record.c.id.distinct()),
        persons=attendance.c.beneficiary_id,
        keys=_record_keys(record),
        first_day=record.c.served_on,
        last_day=None,
    )


SPLITS: Mapping[str, frozenset[str]] = {
    measure: frozenset(fact_of(measure, by_project=True, by_segment=True).keys)
    for measure in UNITS
}
