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
from sqlalchemy import FromClause, and_, func, literal_column
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
    beneficiaries that a cell is about, for the suppression of small cells; counting them costs a
    sort, so they are None where nothing is suppressed.
    """

    source: FromClause
    tables: tuple[FromClause, ...]
    conditions: tuple[ColumnElement[bool], ...]
    count: ColumnElement[int]
    persons: ColumnElement[Any] | None
    keys: Mapping[str, ColumnElement[Any]]
    first_day: ColumnElement[Any]
    last_day: ColumnElement[Any] | None = None


def fact_of(measure: str, *, by_project: bool, by_segment: bool, has_persons: bool) -> Fact:
    """The rows that `measure` counts, with only the joins that the answer needs."""
    match measure:
        case "BENEFICIARIES_ON_FILE":
            return _files(by_project=by_project)
        case "SOCIAL_WORKER_TURNOUTS":
            return _turnouts("WORKER", has_persons=has_persons)
        case "VOLUNTEER_TURNOUTS":
            return _turnouts("VOLUNTEER", has_persons=has_persons)
        case "CASE_COUNSELLING":
            return _received("CASE_SESSION", by_segment=by_segment)
        case "HOME_HELP":
            return _received("HOME_HELP", by_segment=by_segment)
        case "GROUP_ACTIVITIES":
            return _occurrences("GROUP_SESSION", has_persons=has_persons)
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
        # A file that is continued in another one is no second person.
        conditions=(file.c.merged_into_id.is_(None),),
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
        "MONTH": func.to_char(record.c.served_on, literal_column("'YYYY-MM'")),
    }


def _counts(record: FromClause) -> ColumnElement[bool]:
    """Neither cancelled nor an earlier version of a corrected record."""
    return record.c.status == literal_column("'CURRENT'")


def _served(record: FromClause) -> tuple[FromClause, ColumnElement[bool]]:
    """The beneficiaries of a record, and how they join it."""
    served = ATTENDANCE.alias()
    is_served = and_(_inside(served, "service_record_id", record), served.c.role == "BENEFICIARY")
    return served, is_served


def _turnouts(role: str, *, has_persons: bool) -> Fact:
    """Attendances of those who serve."""
    record, turnout = SERVICE_RECORD.alias(), ATTENDANCE.alias()
    source: FromClause = record.join(turnout, _inside(turnout, "service_record_id", record))
    count, persons = func.count(), None
    if has_persons:
        served, is_served = _served(record)
        source = source.outerjoin(served, is_served)
        # The join repeats a turnout for each person served.
        count, persons = func.count(turnout.c.id.distinct()), served.c.beneficiary_id
    return Fact(
        source=source,
        tables=(record, turnout),
        conditions=(turnout.c.role == role, _counts(record)),
        count=count,
        persons=persons,
        keys=_record_keys(record),
        first_day=record.c.served_on,
    )


def _received(kind: str, *, by_segment: bool) -> Fact:
    """Attendances of those who are served, at services of one kind."""
    record = SERVICE_RECORD.alias()
    served, is_served = _served(record)
    source: FromClause = record.join(served, is_served)
    tables: tuple[FromClause, ...] = (record, served)
    keys = _record_keys(record)
    if by_segment:
        file = BENEFICIARY.alias()
        source = source.join(file, _inside(served, "beneficiary_id", file))
        tables = (*tables, file)
        keys["SEGMENT"] = file.c.segment_id
    return Fact(
        source=source,
        tables=tables,
        conditions=(record.c.kind == kind, _counts(record)),
        count=func.count(),
        persons=served.c.beneficiary_id,
        keys=keys,
        first_day=record.c.served_on,
    )


def _occurrences(kind: str, *, has_persons: bool) -> Fact:
    """Services of one kind, however many took part."""
    record = SERVICE_RECORD.alias()
    source: FromClause = record
    persons = None
    if has_persons:
        served, is_served = _served(record)
        source = record.outerjoin(served, is_served)
        persons = served.c.beneficiary_id
    return Fact(
        source=source,
        tables=(record,),
        conditions=(record.c.kind == kind, _counts(record)),
        count=func.count(record.c.id.distinct()) if has_persons else func.count(),
        persons=persons,
        keys=_record_keys(record),
        first_day=record.c.served_on,
    )


SPLITS: Mapping[str, frozenset[str]] = {
    measure: frozenset(fact_of(measure, by_project=True, by_segment=True, has_persons=False).keys)
    for measure in UNITS
}
