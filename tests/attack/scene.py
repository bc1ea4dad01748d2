"""Where the raid happens: a served city with neighbours, and what its attackers know."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from attack.attackers import ATTACKERS, Attacker
from attack.canaries import SIGNS
from attack.forgeries import Forger
from attack.raid import Raid
from attack.weapons import Loot, Smith, Weapon
from citywide.authz.policy import Policy
from citywide.db.tables import is_tenant_table
from citywide.graph.schema import Schema
from citywide.identity.keys import Keys
from citywide.identity.tokens import issue
from citywide.ids import NodeId
from citywide.settings import Settings
from life.declarations import mutations

# Rows of each type and victim whose ids are known.
KNOWN_ROWS = 15
READS, PROBES = 40, 25


@dataclass(frozen=True)
class Target:
    """A server in a process of its own, its files, and the rules that it follows."""

    port: int
    data: Path
    log: Path
    keys: Keys
    schema: Schema
    policy: Policy
    roles: Mapping[str, frozenset[str]]

    def token(self, subject: str) -> str:
        """A real token."""
        settings = Settings()
        return issue(
            subject, key=self.keys.issuer, issuer=settings.issuer, audience=settings.audience
        )


async def armed(target: Target, owner: asyncpg.Connection, seed: int) -> Raid:
    """A raid of every attacker with weapons of their own."""
    rng = random.Random(seed)  # noqa: S311 -- repeated by its seed
    settings = Settings()
    tokens = {attacker.subject: target.token(attacker.subject) for attacker in ATTACKERS}
    ids = {
        victim: await _ids(owner, target.schema, victim)
        for victim in sorted({victim for each in ATTACKERS for victim in each.victims})
    }
    return Raid(
        rng,
        {each: _weapons(rng, target, each, ids) for each in ATTACKERS},
        tokens.__getitem__,
        Forger(target.keys.issuer, settings.issuer, settings.audience),
        [
            row["slug"]
            for row in await owner.fetch("SELECT slug FROM tenant")
            if row["slug"].isascii()
        ],
    )


def _weapons(
    rng: random.Random,
    target: Target,
    attacker: Attacker,
    ids: Mapping[UUID, Mapping[str, list[str]]],
) -> list[Weapon]:
    victims = sorted(attacker.victims)
    together: dict[str, list[str]] = {}
    for victim in victims:
        for entity, found in ids[victim].items():
            together.setdefault(entity, []).extend(found)
    loot = Loot(together, [SIGNS[victim] for victim in victims])
    grants = target.policy.grants(target.roles[attacker.subject])
    smith = Smith(rng, target.schema.graphql, grants, loot)
    asked = mutations(target.schema).values()
    # Of what they may not do one example is enough.
    allowed = [each for each in asked if grants.of(each.coordinate) is not None]
    forbidden = [each for each in asked if grants.of(each.coordinate) is None]
    pointed = [each for each in allowed if any(field.of for field in each.fields)]
    return [
        *(smith.read() for _ in range(READS)),
        *(smith.probe() for _ in range(PROBES)),
        *(smith.mutation(each) for each in (*pointed, *forbidden[:2])),
    ]


async def _ids(owner: asyncpg.Connection, schema: Schema, tenant_id: UUID) -> dict[str, list[str]]:
    """Ids of a tenant's rows by type."""
    found = {}
    for entity in schema.entities.values():
        if not is_tenant_table(entity.table):
            continue
        rows = await owner.fetch(
            f'SELECT id FROM "{entity.table.name}" WHERE tenant_id = $1 ORDER BY id LIMIT $2',
            tenant_id,
            KNOWN_ROWS,
        )
        found[entity.name] = [NodeId(entity.tag, tenant_id, row["id"]).encode() for row in rows]
    return found
