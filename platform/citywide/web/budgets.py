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
from collections.abc import Callable, Hashable
from http import HTTPStatus
from time import monotonic
from typing import Final

from citywide.web.callers import Caller, FullError

# A budget fills up from nothing in so many seconds.
WINDOW_S = 60
# The points of an account, of those of its tenant: one program does not use up an agency's.
ACCOUNT_SHARE = 2 / 3
# Of an address without a sign-in: a hundred refusals a second, of less than a millisecond each.
UNKNOWN_POINTS = 6_000
# Buckets of each kind before those are forgotten that are full again; then those nearest to it.
BUCKETS = 20_000
# What every request costs its account or address, whatever becomes of it.
REQUEST_POINTS = 1
# A page that is printed takes the press some tens of milliseconds.
PAGE_POINTS = 50


class Buckets:
    """The buckets of one kind, full at first.

    Each is one number: when it will be full again.
    """

    def __init__(self, name: str, whose: str, points: int, clock: Callable[[], float]) -> None:
        """`name` is the policy's, and a sentence about it begins with `whose`."""
        self.name: Final = name
        self.whose: Final = whose
        self.policy: Final = f'"{name}";q={points};w={WINDOW_S}'.encode()
        self.points: Final = points
        self._full_at: Final[dict[Hashable, float]] = {}
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

    def limit(self, key: Hashable) -> str:
        """How a header field says what is left."""
        seconds = self.seconds_to_full(key)
        left = max(0, math.floor(self.points - seconds / self._seconds_each))
        return f'"{self.name}";r={left};t={math.ceil(seconds)}'

    def take(self, key: Hashable, points: float) -> None:
        """Take points, whether they are there or not."""
        now = self._clock()
        full_at = max(self._full_at.get(key, 0.0), now)
        self._full_at[key] = full_at + points * self._seconds_each
        if len(self._full_at) > BUCKETS:
            # So many at once that it is long until the next time.
            for each in sorted(self._full_at, key=self._full_at.__getitem__)[: BUCKETS // 2]:
                del self._full_at[each]


class Budgets:
    """All budgets of this process; `tenant_points` is a tenant's, in points a window."""

    def __init__(self, tenant_points: int, clock: Callable[[], float] = monotonic) -> None:
        account_points = max(1, int(tenant_points * ACCOUNT_SHARE))
        self._tenants: Final = Buckets("tenant", "Your agency has", tenant_points, clock)
        self._accounts: Final = Buckets("account", "Your account has", account_points, clock)
        self._addresses: Final = Buckets(
            "address", "Whoever asks from your address has", UNKNOWN_POINTS, clock
        )

    def admit(self, caller: Caller) -> None:
        """Let in whoever has points left; raises `FullError` (429)."""
        for buckets, key in self._of(caller):
            if buckets.left(key) < 1:
                seconds = buckets.seconds_to_use(key)
                message = (
                    f"{buckets.whose} used up {buckets.points} points of work a minute: "
                    f"wait {seconds} s, and ask for less."
                )
                raise FullError(HTTPStatus.TOO_MANY_REQUESTS, message, seconds)

    def charge(self, caller: Caller, points: float) -> None:
        """Work was done, or is begun, for this caller."""
        for buckets, key in self._of(caller):
            buckets.take(key, points)

    def fields(self, caller: Caller) -> list[tuple[bytes, bytes]]:
        """What the caller has, and has left, as header fields.

        They are `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-10: q
        points in w seconds; r of them are left, and all are back in t seconds.
        """
        budgets = self._of(caller)
        limits = [buckets.limit(key) for buckets, key in budgets]
        return [
            (b"ratelimit-policy", b", ".join(buckets.policy for buckets, _ in budgets)),
            (b"ratelimit", ", ".join(limits).encode()),
        ]

    def _of(self, caller: Caller) -> tuple[tuple[Buckets, Hashable], ...]:
        if caller.subject is None:
            return ((self._addresses, caller.address),)
        if caller.tenant_id is None:
            return ((self._accounts, caller.subject),)
        return ((self._accounts, caller.subject), (self._tenants, caller.tenant_id))
