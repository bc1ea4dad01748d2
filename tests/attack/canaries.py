"""Tenants that are attacked: a sign in every free text that no other tenant's texts have.

The sign comes first, so that a text cut down to its beginning by a mask shows it as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from uuid import UUID

import asyncpg
from sqlalchemy import Table, Text

from attack.attackers import UNTOUCHABLE
from citywide.db.tables import WORDS_KEY
from walls.neighbours import (
    ELSEWHERE,
    ELSEWHERE_BUREAU,
    SHADOW,
    SHOUQIANSHOU,
    TENANT_TABLES,
    YIJIAQIN,
    written_columns,
)

# Of CJK extension A, which neither the pilot's records nor what the attackers write have.
SIGNS: Mapping[UUID, str] = {
    YIJIAQIN: "㐀",
    SHADOW: "㐁",
    SHOUQIANSHOU: "㐂",
    ELSEWHERE: "㐃",
    ELSEWHERE_BUREAU: "㐄",
}
# The trail is written once and compared as a whole; subjects and slugs of 壹家亲 sign in.
_TRAIL = ("audit_entry", "audit_head", "audit_subject")
# Words of the policy, by which rights are given.
_OF_THE_POLICY = frozenset(
    {("member_role", "role"), ("expense_approval", "role"), ("own_role_rule", "object")}
)
# So many columns hold words that people wrote; a table that is added brings more.
LEAST_COLUMNS = 120


async def sign_texts(owner: asyncpg.Connection) -> int:
    """Put each tenant's sign before its free texts; how many columns have it."""
    count = 0
    for table in TENANT_TABLES:
        if table.name in _TRAIL:
            continue
        for name in _free_texts(table):
            count += await _signed(owner, table.name, name)
    return count


def _free_texts(table: Table) -> list[str]:
    return [
        column.name
        for column in written_columns(table)
        if isinstance(column.type, Text)
        and not column.info.get(WORDS_KEY)
        and (table.name, column.name) not in _OF_THE_POLICY
    ]


async def _signed(owner: asyncpg.Connection, table: str, column: str) -> bool:
    signing = ""
    for tenant_id, sign in SIGNS.items():
        if tenant_id == YIJIAQIN and (table, column) in {("member", "subject"), ("tenant", "slug")}:
            continue
        signing += f"WHEN '{tenant_id}'::uuid THEN '{sign}' "
    statement = (
        f'UPDATE "{table}" SET "{column}" = CASE tenant_id {signing} ELSE \'\' END || "{column}"'
        f' WHERE "{column}" IS NOT NULL'
    )
    try:
        async with owner.transaction():
            await owner.execute(statement)
    except asyncpg.CheckViolationError:
        # It is made of signs of its own: a role, a coordinate.
        return False
    return True


async def state_of(owner: asyncpg.Connection, *, but: Collection[UUID]) -> dict[str, str]:
    """A digest of every table's rows of all victims, of the trails without those of `but`."""
    found = {}
    for table in TENANT_TABLES:
        tenants = UNTOUCHABLE - {*but} if table.name in _TRAIL else UNTOUCHABLE
        rows = await owner.fetch(
            f'SELECT t::text FROM "{table.name}" AS t WHERE tenant_id = ANY ($1) ORDER BY 1',
            sorted(tenants),
        )
        found[table.name] = sha256("\n".join(row[0] for row in rows).encode()).hexdigest()
    return found
