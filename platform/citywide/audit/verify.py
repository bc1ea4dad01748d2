"""Whether a bureau's trail is whole: its chains, entry by entry, and the rows that they tell.

The links are keyed, so whoever owns the database and has not the deployment's secret can neither
change an entry nor write a chain anew. What the chains alone cannot show is an end that was cut off
together with its head, or whatever was done by somebody who has the secret: for that they are
compared with statements about their heads that were kept elsewhere (`anchors.py`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from citywide.audit.anchors import Expected
from citywide.audit.chain import hash_of, plain_hash_of
from citywide.audit.keying import COMMAND, Plain
from citywide.audit.models import AUDIT_ENTRY, AUDIT_HEAD, AUDIT_SUBJECT
from citywide.audit.rows import KnownRows, compared
from citywide.db.compiled import compile_statement
from citywide.db.session import Audience, Context, Database, Transaction
from citywide.tenancy.models import TENANT

# Entries held in memory at a time; each is about 1 kB, the longest, of an import, some MB.
PREFETCH = 100
# One statement of a verification may run this long: a table's first rows come after a sort.
VERIFY_TIMEOUT_MS = 600_000


@dataclass(frozen=True, slots=True)
class Chain:
    """A tenant whose chain is looked at, how long its head says that it is, and its hash (hex)."""

    tenant_id: UUID
    bureau_id: UUID
    slug: str
    length: int
    head: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at of a tenant: entries, rows, rows from before digests; or a fault."""

    slug: str
    fault: str | None = None
    entries: int = 0
    rows: int = 0
    unknown: int = 0


@dataclass(slots=True)
class Walk:
    """Goes along one chain, entry by entry in the order of positions, and tells what is wrong.

    After a fault it goes on from what is stored, so one fault is told once. `key` is the chain's,
    `plain` the part that was broken before it had one, `expected` what was seen of it elsewhere.
    """

    chain: Chain
    key: bytes
    plain: Plain | None = None
    expected: Sequence[Expected] = ()
    position: int = 0
    # None: what came before is not known, because an entry is missing.
    before: bytes | None = b""
    # What the entry that was looked at says; nothing where it is none.
    told: Mapping[str, Any] = field(default_factory=dict)

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
        if self.before is not None and self._link(position, row["entry"]) != row["hash"]:
            yield f"{here} or its hash was changed, or it stands where it was not written."
        yield from (f"{here}: {fault}" for fault in self._faults_of_columns(row))
        yield from self._faults_of_expected(row)
        self.position, self.before = position, row["hash"]

    def end(self, head: Mapping[str, Any] | None) -> Iterator[str]:
        """The faults of the chain's end, compared with its head and with what was seen of it."""
        if head is None:
            if self.position:
                yield "the head is missing."
        elif head["position"] != self.position:
            yield f"the head is at {head['position']}, but the last entry at {self.position}."
        elif self.before is not None and head["hash"] != self.before:
            yield "the head's hash is not the last entry's."
        if self.position == 0:
            yield _deleted(self.expected)
        else:
            for seen in self.expected:
                if seen.position > self.position:
                    yield (
                        f"its end was cut off: {seen.source} saw entry {seen.position}, and the "
                        f"last one is entry {self.position}."
                    )
        if self.plain is not None:
            yield str(self.plain)

    def _link(self, position: int, text: str) -> bytes:
        before = self.before or b""
        if self.plain is not None and position in self.plain.positions:
            return plain_hash_of(before, position, text)
        return hash_of(self.key, self.chain.tenant_id, before, position, text)

    def _faults_of_expected(self, row: Mapping[str, Any]) -> Iterator[str]:
        for seen in self.expected:
            if seen.position == row["position"] and seen.hash != row["hash"]:
                yield (
                    f"it was rewritten, at entry {seen.position} or before: {seen.source} saw "
                    "another hash there."
                )

    def _faults_of_columns(self, row: Mapping[str, Any]) -> Iterator[str]:
        """What stands beside the hashed text has to say the same."""
        self.told = {}
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
        self.told = told
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
        if row["bureau_id"] != self.chain.bureau_id:
            yield "bureau_id is not the tenant's."


def _deleted(expected: Sequence[Expected]) -> str:
    """Every tenant has a first entry, of the manifest that made it."""
    seen = max(expected, key=lambda each: each.position, default=None)
    if seen is None:
        return "the chain was deleted: there is a tenant, and no entry that made it."
    return f"the chain was deleted: {seen.source} saw {seen.position} entries, and there is none."


async def chains(transaction: Transaction, bureau_id: UUID) -> list[Chain]:
    """Every tenant of a bureau, with entries or without."""
    head = AUDIT_HEAD
    statement = (
        select(TENANT.c.tenant_id, TENANT.c.bureau_id, TENANT.c.slug, head.c.position, head.c.hash)
        .outerjoin(head, head.c.tenant_id == TENANT.c.tenant_id)
        .where(TENANT.c.bureau_id == bureau_id)
        .order_by(TENANT.c.slug)
    )
    return [
        Chain(
            tenant_id=row["tenant_id"],
            bureau_id=row["bureau_id"],
            slug=row["slug"],
            length=row["position"] or 0,
            head=(row["hash"] or b"").hex(),
        )
        for row in await transaction.rows(statement)
    ]


def verifying(database: Database, bureau_id: UUID) -> Transaction:
    """The transaction of a verification: what is written meanwhile does not matter to it."""
    context = Context(
        Audience.OPERATOR, bureau_id=bureau_id, statement_timeout_ms=VERIFY_TIMEOUT_MS
    )
    return database.snapshot(context)


async def faults(database: Database, bureau_id: UUID) -> AsyncIterator[Looked]:
    """Look at one bureau's chains and rows as they are now; see `looked`."""
    async with verifying(database, bureau_id) as transaction:
        found = await chains(transaction, bureau_id)
        async for each in looked(transaction, found, {}):
            yield each


async def looked(
    transaction: Transaction,
    found: Sequence[Chain],
    expected: Mapping[UUID, Sequence[Expected]],
) -> AsyncIterator[Looked]:
    """Look at the chains of one bureau, and then at its rows."""
    known = KnownRows()
    try:
        for chain in found:
            async for each in _walked(transaction, chain, expected.get(chain.tenant_id, ()), known):
                yield each
        slugs = {chain.tenant_id: chain.slug for chain in found}
        async for batch in compared(transaction, known, found[0].bureau_id):
            slug = slugs.get(batch.owner_id, str(batch.owner_id))
            yield Looked(slug, rows=batch.rows, unknown=batch.unknown)
            for fault in batch.faults:
                yield Looked(slug, fault)
        for tenant_id, fault in known.left():
            yield Looked(slugs[tenant_id], fault)
    finally:
        known.close()


async def _walked(
    transaction: Transaction, chain: Chain, expected: Sequence[Expected], known: KnownRows
) -> AsyncIterator[Looked]:
    """Walk a chain: each fault, each entry that was looked at, and what it says of rows."""
    plain = await _plain(transaction, chain)
    walk = Walk(chain, transaction.keys.chain, plain, expected)
    head: Mapping[str, Any] | None = None
    sql, values = compile_statement(_entries(chain))
    async for row in transaction.connection.cursor(sql, *values, prefetch=PREFETCH):
        if row["head_position"] is not None:
            head = {"position": row["head_position"], "hash": row["head_hash"]}
        if row["position"] is None:
            continue
        for fault in walk.step(row):
            yield Looked(chain.slug, fault)
        # What was changed in a text may be anything; that it was is told already.
        with suppress(KeyError, ValueError, TypeError, AttributeError):
            known.note(chain.tenant_id, row["position"], walk.told)
        yield Looked(chain.slug, entries=1)
    for fault in walk.end(head):
        yield Looked(chain.slug, fault)
    for row in await transaction.rows(_strays(chain)):
        sentence = f"the person {row['person_id']} is named for an entry that there is not."
        yield Looked(chain.slug, sentence)


async def _plain(transaction: Transaction, chain: Chain) -> Plain | None:
    """The part of a chain that was broken before it had its key, as a keyed entry says."""
    entry = AUDIT_ENTRY
    before = entry.alias()
    statement = (
        select(entry.c.position, entry.c.entry, entry.c.hash, before.c.hash.label("before"))
        .outerjoin(
            before,
            and_(
                before.c.tenant_id == entry.c.tenant_id, before.c.position == entry.c.position - 1
            ),
        )
        .where(entry.c.tenant_id == chain.tenant_id, entry.c.coordinate == COMMAND)
        .order_by(entry.c.position)
    )
    for row in await transaction.rows(statement):
        position, text, before_hash = row["position"], row["entry"], row["before"] or b""
        made = hash_of(transaction.keys.chain, chain.tenant_id, before_hash, position, text)
        if made == row["hash"] and (plain := Plain.told(json.loads(text))) is not None:
            return plain
    return None


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
