"""What operators do by commands stands in the audit chains: who, what, and about whom."""

from __future__ import annotations

import json
from typing import Any

import asyncpg

from citywide.audit.operators import operator
from citywide.audit.sealing import opened_words
from citywide.audit.verify import faults
from citywide.db.sealed import Sealer
from citywide.db.session import Database
from citywide.exchange.manifests import apply
from citywide.exchange.pilot import load_pilot
from citywide.tenancy.load import load_manifests
from exchange.test_pilot import PILOT, YUEQING

ENTRIES = """SELECT t.slug, e.tenant_id, e.actor, e.coordinate, e.position, e.entry, e.id
FROM audit_entry e
JOIN tenant t ON t.tenant_id = e.tenant_id ORDER BY t.slug, e.position"""
AGENCIES = ["shouqianshou", "yijiaqin", "yixin"]


async def trail(owner: asyncpg.Connection) -> dict[str, list[dict[str, Any]]]:
    """Each tenant's entries, with what they tell."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in await owner.fetch(ENTRIES):
        assert row["actor"] == operator()
        found.setdefault(row["slug"], []).append({**row, **json.loads(row["entry"])})
    return found


async def test_applying_manifests_and_loading_records_stand_in_the_chains_they_change(
    database: Database, database_url: str, secret: bytes
) -> None:
    city = load_manifests(YUEQING)
    owner = await asyncpg.connect(database_url)
    planned = await apply(database, city)
    applied = await trail(owner)
    assert sorted(applied) == sorted([*AGENCIES, city.bureau.slug])
    told = 0
    for entries in applied.values():
        [entry] = entries
        assert entry["coordinate"] == "citywide tenants apply"
        told += len(entry["changes"]) + entry.get("more_changes", 0)
    assert told == len(planned.changes) > 0
    # Nothing changes, nothing is told.
    await apply(database, city)
    assert await trail(owner) == applied

    await load_pilot(database, PILOT, city, sealer=Sealer(secret))
    loaded = await trail(owner)
    assert loaded[city.bureau.slug] == applied[city.bureau.slug]
    for agency in AGENCIES:
        first, entry = loaded[agency]
        assert [first] == applied[agency]
        assert (entry["coordinate"], entry["position"]) == ("citywide tenants load", 2)
        files = await owner.fetch(
            "SELECT id FROM beneficiary WHERE tenant_id = (SELECT tenant_id FROM tenant"
            " WHERE slug = $1)",
            agency,
        )
        assert entry["persons"] == sorted(str(row["id"]) for row in files)
        assert entry["files"]["beneficiaries"] == len(files)
        subjects = "SELECT count(*) FROM audit_subject WHERE entry_id = $1"
        assert await owner.fetchval(subjects, entry["id"]) == len(files)
    await load_pilot(database, PILOT, city, sealer=Sealer(secret))
    assert await trail(owner) == loaded
    await owner.execute("UPDATE member SET status = 'SUSPENDED' WHERE subject = 'yixin.director'")
    await apply(database, city)
    [*_, entry] = (await trail(owner))["yixin"]
    opened = opened_words(database.sealer, entry["tenant_id"], json.loads(entry["entry"]))
    [change] = opened["changes"]
    assert (change["table"], change["before"], change["after"]) == (
        "member",
        {"status": "SUSPENDED"},
        {"status": "ACTIVE"},
    )
    found = [each async for each in faults(database, city.bureau_id)]
    # What was changed past the platform is mended by the manifests, which tell the whole row.
    assert [each.fault for each in found if each.fault] == []
    rows = sum(each.rows for each in found)
    assert rows > sum(each.entries for each in found) > 0
    assert sum(each.unknown for each in found) == 0
    await owner.close()
