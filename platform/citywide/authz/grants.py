"""What a set of roles may read: the immutable answers Casbin gave once, looked up per request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Which rows of a type a grant reaches; the planner turns it into a predicate."""

    CASELOAD = "caseload"  # an agency's rows about the worker's own beneficiaries
    TENANT = "tenant"  # all rows of one's own agency
    ASSIGNED = "assigned"  # all rows of the agencies a supervisor is assigned to
    BUREAU = "bureau"  # all rows of the bureau's city


@dataclass(frozen=True, slots=True)
class Grant:
    """How far one coordinate is readable: as it is within `clear`, masked within `masked`.

    Each is the widest scope granted, or None. At least one is set.
    """

    clear: Scope | None
    masked: Scope | None


@dataclass(frozen=True, slots=True)
class Grants:
    """Coordinate to grant, for one set of roles under one version of the policy."""

    roles: frozenset[str]
    version: int
    by_coordinate: Mapping[str, Grant]

    def of(self, coordinate: str) -> Grant | None:
        """The grant of `Type.field`, or None: forbidden."""
        return self.by_coordinate.get(coordinate)
