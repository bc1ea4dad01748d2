"""What a set of roles may read: the immutable answers Casbin gave once, looked up per request."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Which rows of a type a grant reaches; the planner turns it into a predicate.

    The first two are an agency's, the last two the bureau's; of each pair the second is wider.
    """

    CASELOAD = "caseload"  # an agency's rows about the worker's own beneficiaries
    TENANT = "tenant"  # all rows of one's own agency
    ASSIGNED = "assigned"  # all rows of the agencies a supervisor is assigned to
    BUREAU = "bureau"  # all rows of the bureau's city

    def covers(self, other: Scope) -> bool:
        """Whether every row within `other` is certainly within this scope."""
        return self is other or (other, self) in _WIDENINGS


_WIDENINGS = frozenset({(Scope.CASELOAD, Scope.TENANT), (Scope.ASSIGNED, Scope.BUREAU)})
_BY_WIDTH = tuple(Scope)


def widest(scopes: Iterable[Scope]) -> Scope | None:
    """The widest of these scopes, which are all an agency's or all the bureau's; None of none."""
    return max(scopes, key=_BY_WIDTH.index, default=None)


@dataclass(frozen=True, slots=True)
class Grant:
    """How far one coordinate is readable: as it is within `clear`, masked within `masked`.

    Each is the widest scope granted, or None. At least one is set.
    """

    clear: Scope | None
    masked: Scope | None

    def covers(self, rows: Scope) -> bool:
        """Whether the coordinate is readable, clear or masked, wherever `rows` reaches."""
        return any(scope is not None and scope.covers(rows) for scope in (self.clear, self.masked))


DENIED = "denied"


def in_words(grant: Grant | None) -> str:
    """The grant as the reviewed table and the decisions say it: `caseload+mask tenant`."""
    if grant is None:
        return DENIED
    words = [] if grant.clear is None else [grant.clear.value]
    if grant.masked is not None and not (grant.clear and grant.clear.covers(grant.masked)):
        words.append(f"mask {grant.masked}")
    return "+".join(words)


@dataclass(frozen=True, slots=True)
class Grants:
    """Coordinate to grant, for one set of roles under one version of the policy.

    `roles` are names of the policy's roles, and roles of an agency's own as values that hold all
    they may do (`own_roles.OwnRole`): two sets are equal when they may do the same.
    """

    roles: frozenset[Hashable]
    version: int
    by_coordinate: Mapping[str, Grant]

    def of(self, coordinate: str) -> Grant | None:
        """The grant of `Type.field`, or None: forbidden."""
        return self.by_coordinate.get(coordinate)
