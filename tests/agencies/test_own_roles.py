"""An agency's own roles: never beyond what its director may hand on, and nobody else's business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citywide.authz.grants import Grant, Scope
from citywide.authz.own_roles import CEILING, RESERVED, OwnRole, OwnRule, Role
from citywide.authz.policy import Policy
from citywide.authz.rules import Action
from citywide.domain import CATALOGUE
from walls.house import House

DIRECTOR = "shouqianshou.director"
ROLE = "ownRole { id name version status rules { object action scope } }"
READER = {
    "name": "roll_reader",
    "label": "志愿者名册查阅",
    "blocks": [],
    "rules": [
        {"coordinate": name, "action": "READ", "scope": "TENANT"}
        for name in ("Agency.volunteers", "Volunteer.id", "Volunteer.number")
    ],
}
NAMES = "{ agencies { nodes { volunteers(first: 1) { nodes { number } } } } }"


def own(*rules: OwnRule, blocks: frozenset[str] = frozenset(), tenant: int = 1) -> OwnRole:
    return OwnRole(UUID(int=tenant), "own", blocks, frozenset(rules))


def roles_of(policy: Policy) -> st.SearchStrategy[OwnRole]:
    """Any role somebody could write into the tables, with sense or without."""
    coordinates = sorted(policy.coordinates)
    types = sorted({name.partition(".")[0] for name in coordinates})
    objects = st.one_of(
        st.sampled_from(coordinates),
        st.sampled_from(sorted(RESERVED)),
        st.sampled_from([f"{name}.*" for name in types]),
        st.just("Nothing.here"),
    )
    rules = st.builds(
        OwnRule, object=objects, action=st.sampled_from(Action), scope=st.sampled_from(Scope)
    )
    blocks = st.frozensets(st.sampled_from([*sorted(policy.roles), "agency_member", "x"]))
    return st.builds(
        OwnRole, st.just(UUID(int=1)), st.just("own"), blocks, st.frozensets(rules, max_size=12)
    )


def exceeds(found: Mapping[str, Grant], most: Mapping[str, Grant]) -> set[str]:
    """Coordinates that `found` opens further than `most`, clear or masked."""
    beyond = set()
    for name, grant in found.items():
        limit = most.get(name)
        clear, masked = grant.clear, grant.masked
        is_clear = clear is None or (limit is not None and _covers(limit.clear, clear))
        is_masked = masked is None or (limit is not None and limit.covers(masked))
        if not (is_clear and is_masked):
            beyond.add(name)
    return beyond


def _covers(limit: Scope | None, scope: Scope) -> bool:
    return limit is not None and limit.covers(scope)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_a_role_is_made_of_it_stays_below_its_ceiling(
    shipped: Policy, data: st.DataObject
) -> None:
    role = data.draw(roles_of(shipped))
    ceiling = shipped.grants(frozenset({CEILING})).by_coordinate
    found = shipped.grants(frozenset[Role]({role})).by_coordinate
    assert exceeds(found, ceiling) == set()
    assert not RESERVED & found.keys()


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_with_a_role_of_the_policy_it_adds_and_takes_nothing_but_what_both_say(
    shipped: Policy, data: st.DataObject
) -> None:
    role = data.draw(roles_of(shipped))
    named = data.draw(st.sampled_from(sorted(shipped.grantable())))
    alone = shipped.grants(frozenset({named})).by_coordinate
    ceiling = shipped.grants(frozenset({CEILING})).by_coordinate
    both = shipped.grants(frozenset[Role]({named, role})).by_coordinate
    assert exceeds(both, {**ceiling, **{k: v for k, v in alone.items() if k not in ceiling}}) <= {
        name for name in alone if exceeds({name: alone[name]}, ceiling)
    }
    if not list(shipped.faults_of_role(role)):
        # A role that an agency can make takes nothing from anyone who holds another.
        assert exceeds(alone, both) == set()


@pytest.mark.parametrize("house", ["officer", "supervisor", "auditor"])
def test_with_a_role_of_the_bureau_it_allows_nothing(shipped: Policy, house: str) -> None:
    role = own(blocks=frozenset({"director"}))
    assert shipped.grants(frozenset[Role]({house, role})).by_coordinate == {}
    built = shipped.grants(frozenset[Role]({own(blocks=frozenset({house}))}))
    assert built.by_coordinate == shipped.grants(frozenset[Role]({own()})).by_coordinate


def test_all_that_manages_members_is_reserved() -> None:
    managing = {
        f"Mutation.{name}"
        for name, mutation in CATALOGUE.mutations.items()
        if mutation.use_case.__module__.startswith("citywide.agencies.")
    }
    assert managing - {"Mutation.acceptInvitation"} == RESERVED


async def test_a_role_is_made_granted_changed_and_retired(pilot: House) -> None:
    user = "shouqianshou.finance"
    assert "Volunteer.number" in await pilot.forbidden(user, NAMES)
    made = await pilot.act(DIRECTOR, "defineRole", ROLE, **READER)
    assert made["ownRole"]["status"] == "IN_USE"
    assert {rule["object"] for rule in made["ownRole"]["rules"]} == {
        "Agency.volunteers",
        "Volunteer.id",
        "Volunteer.number",
    }
    member = await member_id(pilot, user)
    await pilot.act(DIRECTOR, "grantRole", memberId=member, role="own:roll_reader")
    await pilot.memberships.look()
    assert (await pilot.data(user, NAMES))["agencies"]["nodes"][0]["volunteers"]["nodes"]
    name = NAMES.replace("number", "name")
    assert await pilot.forbidden(user, name) == {"Volunteer.name"}

    role = {"ownRoleId": made["ownRole"]["id"], "label": "志愿者名册", "blocks": []}
    rules = [*READER["rules"], {**READER["rules"][1], "coordinate": "Volunteer.name"}]
    changed = await pilot.act(DIRECTOR, "changeRole", ROLE, **role, rules=rules, version=1)
    assert (changed["ownRole"]["version"], len(changed["ownRole"]["rules"])) == (2, 4)
    await pilot.memberships.look()
    assert (await pilot.data(user, name))["agencies"]["nodes"][0]["volunteers"]["nodes"]
    stale = await pilot.act(DIRECTOR, "changeRole", ROLE, **role, rules=rules, version=1)
    assert stale["__typename"] == "StaleVersionProblem"

    gone = await pilot.act(DIRECTOR, "retireRole", ROLE, ownRoleId=made["ownRole"]["id"], version=2)
    assert gone["ownRole"]["status"] == "RETIRED"
    await pilot.memberships.look()
    assert "Volunteer.number" in await pilot.forbidden(user, NAMES)
    again = await pilot.act(DIRECTOR, "grantRole", memberId=member, role="own:roll_reader")
    assert (again["__typename"], again["path"]) == ("InputProblem", ["role"])


async def member_id(house: House, subject: str) -> Any:
    read = """query($subject: String!) { agencies { nodes {
        members(where: {subject: {eq: $subject}}) { nodes { id } } } } }"""
    found = await house.data(DIRECTOR, read, subject=subject)
    return found["agencies"]["nodes"][0]["members"]["nodes"][0]["id"]


async def test_another_agency_neither_sees_nor_uses_it(pilot: House) -> None:
    made = await pilot.act(DIRECTOR, "defineRole", ROLE, **READER)
    listed = "{ ownRoles { totalCount nodes { name } } }"
    assert (await pilot.data(DIRECTOR, listed))["ownRoles"]["totalCount"] == 1
    other = "yijiaqin.director"
    assert (await pilot.data(other, listed))["ownRoles"] == {"totalCount": 0, "nodes": []}
    theirs = """{ agencies { nodes { members(where: {subject: {eq: "yijiaqin.finance"}}) {
        nodes { id } } } } }"""
    found = await pilot.data(other, theirs)
    colleague = found["agencies"]["nodes"][0]["members"]["nodes"][0]["id"]
    denied = await pilot.act(other, "grantRole", memberId=colleague, role="own:roll_reader")
    assert (denied["__typename"], denied["path"]) == ("InputProblem", ["role"])
    for mutation, more in (
        ("retireRole", {}),
        ("changeRole", {"label": "x", "blocks": ["finance"], "rules": []}),
    ):
        answer = await pilot.act(
            other, mutation, ownRoleId=made["ownRole"]["id"], version=1, **more
        )
        assert answer["message"] == "There is no OwnRole with this id."
    # Even a row that names it, past every use case, is a role of that agency or none.
    await pilot.owner.execute(
        "UPDATE member_role SET role = 'own:roll_reader' WHERE member_id ="
        " (SELECT id FROM member WHERE subject = 'yijiaqin.finance')"
    )
    await pilot.owner.execute("UPDATE access_version SET version = version + 1")
    await pilot.memberships.look()
    with pytest.raises(Exception, match="no role"):
        await pilot.principal("yijiaqin.finance")


async def test_what_is_beyond_the_ceiling_is_refused_at_the_rule_it_is_in(pilot: House) -> None:
    rule = {"action": "READ", "scope": "TENANT"}
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"rules": [{**rule, "coordinate": "Nothing.here"}]}, ["rules", "0", "coordinate"]),
        ({"rules": [{**rule, "coordinate": "x" * 5000}]}, ["rules", "0", "coordinate"]),
        ({"rules": [{**rule, "coordinate": "Query.nothing"}]}, ["rules", "0", "coordinate"]),
        (
            {"rules": [{**rule, "coordinate": "Mutation.grantRole", "action": "EXECUTE"}]},
            ["rules", "0", "coordinate"],
        ),
        # Readable in fewer rows than its type, or masked where there is no mask.
        ({"rules": [{**rule, "coordinate": "Volunteer.name"}]}, ["rules", "0", "coordinate"]),
        (
            {"rules": [{**rule, "coordinate": "Volunteer.number", "action": "READ_MASKED"}]},
            ["rules", "0", "coordinate"],
        ),
        (
            {"rules": [{**rule, "coordinate": "Volunteer.number", "action": "INHERIT"}]},
            ["rules", "0", "action"],
        ),
        ({"blocks": ["officer"]}, ["blocks", "0"]),
        ({"blocks": ["finance", "finance"]}, ["blocks"]),
        ({}, ["rules"]),
        ({"blocks": ["finance"], "name": "own:x"}, ["name"]),
        ({"blocks": ["finance"], "name": "a\u0000b"}, ["name"]),
        ({"blocks": ["finance"], "label": ""}, ["label"]),
    ]
    for changes, path in cases:
        role = {"name": "a_role", "label": "角色", "blocks": [], "rules": [], **changes}
        answer = await pilot.act(DIRECTOR, "defineRole", **role)
        assert (changes, answer["__typename"], answer["path"]) == (changes, "InputProblem", path)
    assert await pilot.owner.fetchval("SELECT count(*) FROM own_role") == 0


async def test_a_narrower_policy_narrows_the_roles_made_under_a_wider_one(
    shipped: Policy,
) -> None:
    role = own(OwnRule("Volunteer.*", Action.READ, Scope.TENANT))
    wide = shipped.grants(frozenset[Role]({role}))
    assert wide.of("Volunteer.phone") is not None
    assert (
        shipped.grants(frozenset[Role]({replace(role, rules=frozenset())})).of("Volunteer.phone")
        is None
    )
