"""What is asked for when an agency manages its members, and the rules that are about words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from citywide.authz.grants import Scope
from citywide.authz.own_roles import OwnRule
from citywide.authz.rules import OBJECT, Action
from citywide.errors import Fault, Path
from citywide.graph.mutate import asked
from citywide.rules.legacy import choice_faults
from citywide.rules.periods import period_faults
from citywide.rules.texts import NAME_LENGTH, TITLE_LENGTH, text_faults

# As a manifest's: the `sub` of a token as issuers write it.
_SUBJECT = re.compile(r"[a-z0-9][a-z0-9._@-]{1,78}[a-z0-9]")
_ROLE_NAME = re.compile(r"[a-z][a-z0-9_]{1,38}[a-z0-9]")
# A role made of more single permissions than this is made of building blocks.
MOST_RULES = 200
# There are not many more roles in a policy than this.
MOST_BLOCKS = 20
# A rule names a type and a field.
COORDINATE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class InviteMember:
    """A new member of the agency's staff."""

    subject: Annotated[str, asked("The user name that their tokens carry.")]
    name: Annotated[str, asked("Their name.")]
    roles: Annotated[tuple[str, ...], asked("Their roles, each as for grantRole.")]
    valid_until: Annotated[
        date | None, asked("First day on which they hold the roles no more; null: open.")
    ] = None


@dataclass(frozen=True, slots=True)
class AcceptInvitation:
    """Your own invitation to the agency you are signed in to."""


@dataclass(frozen=True, slots=True)
class GrantRole:
    """A role for a member."""

    member_id: Annotated[UUID, asked("Who gets it.", of="Member")]
    role: Annotated[
        str, asked("A role of the policy by its name, or one of the agency as own: and its name.")
    ]
    valid_from: Annotated[date | None, asked("First day; null: today.")] = None
    valid_until: Annotated[
        date | None, asked("First day on which it is held no more; null: open.")
    ] = None


@dataclass(frozen=True, slots=True)
class RevokeRole:
    """A role that a member loses today."""

    member_role_id: Annotated[UUID, asked("Which role of which member.", of="MemberRole")]


@dataclass(frozen=True, slots=True)
class SuspendMember:
    """A member who may not sign in until reinstated."""

    member_id: Annotated[UUID, asked("Who.", of="Member")]
    version: Annotated[int, asked("The version you read.")]


@dataclass(frozen=True, slots=True)
class ReinstateMember:
    """A suspended member who may sign in again."""

    member_id: Annotated[UUID, asked("Who.", of="Member")]
    version: Annotated[int, asked("The version you read.")]


@dataclass(frozen=True, slots=True)
class OwnRoleRuleDraft:
    """One permission of a role."""

    coordinate: Annotated[str, asked("A field as Type.field, all of a type as Type.*.")]
    action: Annotated[str, asked("What may be done.", enum="RuleAction")]
    scope: Annotated[str, asked("In which rows.", enum="RuleScope")]


@dataclass(frozen=True, slots=True)
class DefineRole:
    """A role of the agency's own."""

    name: Annotated[str, asked("3 to 40 lower case letters, digits and _; it never changes.")]
    label: Annotated[str, asked("What people call it.")]
    blocks: Annotated[
        tuple[str, ...], asked("Roles of the policy all of whose permissions it has.")
    ]
    rules: Annotated[tuple[OwnRoleRuleDraft, ...], asked("Single permissions.")]


@dataclass(frozen=True, slots=True)
class ChangeRole:
    """What a role may do from now on, in place of all it could."""

    own_role_id: Annotated[UUID, asked("Which role.", of="OwnRole")]
    version: Annotated[int, asked("The version you read.")]
    label: Annotated[str, asked("What people call it.")]
    blocks: Annotated[
        tuple[str, ...], asked("Roles of the policy all of whose permissions it has.")
    ]
    rules: Annotated[tuple[OwnRoleRuleDraft, ...], asked("Single permissions.")]


@dataclass(frozen=True, slots=True)
class RetireRole:
    """A role that nobody holds from now on."""

    own_role_id: Annotated[UUID, asked("Which role.", of="OwnRole")]
    version: Annotated[int, asked("The version you read.")]


def invitation_faults(draft: InviteMember, known: Collection[str], today: date) -> Iterator[Fault]:
    """The rules of an invitation; `known` are the roles that can be granted."""
    if not _SUBJECT.fullmatch(draft.subject):
        message = "A user name has 3 to 80 lower case letters, digits and the signs . _ @ -"
        yield Fault(("subject",), message)
    yield from text_faults(("name",), draft.name, longest=NAME_LENGTH)
    yield from period_faults((), today, draft.valid_until)
    if not draft.roles:
        yield Fault(("roles",), "Without a role nobody can sign in: give at least one.")
    if len(set(draft.roles)) < len(draft.roles):
        yield Fault(("roles",), "A role is listed twice.")
    for place, role in enumerate(draft.roles):
        yield from choice_faults(("roles", place), role, known)


def name_faults(draft: DefineRole, taken: Collection[str]) -> Iterator[Fault]:
    """A role's name, for ever."""
    if not _ROLE_NAME.fullmatch(draft.name):
        message = "A role's name has 3 to 40 lower case letters, digits and _, a letter first."
        yield Fault(("name",), message)
    if draft.name in taken:
        yield Fault(("name",), "The agency has, or had, another role of this name.")


def content_faults(draft: DefineRole | ChangeRole) -> Iterator[Fault]:
    """What a role is made of, as far as words go."""
    yield from text_faults(("label",), draft.label, longest=TITLE_LENGTH)
    if not draft.blocks and not draft.rules:
        yield Fault(("rules",), "A role may do something.")
    for field, most in (("blocks", MOST_BLOCKS), ("rules", MOST_RULES)):
        given = getattr(draft, field)
        if len(given) > most:
            yield Fault((field,), f"At most {most} fit into one role.")
        if len(set(given)) < len(given):
            yield Fault((field,), "Something is listed twice.")
    for place, rule in enumerate(draft.rules):
        yield from _rule_faults(("rules", place, "coordinate"), rule)


def _rule_faults(path: Path, rule: OwnRoleRuleDraft) -> Iterator[Fault]:
    if len(rule.coordinate) > COORDINATE_LENGTH or not OBJECT.fullmatch(rule.coordinate):
        yield Fault(path, "A coordinate is Type.field or Type.*.")


def own_rule(draft: OwnRoleRuleDraft) -> OwnRule:
    """The rule as the policy takes it."""
    return OwnRule(draft.coordinate, Action(draft.action.lower()), Scope(draft.scope.lower()))
