"""What can be wrong with rules that read well: they fit nothing, or leave a field uncovered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from citywide.authz.grants import Grant, Scope, widest
from citywide.authz.rules import Action, Effect, Rule, Rulebook

# Every role inherits from exactly one of these, which says whose rows its scopes can mean. One
# member's roles share one: they are looked up under one audience of the database.
BASE_ROLES: Mapping[str, frozenset[Scope]] = {
    "agency_member": frozenset({Scope.CASELOAD, Scope.TENANT}),
    "invited_member": frozenset({Scope.TENANT}),
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
        """The coordinates that an object means: itself, or all of a type for `Type.*`."""
        if written.endswith(".*"):
            return self._by_type.get(written.removesuffix(".*"), ())
        type_name = written.partition(".")[0]
        return (written,) if written in self._by_type.get(type_name, ()) else ()

    def coordinates_of(self, rule: Rule) -> Iterator[str]:
        """All that a row means."""
        for written in rule.objects:
            yield from self.meant(written)

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for each in self.coordinates:
            found.setdefault(each.partition(".")[0], []).append(each)
        return found


def faults_of_rules(rulebook: Rulebook, vocabulary: Vocabulary) -> Iterator[str]:
    """Rules about nothing, said twice, masks that do not exist, scopes that do not fit."""
    ancestors = rulebook.ancestors()
    for rule in rulebook.rules:
        for written in rule.objects:
            if not vocabulary.meant(written):
                yield f"{rule.place}: {written} is not in the schema."
        yield from _faults_of_action(rule, vocabulary)
        for base in sorted(ancestors[rule.role] & BASE_ROLES.keys()):
            if rule.scope not in BASE_ROLES[base]:
                yield f"{rule.place}: {base} has no rows of scope {rule.scope}."
    yield from _said_twice(rulebook, vocabulary)
    yield from _denials_that_take_nothing(rulebook, vocabulary)


def _faults_of_action(rule: Rule, vocabulary: Vocabulary) -> Iterator[str]:
    """Masks of what has none, caseloads of what is in none, and mutations that are read."""
    if rule.action is Action.READ_MASKED:
        for name in vocabulary.coordinates_of(rule):
            if name not in vocabulary.maskable:
                yield f"{rule.place}: {name} has no mask, it cannot be {rule.action}."
    for type_name in rule.types:
        is_mutation = type_name == MUTATION
        if is_mutation is not (rule.action is Action.EXECUTE):
            yield f"{rule.place}: mutations are executed, and nothing else is."
        caseloads = type_name in vocabulary.caseloads or is_mutation
        if rule.scope is Scope.CASELOAD and not caseloads:
            yield f"{rule.place}: no row of {type_name} is in a caseload."


def _said_twice(rulebook: Rulebook, vocabulary: Vocabulary) -> Iterator[str]:
    """What a role has by two rows, or twice in one: without one of them nothing would change."""
    said: dict[tuple[str, ...], str] = {}
    for rule in rulebook.rules:
        repeated: dict[str, list[str]] = defaultdict(list)
        for coordinate in vocabulary.coordinates_of(rule):
            key = (rule.role, coordinate, rule.action, rule.scope, rule.effect)
            if key in said:
                repeated[said[key]].append(coordinate)
            said.setdefault(key, rule.place)
        for place, coordinates in repeated.items():
            yield f"{rule.place}: says the same as {place} about {', '.join(coordinates)}."


def _denials_that_take_nothing(rulebook: Rulebook, vocabulary: Vocabulary) -> Iterator[str]:
    """Denials of the narrow scope alone, which the wide one would outweigh."""
    denials = [rule for rule in rulebook.rules if rule.effect is Effect.DENY]
    wide = {
        (rule.role, coordinate, rule.action)
        for rule in denials
        if rule.scope is Scope.TENANT
        for coordinate in vocabulary.coordinates_of(rule)
    }
    for rule in denials:
        asked = {(rule.role, each, rule.action) for each in vocabulary.coordinates_of(rule)}
        if rule.scope is Scope.CASELOAD and not asked <= wide:
            yield (
                f"{rule.place}: who is allowed {Scope.TENANT} reads the caseload as well; "
                f"deny {Scope.TENANT} too."
            )


def faults_of_roles(rulebook: Rulebook) -> Iterator[str]:
    """Roles with rules but no base role, with several, or in a circle of inheritance."""
    ancestors = rulebook.ancestors()
    for link in rulebook.inheritances:
        if link.role in ancestors[link.parent]:
            yield f"{link.place}: {link.role} inherits from itself."
    places = {link.role: link.place for link in reversed(rulebook.inheritances)}
    places |= {rule.role: rule.place for rule in reversed(rulebook.rules)}
    for role in sorted(places):
        bases = sorted(ancestors[role] & BASE_ROLES.keys())
        if len(bases) != 1:
            yield (
                f"{places[role]}: {role} inherits from {' and '.join(bases) or 'none'} "
                f"of {', '.join(BASE_ROLES)}; a role has one of them."
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
