"""An audit entry: its text, and what appends it to its tenant's chain.

The chain's links are keyed, and the key never goes to the database: a statement's text and its
parameters may end up in the server's log. So the head is locked first, the link is made here, and
a second statement writes it. PostgreSQL's own functions know no HMAC anyway.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    DateTime,
    Insert,
    LargeBinary,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from citywide.audit.models import AUDIT_ENTRY, AUDIT_HEAD, AUDIT_SUBJECT
from citywide.audit.sealing import canonical, sealed_words
from citywide.audit.words import AuditKind
from citywide.db.compiled import Prepared
from citywide.db.digests import DIGEST_BYTES
from citywide.db.sealed import Sealer
from citywide.db.session import Transaction
from citywide.ids import new_id, uuid_of

# One entry tells at most this much: the changes of a large import are counted beyond it.
MOST_CHANGES = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail; `content` is everything that is known, as JSON values."""

    id: UUID
    tenant_id: UUID
    bureau_id: UUID
    kind: AuditKind
    occurred_at: datetime
    actor: str
    coordinate: str
    content: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What is hashed: canonical JSON (sorted keys, no blanks), whose bytes can be compared."""
        whole = {
            "id": str(self.id),
            "tenant": str(self.tenant_id),
            "kind": self.kind,
            "at": self.occurred_at.isoformat(),
            "actor": self.actor,
            "coordinate": self.coordinate,
            **self.content,
        }
        return canonical(whole)


def entry_of(
    *,
    tenant_id: UUID,
    bureau_id: UUID,
    kind: AuditKind,
    occurred_at: datetime,
    actor: str,
    coordinate: str,
    content: Mapping[str, Any],
    sealer: Sealer,
) -> Entry:
    """An entry with an id of its own; the words of its content are sealed from here on."""
    entry_id = new_id()
    sealed = sealed_words(sealer, tenant_id, {**content, "id": str(entry_id)})
    return Entry(entry_id, tenant_id, bureau_id, kind, occurred_at, actor, coordinate, sealed)


class Head(NamedTuple):
    """The newest link of a chain; before the first entry position 0 and no hash."""

    position: int
    hash: bytes


def hash_of(key: bytes, tenant_id: UUID, before: bytes, position: int, text: str) -> bytes:
    """The link of the entry at `position`: HMAC-SHA256 under the chain's key.

    It binds whose chain it is, the link before it (empty before the first) and the text.
    """
    linked = tenant_id.bytes + before + position.to_bytes(8, "big", signed=True) + text.encode()
    return hmac.digest(key, linked, hashlib.sha256)


def plain_hash_of(before: bytes, position: int, text: str) -> bytes:
    """The link as chains had it before they had a key: SHA-256, which anybody can compute."""
    return hashlib.sha256(
        before + position.to_bytes(8, "big", signed=True) + text.encode()
    ).digest()


COLUMNS: Mapping[str, TypeEngine[Any]] = {
    "tenant_id": Uuid(),
    "bureau_id": Uuid(),
    "id": Uuid(),
    "position": BigInteger(),
    "kind": Text(),
    "occurred_at": DateTime(timezone=True),
    "actor": Text(),
    "coordinate": Text(),
    "entry": Text(),
    "hash": LargeBinary(),
}


async def locked_link(transaction: Transaction, entry: Entry) -> dict[str, Any]:
    """Lock the head of the entry's chain; the parameters of `link` that append the entry to it.

    The head stays locked until the end of the transaction: the text is made before.
    """
    text = entry.text
    head = await locked_head(transaction, entry.tenant_id, entry.bureau_id)
    position = head.position + 1
    columns = {
        "tenant_id": entry.tenant_id,
        "bureau_id": entry.bureau_id,
        "id": entry.id,
        "position": position,
        "kind": entry.kind,
        "occurred_at": entry.occurred_at,
        "actor": entry.actor,
        "coordinate": entry.coordinate,
        "entry": text,
        "hash": hash_of(transaction.keys.chain, entry.tenant_id, head.hash, position, text),
    }
    return {f"entry_{name}": value for name, value in columns.items()}


def link() -> tuple[CTE, Insert]:
    """The head moved on, and the insert of the entry that it moves to.

    Their parameters are `entry_…` for each of `COLUMNS` (`locked_link`).
    """
    given = {name: bindparam(f"entry_{name}", type_=kind) for name, kind in COLUMNS.items()}
    of_tenant = (
        AUDIT_HEAD.c.tenant_id == given["tenant_id"],
        AUDIT_HEAD.c.id == given["tenant_id"],
    )
    moved = update(AUDIT_HEAD).where(*of_tenant)
    moved = moved.values(position=given["position"], hash=given["hash"])
    appended = insert(AUDIT_ENTRY).values(given)
    return moved.returning(AUDIT_HEAD.c.id).cte("head"), appended.returning(AUDIT_ENTRY.c.id)


async def locked_head(transaction: Transaction, tenant_id: UUID, bureau_id: UUID) -> Head:
    """The head of a chain, locked until the end of the transaction; made where there is none."""
    owned = {"tenant_id": tenant_id, "bureau_id": bureau_id}
    heads = await transaction.fetch(_locked_head(), owned)
    if not heads:
        start = insert(AUDIT_HEAD).values(**owned, id=tenant_id, position=0, hash=b"")
        await transaction.rows(start.on_conflict_do_nothing())
        heads = await transaction.fetch(_locked_head(), owned)
    return Head(heads[0]["position"], heads[0]["hash"])


async def append(transaction: Transaction, entries: Sequence[Entry]) -> None:
    """Append a batch to one tenant's chain, with the persons that `content["persons"]` names.

    The head is locked until the end of the transaction.
    """
    tenant_id, bureau_id = entries[0].tenant_id, entries[0].bureau_id
    owned = {"tenant_id": tenant_id, "bureau_id": bureau_id}
    texts = [entry.text for entry in entries]
    position, newest = await locked_head(transaction, tenant_id, bureau_id)
    positions, hashes = [], []
    for text in texts:
        position += 1
        newest = hash_of(transaction.keys.chain, tenant_id, newest, position, text)
        positions.append(position)
        hashes.append(newest)
    persons = [
        (entry.id, uuid_of(person))
        for entry in entries
        for person in entry.content.get("persons", ())
    ]
    values = {
        **owned,
        "newest_position": position,
        "newest_hash": newest,
        "ids": [entry.id for entry in entries],
        "positions": positions,
        "kinds": [entry.kind for entry in entries],
        "moments": [entry.occurred_at for entry in entries],
        "actors": [entry.actor for entry in entries],
        "coordinates": [entry.coordinate for entry in entries],
        "texts": texts,
        "hashes": hashes,
        "subject_ids": [new_id() for _ in persons],
        "entry_ids": [entry_id for entry_id, _ in persons],
        "person_ids": [person_id for _, person_id in persons],
    }
    await transaction.fetch(_batch(), values)


@cache
def _locked_head() -> Prepared:
    tenant_id = bindparam("tenant_id", type_=Uuid())
    of_tenant = (AUDIT_HEAD.c.tenant_id == tenant_id, AUDIT_HEAD.c.id == tenant_id)
    head = select(AUDIT_HEAD.c.position, AUDIT_HEAD.c.hash).where(*of_tenant)
    return Prepared.of(head.with_for_update())


@cache
def _batch() -> Prepared:
    """A batch's entries and the persons they name, and the head moved to the last of them."""
    tenant_id = bindparam("tenant_id", type_=Uuid())
    owned = {
        "tenant_id": cast(tenant_id, Uuid),
        "bureau_id": cast(bindparam("bureau_id", type_=Uuid()), Uuid),
    }
    of_tenant = (AUDIT_HEAD.c.tenant_id == tenant_id, AUDIT_HEAD.c.id == tenant_id)
    moved = update(AUDIT_HEAD).where(*of_tenant)
    moved = moved.values(
        position=bindparam("newest_position", type_=BigInteger()),
        hash=bindparam("newest_hash", type_=LargeBinary()),
    )
    about = each_row(
        AUDIT_SUBJECT,
        {"id": "subject_ids", "entry_id": "entry_ids", "person_id": "person_ids"},
        owned,
    )
    entries = each_row(
        AUDIT_ENTRY,
        {
            "id": "ids",
            "position": "positions",
            "kind": "kinds",
            "occurred_at": "moments",
            "actor": "actors",
            "coordinate": "coordinates",
            "entry": "texts",
            "hash": "hashes",
        },
        owned,
    )
    return Prepared.of(
        entries.add_cte(about.cte("about")).add_cte(moved.returning(AUDIT_HEAD.c.id).cte("moved"))
    )


async def missing(transaction: Transaction, entries: Sequence[Entry]) -> list[Entry]:
    """Those of one tenant's entries that its chain does not have yet."""
    ids = literal([entry.id for entry in entries], ARRAY(Uuid()))
    present = select(AUDIT_ENTRY.c.id).where(
        AUDIT_ENTRY.c.tenant_id == entries[0].tenant_id, AUDIT_ENTRY.c.id == any_(ids)
    )
    found = {row["id"] for row in await transaction.rows(present)}
    return [entry for entry in entries if entry.id not in found]


def each_row(
    table: Table, arrays: Mapping[str, str], same: Mapping[str, Any]
) -> ReturningInsert[Any]:
    """A row for each place of the named arrays, with what is the same in all of them."""
    given = (bindparam(name, type_=ARRAY(table.c[column].type)) for column, name in arrays.items())
    values = func.unnest(*given).table_valued(*arrays).render_derived()
    columns = {**same, **{column: values.c[column] for column in arrays}}
    made = insert(table).from_select(list(columns), select(*columns.values()))
    return made.returning(table.c.id)


def changes_told(changes: Sequence[Any]) -> dict[str, Any]:
    """The written rows as JSON: every row with its changed columns, up to `MOST_CHANGES`."""
    told = [
        {
            "table": change.table,
            "row": str(change.row_id),
            **({"before": change.before, "after": change.after} if change.before else {}),
        }
        for change in changes[:MOST_CHANGES]
    ]
    more = len(changes) - len(told)
    return {"changes": told, **({"more_changes": more} if more else {})}


# A row's id, and its digest.
_ROW_BYTES = 16 + DIGEST_BYTES


def rows_told(written: Mapping[tuple[UUID, str, UUID], bytes]) -> dict[str, Any]:
    """The digest of every written row, however many: base64 of ids and digests, by table."""
    by_table: dict[str, bytearray] = {}
    for (_, table, row_id), digest in written.items():
        by_table.setdefault(table, bytearray()).extend(row_id.bytes + digest)
    if not by_table:
        return {}
    return {"rows": {table: b64encode(rows).decode() for table, rows in by_table.items()}}


def told_rows(told: Mapping[str, Any]) -> Iterator[tuple[str, bytes, bytes]]:
    """Table, id and digest of each row that an entry's text tells; see `rows_told`."""
    for table, rows in told.get("rows", {}).items():
        whole = b64decode(rows)
        for start in range(0, len(whole), _ROW_BYTES):
            yield table, whole[start : start + 16], whole[start + 16 : start + _ROW_BYTES]
