"""The rows of `policy.csv`, read with their line numbers and refused where a word is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from citywide.authz.grants import Scope
from citywide.errors import OperatorError

_ROLE = re.compile(r"[a-z][a-z0-9_]*")
# Names alone: Casbin takes the cells for regular expressions, and no other sign of those gets in.
_TYPES = re.compile(r"[A-Z][A-Za-z0-9]*(\|[A-Z][A-Za-z0-9]*)*")
_FIELDS = re.compile(r"\*|[A-Za-z][A-Za-z0-9_]*(\|[A-Za-z][A-Za-z0-9_]*)*")


class Action(StrEnum):
    """What a rule is about; Casbin's effects are two, so a mask is an action of its own."""

    READ = "read"
    READ_MASKED = "read_masked"
    # Of a mutation: run it.
    EXECUTE = "execute"


class Effect(StrEnum):
    """What a rule does: something must allow, and nothing may deny."""

    ALLOW = "allow"
    DENY = "deny"


def question(coordinate: str, action: Action, scope: Scope) -> tuple[str, str, str, str]:
    """What Casbin is asked about a coordinate: all of the request but who asks."""
    type_name, _, field = coordinate.partition(".")
    return (type_name, field, action.value, scope.value)


@dataclass(frozen=True, slots=True)
class Rule:
    """One `p` row and the line it stands on."""

    place: str
    role: str
    types: tuple[str, ...]
    fields: tuple[str, ...]
    action: Action
    scope: Scope
    effect: Effect

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as Casbin takes it."""
        grouped = ("|".join(self.types), "|".join(self.fields))
        return (self.role, *grouped, self.action.value, self.scope.value, self.effect.value)

    @property
    def objects(self) -> tuple[str, ...]:
        """Each that the row is about: `Type.field`, or `Type.*` for all fields of a type."""
        return tuple(f"{name}.{field}" for name in self.types for field in self.fields)

    def about(self, coordinate: str) -> tuple[str, ...]:
        """The row as Casbin would take it if it were about one of its coordinates alone."""
        return (self.role, *question(coordinate, self.action, self.scope), self.effect.value)

    def __str__(self) -> str:
        return f"{self.place}: {', '.join(self.cells)}"


@dataclass(frozen=True, slots=True)
class Inheritance:
    """One `g` row: `role` may do what `parent` may."""

    place: str
    role: str
    parent: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rows of one policy file."""

    rules: tuple[Rule, ...]
    inheritances: tuple[Inheritance, ...]

    def ancestors(self) -> Mapping[str, frozenset[str]]:
        """For every role that is named anywhere: itself and all it inherits from."""
        parents: dict[str, set[str]] = {rule.role: set() for rule in self.rules}
        for link in self.inheritances:
            parents.setdefault(link.role, set()).add(link.parent)
            parents.setdefault(link.parent, set())
        return {role: _closure(role, parents) for role in parents}


def _closure(role: str, parents: Mapping[str, set[str]]) -> frozenset[str]:
    found: set[str] = set()
    open_ends = [role]
    while open_ends:
        name = open_ends.pop()
        if name not in found:
            found.add(name)
            open_ends.extend(parents[name])
    return frozenset(found)


def read_rules(path: Path) -> Rulebook:
    """Read a policy file; every line that cannot be understood is named in one OperatorError."""
    rules: list[Rule] = []
    inheritances: list[Inheritance] = []
    faults: list[str] = []
    seen: dict[tuple[str, ...], str] = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        cells = tuple(cell.strip() for cell in line.split(","))
        if cells == ("",) or cells[0].startswith("#"):
            continue
        place = f"{path.parent.name}/{path.name}:{number}"
        if cells in seen:
            faults.append(f"{place}: says the same as {seen[cells]}.")
            continue
        seen[cells] = place
        try:
            row = _row(place, cells)
        except ValueError as error:
            faults.append(f"{place}: {error}")
            continue
        if isinstance(row, Rule):
            rules.append(row)
        else:
            inheritances.append(row)
    if faults:
        raise OperatorError("\n".join(faults))
    return Rulebook(tuple(rules), tuple(inheritances))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"The policy file {path} cannot be read: {error}."
        raise OperatorError(message) from error


def _row(place: str, cells: tuple[str, ...]) -> Rule | Inheritance:
    match cells:
        case ("p", role, types, fields, action, scope, effect):
            if "|" in types and fields != "*":
                message = f"{types!r}: several types share a row only with all their fields, *."
                raise ValueError(message)
            return Rule(
                place=place,
                role=_matching(_ROLE, role, "a role is lower case letters, digits and _"),
                types=_names(_TYPES, types, "a type is Type, several are Type|Type"),
                fields=_names(_FIELDS, fields, "fields are field, field|field or *"),
                action=Action(_one_of(action, Action, "action")),
                scope=Scope(_one_of(scope, Scope, "scope")),
                effect=Effect(_one_of(effect, Effect, "effect")),
            )
        case ("g", role, parent):
            return Inheritance(
                place=place,
                role=_matching(_ROLE, role, "a role is lower case letters, digits and _"),
                parent=_matching(_ROLE, parent, "a role is lower case letters, digits and _"),
            )
    message = (
        "a row is `p, role, types, fields, action, scope, effect` or `g, role, role`; "
        f"this one has {len(cells)} cells and begins with {cells[0]!r}."
    )
    raise ValueError(message)


def _matching(pattern: re.Pattern[str], word: str, rule: str) -> str:
    if not pattern.fullmatch(word):
        message = f"{word!r} does not fit: {rule}."
        raise ValueError(message)
    return word


def _names(pattern: re.Pattern[str], cell: str, rule: str) -> tuple[str, ...]:
    return tuple(_matching(pattern, cell, rule).split("|"))


def _one_of(word: str, words: type[StrEnum], what: str) -> str:
    known = [each.value for each in words]
    if word not in known:
        message = f"the {what} {word!r} is not one of {', '.join(known)}."
        raise ValueError(message)
    return word
