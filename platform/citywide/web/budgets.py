"""Budgets: how much work a tenant, an account and an address may have done in a minute.

What is done is counted in points. A point is about a millisecond of a processor, in this process
or in the database for it. Budgets do not keep neighbours apart, which fair queues do
(`db.turns`): they say how much one may take of what is there for everybody, also while nobody
else is there, and they say it in time, so that a program can slow down before it is refused.

Every worker process counts for itself, as it does for `seats`. What something costs is known when
it is under way, so it is charged then, and whoever has used up their budget is refused until it has
filled up again: this is the leaky bucket as a meter (ITU-T I.371, annex A), whose level may go
below nothing by one operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Final

from cachetools import LRUCache

from citywide.web.callers import Caller, FullError

# A budget fills up from nothing in so many seconds.
WINDOW_S = 60
# The points of an account, of those of its tenant: one program does not use up an agency's.
ACCOUNT_SHARE = 2 / 3
# Of an address without a sign-in: a hundred refusals a second, of less than a millisecond each.
UNKNOWN_POINTS = 6_000
# Buckets that are kept of each kind, those used last: one that was not is full long since.
BUCKETS = 20_000
# What every request costs its account or address, whatever becomes of it.
REQUEST_POINTS = 1
# A page that is printed takes the press some tens of milliseconds.
PAGE_POINTS = 50


class Buckets:
    """The buckets of one kind, full at first.

    Each is one number: when it will be full again.
    """

    def __init__(self, name: str, points: int, clock: Callable[[], float]) -> None:
        self.name: Final = name
        self.points: Final = points
        self._full_at: Final[LRUCache[Hashable, float]] = LRUCache(BUCKETS)
        self._clock: Final = clock
        self._seconds_each: Final = WINDOW_S / points

    def left(self, key: Hashable) -> float:
        """The points left; what was taken beyond them is below zero."""
        return self.points - self.seconds_to_full(key) / self._seconds_each

    def seconds_to_full(self, key: Hashable) -> float:
        """When all points will be there again, if nothing is taken."""
        return max(0.0, self._full_at.get(key, 0.0) - self._clock())

    def seconds_to_use(self, key: Hashable) -> int:
        """When there will be a point; at least one second."""
        return max(1, math.ceil((1 - self.left(key)) * self._seconds_each))

    def take(self, key: Hashable, points: float) -> None:
        """Take points, whether they are there or not."""
        now = self._clock()
        full_at = max(self._full_at.get(key, 0.0), now)
        self._full_at[key] = full_at + points * self._seconds_each


@dataclass(frozen=True, slots=True)
class _Budget:
    """One bucket of a caller's, and how a sentence calls whose it is."""

    buckets: Buckets
    key: Hashable
    whose: str


class Budgets:
    """All budgets of this process; `tenant_points` is a tenant's, in points a window."""

    def __init__(self, tenant_points: int, clock: Callable[[], float] = monotonic) -> None:
        account_points = max(1, int(tenant_points * ACCOUNT_SHARE))
        self._tenants: Final = Buckets("tenant", tenant_points, clock)
        self._accounts: Final = Buckets("account", account_points, clock)
        self._addresses: Final = Buckets("address", UNKNOWN_POINTS, clock)

    def admit(self, caller: Caller) -> None:
        """Let in whoever has points left; raises `FullError` (429)."""
        for budget in self._of(caller):
            if budget.buckets.left(budget.key) < 1:
                seconds = budget.buckets.seconds_to_use(budget.key)
                message = (
                    f"{budget.whose} used up {budget.buckets.points} points of work a minute: "
                    f"wait {seconds} s, and ask for less."
                )
                raise FullError(HTTPStatus.TOO_MANY_REQUESTS, message, seconds)

    def charge(self, caller: Caller, points: float) -> None:
        """Work was done, or is begun, for this caller."""
        for budget in self._of(caller):
            budget.buckets.take(budget.key, points)

    def fields(self, caller: Caller) -> list[tuple[bytes, bytes]]:
        """What the caller has, and has left, as header fields.

        They are `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-10: q
        points in w seconds; r of them are left, and all are back in t seconds.
        """
        policies, limits = [], []
        for budget in self._of(caller):
            buckets = budget.buckets
            left = max(0, math.floor(buckets.left(budget.key)))
            seconds = math.ceil(buckets.seconds_to_full(budget.key))
            policies.append(f'"{buckets.name}";q={buckets.points};w={WINDOW_S}')
            limits.append(f'"{buckets.name}";r={left};t={seconds}')
        return [
            (b"ratelimit-policy", ", ".join(policies).encode()),
            (b"ratelimit", ", ".join(limits).encode()),
        ]

    def _of(self, caller: Caller) -> Iterator[_Budget]:
        if caller.subject is None:
            yield _Budget(self._addresses, caller.address, "Whoever asks from your address has")
            return
        yield _Budget(self._accounts, caller.subject, "Your account has")
        if caller.tenant_id is not None:
            yield _Budget(self._tenants, caller.tenant_id, "Your agency has")
