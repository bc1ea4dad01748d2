"""Chains from before they had a key get one: verified as they were, then linked anew.

Done once by the database's owner while nobody else writes (`citywide migrate`). It needs no notes
of its own: what was linked anew is recognised by its links, so a run that was killed is gone on
with where it stopped. A chain that is broken already is left as it is found; a keyed entry at its
end says so for good.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

import asyncpg

from citywide.audit.chain import entry_of, hash_of, plain_hash_of
from citywide.audit.operators import operator
from citywide.audit.sealing import canonical, sealed_words
from citywide.audit.words import AuditKind
from citywide.db.digests import TrailKeys
from citywide.db.sealed import Sealer

COMMAND = "citywide migrate"
# Entries in one transaction, each about 1 kB: a fraction of a second, and little to do again.
BATCH = 500
# The tables that the owner has to see through the walls.
_TABLES = ("audit_entry", "audit_head", "tenant")

# A tenant's slug, entries done and entries in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Plain:
    """Entries that have no key, because their chain was broken before there was one."""

    positions: range
    faults: int

    @classmethod
    def told(cls, content: Mapping[str, Any]) -> Self | None:
        """What an entry's text says; None where it speaks of something else."""
        if "plain" not in content:
            return None
        first, last = content["plain"]
        return cls(range(first, last + 1), content["faults"])

    def __str__(self) -> str:
        entries = f"entries {self.positions[0]} to {self.positions[-1]}"
        return f"{entries} had {self.faults} faults before the chain had its key: they stay as is."


@dataclass(frozen=True, slots=True)
class Keyed:
    """What became of one chain: entries linked anew, and the faults of one that was left."""

    slug: str
    entries: int
    faults: int


async def key_chains(url: str, *, secret: bytes, progress: Progress | None = None) -> list[Keyed]:
    """Link every chain of the database at `url` anew, as its owner; what became of each.

    The words of its entries are sealed before, as those of newer ones are.
    """
    key, sealer = TrailKeys.of(secret).chain, Sealer(secret)
    owner = await asyncpg.connect(url)
    try:
        for table in _TABLES:
            # The owner need not be a superuser; the audiences' walls stand meanwhile.
            await owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        chains = await owner.fetch(
            "SELECT t.tenant_id, t.bureau_id, t.slug, h.position, h.hash FROM tenant t"
            " JOIN audit_head h ON h.tenant_id = t.tenant_id ORDER BY t.slug"
        )
        return [await _Chain(owner, key, sealer, row, progress).keyed() for row in chains]
    finally:
        for table in _TABLES:
            await owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        await owner.close()


@dataclass(frozen=True, slots=True)
class _Chain:
    owner: asyncpg.Connection
    key: bytes
    sealer: Sealer
    head: Any
    progress: Progress | None

    @property
    def tenant_id(self) -> UUID:
        found: UUID = self.head["tenant_id"]
        return found

    async def keyed(self) -> Keyed:
        slug, last = self.head["slug"], self.head["position"]
        marked = await self._marked()
        if marked is not None:
            return Keyed(slug, 0, marked.faults)
        done, first, faults = await self._looked()
        if faults:
            await self._mark(first, faults)
            return Keyed(slug, 0, faults)
        for start in range(done + 1, last + 1, BATCH):
            await self._link_anew(start, min(start + BATCH - 1, last))
            if self.progress is not None:
                self.progress(slug, min(start + BATCH - 1, last), last)
        return Keyed(slug, last - done, 0)

    async def _marked(self) -> Plain | None:
        """What an earlier run has said about the chain, which was broken then."""
        last = self.head["position"]
        newest = await self.owner.fetch(
            "SELECT entry, hash FROM audit_entry WHERE tenant_id = $1 AND position > $2"
            " ORDER BY position DESC LIMIT 2",
            self.tenant_id,
            last - 2,
        )
        if len(newest) < 2:  # noqa: PLR2004 -- an entry, and the one before it
            return None
        text = newest[0]["entry"]
        if self._hash(newest[1]["hash"], last, text) != newest[0]["hash"]:
            return None
        return Plain.told(json.loads(text))

    async def _looked(self) -> tuple[int, int, int]:
        """How many entries are keyed, where the plain ones begin that count, and their faults."""
        done, at, faults, before = 0, 0, 0, b""
        async with self.owner.transaction():
            async for row in self._rows(1, None):
                position, text, found = row["position"], row["entry"], row["hash"]
                is_next = position == at + 1
                if is_next and at == done and self._hash(before, position, text) == found:
                    done = position
                elif not is_next or (
                    # The first one after a killed run: the link that it continues is gone.
                    not (at == done and done > 0) and plain_hash_of(before, position, text) != found
                ):
                    faults += 1
                at, before = position, found
        if (at, before) != (self.head["position"], self.head["hash"]):
            faults += 1
        return done, done + 1, faults

    async def _link_anew(self, first: int, last: int) -> None:
        async with self.owner.transaction():
            before = await self.owner.fetchval(
                "SELECT hash FROM audit_entry WHERE tenant_id = $1 AND position = $2",
                self.tenant_id,
                first - 1,
            )
            newest: bytes = before or b""
            positions, texts, hashes = [], [], []
            async for row in self._rows(first, last):
                text = self._sealed(row["entry"])
                newest = self._hash(newest, row["position"], text)
                positions.append(row["position"])
                texts.append(text)
                hashes.append(newest)
            await self.owner.execute(
                "UPDATE audit_entry e SET entry = n.entry, hash = n.hash"
                " FROM unnest($2::bigint[], $3::text[], $4::bytea[]) AS n (position, entry, hash)"
                " WHERE e.tenant_id = $1 AND e.position = n.position",
                self.tenant_id,
                positions,
                texts,
                hashes,
            )
            if last == self.head["position"]:
                await self._move_head(last, newest)

    async def _mark(self, first: int, faults: int) -> None:
        """A keyed entry at the end, which says that what is before it is not whole."""
        last = self.head["position"]
        entry = entry_of(
            tenant_id=self.tenant_id,
            bureau_id=self.head["bureau_id"],
            kind=AuditKind.WRITE,
            occurred_at=datetime.now(UTC),
            actor=operator(),
            coordinate=COMMAND,
            content={"plain": [first, last], "faults": faults, "persons": []},
            sealer=self.sealer,
        )
        newest = self._hash(self.head["hash"], last + 1, entry.text)
        async with self.owner.transaction():
            await self.owner.execute(
                "INSERT INTO audit_entry (tenant_id, bureau_id, id, position, kind, occurred_at,"
                " actor, coordinate, entry, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                self.tenant_id,
                self.head["bureau_id"],
                entry.id,
                last + 1,
                entry.kind,
                entry.occurred_at,
                entry.actor,
                entry.coordinate,
                entry.text,
                newest,
            )
            await self._move_head(last + 1, newest)

    async def _move_head(self, position: int, newest: bytes) -> None:
        await self.owner.execute(
            "UPDATE audit_head SET position = $2, hash = $3 WHERE tenant_id = $1",
            self.tenant_id,
            position,
            newest,
        )

    async def _rows(self, first: int, last: int | None) -> AsyncIterator[Any]:
        rows = self.owner.cursor(
            "SELECT position, entry, hash FROM audit_entry WHERE tenant_id = $1 AND position >= $2"
            " AND ($3::bigint IS NULL OR position <= $3) ORDER BY position",
            self.tenant_id,
            first,
            last,
            prefetch=BATCH,
        )
        async for row in rows:
            yield row

    def _sealed(self, text: str) -> str:
        return canonical(sealed_words(self.sealer, self.tenant_id, json.loads(text)))

    def _hash(self, before: bytes, position: int, text: str) -> bytes:
        return hash_of(self.key, self.tenant_id, before, position, text)


def told_of(done: Sequence[Keyed]) -> list[str]:
    """A sentence for each chain that was broken, and one for all the others."""
    whole = [each for each in done if not each.faults]
    sentences = [
        f"{each.slug}: the chain had {each.faults} faults, so it was left as it was found; "
        "`citywide audit verify` goes on telling so."
        for each in done
        if each.faults
    ]
    entries = sum(each.entries for each in whole)
    return [*sentences, f"{len(whole)} chains, {entries} entries have their key."]
