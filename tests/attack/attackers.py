"""Who attacks, and whose signs they must never see."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from walls.neighbours import ELSEWHERE, ELSEWHERE_BUREAU, SHADOW, SHOUQIANSHOU, YIJIAQIN

_CITY_ELSEWHERE = frozenset({ELSEWHERE, ELSEWHERE_BUREAU})
# Of the same city, whose bureau may look at them.
AGENCIES = frozenset({SHADOW, SHOUQIANSHOU})
EVERYBODY = frozenset({YIJIAQIN}) | _CITY_ELSEWHERE | AGENCIES


@dataclass(frozen=True, slots=True)
class Attacker:
    """A user, and the tenants whose rows are not theirs to see or to touch."""

    subject: str
    victims: frozenset[UUID]


def _agency(name: str) -> Attacker:
    return Attacker(f"yijiaqin.{name}", _CITY_ELSEWHERE | AGENCIES)


def _bureau(subject: str) -> Attacker:
    return Attacker(subject, _CITY_ELSEWHERE)


ATTACKERS = (
    *map(_agency, ("director", "finance", "volunteers", "worker1", "worker2")),
    *map(_bureau, ("bureau.officer", "bureau.budget", "bureau.evaluator")),
    *map(_bureau, ("bureau.auditor", "bureau.analyst", "supervisor.lead")),
    # Assigned to 壹家亲 alone.
    Attacker("supervisor.assistant2", _CITY_ELSEWHERE | AGENCIES),
)
# Nobody touches these, whoever attacks.
UNTOUCHABLE = _CITY_ELSEWHERE | AGENCIES
