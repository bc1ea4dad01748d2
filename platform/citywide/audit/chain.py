"""An audit entry: its text, and the statement parts that append it to its tenant's chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any
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
from citywide.db.sealed import Sealer
from citywide.db.session import Prepared, Transaction
from citywide.ids import new_id

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
    def parameters(self) -> dict[str, Any]:
        """The parameters of `link`."""
        columns = {
            "tenant_id": self.tenant_id,
            "bureau_id": self.bureau_id,
            "id": self.id,
            "kind": self.kind,
            "occurred_at": self.occurred_at,
            "actor": self.actor,
            "coordinate": self.coordinate,
            "entry": self.text,
        }
        return {f"entry_{name}": value for name, value in columns.items()}

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


COLUMNS: Mapping[str, TypeEngine[Any]] = {
    "tenant_id": Uuid(),
    "bureau_id": Uuid(),
    "id": Uuid(),
    "kind": Text(),
    "occurred_at": DateTime(timezone=True),
    "actor": Text(),
    "coordinate": Text(),
    "entry": Text(),
}


def link() -> tuple[CTE, Insert]:
    """The new head of a chain, and the insert that takes position and hash from it.

    One statement: the head's row is locked from here to the end of the transaction. Its
    parameters are `entry_…` for each of `COLUMNS` (`Entry.parameters`).
    """
    given = {name: bindparam(f"entry_{name}", type_=kind) for name, kind in COLUMNS.items()}
    text = cast(given["entry"], Text)
    content = func.convert_to(text, "UTF8")
    upsert = insert(AUDIT_HEAD).values(
        tenant_id=given["tenant_id"],
        bureau_id=given["bureau_id"],
        id=given["tenant_id"],
        position=1,
        hash=func.sha256(func.int8send(literal(1, BigInteger)).op("||")(content)),
    )
    position = AUDIT_HEAD.c.position + 1
    upsert = upsert.on_conflict_do_update(
        index_elements=["tenant_id", "id"],
        set_={
            "position": position,
            "hash": func.sha256(
                AUDIT_HEAD.c.hash.op("||")(func.int8send(position)).op("||")(content)
            ),
        },
    )
    head = upsert.returning(AUDIT_HEAD.c.position, AUDIT_HEAD.c.hash).cte("head")
    row = {
        **{name: cast(given[name], kind) for name, kind in COLUMNS.items()},
        "position": head.c.position,
        "hash": head.c.hash,
    }
    appended = insert(AUDIT_ENTRY).from_select(list(row), select(*row.values()))
    return head, appended.returning(AUDIT_ENTRY.c.id)


def hash_of(before: bytes, position: int, text: str) -> bytes:
    """The hash of the entry at `position`, from the hash before it; empty before the first."""
    return sha256(before + position.to_bytes(8, "big") + text.encode()).digest()


async def append(transaction: Transaction, entries: Sequence[Entry]) -> None:
    """Append a batch to one tenant's chain, with the persons that `content["persons"]` names.

    The head is locked until the end of the transaction.
    """
    tenant_id, bureau_id = entries[0].tenant_id, entries[0].bureau_id
    owned = {"tenant_id": tenant_id, "bureau_id": bureau_id}
    heads = await transaction.fetch(_locked_head(), owned)
    if not heads:
        start = insert(AUDIT_HEAD).values(**owned, id=tenant_id, position=0, hash=b"")
        await transaction.rows(start.on_conflict_do_nothing())
        heads = await transaction.fetch(_locked_head(), owned)
    position, newest = heads[0]["position"], heads[0]["hash"]
    positions, texts, hashes = [], [], []
    for entry in entries:
        position, text = position + 1, entry.text
        newest = hash_of(newest, position, text)
        positions.append(position)
        texts.append(text)
        hashes.append(newest)
    persons = [
        (entry.id, UUID(person)) for entry in entries for person in entry.content.get("persons", ())
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
