"""Decisions that have a reason, as data: what comes out for which role, and why.

`policies/decisions.yaml` is written by hand. A case says in the words of the reviewed table what
comes out for each role it names, and for all others:

    - because: De-identified means no name at all; of a colleague's client a surname is enough.
      coordinates: [Beneficiary.name]
      expect: {director: tenant, social_worker: caseload+mask tenant, others: denied}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from citywide.authz.grants import DENIED, Scope, in_words
from citywide.authz.policy import Policy
from citywide.errors import OperatorError

FILE = "decisions.yaml"
# All roles that a case does not name.
OTHERS = "others"


_SCOPE = "|".join(Scope)
_WORDS = rf"^({DENIED}|({_SCOPE})|(({_SCOPE})\+)?mask ({_SCOPE}))$"


class Case(BaseModel):
    """One decision, for each of the coordinates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    because: Annotated[str, Field(min_length=1)]
    coordinates: Annotated[tuple[str, ...], Field(min_length=1)]
    expect: Annotated[dict[str, Annotated[str, Field(pattern=_WORDS)]], Field(min_length=1)]

    def of(self, roles: tuple[str, ...]) -> Mapping[str, str]:
        """What is expected for each of the roles, `others` written out."""
        if OTHERS not in self.expect:
            return self.expect
        return {role: self.expect.get(role, self.expect[OTHERS]) for role in roles}


@dataclass(frozen=True, slots=True)
class Failure:
    """A decision that is not what the file says, and the policy's own account of it."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


def read(folder: Path) -> tuple[Case, ...]:
    """The cases of the policy folder's file; one that cannot be read is an OperatorError."""
    path = folder / FILE
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        return TypeAdapter(tuple[Case, ...]).validate_python(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}"
            for fault in error.errors()
        )
        message = f"{_place(folder)}: {faults}."
        raise OperatorError(message) from error
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        message = f"{_place(folder)}: cannot be read: {error}"
        raise OperatorError(message) from error


def count(cases: tuple[Case, ...], policy: Policy) -> int:
    """How many answers of the policy the cases say."""
    return sum(len(case.coordinates) * len(case.of(policy.role_order)) for case in cases)


def run(folder: Path, policy: Policy) -> list[Failure]:
    """Compare every case of the folder's file with the policy."""
    place = _place(folder)
    return [Failure(place, problem) for case in read(folder) for problem in _problems(case, policy)]


def _place(folder: Path) -> str:
    return f"{folder.name}/{FILE}"


def _problems(case: Case, policy: Policy) -> Iterator[str]:
    for role in sorted(case.expect.keys() - policy.roles - {OTHERS}):
        yield f"no member can hold the role {role}."
    for coordinate in case.coordinates:
        if coordinate not in policy.coordinates:
            yield f"{coordinate} is not in the schema."
            continue
        for role, expected in case.of(policy.role_order).items():
            if role not in policy.roles:
                continue
            roles = frozenset({role})
            if in_words(policy.grants(roles).of(coordinate)) != expected:
                found = policy.why(roles, coordinate)
                yield f"expected {expected} for {role}, because: {case.because}\n{found}"
