"""Tenants that should not be there: copies of an agency with the same row ids, next to it.

A primary key is `(tenant_id, id)`, so another tenant may hold the very same ids. A join, a
look-up or a filter that forgets the tenant then finds the neighbour's row, which it would not
in a database where ids happen to be unique.
"""

from __future__ import annotations

from uuid import UUID

import asyncpg
from sqlalchemy import Column, Table, delete, insert, literal, not_, select, update
from sqlalchemy.sql import ColumnElement

from citywide.db.compiled import compile_statement
from citywide.db.rows import among
from citywide.db.tables import METADATA, is_city_table, is_tenant_table
from citywide.domain import CATALOGUE
from citywide.ids import NO_TENANT, named_id
from citywide.tenancy.models import ASSIGNMENT, BUREAU, MEMBER

assert CATALOGUE.entities
TENANT_TABLES = [table for table in METADATA.sorted_tables if is_tenant_table(table)]
CITY_TABLES = [table for table in METADATA.sorted_tables if is_city_table(table)]

YUEQING = named_id("bureau", "yueqing")
YIJIAQIN = named_id("agency", "yueqing", "yijiaqin")
SHOUQIANSHOU = named_id("agency", "yueqing", "shouqianshou")
# The copy in the same city, and the copy in another bureau's.
SHADOW = UUID("5ad05ad0-0000-4000-8000-000000000001")
ELSEWHERE = UUID("e15e0000-0000-4000-8000-000000000001")
ELSEWHERE_BUREAU = UUID("e15e0000-0000-4000-8000-00000000000b")
# Stand in every name of a copy, and in no other name of the pilot.
MARK_OF_SHADOW = "影子"
MARK_OF_ELSEWHERE = "外地"

# Six persons an agency, enough to be told to everybody: what it takes until their questions are
# answered and how they like the answers, time that was certified, cases that are closed.
_CLAUSE = """WITH document AS (INSERT INTO policy_document
 (bureau_id, id, number, title, issuing_body, valid_from)
 VALUES ($1, gen_random_uuid(), '虚构1号', '虚构办法', '示例机关', '2011-08-01') RETURNING id)
 INSERT INTO policy_clause (bureau_id, id, document_id, position, label, text)
 SELECT $1, gen_random_uuid(), id, 0, '第一条', '按月发放。' FROM document RETURNING id"""
_ANSWERED = """INSERT INTO need (tenant_id, bureau_id, id, beneficiary_id, kind_id, status,
 status_since, channel, question, raised_on, department_id, referred_question, referred_on, due_on,
 answer, answered_on, clause_id, satisfaction)
 SELECT p.tenant_id, p.bureau_id, gen_random_uuid(), p.id, k.id, 'RATED', '2015-10-30', 'VISIT',
 '何时发放？', '2015-10-12', k.department_id, '何时发放？', '2015-10-12', '2015-10-16',
 '按月发放。', date '2015-10-12' + p.place * $2::int, $3, 1 + (p.place * $2::int) % 5
 FROM (SELECT *, row_number() OVER (ORDER BY file_number)::int AS place FROM beneficiary
  WHERE tenant_id = $1) AS p
 CROSS JOIN (SELECT * FROM need_kind ORDER BY code LIMIT 1) AS k WHERE p.place <= 6"""
_CERTIFIED = """INSERT INTO volunteer_hours (tenant_id, bureau_id, id, volunteer_id, served_on,
 minutes, activity, status, recorded_by, recorded_on, decided_by, decided_on)
 SELECT v.tenant_id, v.bureau_id, gen_random_uuid(), v.id, '2015-10-12', 30 * v.place, '写春联',
 'CERTIFIED', m.members[1], '2015-10-13', m.members[2], '2015-10-14'
 FROM (SELECT *, row_number() OVER (ORDER BY number) AS place FROM volunteer
  WHERE tenant_id = $1) AS v
 CROSS JOIN (SELECT array_agg(id ORDER BY subject) AS members FROM member
  WHERE tenant_id = $1) AS m WHERE v.place <= 6"""
_CLOSED = """INSERT INTO case_file (tenant_id, bureau_id, id, number, beneficiary_id, worker_id,
 opened_on, closed_on, problem, risk, stage)
 SELECT tenant_id, bureau_id, gen_random_uuid(), 'N-' || place, id, worker_id, '2015-10-12',
 '2015-10-30', '示例', 'LOW', 'CLOSURE' FROM (SELECT *, row_number() OVER (ORDER BY file_number)
  AS place FROM beneficiary WHERE tenant_id = $1) AS p WHERE place <= 6"""


async def _fill(owner: asyncpg.Connection) -> None:
    """Give two agencies figures of every measure, ratios among them that are not the same."""
    clause_id = await owner.fetchval(_CLAUSE, YUEQING)
    for tenant_id, days in ((YIJIAQIN, 1), (SHOUQIANSHOU, 3)):
        await owner.execute(_ANSWERED, tenant_id, days, clause_id)
        await owner.execute(_CERTIFIED, tenant_id)
        await owner.execute(_CLOSED, tenant_id)


async def add_neighbours(owner: asyncpg.Connection) -> None:
    """Copy 壹家亲 into a tenant of the same bureau, and it and its bureau into another bureau."""
    async with owner.transaction():
        await _fill(owner)
        await _run(owner, _another_bureau())
        for table in CITY_TABLES:
            kept = table.c.bureau_id == YUEQING
            await _run(owner, _copy(table, kept, NO_TENANT, ELSEWHERE_BUREAU, MARK_OF_ELSEWHERE))
        for table in TENANT_TABLES:
            kept = table.c.tenant_id == YIJIAQIN
            await _run(owner, _copy(table, kept, SHADOW, YUEQING, MARK_OF_SHADOW))
            await _run(owner, _copy(table, kept, ELSEWHERE, ELSEWHERE_BUREAU, MARK_OF_ELSEWHERE))
            kept = table.c.tenant_id == YUEQING
            beside = ELSEWHERE_BUREAU
            await _run(owner, _copy(table, kept, beside, beside, MARK_OF_ELSEWHERE))


async def every_tenant(owner: asyncpg.Connection) -> list[UUID]:
    """The ids of all tenants of all bureaus."""
    return [row["tenant_id"] for row in await owner.fetch("SELECT tenant_id FROM tenant")]


async def remove_tenants(owner: asyncpg.Connection, *, but: list[UUID]) -> None:
    """Delete the rows of every tenant except those of `but`."""
    async with owner.transaction():
        for table in reversed(TENANT_TABLES):
            await _run(owner, delete(table).where(not_(among(table.c.tenant_id, but))))


async def assign_only(owner: asyncpg.Connection, subject: str, agency_id: UUID) -> None:
    """End every other assignment of a supervisor."""
    member = select(MEMBER.c.id).where(MEMBER.c.subject == subject).scalar_subquery()
    others = (ASSIGNMENT.c.member_id == member) & (ASSIGNMENT.c.agency_id != agency_id)
    ended = ASSIGNMENT.c.valid_from + 1
    await _run(owner, update(ASSIGNMENT).where(others).values(valid_until=ended))


def _another_bureau() -> object:
    given = {"id": ELSEWHERE_BUREAU, "slug": "elsewhere", "name": "外地", "office": "外地"}
    columns = [*given, "city_id", "replay_date"]
    chosen = [*(literal(value) for value in given.values()), BUREAU.c.city_id, BUREAU.c.replay_date]
    return insert(BUREAU).from_select(columns, select(*chosen).where(BUREAU.c.id == YUEQING))


def _copy(
    table: Table, kept: ColumnElement[bool], tenant_id: UUID, bureau_id: UUID, mark: str
) -> object:
    def copied(column: Column[object]) -> ColumnElement[object]:
        match column.name:
            case "bureau_id":
                return literal(bureau_id)
            case "tenant_id":
                return literal(tenant_id)
            case "id" if table.name in {"tenant", "audit_head"}:
                return literal(tenant_id)
            case "name" | "subject" | "slug":
                return literal(mark).concat(column)
            case _:
                return column

    written = written_columns(table)
    found = select(*map(copied, written)).where(kept)
    return insert(table).from_select([column.name for column in written], found)


def written_columns(table: Table) -> list[Column[object]]:
    """The columns that somebody writes; the database makes the others out of them."""
    return [column for column in table.columns if column.computed is None]


async def _run(owner: asyncpg.Connection, statement: object) -> None:
    sql, values = compile_statement(statement)  # type: ignore[arg-type]
    await owner.execute(sql, *values)
