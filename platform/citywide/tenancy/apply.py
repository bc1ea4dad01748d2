"""Plan what would make a database like a city's manifests, and do it in one transaction.

Nothing is ever deleted. Who leaves a manifest is suspended and loses their roles on the city's
business day. Anything else that leaves one stays on record and must be ended there by its
dates: leaving it out is refused, because records may refer to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Select, Text, cast, func, insert, literal, select, update

from citywide.db.rows import insert_rows, is_walled, owner_of, returned
from citywide.db.session import Audience, Context, Database, Transaction
from citywide.db.tables import is_city_table, is_tenant_table
from citywide.errors import OperatorError
from citywide.rules.periods import Span, ended
from citywide.tenancy.courses import MemberCourse
from citywide.tenancy.desired import TABLE_NAMES, Desired, desired_rows, table_named
from citywide.tenancy.manifests import City
from citywide.tenancy.models import ACCESS_VERSION
from citywide.tenancy.words import MemberStatus

# Every process asks for members' roles again when one of these changes.
ACCESS_TABLES = frozenset({"bureau", "tenant", "agreement", "member", "member_role", "assignment"})
# What an agency changes itself as well: whom it takes on, how it sorts those it serves.
AGENCY_TABLES = frozenset({"member", "member_role", "typology", "segment"})
# The version of the ids that follow from names, as all have that a manifest declares.
NAMED = 5
# What a judgement about a person was made with does not change under it.
FIXED_COLUMNS = {
    "segment": frozenset({"name", "sensitive"}),
    "instrument": frozenset({"name"}),
    "instrument_question": frozenset({"text"}),
    "instrument_option": frozenset({"label", "score"}),
    "instrument_band": frozenset({"from_score"}),
}
# The columns by which a row is said to be part of another one that is left out.
PARENTS = ("agreement_id", "project_id", "typology_id", "instrument_id", "question_id")
# The columns by which a person recognises a row, where it has them.
LABELS = ("code", "slug", "number", "subject", "name", "measure")
# More alike changes in a row than this are an area list or a code table, not read one by one.
LONGEST_RUN = 30
# A city's first apply inserts its area tree; interactive statements have far less time.
APPLY_TIMEOUT_MS = 60_000

Action = Literal["create", "update", "end"]


@dataclass(frozen=True, slots=True)
class Change:
    """One row to write; `columns` are the new values of an existing row."""

    action: Action
    table: str
    name: str
    row: Mapping[str, Any] = field(repr=False)
    columns: Mapping[str, Any]
    before: Mapping[str, Any]

    def __str__(self) -> str:
        """One line: what happens to which row, and from what to what."""
        line = f"{self.action} {self.table.replace('_', ' ')} {self.name}"
        if self.action == "create":
            return line
        steps = (
            f"{column} {_shown(self.before[column])} → {_shown(value)}"
            for column, value in self.columns.items()
        )
        return f"{line}: {', '.join(steps)}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, in order; empty when the database is as the manifests say."""

    changes: list[Change]

    @property
    def affects_access(self) -> bool:
        """Whether somebody may do more, or less, afterwards."""
        return any(change.table in ACCESS_TABLES for change in self.changes)

    def lines(self) -> list[str]:
        """The changes as a person reads them: a long run of alike ones is one line."""
        found: list[str] = []
        for (action, table), alike in groupby(self.changes, lambda one: (one.action, one.table)):
            run = list(alike)
            if len(run) <= LONGEST_RUN:
                found += map(str, run)
            else:
                names = f"{run[0].name} … {run[-1].name}"
                found.append(f"{action} {table.replace('_', ' ')} × {len(run)}: {names}")
        return found


async def plan(database: Database, city: City) -> Plan:
    """What `apply` would do; raises `OperatorError` for what it would refuse."""
    async with database.read(applying(city)) as transaction:
        return await _planned(transaction, city)


async def made_like(transaction: Transaction, city: City) -> Plan:
    """Make the database like the manifests; what was done. See `exchange.manifests.apply`."""
    # Two operators at once would both create the same rows.
    lock = func.hashtextextended(f"citywide apply {city.bureau_id}", 0)
    await transaction.rows(select(cast(func.pg_advisory_xact_lock(lock), Text)))
    planned = await _planned(transaction, city)
    await _write(transaction, planned)
    if planned.affects_access:
        await _raise_access_version(transaction, city.bureau_id)
    return planned


def applying(city: City) -> Context:
    """The context of a transaction that plans or applies a city's manifests."""
    return Context(
        Audience.OPERATOR, bureau_id=city.bureau_id, statement_timeout_ms=APPLY_TIMEOUT_MS
    )


async def _planned(transaction: Transaction, city: City) -> Plan:
    desired = desired_rows(city)
    comparison = _Comparison(city.today)
    for table in TABLE_NAMES:
        present = {row["id"]: row for row in await transaction.rows(_present(table, city))}
        wanted = [entry for entry in desired if entry.table == table]
        comparison.compare(table, wanted, present)
    if comparison.refusals:
        sentences = "\n".join(f"  {refusal}" for refusal in comparison.refusals)
        sentence = f"The manifests cannot be applied; nothing was changed.\n{sentences}"
        raise OperatorError(sentence)
    return Plan(comparison.changes)


def _present(name: str, city: City) -> Select[Any]:
    """The rows that this city's manifests speak for."""
    table = table_named(name)
    statement = select(table).order_by(table.c.id)
    if is_tenant_table(table) or is_city_table(table):
        return statement.where(table.c.bureau_id == city.bureau_id)
    match name:
        case "area":
            return statement.where(table.c.code.startswith(city.bureau.city, autoescape=True))
        case "bureau":
            return statement.where(table.c.id == city.bureau_id)
        case _:
            return statement


@dataclass(slots=True)
class _Comparison:
    """What the manifests want against what is there, table by table."""

    today: date
    changes: list[Change] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    gone: set[UUID] = field(default_factory=set)
    labels: dict[UUID, str] = field(default_factory=dict)

    def compare(self, table: str, wanted: list[Desired], present: dict[UUID, Record]) -> None:
        """Note what this table's rows need; tables come in the order of `TABLE_NAMES`."""
        self.labels |= {row_id: _label(row) for row_id, row in present.items()}
        for entry in wanted:
            self._keep(entry, present.get(entry.row["id"]))
        kept = {entry.row["id"] for entry in wanted}
        for row_id, row in present.items():
            # What an agency wrote itself has no id of a name: no manifest speaks of it.
            if row_id in kept or (table in AGENCY_TABLES and row_id.version != NAMED):
                continue
            # A project's plan goes with the project: one sentence is enough.
            if not any(row.get(column) in self.gone for column in PARENTS):
                self._leave_out(table, row)
            self.gone.add(row_id)

    def _keep(self, entry: Desired, present: Record | None) -> None:
        if present is None:
            change = Change("create", entry.table, entry.name, entry.row, {}, {})
            self.changes.append(change)
            return
        kept = kept_from_manifests(entry.table, present, entry.row)
        columns = {
            key: value
            for key, value in entry.row.items()
            if present[key] != value and key not in kept
        }
        fixed = FIXED_COLUMNS.get(entry.table, frozenset()) & columns.keys()
        if fixed:
            self.refusals.append(
                f"{entry.table} {entry.name}: {', '.join(sorted(fixed))} cannot change, because "
                "persons may have been judged by it; write a new version instead."
            )
        elif columns:
            before = {key: present[key] for key in columns}
            change = Change("update", entry.table, entry.name, entry.row, columns, before)
            self.changes.append(change)

    def _leave_out(self, table: str, present: Record) -> None:
        columns: dict[str, Any]
        match table:
            case "member":
                is_in = MemberStatus[present["status"]] in MemberCourse.suspend.sources
                columns = {"status": MemberStatus.SUSPENDED} if is_in else {}
                name = _label(present)
            case "member_role":
                columns = _ended(present, self.today)
                name = f"{self.labels[present['member_id']]} as {present['role']}"
            case "assignment":
                columns = _ended(present, self.today)
                agency = self.labels[present["agency_id"]]
                name = f"{self.labels[present['member_id']]} at {agency}"
            case _:
                self.refusals.append(
                    f"{table.replace('_', ' ')} {_label(present)} is on record but no longer in "
                    "the manifests. Nothing is deleted: put it back, and end it by its dates."
                )
                return
        if columns:
            before = {key: present[key] for key in columns}
            self.changes.append(Change("end", table, name, dict(present), columns, before))


def kept_from_manifests(table: str, present: Record, wanted: Mapping[str, Any]) -> frozenset[str]:
    """The columns in which the tenant's own decision stands.

    Whom it has suspended or revoked; a typology that its own next version ended.
    """
    if table == "member" and present["suspended_on"] is not None:
        return frozenset({"status"})
    if table == "member_role" and present["revoked_on"] is not None:
        return frozenset({"valid_from", "valid_until"})
    if table == "typology" and wanted["valid_until"] is None:
        return frozenset({"valid_until"})
    return frozenset()


def _ended(present: Record, today: date) -> dict[str, date | None]:
    """What changes so that a grant's period ends today."""
    span = ended(Span(present["valid_from"], present["valid_until"]), today)
    after = {"valid_from": span.start, "valid_until": span.end}
    return {name: day for name, day in after.items() if day != present[name]}


async def _write(transaction: Transaction, planned: Plan) -> None:
    for name in TABLE_NAMES:
        created = [
            dict(change.row)
            for change in planned.changes
            if change.table == name and change.action == "create"
        ]
        await insert_rows(transaction, table=table_named(name), rows=created)
    for change in planned.changes:
        if change.action != "create":
            await _update(transaction, change)


async def _update(transaction: Transaction, change: Change) -> None:
    table = table_named(change.table)
    statement = update(table).where(table.c.id == change.row["id"]).values(change.columns)
    if is_tenant_table(table):
        statement = statement.where(table.c.tenant_id == change.row["tenant_id"])
    elif is_city_table(table):
        statement = statement.where(table.c.bureau_id == change.row["bureau_id"])
    for row in await transaction.rows(statement.returning(*returned(table))):
        if is_walled(table):
            transaction.wrote(owner_of(change.row), change.table, row)


async def _raise_access_version(transaction: Transaction, bureau_id: UUID) -> None:
    raised = (
        update(ACCESS_VERSION)
        .where(ACCESS_VERSION.c.id == bureau_id)
        .values(version=ACCESS_VERSION.c.version + literal(1))
        .returning(ACCESS_VERSION.c.version)
    )
    if await transaction.scalar(raised) is None:
        await transaction.rows(insert(ACCESS_VERSION).values(id=bureau_id, version=1))


def _label(row: Record) -> str:
    """How a person recognises a row whose manifest is gone."""
    columns = dict(row)
    known = [str(columns[key]) for key in LABELS if key in columns]
    return " ".join(known) or str(row["id"])


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
