"""Places at the database: so many statements at a time, shared fairly between tenants.

A pool of connections serves whoever came first, and so whoever sends most. Here those who wait
are served by tenant (`turns`), no tenant takes all places, and heavy statements take few: a
figure of a year does not hold up the look-up of one file.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from citywide.db.turns import Turns

# Heavy statements at a time in one process: each keeps a processor busy, and there are two.
HEAVY_PLACES = 2
# Places that one tenant leaves to the others, even when nobody waits: whoever comes finds one.
PLACES_FOR_OTHERS = 2
# Places of one tenant while others are there, too: with half of the processors at work for one
# tenant, another one's look-up finds a processor when it comes. Beside four connections that record
# services it took 4.5 ms so, and 6.2 with as many as when nobody else is there (2.5 alone; 2
# processors).
BESIDE_OTHERS = max(1, (os.cpu_count() or 1) // 2)
# For so long after its last statement a tenant is there: a page asks some things one after the
# other.
RECENT_S = 1.0
# What a statement counts for until it has ended, when its real time is known: a usual one takes
# a few milliseconds, a heavy one some hundred.
EXPECTED_S = 0.005
# The same of a heavy one.
HEAVY_EXPECTED_S = 0.2


@dataclass(eq=False, slots=True)
class Place:
    """A place that is waited for or taken; it is given back to where it came from."""

    tenant: Hashable
    is_heavy: bool
    taken: asyncio.Future[None] = field(repr=False)
    since: float = 0.0

    @property
    def expected_s(self) -> float:
        """What it counts for until it is given back."""
        return HEAVY_EXPECTED_S if self.is_heavy else EXPECTED_S


class Places:
    """The places of one pool."""

    def __init__(
        self,
        size: int,
        *,
        beside_others: int = BESIDE_OTHERS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._clock: Final = clock
        self._size: Final = size
        self._heavy_size: Final = max(1, min(HEAVY_PLACES, size - 1))
        self._of_one: Final = max(1, size - PLACES_FOR_OTHERS)
        self._beside_others: Final = min(self._of_one, beside_others)
        # When each tenant asked last, the one that asked longest ago at the beginning.
        self._asked: Final[dict[Hashable, float]] = {}
        self._light: Final[Turns[Place]] = Turns()
        self._heavy: Final[Turns[Place]] = Turns()
        self._taken: Final[Counter[Hashable]] = Counter()
        self._heavy_taken = 0

    async def take(self, tenant: Hashable, *, is_heavy: bool = False) -> Place:
        """A place for one transaction; whoever is cancelled while waiting has none."""
        place = Place(tenant, is_heavy, asyncio.get_running_loop().create_future())
        self._asked.pop(tenant, None)
        self._asked[tenant] = self._clock()
        self._turns(place).put(tenant, place)
        self._serve()
        try:
            await place.taken
        except asyncio.CancelledError:
            # It may have been served in the moment in which it was cancelled.
            if place.since:
                self.give_back(place)
            else:
                self._turns(place).withdraw(tenant, place)
            raise
        return place

    def give_back(self, place: Place) -> None:
        """The transaction has ended; the next one begins."""
        turns = self._turns(place)
        turns.charge(place.tenant, self._clock() - place.since - place.expected_s)
        turns.end(place.tenant)
        self._taken[place.tenant] -= 1
        if not self._taken[place.tenant]:
            del self._taken[place.tenant]
        self._heavy_taken -= place.is_heavy
        self._serve()

    def _turns(self, place: Place) -> Turns[Place]:
        return self._heavy if place.is_heavy else self._light

    def _serve(self) -> None:
        """Give away what is free."""
        while self._taken.total() < self._size and (found := self._next()) is not None:
            tenant, place = found
            self._turns(place).charge(tenant, place.expected_s)
            place.since = self._clock()
            self._taken[tenant] += 1
            self._heavy_taken += place.is_heavy
            if not place.taken.done():
                place.taken.set_result(None)

    def _next(self) -> tuple[Hashable, Place] | None:
        """Light ones first, but one heavy one is always under way: neither waits for ever."""
        most = self._most()

        def may(tenant: Hashable) -> bool:
            return self._taken[tenant] < most

        heavy = light = None
        if self._heavy_taken == 0:
            heavy = self._heavy.next(may)
        if heavy is None:
            light = self._light.next(may)
        if heavy is None and light is None and self._heavy_taken < self._heavy_size:
            heavy = self._heavy.next(may)
        return heavy or light

    def _most(self) -> int:
        """How many places one tenant may have now."""
        long_ago = self._clock() - RECENT_S
        while (first := next(iter(self._asked), None)) is not None:
            if self._asked[first] > long_ago:
                break
            del self._asked[first]
        return self._of_one if len(self._asked) <= 1 else self._beside_others
