"""A raid: some hundred thousand requests of every kind, and what must hold of each answer."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

from attack import forgeries
from attack.attackers import EVERYBODY, Attacker
from attack.canaries import SIGNS
from attack.forgeries import Forger
from attack.weapons import Weapon
from attack.wire import Answer, Wire, get, operation, post
from citywide.audit.reads import PURPOSE_HEADER

CONNECTIONS = 6
# Of a hundred requests: with a weapon, with a forged token, with claims in headers, no operation.
WEAPONS, FORGED, CLAIMED = 78, 10, 5
# What may be answered: done, refused, too large, too many, busy. Never a fault of the server.
ALLOWED = frozenset({200, 400, 401, 403, 404, 405, 406, 413, 415, 422, 429, 431, 503})
FEW_BREACHES = 20
TOLD_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Shot:
    """A request, whose signs its answer must not have, and what else is known of it."""

    kind: str
    request: bytes
    victims: frozenset[UUID]
    about: str
    finds_nothing: bool = False
    is_forged: bool = False


@dataclass
class Raid:
    """What was sent and what came back; `breaches` is empty in the end."""

    rng: random.Random
    weapons: dict[Attacker, Sequence[Weapon]]
    token: Callable[[str], str]
    forger: Forger
    tenants: list[str]
    sent: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)

    async def run(self, port: int, count: int) -> None:
        """Send `count` requests over a few connections."""
        shots = self._shots(count)
        began = time.monotonic()

        async def shoot() -> None:
            wire = Wire(port)
            for shot in shots:
                self._judge(shot, await wire.send(shot.request))
                if len(self.breaches) >= FEW_BREACHES:
                    break
            wire.close()

        async def tell() -> None:
            while True:
                await asyncio.sleep(TOLD_EVERY_S)
                sent = self.sent.total()
                pace = sent / (time.monotonic() - began)
                print(f"{sent} of {count} requests, {pace:.0f}/s", file=sys.stderr, flush=True)  # noqa: T201

        telling = asyncio.create_task(tell())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(CONNECTIONS):
                    group.create_task(shoot())
        finally:
            telling.cancel()

    def _shots(self, count: int) -> Iterator[Shot]:
        attackers = [*self.weapons]
        for _ in range(count):
            attacker = self.rng.choice(attackers)
            way = self.rng.randrange(100)
            if way < WEAPONS:
                yield self._aimed(attacker)
            elif way < WEAPONS + FORGED:
                yield self._forged(attacker)
            elif way < WEAPONS + FORGED + CLAIMED:
                yield self._claimed(attacker)
            else:
                yield self._garbage(attacker)

    def _signed_in(self, attacker: Attacker) -> dict[str, str]:
        purpose = {PURPOSE_HEADER: quote("攻防演练，查一查")}
        return {"authorization": f"Bearer {self.token(attacker.subject)}", **purpose}

    def _aimed(self, attacker: Attacker) -> Shot:
        weapon = self.rng.choice(self.weapons[attacker])
        values = {name: draw(self.rng) for name, draw in weapon.variables.items()}
        return Shot(
            weapon.kind,
            post(operation(weapon.document, values), self._signed_in(attacker)),
            attacker.victims,
            f"{attacker.subject}: {weapon.document} {values}",
            finds_nothing=weapon.finds_nothing,
        )

    def _forged(self, attacker: Attacker) -> Shot:
        token = self.forger.token(self.rng, attacker.subject)
        sent = {"authorization": f"Bearer {token}"}
        if self.rng.random() < 0.2:
            sent |= forgeries.headers(self.rng, self.tenants)
        path = self.rng.choice(("/graphql", "/graphql", "/graphql", "/schema.graphql"))
        asked = operation(forgeries.QUESTION, {})
        request = post(asked, sent) if path == "/graphql" else get(path, sent)
        return Shot("forged", request, EVERYBODY, f"{token} {sent}", is_forged=True)

    def _claimed(self, attacker: Attacker) -> Shot:
        claims = forgeries.headers(self.rng, self.tenants)
        sent = {**self._signed_in(attacker), **claims}
        asked = operation(forgeries.QUESTION, {})
        return Shot("claimed", post(asked, sent), attacker.victims, f"{attacker.subject} {claims}")

    def _garbage(self, attacker: Attacker) -> Shot:
        body = forgeries.body(self.rng)
        request = post(body, self._signed_in(attacker))
        return Shot("garbage", request, attacker.victims, f"{attacker.subject} {body[:300]!r}")

    # -- what must hold --------------------------------------------------------------------------

    def _judge(self, shot: Shot, answer: Answer) -> None:
        self.sent[shot.kind] += 1
        self.statuses[answer.status] += 1
        for fault in self._faults(shot, answer):
            self.breaches.append(f"{fault}: {shot.kind} {shot.about} -> {answer.body[:600]!r}")

    def _faults(self, shot: Shot, answer: Answer) -> Iterator[str]:
        if answer.status not in ALLOWED:
            yield f"status {answer.status}"
        text = _plain(answer.body)
        if any(SIGNS[victim] in text for victim in shot.victims):
            yield "a victim's sign"
        if "INTERNAL" in text or "Traceback" in text:
            yield "a fault of the server"
        if shot.is_forged and answer.status not in {401, 403, 429, 431, 400, 503}:
            yield "a forged token is believed"
        if shot.finds_nothing and answer.status == 200:
            found = (json.loads(answer.body).get("data") or {}).get("probe") or {}
            self.done["probed"] += "totalCount" in found
            if found.get("totalCount"):
                yield "a victim's rows are counted"
        elif answer.status == 200 and b'"data"' in answer.body:
            self.done[shot.kind] += 1


def _plain(body: bytes) -> str:
    """The text, with what JSON may escape as itself."""
    text = body.decode(errors="replace")
    return json.dumps(json.loads(text), ensure_ascii=False) if "\\u3" in text else text
