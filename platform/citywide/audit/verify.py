"""Whether a chain is whole: every entry where it was, as it was, and none more or less.

What this cannot see: a chain whose end was cut off together with its head, or that was written
anew from some entry on. Whoever keeps a head's hash elsewhere sees that too, so it is reported.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from citywide.audit.chain import hash_of
from citywide.audit.models import AUDIT_ENTRY, AUDIT_HEAD, AUDIT_SUBJECT
from citywide.db.session import Audience, Context, Database, compile_statement
from citywide.tenancy.models import TENANT

# Entries held in memory at a time; each is about 1 kB, the longest some 100 kB.
PREFETCH = 500


@dataclass(frozen=True, slots=True)
class Chain:
    """A tenant whose chain is looked at, how long its head says that it is, and its hash (hex)."""

    tenant_id: UUID
    bureau_id: UUID
    slug: str
    length: int
    head: str


@dataclass(slots=True)
class Walk:
    """Goes along one chain, entry by entry in the order of positions, and tells what is wrong.

    After a fault it goes on from what is stored, so one fault is told once.
    """

    chain: Chain
    position: int = 0
    # None: what came before is not known, because an entry is missing.
    before: bytes | None = b""

    def step(self, row: Mapping[str, Any]) -> Iterator[str]:
        """The faults of the entry that comes next."""
        position = row["position"]
        here = f"entry {position} ({row['id']})"
        if position == self.position:
            yield f"{here} stands at a position that is taken."
        elif position < 1:
            yield f"{here} stands before the first position."
        elif position > self.position + 1:
            gap = f"{self.position + 1}"
            gap += f" to {position - 1}" if position > self.position + 2 else ""
            yield f"entry {gap} is missing."
            self.before = None
        if self.before is not None and hash_of(self.before, position, row["entry"]) != row["hash"]:
            yield f"{here} or its hash was changed, or it stands where it was not written."
        yield from (f"{here}: {fault}" for fault in _faults_of_columns(self.chain, row))
        self.position, self.before = position, row["hash"]

    def end(self, head: Mapping[str, Any] | None) -> Iterator[str]:
        """The faults of the chain's end, compared with its head."""
        if head is None:
            if self.position:
                yield "the head is missing."
            return
        if head["position"] != self.position:
            yield f"the head is at {head['position']}, but the last entry at {self.position}."
        elif self.before is not None and head["hash"] != self.before:
            yield "the head's hash is not the last entry's."


def _faults_of_columns(chain: Chain, row: Mapping[str, Any]) -> Iterator[str]:
    """What stands beside the hashed text has to say the same."""
    try:
        told = json.loads(row["entry"])
        expected = {
            "id": told["id"],
            "tenant_id": told["tenant"],
            "kind": told["kind"],
            "occurred_at": told["at"],
            "actor": told["actor"],
            "coordinate": told["coordinate"],
            "persons": sorted(told.get("persons", ())),
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        yield "its text is no entry."
        return
    found = {
        "id": str(row["id"]),
        "tenant_id": str(row["tenant_id"]),
        "kind": row["kind"],
        "occurred_at": row["occurred_at"].isoformat(),
        "actor": row["actor"],
        "coordinate": row["coordinate"],
        "persons": sorted(map(str, row["persons"] or ())),
    }
    for name, value in found.items():
        if value != expected[name]:
            yield f"{name} is not what its text says."
    if row["bureau_id"] != chain.bureau_id:
        yield "bureau_id is not the tenant's."


async def chains(database: Database, bureau_id: UUID) -> list[Chain]:
    """Every tenant of a bureau, with entries or without."""
    head = AUDIT_HEAD
    statement = (
        select(TENANT.c.tenant_id, TENANT.c.bureau_id, TENANT.c.slug, head.c.position, head.c.hash)
        .outerjoin(head, head.c.tenant_id == TENANT.c.tenant_id)
        .where(TENANT.c.bureau_id == bureau_id)
        .order_by(TENANT.c.slug)
    )
    async with database.read(_context(bureau_id)) as transaction:
        rows = await transaction.rows(statement)
    return [
        Chain(
            tenant_id=row["tenant_id"],
            bureau_id=row["bureau_id"],
            slug=row["slug"],
            length=row["position"] or 0,
            head=(row["hash"] or b"").hex(),
        )
        for row in rows
    ]


async def faults(database: Database, chain: Chain) -> AsyncIterator[str | None]:
    """Walk a chain: a sentence for each fault, and None for each entry that was looked at.

    One statement reads head and entries, so that what is appended meanwhile does not matter.
    """
    walk = Walk(chain)
    head: Mapping[str, Any] | None = None
    async with database.read(_context(chain.bureau_id)) as transaction:
        sql, values = compile_statement(_entries(chain))
        async for row in transaction.connection.cursor(sql, *values, prefetch=PREFETCH):
            if row["head_position"] is not None:
                head = {"position": row["head_position"], "hash": row["head_hash"]}
            if row["position"] is None:
                continue
            for fault in walk.step(row):
                yield fault
            yield None
        for fault in walk.end(head):
            yield fault
        for row in await transaction.rows(_strays(chain)):
            yield f"the person {row['person_id']} is named for an entry that there is not."


def _context(bureau_id: UUID) -> Context:
    return Context(Audience.OPERATOR, bureau_id=bureau_id)


def _entries(chain: Chain) -> Any:
    head, entry, subject = AUDIT_HEAD, AUDIT_ENTRY, AUDIT_SUBJECT
    persons = (
        select(func.array_agg(subject.c.person_id))
        .where(subject.c.tenant_id == entry.c.tenant_id, subject.c.entry_id == entry.c.id)
        .correlate(entry)
        .scalar_subquery()
    )
    return (
        select(
            head.c.position.label("head_position"),
            head.c.hash.label("head_hash"),
            *entry.c,
            persons.label("persons"),
        )
        .select_from(TENANT)
        .outerjoin(head, head.c.tenant_id == TENANT.c.tenant_id)
        .outerjoin(entry, entry.c.tenant_id == TENANT.c.tenant_id)
        .where(TENANT.c.tenant_id == chain.tenant_id)
        .order_by(entry.c.position)
    )


def _strays(chain: Chain) -> Any:
    subject, entry = AUDIT_SUBJECT, AUDIT_ENTRY
    known: ColumnElement[bool] = and_(
        entry.c.tenant_id == subject.c.tenant_id, entry.c.id == subject.c.entry_id
    )
    there = select(func.count()).select_from(entry).where(known).correlate(subject)
    return (
        select(subject.c.person_id)
        .where(subject.c.tenant_id == chain.tenant_id, there.scalar_subquery() == 0)
        .order_by(subject.c.id)
        .limit(PREFETCH)
    )
