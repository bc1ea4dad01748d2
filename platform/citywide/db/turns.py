"""Whose turn it is: what waits is served by tenant, whoever was given least time first.

This is start-time fair queueing (Goyal, Vin and Cheng, 1996) with the time that was really used:
a tenant that sends a thousand things waits behind its own, never in front of another's one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

Waiting = TypeVar("Waiting")


class Turns(Generic[Waiting]):
    """What waits, by tenant; each tenant's in the order in which it came.

    Nobody who waits is passed over for longer than the others take to use as much as they have;
    whoever comes back after a while is given no credit for it.
    """

    def __init__(self) -> None:
        self._waiting: Final[dict[Hashable, deque[Waiting]]] = {}
        # Seconds that a tenant was given, counted from what the others had when it came.
        self._given: Final[dict[Hashable, float]] = {}
        self._under_way: Final[dict[Hashable, int]] = {}
        self._now = 0.0

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    def waiting(self, tenant: Hashable) -> int:
        """How many of this tenant wait."""
        return len(self._waiting.get(tenant, ()))

    def put(self, tenant: Hashable, what: Waiting) -> None:
        """Let it wait for its turn."""
        self._arrive(tenant)
        self._waiting.setdefault(tenant, deque()).append(what)

    def put_back(self, tenant: Hashable, what: Waiting) -> None:
        """Let it wait again, before everything else of its tenant."""
        self._waiting.setdefault(tenant, deque()).appendleft(what)

    def next(
        self, may: Callable[[Hashable], bool] = lambda _: True
    ) -> tuple[Hashable, Waiting] | None:
        """Take the next one of a tenant that `may`; it is under way until `end`."""
        waits = [each for each in self._waiting if may(each)]
        if not waits:
            return None
        tenant = min(waits, key=self._given.__getitem__)
        self._now = max(self._now, self._given[tenant])
        waiting = self._waiting[tenant]
        found = waiting.popleft()
        if not waiting:
            del self._waiting[tenant]
        self._under_way[tenant] = self._under_way.get(tenant, 0) + 1
        return tenant, found

    def charge(self, tenant: Hashable, seconds: float) -> None:
        """What is under way for a tenant was given so much time; what is negative is given back."""
        self._given[tenant] += seconds

    def end(self, tenant: Hashable) -> None:
        """Something that was under way has ended."""
        self._under_way[tenant] -= 1
        if not self._under_way[tenant]:
            del self._under_way[tenant]
        self._forget(tenant)

    def withdraw(self, tenant: Hashable, what: Waiting) -> None:
        """It waits no longer; ValueError when it did not."""
        waiting = self._waiting.get(tenant, deque())
        waiting.remove(what)
        if not waiting:
            del self._waiting[tenant]
        self._forget(tenant)

    def _arrive(self, tenant: Hashable) -> None:
        self._given[tenant] = max(self._given.get(tenant, 0.0), self._now)

    def _forget(self, tenant: Hashable) -> None:
        """Know nothing of whoever is not there and has had no more than the others."""
        if not self._waiting and not self._under_way:
            self._given.clear()
            self._now = 0.0
            return
        is_there = tenant in self._waiting or tenant in self._under_way
        if not is_there and self._given[tenant] <= self._now:
            del self._given[tenant]
