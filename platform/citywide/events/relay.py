"""Reads the outbox once for a whole process and tells its subscribers, each at its own pace.

Rows are read in the order of the transactions that wrote them, and only those of transactions
older than every running one: nothing can still appear before them, so a position is enough to miss
nothing. A subscriber has a bounded queue; one that does not keep up is ended with a reason, and
nobody else notices.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import BigInteger, Text, cast, func, literal, select, tuple_
from sqlalchemy.types import Uuid

from citywide.authz.principal import Principal
from citywide.db.session import Audience, Context, Database
from citywide.errors import Code, RefusalError, UnavailableError
from citywide.events.event import Event, Place
from citywide.events.models import OUTBOX

log = structlog.get_logger()

# A fifth of the second in which an event should be there; one small statement a bureau.
POLL_S = 0.2
# Events that a subscriber may have waiting: a screen that is so far behind reads its list anew.
QUEUE = 100
# Rows of one look: a burst fills the queue of somebody who keeps up, and overflows none.
LOOK = QUEUE
# How long an event can be resumed from. Older rows stay in the table, but nobody who was away for
# so long wants to be told one by one what happened.
RETENTION = timedelta(days=7)
# Subscriptions of one process; each has a queue and a few kB.
SUBSCRIPTIONS = 5_000

_FIRST = UUID(int=0)


class Subscriber:
    """One subscription: what waits for it, or why it ended."""

    def __init__(self, principal: Principal, topic: str, row: tuple[UUID, UUID] | None) -> None:
        self.principal: Final = principal
        self.topic: Final = topic
        self._row = row
        self._waiting: deque[Event] = deque()
        self._is_ready = asyncio.Event()
        self._end: RefusalError | None = None

    def wants(self, event: Event) -> bool:
        """Whether the event can be about something for it; what it sees is decided later."""
        principal = self.principal
        if principal.audience is Audience.AGENCY and event.tenant_id != principal.tenant_id:
            return False
        if principal.audience is Audience.SUPERVISOR and event.tenant_id not in principal.tenants:
            return False
        is_it = self._row is None or self._row == (event.tenant_id, event.row_id)
        return event.topic == self.topic and is_it

    def offer(self, event: Event) -> None:
        """Put an event into the queue; a full one ends the subscription."""
        if len(self._waiting) >= QUEUE:
            message = (
                f"You are more than {QUEUE} events behind: read anew, or resume after the last "
                "event that you saw."
            )
            self.end(RefusalError(Code.LIMIT_EXCEEDED, message))
            return
        self._waiting.append(event)
        self._is_ready.set()

    def end(self, reason: RefusalError) -> None:
        """End the subscription; what waits for it is dropped."""
        self._end = self._end or reason
        self._waiting.clear()
        self._is_ready.set()

    async def next(self) -> Event:
        """The next event; raises the `RefusalError` that ended the subscription."""
        while not self._waiting:
            if self._end is not None:
                raise self._end
            self._is_ready.clear()
            await self._is_ready.wait()
        return self._waiting.popleft()


@dataclass(slots=True)
class _Bureau:
    """Whom to tell of one bureau's events, and how far they were told."""

    position: Place
    subscribers: set[Subscriber]


class Relay:
    """The one reader of the outbox in a process."""

    def __init__(self, database: Database) -> None:
        self._database: Final = database
        self._bureaus: dict[UUID, _Bureau] = {}
        self._count = 0
        self._is_wanted = asyncio.Event()
        self._beginning = asyncio.Lock()

    async def run(self) -> None:
        """Look for events while somebody subscribes, for ever."""
        is_refused = False
        while True:
            await self._is_wanted.wait()
            try:
                # Events wait in it; that the database is away is told where that is noticed.
                with suppress(UnavailableError):
                    for bureau_id in list(self._bureaus):
                        await self._look(bureau_id)
                    is_refused = False
            except asyncpg.PostgresError:
                if not is_refused:
                    log.exception("the outbox cannot be read; events wait in it")
                is_refused = True
            await asyncio.sleep(POLL_S)

    def close(self) -> None:
        """End every subscription: the process stops."""
        reason = RefusalError(Code.TIMEOUT, "The server stops: subscribe again, and resume.")
        for bureau in self._bureaus.values():
            for each in list(bureau.subscribers):
                each.end(reason)

    async def events(
        self, principal: Principal, topic: str, *, row: tuple[UUID, UUID] | None, after: str | None
    ) -> AsyncIterator[Event]:
        """A topic's events from now on, or first those after an event id that are still kept.

        Raises `RefusalError` for an event id that is none or too old, and when the subscription
        is ended.
        """
        place = _resumed(after)
        if self._count >= SUBSCRIPTIONS:
            message = "Too many are subscribed here right now: try again in a moment."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        subscriber = Subscriber(principal, topic, row)
        bureau_id = principal.bureau_id
        with self._counted():
            if place is not None:
                await self._check_told(bureau_id, place)
            bureau = await self._bureau(bureau_id)
            bureau.subscribers.add(subscriber)
            try:
                if place is not None:
                    until = bureau.position
                    async for event in self._past(bureau_id, place, until):
                        if subscriber.wants(event):
                            yield event
                while True:
                    event = await subscriber.next()
                    # Another process may have told it already.
                    if place is None or event.place > place:
                        yield event
            finally:
                bureau.subscribers.discard(subscriber)
                if not bureau.subscribers and self._bureaus.get(bureau_id) is bureau:
                    del self._bureaus[bureau_id]
                    if not self._bureaus:
                        self._is_wanted.clear()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1

    async def _bureau(self, bureau_id: UUID) -> _Bureau:
        async with self._beginning:
            if bureau_id not in self._bureaus:
                async with self._database.read(_context(bureau_id)) as transaction:
                    oldest = await transaction.scalar(select(_oldest_running()))
                self._bureaus[bureau_id] = _Bureau(Place(oldest, _FIRST), set())
                self._is_wanted.set()
            return self._bureaus[bureau_id]

    async def _check_told(self, bureau_id: UUID, place: Place) -> None:
        """Refuse an id of the future, after which nothing would ever be told.

        What was told was committed, so its transaction is an earlier one than the next.
        """
        async with self._database.read(_context(bureau_id)) as transaction:
            following = await transaction.scalar(select(_number(func.pg_snapshot_xmax)))
        if place.transaction >= following:
            raise _no_event()

    async def _look(self, bureau_id: UUID) -> None:
        """Tell what has become complete since the last look; the rest of a burst waits its turn."""
        bureau = self._bureaus.get(bureau_id)
        if bureau is None:
            return
        for event in await self._read(bureau_id, bureau.position, None):
            for subscriber in list(bureau.subscribers):
                if subscriber.wants(event):
                    subscriber.offer(event)
            bureau.position = event.place

    async def _past(self, bureau_id: UUID, after: Place, until: Place) -> AsyncIterator[Event]:
        while True:
            events = await self._read(bureau_id, after, until)
            for event in events:
                yield event
            if len(events) < LOOK:
                return
            after = events[-1].place

    async def _read(self, bureau_id: UUID, after: Place, until: Place | None) -> Sequence[Event]:
        places = tuple_(OUTBOX.c.transaction, OUTBOX.c.id)
        conditions: list[Any] = [
            OUTBOX.c.bureau_id == bureau_id,
            places > _tuple(after),
            OUTBOX.c.transaction < _oldest_running() if until is None else places <= _tuple(until),
        ]
        statement = (
            select(OUTBOX)
            .where(*conditions)
            .order_by(OUTBOX.c.transaction, OUTBOX.c.id)
            .limit(literal(LOOK, BigInteger))
        )
        async with self._database.read(_context(bureau_id)) as transaction:
            rows = await transaction.rows(statement)
        return [
            Event(
                place=Place(row["transaction"], row["id"]),
                tenant_id=row["tenant_id"],
                topic=row["topic"],
                row_id=row["row_id"],
                occurred_at=row["occurred_at"],
            )
            for row in rows
        ]


def _resumed(after: str | None) -> Place | None:
    if after is None:
        return None
    place = Place.read(after)
    if place is None:
        raise _no_event()
    if place.written_at < datetime.now(UTC) - RETENTION:
        message = (
            f"Events can be resumed for {RETENTION.days} days, and this one is older: read your "
            "lists anew and subscribe without `after`."
        )
        raise RefusalError(Code.BAD_USER_INPUT, message)
    return place


def _no_event() -> RefusalError:
    return RefusalError(Code.BAD_USER_INPUT, "`after` is not the id of an event.")


def _context(bureau_id: UUID) -> Context:
    return Context(Audience.BUREAU, bureau_id=bureau_id)


def _tuple(place: Place) -> Any:
    return tuple_(literal(place.transaction, BigInteger), literal(place.id, Uuid))


def _oldest_running() -> Any:
    """PostgreSQL's id of the oldest transaction that may still write."""
    return _number(func.pg_snapshot_xmin)


def _number(end: Any) -> Any:
    """The transaction at an end of what is running now, as a number."""
    return cast(cast(end(func.pg_current_snapshot()), Text), BigInteger)
