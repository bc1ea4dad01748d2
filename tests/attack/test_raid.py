"""Everything that must not get through, tried as every role and as nobody, over HTTP.

Three tenants lie beside 壹家亲: a real agency, a copy of 壹家亲 whose rows have the same ids, and a
copy in another bureau's city. Each text of each tenant carries a sign of its own. Long:
`CITYWIDE_SEED=… CITYWIDE_ATTACKS=1000000 pytest -n0 -m long -s tests/attack/test_raid.py`.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import asyncpg
import pytest

from attack.attackers import AGENCIES
from attack.canaries import SIGNS, state_of
from attack.scene import Target, armed

FEW, MANY = 4_000, 1_000_000
FIXED = 20_151_111
SEED = int(os.environ.get("CITYWIDE_SEED", random.SystemRandom().randrange(2**32)))
_BY_NEIGHBOURS = (
    "SELECT count(*) FROM audit_entry WHERE tenant_id = ANY ($1) AND actor LIKE 'yijiaqin.%'"
)
COUNT = int(os.environ.get("CITYWIDE_ATTACKS", MANY))


async def test_nothing_of_others_is_seen_changed_or_counted_whatever_anybody_sends(
    target: Target, owner: asyncpg.Connection
) -> None:
    await _raid(target, owner, FIXED, FEW)


@pytest.mark.long
async def test_nor_in_a_long_raid(target: Target, owner: asyncpg.Connection) -> None:
    print(f"seed {SEED}, {COUNT} requests")  # noqa: T201
    await _raid(target, owner, SEED, COUNT)


async def _raid(target: Target, owner: asyncpg.Connection, seed: int, count: int) -> None:
    raid = await armed(target, owner, seed)
    # What the bureau's own people read of its agencies is noted in the agencies' trails.
    before = await state_of(owner, but=AGENCIES)
    entries = await owner.fetchval(_BY_NEIGHBOURS, [*AGENCIES])
    await raid.run(target.port, count)
    print(dict(raid.sent), dict(raid.statuses), dict(raid.done))  # noqa: T201
    assert not raid.breaches, "\n".join(raid.breaches[:5])
    assert raid.sent.total() == count
    after = await state_of(owner, but=AGENCIES)
    assert {name for name in before if before[name] != after[name]} == set()
    assert await owner.fetchval(_BY_NEIGHBOURS, [*AGENCIES]) == entries
    told = _written_beside(target)
    assert not [sign for sign in SIGNS.values() if sign in told]
    # What is refused before it is looked at attacks nothing.
    for kind in ("read", "probed", "mutation"):
        assert raid.done[kind] * 2 > raid.sent[kind.replace("probed", "probe")] > 0, kind


def _written_beside(target: Target) -> str:
    """Logs, faults and whatever else lies in the data folder but the keys."""
    files = [target.log, *(each for each in target.data.rglob("*") if each.is_file())]
    return "".join(_text(each) for each in files if each.parent.name != "keys")


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        # A file of reads that is written into the trail meanwhile.
        return ""
