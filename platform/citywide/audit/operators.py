"""What operators do by commands, in the audit chains of those whose rows they write."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from citywide.audit.chain import append, changes_told, entry_of, rows_told
from citywide.audit.words import AuditKind
from citywide.db.session import Change, Transaction


def operator() -> str:
    """Who works at the command line: the machine's name of them. No token says so."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return f"operator:{name}"


async def note_command(
    transaction: Transaction,
    command: str,
    changes: Mapping[UUID, list[Change]],
    *,
    bureau_id: UUID,
    persons: frozenset[UUID] = frozenset(),
    content: Mapping[str, Any] | None = None,
) -> None:
    """An entry for each tenant with changes; `content` is what else there is to say of the command.

    The last thing of a transaction: the chains stay locked until it ends, always in one order.
    """
    now, actor = datetime.now(UTC), operator()
    for tenant_id in sorted(changes):
        entry = entry_of(
            tenant_id=tenant_id,
            bureau_id=bureau_id,
            kind=AuditKind.WRITE,
            occurred_at=now,
            actor=actor,
            coordinate=command,
            content={
                **(content or {}),
                **changes_told(changes[tenant_id]),
                **rows_told(_of(tenant_id, transaction.written)),
                "persons": sorted(map(str, persons)),
            },
            sealer=transaction.sealer,
        )
        await append(transaction, [entry])


def _of(
    tenant_id: UUID, written: Mapping[tuple[UUID, str, UUID], bytes]
) -> dict[tuple[UUID, str, UUID], bytes]:
    return {key: digest for key, digest in written.items() if key[0] == tenant_id}
