"""The grants are what the plain `casbin.Enforcer` says about the same two files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import chain, combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import casbin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citywide.authz.checks import BASE_ROLES
from citywide.authz.grants import Grant, Grants, Scope, widest
from citywide.authz.policy import Policy
from citywide.authz.rules import Action, read_rules
from citywide.settings import CHECKOUT

POLICIES = CHECKOUT / "policies"
AGENCY = ("director", "social_worker", "volunteer_manager", "finance")
BUREAU = ("officer", "budget_officer", "evaluator", "auditor", "analyst")
ROLES = [*AGENCY, "invitee", "supervisor", *BUREAU]


def subsets(names: Sequence[str]) -> list[frozenset[str]]:
    sizes = range(1, len(names) + 1)
    return [frozenset(found) for size in sizes for found in combinations(names, size)]


# A plain enforcer needs half a millisecond for an answer: so many are not asked in a quick run.
ONE_OF = 5
ROLE_SETS = [*subsets(AGENCY), frozenset({"supervisor"}), *subsets(BUREAU)]


class Plain:
    """The plain enforcer, holding the files' rows that can be about one type, or all of them."""

    def __init__(self, folder: Path, type_name: str | None = None) -> None:
        self.enforcer = casbin.Enforcer(str(folder / "model.conf"), str(folder / "policy.csv"))
        if type_name is not None:
            rows = self.enforcer.get_policy()
            others = [row for row in rows if type_name not in row[1].split("|")]
            self.enforcer.remove_policies(others)

    def answer(self, roles: Iterable[str], coordinate: str) -> Grant | None:
        """What the widest allowed scopes come to, asked of a subject that has these roles."""
        name = "holder of " + " ".join(sorted(roles))
        type_name, _, field = coordinate.partition(".")
        for role in roles:
            self.enforcer.add_role_for_user(name, role)
        found = {
            action: widest(
                scope
                for scope in Scope
                if self.enforcer.enforce(name, type_name, field, action.value, scope.value)
            )
            for action in Action
        }
        if not any(found.values()):
            return None
        clear = found[Action.READ] or found[Action.EXECUTE]
        return Grant(clear=clear, masked=found[Action.READ_MASKED])


@cache
def plain_about(type_name: str) -> Plain:
    """One enforcer a type: reading the files takes longer than all that is asked of it."""
    return Plain(POLICIES, type_name)


def differences(
    grants: Collection[Grants], coordinates: Iterable[str]
) -> list[tuple[str, frozenset[str]]]:
    found = []
    for coordinate in coordinates:
        asked = plain_about(coordinate.partition(".")[0])
        found += [
            (coordinate, each.roles)
            for each in grants
            if each.of(coordinate) != asked.answer(each.roles, coordinate)
        ]
    return found


@pytest.mark.parametrize("role", ROLES)
def test_an_answer_about_one_role_is_the_plain_enforcers(policy: Policy, role: str) -> None:
    """Every fifth coordinate, of each role others; the long run below asks about all."""
    grants = policy.grants(frozenset({role}))
    first = ROLES.index(role) % ONE_OF
    assert differences([grants], sorted(policy.coordinates)[first::ONE_OF]) == []


@pytest.mark.long
def test_every_answer_about_every_set_of_roles_is_the_plain_enforcers(policy: Policy) -> None:
    grants = [policy.grants(roles) for roles in ROLE_SETS]
    assert differences(grants, sorted(policy.coordinates)) == []


def test_the_whole_policy_in_one_plain_enforcer_gives_the_same_answers(policy: Policy) -> None:
    plain = Plain(POLICIES)
    coordinates = sorted(policy.coordinates)

    @settings(max_examples=60, deadline=None, database=None)
    @given(st.sampled_from(ROLE_SETS), st.sampled_from(coordinates))
    def compare(roles: frozenset[str], coordinate: str) -> None:
        assert policy.grants(roles).of(coordinate) == plain.answer(roles, coordinate)

    compare()


def test_the_roles_are_those_a_member_can_hold(policy: Policy) -> None:
    assert policy.roles == set(ROLES)


SMALL_COORDINATES = [
    *("Bridge.length", "Bridge.toll", "Bridge.keeper", "Ferry.toll", "FerryBoat.toll"),
    *("Mutation.row", "Mutation.rows"),
]
SMALL_ROLES = ["walker", "rider", "keeper"]
READING = [Action.READ, Action.READ_MASKED]
TYPES = ["Bridge", "Ferry", "FerryBoat"]
CELLS = [
    *("Bridge, length", "Bridge, toll|keeper", "Ferry, toll", "FerryBoat, toll"),
    *("Bridge, *", "Ferry|FerryBoat, *", "Ferry|Bridge, *", "Bridge, toll", "FerryBoat, *"),
]


def meant(cells: str) -> set[str]:
    types, fields = cells.split(", ")
    return {
        each
        for each in SMALL_COORDINATES
        if each.partition(".")[0] in types.split("|")
        and (fields == "*" or each.partition(".")[2] in fields.split("|"))
    }


def without_repetitions(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows but those of which a part was said before: they are refused at load."""
    said: set[tuple[str, ...]] = set()
    kept = []
    for row in rows:
        parts = {(each, row[0], *row[2:]) for each in meant(row[1])}
        if not parts & said:
            kept.append(row)
            said |= parts
    return kept


small_rows = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from([*SMALL_ROLES, "agency_member"]),
            st.sampled_from(CELLS),
            st.sampled_from(READING),
            st.sampled_from([Scope.CASELOAD, Scope.TENANT]),
            st.just("allow"),
        ),
        st.tuples(
            st.sampled_from(SMALL_ROLES),
            st.sampled_from(["Mutation, row", "Mutation, rows", "Mutation, row|rows"]),
            st.just(Action.EXECUTE),
            st.sampled_from([Scope.CASELOAD, Scope.TENANT]),
            st.just("allow"),
        ),
        # A denial of the caseload alone is refused at load.
        st.tuples(
            st.sampled_from([*SMALL_ROLES, "agency_member"]),
            st.sampled_from(CELLS),
            st.sampled_from(READING),
            st.just(Scope.TENANT),
            st.just("deny"),
        ),
    ),
    unique=True,
    max_size=12,
).map(without_repetitions)


@settings(max_examples=40, deadline=None, database=None)
@given(small_rows, st.sampled_from(["agency_member", "rider"]))
def test_a_generated_policy_gives_the_plain_enforcers_answers(
    rows: list[tuple[str, ...]], parent_of_keeper: str
) -> None:
    links = [("walker", "agency_member"), ("rider", "agency_member"), ("keeper", parent_of_keeper)]
    lines = [", ".join(["p", *row]) for row in rows]
    lines += [", ".join(["g", *link]) for link in links]
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.conf").write_bytes((POLICIES / "model.conf").read_bytes())
        (folder / "policy.csv").write_text("\n".join(lines), encoding="utf-8")
        policy = Policy.load(folder, SMALL_COORDINATES, SMALL_COORDINATES, TYPES)
        plain = Plain(folder)
        for roles in subsets(sorted(policy.roles)):
            for coordinate in SMALL_COORDINATES:
                assert policy.grants(roles).of(coordinate) == plain.answer(roles, coordinate)


def test_every_rule_stays_within_the_scopes_of_its_base_role(policies: Path) -> None:
    book = read_rules(policies / "policy.csv")
    ancestors = book.ancestors()
    for rule in book.rules:
        bases = ancestors[rule.role] & BASE_ROLES.keys()
        allowed = set(chain.from_iterable(BASE_ROLES[base] for base in bases))
        assert rule.scope in allowed, str(rule)
