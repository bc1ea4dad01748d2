"""The facts behind figures: rows with a day, dimensions to split by, and whom they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, DateTime, FromClause, and_, cast, func, literal_column
from sqlalchemy.sql import ColumnElement

from citywide.assessments.models import ASSESSMENT
from citywide.beneficiaries.models import BENEFICIARY
from citywide.budgets.models import BUDGET_LINE, COMMITMENT, EXPENSE
from citywide.cases.models import CASE_FILE
from citywide.graph.planning import inside
from citywide.needs.models import NEED
from citywide.oversight.cells import is_owed
from citywide.projects.models import ENROLMENT
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.tenancy.models import SITE
from citywide.volunteers.models import VOLUNTEER_HOURS


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an answer needs of a fact: the dimensions in use, and who was served at each row."""

    dimensions: frozenset[str]
    served: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Rows that can be counted: where they come from, what they split by, whom they are about.

    `tables` are all table references, each of which gets the tenant predicate. `row` is what one
    row is; where `is_repeated`, a join repeats it for each `person`. A row with a `last_day`
    counts in each period in which it holds, any other in the one of its `first_day`.
    """

    source: FromClause
    tables: tuple[FromClause, ...]
    row: FromClause
    keys: Mapping[str, ColumnElement[Any]]
    first_day: ColumnElement[Any]
    person: ColumnElement[Any]
    conditions: tuple[ColumnElement[bool], ...] = ()
    last_day: ColumnElement[Any] | None = None
    is_repeated: bool = False


# How the first day of a period is told.
PERIODS: Mapping[str, str] = {"MONTH": "YYYY-MM", "QUARTER": 'YYYY-"Q"Q', "YEAR": "YYYY"}


def start(period: str, day: ColumnElement[Any]) -> ColumnElement[Any]:
    """The first day of a day's MONTH, QUARTER or YEAR; as text it would take thrice as long."""
    unit: ColumnElement[str] = literal_column(f"'{period.lower()}'")
    return cast(func.date_trunc(unit, cast(day, DateTime)), Date)


def in_time(
    day: ColumnElement[Any], month: ColumnElement[Any] | None = None
) -> dict[str, ColumnElement[Any]]:
    """The dimensions of a day: first days of periods. `month` is one that is kept with the row."""
    return {name: start(name, day) for name in PERIODS} | (
        {} if month is None else {"MONTH": month}
    )


def files(wanted: Wanted) -> Fact:
    """Files of persons, each while it is open."""
    file, site = BENEFICIARY.alias(), SITE.alias()
    source: FromClause = file.join(site, inside(file, "site_id", site))
    tables: tuple[FromClause, ...] = (file, site)
    keys = {"AGENCY": file.c.tenant_id, "AREA": site.c.area_id, "SEGMENT": file.c.segment_id}
    if "PROJECT" in wanted.dimensions:
        enrolment = ENROLMENT.alias()
        source = source.join(enrolment, inside(enrolment, "beneficiary_id", file))
        tables = (*tables, enrolment)
        keys["PROJECT"] = enrolment.c.project_id
    return Fact(
        source=source,
        tables=tables,
        row=file,
        # A file that is continued in another one is no second person.
        conditions=(file.c.merged_into_id.is_(None),),
        keys=keys,
        first_day=file.c.opened_on,
        last_day=file.c.closed_on,
        person=file.c.id,
        # A person enrolled twice in a project is one person on file.
        is_repeated="PROJECT" in wanted.dimensions,
    )


def _record_keys(record: FromClause) -> dict[str, ColumnElement[Any]]:
    return {
        "AGENCY": record.c.tenant_id,
        "PROJECT": record.c.project_id,
        "AREA": record.c.area_id,
        "KIND": record.c.kind,
        **in_time(record.c.served_on, record.c.served_month),
    }


def _counts(record: FromClause) -> ColumnElement[bool]:
    """Neither cancelled nor an earlier version of a corrected record."""
    return record.c.status == literal_column("'CURRENT'")


def _served(record: FromClause) -> tuple[FromClause, ColumnElement[bool]]:
    """The beneficiaries of a record, and how they join it."""
    served = ATTENDANCE.alias()
    is_served = and_(
        inside(served, "service_record_id", record),
        served.c.role == literal_column("'BENEFICIARY'"),
    )
    return served, is_served


def attendances(wanted: Wanted) -> Fact:
    """Everybody at a service, those who serve and those who are served."""
    record, present = SERVICE_RECORD.alias(), ATTENDANCE.alias()
    source: FromClause = record.join(present, inside(present, "service_record_id", record))
    tables: tuple[FromClause, ...] = (record, present)
    keys = _record_keys(record)
    person: ColumnElement[Any] = present.c.beneficiary_id
    if "SEGMENT" in wanted.dimensions:
        file = BENEFICIARY.alias()
        source = source.join(file, inside(present, "beneficiary_id", file))
        tables = (*tables, file)
        keys["SEGMENT"] = file.c.segment_id
    if wanted.served:
        served, is_served = _served(record)
        source, person = source.outerjoin(served, is_served), served.c.beneficiary_id
    return Fact(
        source=source,
        tables=tables,
        row=present,
        conditions=(_counts(record),),
        keys=keys,
        first_day=record.c.served_on,
        person=person,
        is_repeated=wanted.served,
    )


def records(wanted: Wanted) -> Fact:
    """Services, however many took part."""
    record = SERVICE_RECORD.alias()
    source: FromClause = record
    person: ColumnElement[Any] = record.c.id
    if wanted.served:
        served, is_served = _served(record)
        source, person = record.outerjoin(served, is_served), served.c.beneficiary_id
    return Fact(
        source=source,
        tables=(record,),
        row=record,
        conditions=(_counts(record),),
        keys=_record_keys(record),
        first_day=record.c.served_on,
        person=person,
        is_repeated=wanted.served,
    )


def _about_a_file(
    row: FromClause,
    wanted: Wanted,
    day: ColumnElement[Any],
    *,
    more: Mapping[str, ColumnElement[Any]] | None = None,
    conditions: tuple[ColumnElement[bool], ...] = (),
) -> Fact:
    """Rows that are about one beneficiary each, in the community of the file's site."""
    source: FromClause = row
    tables: tuple[FromClause, ...] = (row,)
    keys = {"AGENCY": row.c.tenant_id, **in_time(day), **(more or {})}
    if wanted.dimensions & {"AREA", "SEGMENT"}:
        file, site = BENEFICIARY.alias(), SITE.alias()
        source = source.join(file, inside(row, "beneficiary_id", file))
        source = source.join(site, inside(file, "site_id", site))
        tables = (*tables, file, site)
        keys |= {"AREA": site.c.area_id, "SEGMENT": file.c.segment_id}
    return Fact(
        source=source,
        tables=tables,
        row=row,
        conditions=conditions,
        keys=keys,
        first_day=day,
        person=row.c.beneficiary_id,
    )


def needs(wanted: Wanted) -> Fact:
    """Questions and requests, by the day they were raised."""
    need = NEED.alias()
    more = {"DEPARTMENT": need.c.department_id}
    return _about_a_file(need, wanted, need.c.raised_on, more=more)


def assessments(wanted: Wanted) -> Fact:
    """Approved assessments."""
    assessment = ASSESSMENT.alias()
    is_approved = assessment.c.status == literal_column("'APPROVED'")
    return _about_a_file(assessment, wanted, assessment.c.assessed_on, conditions=(is_approved,))


def opened_cases(wanted: Wanted) -> Fact:
    """Cases, by the day they were opened."""
    found = CASE_FILE.alias()
    return _about_a_file(found, wanted, found.c.opened_on)


def closed_cases(wanted: Wanted) -> Fact:
    """Closed cases, by the day they were closed."""
    found = CASE_FILE.alias()
    is_closed = found.c.closed_on.is_not(None)
    return _about_a_file(found, wanted, found.c.closed_on, conditions=(is_closed,))


def certified_hours(_: Wanted) -> Fact:
    """Certified time of volunteers."""
    hours = VOLUNTEER_HOURS.alias()
    return Fact(
        source=hours,
        tables=(hours,),
        row=hours,
        conditions=(hours.c.status == literal_column("'CERTIFIED'"),),
        keys={"AGENCY": hours.c.tenant_id, **in_time(hours.c.served_on)},
        first_day=hours.c.served_on,
        person=hours.c.volunteer_id,
    )


def _of_a_line(row: FromClause, day: ColumnElement[Any], condition: ColumnElement[bool]) -> Fact:
    """Money of a project's budget line."""
    line = BUDGET_LINE.alias()
    return Fact(
        source=row.join(line, inside(row, "budget_line_id", line)),
        tables=(row, line),
        row=row,
        conditions=(condition,),
        keys={"AGENCY": row.c.tenant_id, "PROJECT": line.c.project_id, **in_time(day)},
        first_day=day,
        # Money is about nobody who is served.
        person=row.c.id,
    )


def vouchers(_: Wanted) -> Fact:
    """Vouchers that are owed or paid."""
    voucher = EXPENSE.alias()
    return _of_a_line(voucher, voucher.c.spent_on, is_owed(voucher))


def promises(_: Wanted) -> Fact:
    """Commitments."""
    promise = COMMITMENT.alias()
    return _of_a_line(promise, promise.c.committed_on, promise.c.amount_fen > literal_column("0"))
