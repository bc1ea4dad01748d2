"""Decisions as data: what each role may read, may not, and reads masked, run against the policy.

A file a role, `decisions/<role>.yaml`; a case lists coordinates, what is expected and why:

    role: social_worker
    cases:
      - because: A colleague's client is known by surname.
        coordinates: [Beneficiary.name]
        expect: mask
        scope: tenant
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from citywide.authz.grants import Grant, Scope
from citywide.authz.policy import Policy
from citywide.errors import OperatorError

FOLDER = "decisions"


class Expectation(StrEnum):
    """What a case says about its coordinates."""

    ALLOW = "allow"  # as it is, within exactly this scope
    MASK = "mask"  # masked, out to exactly this scope, and not as it is there
    DENY = "deny"  # not at all; with a scope: neither as it is nor masked that far


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Case(_Document):
    """One decision, for each of the coordinates."""

    because: Annotated[str, Field(min_length=1)]
    coordinates: Annotated[tuple[str, ...], Field(min_length=1)]
    expect: Expectation
    scope: Scope | None = None

    @model_validator(mode="after")
    def _has_scope(self) -> Self:
        if self.scope is None and self.expect is not Expectation.DENY:
            message = f"expect: {self.expect} needs a scope"
            raise ValueError(message)
        return self

    def holds(self, grant: Grant | None) -> bool:
        """Whether `grant` is what this case expects."""
        match self.expect:
            case Expectation.ALLOW:
                return grant is not None and grant.clear is self.scope
            case Expectation.MASK:
                return (
                    grant is not None
                    and grant.masked is self.scope
                    and grant.clear is not self.scope
                )
            case Expectation.DENY:
                return grant is None or (self.scope is not None and not grant.covers(self.scope))


class Decisions(_Document):
    """One file: the cases of one role."""

    role: str
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Failure:
    """A decision that is not what its file says, and the policy's own account of it."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


def read(folder: Path) -> dict[str, Decisions]:
    """Every decision file of `folder`, by role; one that cannot be read is an OperatorError."""
    found: dict[str, Decisions] = {}
    for path in sorted(folder.glob("*.yaml")):
        place = _place(folder, path.name)
        try:
            content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
            decisions = Decisions.model_validate(content)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}"
                for fault in error.errors()
            )
            message = f"{place}: {faults}."
            raise OperatorError(message) from error
        except (OSError, UnicodeDecodeError, YAMLError) as error:
            message = f"{place}: cannot be read: {error}"
            raise OperatorError(message) from error
        if decisions.role != path.stem:
            message = f"{place}: is about {decisions.role}; a file is named after its role."
            raise OperatorError(message)
        found[decisions.role] = decisions
    return found


def run(folder: Path, policy: Policy) -> list[Failure]:
    """Compare every case of `folder` with the policy; a role without a file fails as well."""
    files = read(folder)
    failures = [
        Failure(_place(folder, f"{role}.yaml"), f"is missing: nothing says what {role} may read.")
        for role in sorted(policy.roles - files.keys())
    ]
    for role, decisions in files.items():
        place = _place(folder, f"{role}.yaml")
        if role in policy.roles:
            failures += _failures(place, decisions, policy)
        else:
            failures.append(Failure(place, f"no member can hold the role {role}."))
    return failures


def _place(folder: Path, name: str) -> str:
    return f"{folder.parent.name}/{folder.name}/{name}"


def _failures(place: str, decisions: Decisions, policy: Policy) -> Iterator[Failure]:
    roles = frozenset({decisions.role})
    grants = policy.grants(roles)
    for case in decisions.cases:
        for coordinate in case.coordinates:
            if coordinate not in policy.coordinates:
                yield Failure(place, f"{coordinate} is not in the schema.")
            elif not case.holds(grants.of(coordinate)):
                scope = f" within {case.scope}" if case.scope else ""
                found = policy.why(roles, coordinate)
                yield Failure(
                    place, f"expected {case.expect}{scope}, because: {case.because}\n{found}"
                )
