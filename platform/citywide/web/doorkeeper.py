"""The doorkeeper: looks after connections in which nothing is being asked.

The server takes so many connections and then lets everybody wait, and an application hears of a
connection only with its first request. So the doorkeeper looks at the process's own files, and
where somebody has too many connections that ask nothing the ones that have waited longest go.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from citywide.settings import Network
from citywide.web.callers import Caller, is_among, one_origin, read_address

# Sent bytes that nobody has acknowledged for so long: the other end is gone, or takes nothing.
UNACKNOWLEDGED_S = 30.0
# A flood has to open more connections within two of these than the server takes in all.
LOOK_S = 0.5
# Connections in which nobody has signed in and nothing is asked: with a request, or within twenty
# seconds, it is over.
UNKNOWN = 500
# The same of one address: the browsers of an office open six each.
UNKNOWN_PER_ADDRESS = 100
# Connections that are kept for the next request of somebody who has signed in: reconnecting costs
# a client a round trip.
IDLE = 1_000
# So three tenants that keep all they can leave room for others.
IDLE_PER_TENANT = 300
# A program's pool; a browser keeps six.
IDLE_PER_ACCOUNT = 50
# Connections that are looked at before others have their turn: half a millisecond.
SLICE = 100

# The open files of whichever process looks.
FILES = Path("/dev/fd")

# Address and port of the other end.
Peer = tuple[str, int]
# Device and number of a file, which no other one has as long as it is open.
_Name = tuple[int, int]


@dataclass(slots=True)
class Connection:
    """One connection: where it comes from, who last asked in it, since when nothing is asked.

    `origin` is None for a proxy of ours: it has its own bounds, and asks for one account after
    the other.
    """

    since: float
    origin: str | None = None
    caller: Caller | None = None
    in_hand: int = 0


@dataclass(frozen=True, slots=True)
class _Socket:
    """A socket of this process: `peer` is None for one that listens."""

    port: int
    peer: Peer | None = None


_NOBODY = ("", 0)


class Doorkeeper:
    """Knows the connections of this process to the ports that it listens on."""

    def __init__(
        self,
        proxies: Sequence[Network] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._proxies = proxies
        self._clock = clock
        self.connections: dict[Peer, Connection] = {}
        # What was found out when each was seen for the first time.
        self._sockets: dict[_Name, _Socket] = {}

    @contextlib.contextmanager
    def serving(self, client: tuple[str, int | str] | None) -> Iterator[Connection]:
        """Whoever is at the other end is being served as long as the block lasts."""
        if client is None:
            yield Connection(self._clock())
            return
        peer = _peer(*client)
        connection = self._known(peer)
        connection.in_hand += 1
        try:
            yield connection
        finally:
            connection.in_hand -= 1
            connection.since = self._clock()

    async def watch(self) -> None:
        """Look for ever; the web application runs this beside its requests."""
        while True:
            # There may be no file left to look with for a moment.
            with contextlib.suppress(OSError):
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look at every connection once, and hang up on whoever has to go."""
        began = self._clock()
        seen = await self._seen()
        for peer in [*self.connections]:
            known = self.connections[peer]
            if peer not in seen and not known.in_hand and known.since < began:
                del self.connections[peer]
        idle = {peer: each for peer in seen if not (each := self.connections[peer]).in_hand}
        for peer in self._too_many(idle):
            # One that has just come, or was answered just now, is given until the next look to ask.
            if not idle[peer].in_hand and idle[peer].since < began:
                _hang_up(seen[peer], peer)

    def _too_many(self, idle: Mapping[Peer, Connection]) -> list[Peer]:
        """Those beyond what an account, a tenant, an address and all together may keep."""
        unknown: dict[Hashable, list[Peer]] = defaultdict(list)
        accounts: dict[Hashable, list[Peer]] = defaultdict(list)
        tenants: dict[Hashable, list[Peer]] = defaultdict(list)
        for peer in sorted(idle, key=lambda each: idle[each].since, reverse=True):
            origin, caller = idle[peer].origin, idle[peer].caller
            if origin is None:
                continue
            if caller is None:
                unknown[origin].append(peer)
            else:
                accounts[caller.subject].append(peer)
                tenants[caller.tenant_id].append(peer)
        return [
            *_beyond(unknown, UNKNOWN_PER_ADDRESS, UNKNOWN),
            *_beyond(accounts, IDLE_PER_ACCOUNT, IDLE),
            *_beyond(tenants, IDLE_PER_TENANT, IDLE),
        ]

    def _known(self, peer: Peer) -> Connection:
        """What is known of the connection to `peer`, which may be new."""
        known = self.connections.get(peer)
        if known is None:
            origin = one_origin(read_address(peer[0]))
            place = None if is_among(origin, self._proxies) else origin
            known = self.connections[peer] = Connection(self._clock(), place)
        return known

    async def _seen(self) -> dict[Peer, int]:
        """The files of all connections to ports that this process listens on."""
        sockets: dict[_Name, _Socket] = {}
        files: dict[_Name, int] = {}
        for number, file in enumerate(_files()):
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            with contextlib.suppress(OSError):
                # Of one that was seen before the name says enough, which costs a twentieth.
                status = os.fstat(file)
                name = (status.st_dev, status.st_ino)
                sockets[name] = self._sockets.get(name) or _examined(file)
                files[name] = file
        self._sockets = sockets
        ports = {each.port for each in sockets.values() if each.peer is None}
        seen: dict[Peer, int] = {}
        for name, each in sockets.items():
            if each.peer is not None and each.port in ports:
                self._known(each.peer)
                seen[each.peer] = files[name]
        return seen


def _peer(host: str, port: int | str) -> Peer:
    """The other end; granian tells an application the port as a text."""
    return host.partition("%")[0], int(port)


def _files() -> list[int]:
    return [int(path.name) for path in FILES.iterdir()]


def _beyond(groups: Mapping[Hashable, list[Peer]], each: int, total: int) -> list[Peer]:
    """Whom to send away so that a group keeps `each` at most and all of them `total`.

    Groups come with the newest first, which stay: one that has just come is about to ask. Of two
    groups the one that has more loses first.
    """
    ranked = [(rank, peer) for peers in groups.values() for rank, peer in enumerate(peers)]
    ranked.sort(key=itemgetter(0))
    return [peer for place, (rank, peer) in enumerate(ranked) if rank >= each or place >= total]


@contextlib.contextmanager
def _opened(file: int) -> Iterator[socket.socket]:
    """A socket of the server's by its number, under one of our own; raises `OSError` for others."""
    ours = os.dup(file)
    try:
        opened = socket.socket(fileno=ours)
    except OSError:
        os.close(ours)
        raise
    with opened:
        yield opened


def _examined(file: int) -> _Socket:
    """What a file is; one that is nothing of ours has no port."""
    try:
        with _opened(file) as each:
            if each.family not in (socket.AF_INET, socket.AF_INET6):
                return _Socket(0, _NOBODY)
            port = each.getsockname()[1]
            if each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                return _Socket(port)
            peer = _peer(*each.getpeername()[:2])
            if (option := getattr(socket, "TCP_USER_TIMEOUT", None)) is not None:
                each.setsockopt(socket.IPPROTO_TCP, option, int(UNACKNOWLEDGED_S * 1000))
            return _Socket(port, peer)
    except OSError as error:
        if error.errno != errno.ENOTSOCK:
            raise
        return _Socket(0, _NOBODY)


def _hang_up(file: int, peer: Peer) -> None:
    """End a connection for the server to see; the number may be another's by now."""
    with contextlib.suppress(OSError), _opened(file) as each:
        if _peer(*each.getpeername()[:2]) == peer:
            each.shutdown(socket.SHUT_RDWR)
