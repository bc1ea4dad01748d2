"""Who acts: members of the agencies and the bureau, with the roles that they hold today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from citywide.authz.policy import Policy
from life import hints, workers
from life.city import City, Row
from life.declarations import Asked

# Of a hundred acts, so many are by somebody drawn from everybody, whoever may.
ANYBODY = 12
# And of the others, so many are of the agency whose row it is; and of these, whose work it is.
THEIRS, KEEPERS = 90, 80
# A member who was invited may do what every role may.
NO_ROLE = "agency_member"


@dataclass(frozen=True, slots=True)
class Person:
    """A member, as the one that they act as."""

    subject: str
    slug: str
    tenant_id: str
    member_id: str
    is_bureau: bool
    roles: frozenset[str]


def members(city: City) -> list[Person]:
    """Every member of every tenant, whether they may sign in or not."""
    today = city.today.isoformat()
    held: dict[str, set[str]] = {}
    for row in city.of("member_role"):
        if row["valid_from"] <= today and (row["valid_until"] or "9") > today:
            held.setdefault(row["member_id"], set()).add(row["role"])
    tenants = {row["id"]: row for row in city.of("tenant")}
    return [_person(row, tenants[row["tenant_id"]], held) for row in city.of("member")]


def drawn(
    random: Random,
    city: City,
    asked: Asked,
    allowed: Mapping[str, frozenset[str]],
    about: Row | None,
) -> Person:
    """Who asks for a mutation about a row: mostly somebody who may, and whose row it is."""
    everybody = members(city)
    if random.randrange(100) < ANYBODY:
        return random.choice(everybody)
    status = hints.MEMBER_STATUS.get(asked.name, "ACTIVE")
    there = {row["id"] for row in city.of("member") if row["status"] == status}
    fit = [
        person
        for person in everybody
        if person.member_id in there
        and any(asked.coordinate in allowed.get(role, ()) for role in person.roles)
    ]
    if not fit:
        return random.choice(everybody)
    if about is not None and random.randrange(100) < THEIRS:
        worker = workers.worker_of(city, about)
        home = about.get("tenant_id")
        near = [each for each in fit if each.is_bureau or home in {None, each.tenant_id}]
        if asked.name in hints.DECIDED_BY_OTHERS:
            near = [each for each in near if each.member_id not in about.values()] or near
            worker = None
        own = [each for each in near if each.member_id == worker]
        fit = (own if random.randrange(100) < KEEPERS else []) or near or fit
    # An agency of thirteen workers has no more to do than one of three.
    slug = random.choice(sorted({person.slug for person in fit}))
    role = random.choice(sorted({role for each in fit if each.slug == slug for role in each.roles}))
    return random.choice(
        [each for each in fit if each.slug == slug and role in each.roles]
        or [each for each in fit if each.slug == slug]
    )


def allowances(
    policy: Policy, mutations: Mapping[str, Asked], city: City
) -> dict[str, frozenset[str]]:
    """What each role that anybody holds may do."""
    roles = {row["role"] for row in city.of("member_role")} | set(policy.grantable())
    return {
        role: frozenset(
            asked.coordinate
            for asked in mutations.values()
            if policy.grants(frozenset({role})).of(asked.coordinate) is not None
        )
        for role in sorted(roles)
        if not role.startswith("own:")
    }


def _person(row: Row, tenant: Row, held: Mapping[str, set[str]]) -> Person:
    return Person(
        subject=row["subject"],
        slug=tenant["slug"],
        tenant_id=row["tenant_id"],
        member_id=row["id"],
        is_bureau=tenant["kind"] == "BUREAU",
        roles=frozenset(held.get(row["id"], ())),
    )
