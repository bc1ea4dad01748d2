"""One entry with its words opened, for whoever has the deployment's keys; the look is noted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from citywide.audit.chain import append, entry_of
from citywide.audit.models import AUDIT_ENTRY
from citywide.audit.operators import operator
from citywide.audit.sealing import opened_words
from citywide.audit.verify import Chain
from citywide.audit.words import AuditKind
from citywide.db.session import Audience, Context, Database

COMMAND = "citywide audit show"


async def shown(
    database: Database, chain: Chain, position: int, purpose: str
) -> Mapping[str, Any] | None:
    """The entry at `position` of a chain; None when there is none.

    That it was looked at, why, and which entry, is an entry of the same chain, about the same
    persons, in the transaction that reads it.
    """
    context = Context(Audience.OPERATOR, bureau_id=chain.bureau_id)
    wanted = select(AUDIT_ENTRY.c.entry).where(
        AUDIT_ENTRY.c.tenant_id == chain.tenant_id, AUDIT_ENTRY.c.position == position
    )
    async with database.write(context) as transaction:
        text = await transaction.scalar(wanted)
        if text is None:
            return None
        entry = json.loads(text)
        look = entry_of(
            tenant_id=chain.tenant_id,
            bureau_id=chain.bureau_id,
            kind=AuditKind.READ,
            occurred_at=datetime.now(UTC),
            actor=operator(),
            coordinate=COMMAND,
            content={
                "purpose": purpose,
                "position": position,
                "persons": entry.get("persons", []),
            },
            sealer=transaction.sealer,
        )
        await append(transaction, [look])
        return opened_words(transaction.sealer, chain.tenant_id, entry)
