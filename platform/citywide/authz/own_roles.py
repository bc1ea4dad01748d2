"""Roles that an agency makes for itself, and the ceiling that none of them comes through.

A policy's role is a row of `policy.csv`; an agency's own is made of rows of the agency's tables
and travels, wherever roles go, as this value: what it may do is part of it, so that grants and
plans made for it serve nobody whose role is another. Before Casbin hears of it every rule of it
is held against what a director of the agency may do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from citywide.authz.checks import MUTATION, Vocabulary
from citywide.authz.grants import Grant, Scope
from citywide.authz.rules import Action

# A role of the policy has lower case letters, digits and _; so no name here is one of those.
PREFIX = "own:"
# The base role of such roles, and the role that nothing in them may go beyond.
BASE_ROLE = "agency_member"
CEILING = "director"
# Who manages members can give any role: a role that may would have no ceiling.
RESERVED = frozenset(
    f"{MUTATION}.{name}"
    for name in (
        "inviteMember",
        "grantRole",
        "revokeRole",
        "suspendMember",
        "reinstateMember",
        "defineRole",
        "changeRole",
        "retireRole",
    )
)


@dataclass(frozen=True, slots=True)
class OwnRule:
    """One permission: a coordinate or `Type.*`, what may be done with it, and in which rows."""

    object: str
    action: Action
    scope: Scope


@dataclass(frozen=True, slots=True)
class OwnRole:
    """A role of one agency: all that `blocks`, roles of the policy, may do, and its own rules."""

    tenant_id: UUID
    name: str
    blocks: frozenset[str]
    rules: frozenset[OwnRule]

    def __str__(self) -> str:
        return f"{PREFIX}{self.name}"


Role = str | OwnRole
Permission = tuple[str, Action, Scope]


def permissions(
    role: OwnRole,
    blocks: Mapping[str, Grant],
    ceiling: Mapping[str, Grant],
    vocabulary: Vocabulary,
) -> Iterator[Permission]:
    """What `role` may do: what it asks for, as far as it makes sense and the ceiling reaches.

    `blocks` are the grants of its building blocks together, `ceiling` those of `CEILING`.
    """
    asked = [
        (coordinate, rule.action, rule.scope)
        for rule in role.rules
        for coordinate in vocabulary.meant(rule.object)
    ]
    for coordinate, grant in blocks.items():
        is_mutation = coordinate.startswith(f"{MUTATION}.")
        if grant.clear is not None:
            asked.append((coordinate, Action.EXECUTE if is_mutation else Action.READ, grant.clear))
        if grant.masked is not None:
            asked.append((coordinate, Action.READ_MASKED, grant.masked))
    for permission in dict.fromkeys(asked):
        if is_possible(permission, vocabulary) and is_within(permission, ceiling):
            yield permission


def is_possible(permission: Permission, vocabulary: Vocabulary) -> bool:
    """Whether the action fits the coordinate, and rows of the scope are known of its type."""
    coordinate, action, scope = permission
    type_name = coordinate.partition(".")[0]
    is_mutation = type_name == MUTATION
    if is_mutation is not (action is Action.EXECUTE):
        return False
    if action is Action.READ_MASKED and coordinate not in vocabulary.maskable:
        return False
    return scope is Scope.TENANT or (
        scope is Scope.CASELOAD and (is_mutation or type_name in vocabulary.caseloads)
    )


def is_within(permission: Permission, ceiling: Mapping[str, Grant]) -> bool:
    """Whether a director may do that, and an agency may hand it on."""
    coordinate, action, scope = permission
    grant = ceiling.get(coordinate)
    if grant is None or coordinate in RESERVED:
        return False
    if action is Action.READ_MASKED:
        return grant.covers(scope)
    return grant.clear is not None and grant.clear.covers(scope)


def faults_of_rule(
    rule: OwnRule, ceiling: Mapping[str, Grant], vocabulary: Vocabulary
) -> Iterator[str]:
    """Why the rule cannot be part of a role."""
    found = [(each, rule.action, rule.scope) for each in vocabulary.meant(rule.object)]
    if not found:
        yield f"{rule.object} is not in the schema."
    for permission in found:
        if not is_possible(permission, vocabulary):
            yield f"{permission[0]} cannot be granted as {rule.action} within {rule.scope}."
        elif not is_within(permission, ceiling):
            yield f"{permission[0]} is not for an agency to hand on in this way."
