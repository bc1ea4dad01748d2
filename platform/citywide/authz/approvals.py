"""Who must approve what: steps by amount, read from `policies/approvals.yaml`.

    expense:
      - up_to: "5000.00"
        roles: [director]
      - roles: [director, budget_officer]

Every role of the first step whose amount is not exceeded has to approve, each a different person
and none of them whoever entered it. The last step has no amount: nothing goes unapproved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from citywide.errors import OperatorError

FILE = "approvals.yaml"


class _Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    up_to: Annotated[Decimal, Field(gt=0, decimal_places=2)] | None = None
    roles: Annotated[tuple[str, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Step:
    """Up to an amount in fen, included; None: whatever it is."""

    up_to_fen: int | None
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approvals:
    """The steps of each kind of decision."""

    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)

    def roles_for(self, kind: str, amount_fen: int) -> tuple[str, ...]:
        """The roles that must approve an amount."""
        for step in self.steps[kind]:
            if step.up_to_fen is None or amount_fen <= step.up_to_fen:
                return step.roles
        message = f"The last step of {kind} has an amount."
        raise AssertionError(message)

    def strangers(self, roles: Collection[str]) -> Iterator[str]:
        """A sentence for every role that no member can hold."""
        for kind, steps in self.steps.items():
            for role in sorted({role for step in steps for role in step.roles} - set(roles)):
                yield f"policies/{FILE}: {kind}: no member can hold the role {role}."

    @classmethod
    def read(cls, folder: Path) -> Approvals:
        """The file of a policy folder; none at all when there is no file.

        Raises `OperatorError` with every fault.
        """
        path = folder / FILE
        place = f"{folder.name}/{FILE}"
        if not path.exists():
            return cls()
        try:
            content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
            found = _ADAPTER.validate_python(content)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}"
                for fault in error.errors()
            )
            raise OperatorError(f"{place}: {faults}.") from error
        except (OSError, UnicodeDecodeError, YAMLError) as error:
            raise OperatorError(f"{place}: cannot be read: {error}") from error
        broken = "\n".join(f"{place}: {fault}" for fault in _faults(found))
        if broken:
            raise OperatorError(broken)
        return cls({kind: tuple(_step(each) for each in steps) for kind, steps in found.items()})


_ADAPTER = TypeAdapter(dict[str, tuple[_Step, ...]])


def _step(found: _Step) -> Step:
    return Step(None if found.up_to is None else int(found.up_to * 100), found.roles)


def _faults(found: Mapping[str, tuple[_Step, ...]]) -> Iterator[str]:
    for kind, steps in found.items():
        amounts = [step.up_to for step in steps]
        if not steps or amounts[-1] is not None or None in amounts[:-1]:
            yield f"{kind}: the last step, and no other, is without an amount."
            continue
        limits = [amount for amount in amounts if amount is not None]
        if limits != sorted(set(limits)):
            yield f"{kind}: the amounts must rise from step to step."
