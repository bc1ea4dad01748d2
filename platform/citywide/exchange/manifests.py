"""Make a database like a city's manifests, and say in the audit trail what that changed."""

from __future__ import annotations

from uuid import UUID

from citywide.audit.operators import note_command
from citywide.db import session
from citywide.db.session import Database
from citywide.tenancy.apply import Plan, applying, made_like
from citywide.tenancy.manifests import City

COMMAND = "citywide tenants apply"


async def apply(database: Database, city: City) -> Plan:
    """Make the database like the manifests, wholly or not at all; what was done.

    What is one tenant's stands in its chain; the city's areas, codes and the like in its bureau's.
    """
    async with database.write(applying(city)) as transaction:
        planned = await made_like(transaction, city)
        changes: dict[UUID, list[session.Change]] = {}
        for change in planned.changes:
            tenant_id = change.row.get("tenant_id") or city.bureau_id
            written = session.Change(change.table, change.row["id"], change.before, change.columns)
            changes.setdefault(tenant_id, []).append(written)
        await note_command(transaction, COMMAND, changes, bureau_id=city.bureau_id)
    return planned
