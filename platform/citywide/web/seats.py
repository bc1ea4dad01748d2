"""Seats: how many requests, streams and WebSockets of whom a worker has in hand at a time.

Every worker process counts for itself, because what a seat costs (a task, a file, memory, a part of
the event loop) is the worker's own: with two workers everybody has twice as many. Whoever is not
signed in has seats of their own and takes none from those who are.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from uuid import UUID

from citywide.web.budgets import Budgets
from citywide.web.callers import Caller, FullError

# Requests in hand. Nearly all wait for one of a dozen database connections: more would only wait
# longer, and each holds a body of 256 KiB at worst.
REQUESTS = 1_000
# So three tenants that take all they can leave a fourth whatever it needs.
REQUESTS_PER_TENANT = 300
# A browser has six under way; a program that sends a whole day's records at once has some dozens.
REQUESTS_PER_ACCOUNT = 100
# Who is not signed in is refused at once, or asks for the page at `/`: a few are in hand together.
REQUESTS_UNKNOWN = 200
# An office behind one address that signs in at eight in the morning.
REQUESTS_UNKNOWN_PER_ADDRESS = 50

# Streams of events; each is a task, a file, some 50 kB and one of the server's connections.
STREAMS = 1_000
# WebSockets cost the same, but hold none of the connections that the server counts.
SOCKETS = 2_000
# The larger agencies have three hundred people, some with two windows open.
STREAMS_PER_TENANT = 500
# The same with three windows each.
SOCKETS_PER_TENANT = 1_000
# A window has a stream for each of its subscriptions.
STREAMS_PER_ACCOUNT = 20
# A window has one connection for all of its subscriptions.
SOCKETS_PER_ACCOUNT = 20
# A stream is refused at once without a token.
STREAMS_UNKNOWN = 100
# A WebSocket has five seconds to sign in.
SOCKETS_UNKNOWN = 200
# So four addresses are needed to take all.
STREAMS_UNKNOWN_PER_ADDRESS = 25
# Beyond it the one that has waited longest is closed: the next one may be about to sign in.
SOCKETS_UNKNOWN_PER_ADDRESS = 50

# So many of each tenant find a seat even when all are taken: nobody is shut out by the others.
KEPT_PER_TENANT = 8


@dataclass(frozen=True, slots=True)
class Caps:
    """Bounds of one kind of seat, which the sentences call `what`."""

    what: str
    total: int
    tenant: int
    account: int
    unknown: int
    address: int
    kept: int = KEPT_PER_TENANT


REQUEST_CAPS = Caps(
    what="requests",
    total=REQUESTS,
    tenant=REQUESTS_PER_TENANT,
    account=REQUESTS_PER_ACCOUNT,
    unknown=REQUESTS_UNKNOWN,
    address=REQUESTS_UNKNOWN_PER_ADDRESS,
)
STREAM_CAPS = Caps(
    what="streams",
    total=STREAMS,
    tenant=STREAMS_PER_TENANT,
    account=STREAMS_PER_ACCOUNT,
    unknown=STREAMS_UNKNOWN,
    address=STREAMS_UNKNOWN_PER_ADDRESS,
)
SOCKET_CAPS = Caps(
    what="WebSockets",
    total=SOCKETS,
    tenant=SOCKETS_PER_TENANT,
    account=SOCKETS_PER_ACCOUNT,
    unknown=SOCKETS_UNKNOWN,
    address=SOCKETS_UNKNOWN_PER_ADDRESS,
)


@dataclass(slots=True, eq=False)
class Seat:
    """One seat, from `Seats.taken` to the end of its block.

    `give_way` ends whoever sits here without having signed in, for somebody who comes; None where
    nobody can be asked to leave.
    """

    caller: Caller
    _seats: Seats
    give_way: Callable[[], None] | None = None
    _is_taken: bool = field(default=True, init=False)

    def sign_in(self, subject: str, tenant_id: UUID | None = None) -> None:
        """From now on this is a seat of that account and tenant; raises `FullError`."""
        if not self._is_taken:
            sentence = "Your place was given to somebody else: try again in a moment."
            raise FullError(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
        self._seats.move(self, replace(self.caller, subject=subject, tenant_id=tenant_id))
        self.admit()

    def admit(self) -> None:
        """Let whoever sits here ask for something; raises `FullError` without a budget for it."""
        self._seats.budgets.admit(self.caller)

    def charge(self, points: float) -> None:
        """Whoever sits here has this done for them (`budgets`)."""
        self._seats.budgets.charge(self.caller, points)

    def leave(self) -> None:
        """Give the seat back, once."""
        if self._is_taken:
            self._is_taken = False
            self._seats.drop(self)


class Seats:
    """All seats of one kind in this process, and the budgets of those who sit there."""

    def __init__(self, caps: Caps, budgets: Budgets) -> None:
        self.caps = caps
        self.budgets = budgets
        self.taken_in_all = 0
        self._tenants: Counter[Hashable] = Counter()
        self._accounts: Counter[Hashable] = Counter()
        # Of those who are not signed in: by address, the one that came first at the beginning.
        self._unknown: dict[str, dict[Seat, None]] = {}

    @contextlib.contextmanager
    def taken(self, caller: Caller) -> Iterator[Seat]:
        """A seat for `caller` as long as the block lasts; raises `FullError`."""
        self._admit(caller, before=None)
        seat = Seat(caller, self)
        self._count(seat, 1)
        try:
            yield seat
        finally:
            seat.leave()

    def move(self, seat: Seat, caller: Caller) -> None:
        """Let `caller` have this seat; raises `FullError`, and then it is whose it was."""
        self._admit(caller, before=seat.caller)
        self._count(seat, -1)
        seat.caller = caller
        self._count(seat, 1)

    def drop(self, seat: Seat) -> None:
        """Count a seat no longer."""
        self._count(seat, -1)

    @property
    def is_empty(self) -> bool:
        """Whether nobody is counted any more, by whatever."""
        return not (self.taken_in_all or self._tenants or self._accounts or self._unknown)

    def _admit(self, caller: Caller, before: Caller | None) -> None:
        if caller.subject is None:
            self._admit_unknown(caller.address)
            return
        caps = self.caps
        had = None if before is None else before.subject
        if caller.subject != had and self._accounts[caller.subject] >= caps.account:
            mine = f"Your account has {caps.account} {caps.what} under way here"
            raise FullError(HTTPStatus.TOO_MANY_REQUESTS, f"{mine}: end one first.")
        if caller.tenant_id is None:
            return
        had_tenant = None if before is None else before.tenant_id
        held = self._tenants[caller.tenant_id] - (caller.tenant_id == had_tenant)
        if held >= caps.tenant:
            ours = f"Your agency has {caps.tenant} {caps.what} under way here"
            raise FullError(HTTPStatus.TOO_MANY_REQUESTS, f"{ours}: try again in a moment.")
        # The one that asks is counted already where it was let in.
        others = self.taken_in_all - (before is not None)
        if others >= caps.total and held >= caps.kept:
            everybody = f"Too many {caps.what} are under way here right now"
            raise FullError(HTTPStatus.SERVICE_UNAVAILABLE, f"{everybody}: try again in a moment.")

    def _admit_unknown(self, address: str) -> None:
        """Make room for one more who is not signed in; raises `FullError`."""
        caps = self.caps
        if len(self._unknown.get(address, ())) >= caps.address:
            self._make_way(address)
        if sum(map(len, self._unknown.values())) >= caps.unknown:
            self._make_way(max(self._unknown, key=lambda each: len(self._unknown[each])))

    def _make_way(self, address: str) -> None:
        for seat in self._unknown[address]:
            if seat.give_way is not None:
                seat.leave()
                seat.give_way()
                return
        sentence = f"Too many {self.caps.what} without a sign-in are under way: try again later."
        raise FullError(HTTPStatus.TOO_MANY_REQUESTS, sentence)

    def _count(self, seat: Seat, change: int) -> None:
        self.taken_in_all += change
        caller = seat.caller
        if caller.subject is None:
            mine = self._unknown.setdefault(caller.address, {})
            if change > 0:
                mine[seat] = None
            else:
                mine.pop(seat)
            if not mine:
                del self._unknown[caller.address]
        for counter, key in ((self._accounts, caller.subject), (self._tenants, caller.tenant_id)):
            if key is not None:
                counter[key] += change
                if not counter[key]:
                    del counter[key]
