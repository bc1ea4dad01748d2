"""Long work in slices: reading and planning a document gives way to requests under way.

Work is a function that runs in a greenlet of its own, as SQLAlchemy's asyncio does it, and calls
`give_way` wherever it may be interrupted. When its slice is over the event loop goes on with
whatever else is ready, and a fair queue says whose work is next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from time import perf_counter
from typing import Any, Final, TypeVar

from greenlet import getcurrent, greenlet

from citywide.db.turns import Turns
from citywide.errors import Code, RefusalError
from citywide.graph.costs import Charge, for_nothing, making_points

# A warm request asks for the event loop some five times, and waits for the rest of a slice each
# time. A timer of the loop is no more exact than this.
SLICE_S = 0.001
# Beside requests under way work takes this share of the time: they wait little, and it goes on,
# at its full pace as soon as none is under way.
SHARE = 0.1
# Between two slices when nobody else is there: the threads that hold the sockets get their turn.
PAUSE_S = 0.001
# Work of one tenant that waits in one process: a page asks for some twenty operations at once.
WAITING = 100

Made = TypeVar("Made")


class _Work(greenlet):
    """Work under way; `until` is when its slice is over."""

    until: float


def give_way() -> None:
    """Let others go on when the slice is over; outside of a slice, do nothing."""
    current = getcurrent()
    if isinstance(current, _Work) and perf_counter() >= current.until:
        assert current.parent is not None
        current.parent.switch()


class _Waiting:
    """Work that waits for its next slice, and for whom."""

    def __init__(self, make: Callable[[], Any], charge: Charge) -> None:
        self.charge: Final = charge
        self.made: Final[asyncio.Future[Any]] = asyncio.get_running_loop().create_future()
        self._make = make
        self._work: Final = _Work(self._run)

    def go_on(self) -> bool:
        """One slice; whether there is more to do. Nobody waits for what is cancelled."""
        if self.made.done():
            return False
        self._work.until = perf_counter() + SLICE_S
        self._work.switch()
        return not self._work.dead

    def _run(self) -> None:
        try:
            made = self._make()
        except Exception as error:  # noqa: BLE001 -- it is raised where it is waited for
            if not self.made.done():
                self.made.set_exception(error)
        else:
            if not self.made.done():
                self.made.set_result(made)


class Slices:
    """The long work of one event loop."""

    def __init__(self) -> None:
        self._turns: Final[Turns[_Waiting]] = Turns()
        self._driver: asyncio.Task[None] | None = None
        self._requests = 0
        self._is_quiet: Final = asyncio.Event()

    @contextmanager
    def request(self) -> Iterator[None]:
        """A request is under way, to which work gives way."""
        self._requests += 1
        try:
            yield
        finally:
            self._less()

    async def made(
        self, tenant: Hashable, make: Callable[[], Made], charge: Charge = for_nothing
    ) -> Made:
        """What `make` makes, or raises, slice by slice; called inside of `request`.

        Every slice is charged when it is done.
        """
        if self._turns.waiting(tenant) >= WAITING:
            message = f"{WAITING} new operations of yours are being read; send one after the other."
            raise RefusalError(Code.TIMEOUT, message)
        waiting = _Waiting(make, charge)
        self._turns.put(tenant, waiting)
        if self._driver is None:
            self._driver = asyncio.create_task(self._drive())
        self._less()
        try:
            made: Made = await waiting.made
        finally:
            self._requests += 1
        return made

    def _less(self) -> None:
        """A request has ended, or waits for its own work."""
        self._requests -= 1
        if not self._requests:
            self._is_quiet.set()

    async def _drive(self) -> None:
        """One slice after the other, as long as there is work."""
        try:
            while (found := self._turns.next()) is not None:
                tenant, waiting = found
                began = perf_counter()
                has_more = waiting.go_on()
                used = perf_counter() - began
                self._turns.charge(tenant, used)
                waiting.charge(making_points(used))
                if has_more:
                    self._turns.put_back(tenant, waiting)
                self._turns.end(tenant)
                if self._requests:
                    # Their turn is over with the last of them, however soon that is.
                    self._is_quiet.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(used * (1 / SHARE - 1)):
                            await self._is_quiet.wait()
                else:
                    await asyncio.sleep(PAUSE_S)
        finally:
            self._driver = None
