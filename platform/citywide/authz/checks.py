"""What can be wrong with rules that read well: they fit nothing, or leave a field uncovered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from citywide.authz.grants import Grant, Scope, widest
from citywide.authz.rules import Action, Effect, Rule, Rulebook

# Every role inherits from exactly one of these, which says whose rows its scopes can mean. One
# member's roles share one: they are looked up under one audience of the database.
HOUSES: Mapping[str, frozenset[Scope]] = {
    "agency_member": frozenset({Scope.CASELOAD, Scope.TENANT}),
    "assigned_member": frozenset({Scope.ASSIGNED}),
    "bureau_member": frozenset({Scope.BUREAU}),
}


# The type whose fields are the use cases; how far a caller may go is theirs to look after.
MUTATION = "Mutation"


@dataclass(frozen=True)
class Vocabulary:
    """What the schema knows and a policy has to fit."""

    # All that a rule can be about: fields of types, and values of enums that name a figure.
    coordinates: Sequence[str]
    # Those of them that have a mask.
    maskable: Collection[str]
    # The types that know whose caseload a row is in.
    caseloads: Collection[str]

    def meant(self, written: str) -> Sequence[str]:
        """The coordinates that a rule's object means: itself, or all of a type for `Type.*`."""
        if written.endswith(".*"):
            return self._by_type.get(written.removesuffix(".*"), ())
        type_name = written.partition(".")[0]
        return (written,) if written in self._by_type.get(type_name, ()) else ()

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for each in self.coordinates:
            found.setdefault(each.partition(".")[0], []).append(each)
        return found


def faults_of_rules(rulebook: Rulebook, vocabulary: Vocabulary) -> Iterator[str]:
    """Rules about nothing, masks that do not exist, scopes that do not fit."""
    ancestors = rulebook.ancestors()
    for rule in rulebook.rules:
        objects = vocabulary.meant(rule.object)
        if not objects:
            yield f"{rule.place}: {rule.object} is not in the schema."
        yield from _faults_of_action(rule, objects, vocabulary)
        for house in sorted(ancestors[rule.role] & HOUSES.keys()):
            if rule.scope not in HOUSES[house]:
                yield f"{rule.place}: {house} has no rows of scope {rule.scope}."
        if _takes_nothing(rule, rulebook):
            yield (
                f"{rule.place}: who is allowed {Scope.TENANT} reads the caseload as well; "
                f"deny {Scope.TENANT} too."
            )


def _faults_of_action(
    rule: Rule, objects: Collection[str], vocabulary: Vocabulary
) -> Iterator[str]:
    """Masks of what has none, caseloads of what is in none, and mutations that are read."""
    if rule.action is Action.READ_MASKED:
        for name in objects:
            if name not in vocabulary.maskable:
                yield f"{rule.place}: {name} has no mask, it cannot be {rule.action}."
    is_mutation = rule.type_name == MUTATION
    if is_mutation is not (rule.action is Action.EXECUTE):
        yield f"{rule.place}: mutations are executed, and nothing else is."
    caseloads = rule.type_name in vocabulary.caseloads or is_mutation
    if rule.scope is Scope.CASELOAD and not caseloads:
        yield f"{rule.place}: no row of {rule.type_name} is in a caseload."


def _takes_nothing(rule: Rule, rulebook: Rulebook) -> bool:
    """Whether this is a denial of the narrow scope alone, which the wide one would outweigh."""
    if rule.effect is not Effect.DENY or rule.scope is not Scope.CASELOAD:
        return False
    return not any(
        other.effect is Effect.DENY
        and other.scope is Scope.TENANT
        and (other.role, other.object, other.action) == (rule.role, rule.object, rule.action)
        for other in rulebook.rules
    )


def faults_of_roles(rulebook: Rulebook) -> Iterator[str]:
    """Roles with rules but no house, with several, or in a circle of inheritance."""
    ancestors = rulebook.ancestors()
    for link in rulebook.inheritances:
        if link.role in ancestors[link.parent]:
            yield f"{link.place}: {link.role} inherits from itself."
    places = {link.role: link.place for link in reversed(rulebook.inheritances)}
    places |= {rule.role: rule.place for rule in reversed(rulebook.rules)}
    for role in sorted(places):
        houses = sorted(ancestors[role] & HOUSES.keys())
        if len(houses) != 1:
            yield (
                f"{places[role]}: {role} inherits from {' and '.join(houses) or 'none'} "
                f"of {', '.join(HOUSES)}; a role has one of them."
            )


def uncovered(grants: Mapping[str, Grant], coordinates: Collection[str]) -> Iterator[str]:
    """Coordinates readable in fewer rows than their type, whose rows are those of `Type.id`."""
    for name, grant in grants.items():
        key = f"{name.partition('.')[0]}.id"
        if key not in coordinates:
            continue
        rows = grants.get(key)
        reach = None if rows is None else rows.clear
        if reach is None or not grant.covers(reach):
            yield name


def together(one: Mapping[str, Grant], other: Mapping[str, Grant]) -> dict[str, Grant]:
    """The grants of both: where nothing is denied, exactly those of a member with both roles."""
    union = {}
    for name in one.keys() | other.keys():
        both = [grants[name] for grants in (one, other) if name in grants]
        union[name] = Grant(
            clear=widest(grant.clear for grant in both if grant.clear is not None),
            masked=widest(grant.masked for grant in both if grant.masked is not None),
        )
    return union
