"""The doorkeeper: looks after connections in which nothing is being asked.

The server takes so many connections and then lets everybody wait, and an application hears of a
connection only with its first request. So the doorkeeper looks at the process's own files: whoever
asks nothing, or takes no answer, for too long is hung up on, and where somebody has too many such
connections the ones that have waited longest go.
"""

from __future__ import annotations

import asyncio
import contextlib
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

# An answer of a megabyte over a slow line takes less. Who waits between two requests is hung up on
# sooner, by the server itself.
IDLE_S = 60.0
# Sent bytes that nobody has acknowledged for so long: the other end is gone, or takes nothing.
UNACKNOWLEDGED_S = 30.0
# A flood has to open more connections within this than the server takes in all.
LOOK_S = 0.5
# Connections in which nobody has signed in and nothing is asked, of all and of one address. A
# browser opens six, and with a request or within ten seconds it is over.
UNKNOWN = 500
UNKNOWN_PER_ADDRESS = 100
# Connections that are kept for the next request of somebody who has signed in: of all, of a tenant
# and of an account. Reconnecting costs a client a round trip.
IDLE = 1_000
IDLE_PER_TENANT = 300
IDLE_PER_ACCOUNT = 50
# Connections that are looked at before others have their turn: half a millisecond.
SLICE = 100

# The open files of whichever process looks.
FILES = Path("/dev/fd")

# Address and port of the other end.
Peer = tuple[str, int]


@dataclass(slots=True)
class Connection:
    """One connection: who last asked in it, and since when nothing is asked."""

    since: float
    caller: Caller | None = None
    in_hand: int = 0
    file: int | None = None


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

    @contextlib.contextmanager
    def serving(self, client: tuple[str, int] | None) -> Iterator[Connection]:
        """Whoever is at the other end is being served as long as the block lasts."""
        now = self._clock()
        if client is None:
            yield Connection(now)
            return
        peer = _peer(*client)
        connection = self.connections.setdefault(peer, Connection(now))
        connection.in_hand += 1
        try:
            yield connection
        finally:
            connection.in_hand -= 1
            connection.since = self._clock()

    async def watch(self) -> None:
        """Look for ever; the web application runs this beside its requests."""
        while True:
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
        leaving = [peer for peer, each in idle.items() if began - each.since > IDLE_S]
        leaving += self._too_many(idle)
        for peer in leaving:
            if not idle[peer].in_hand:
                _hang_up(seen[peer], peer)

    def _too_many(self, idle: Mapping[Peer, Connection]) -> list[Peer]:
        """Those beyond what an account, a tenant, an address and all together may keep."""
        unknown: dict[Hashable, list[Peer]] = defaultdict(list)
        accounts: dict[Hashable, list[Peer]] = defaultdict(list)
        tenants: dict[Hashable, list[Peer]] = defaultdict(list)
        for peer in sorted(idle, key=lambda each: idle[each].since, reverse=True):
            address = one_origin(read_address(peer[0]))
            caller = idle[peer].caller
            # A proxy has its own bounds, and asks for one account after the other.
            if is_among(address, self._proxies):
                continue
            if caller is None:
                unknown[address].append(peer)
            else:
                accounts[caller.subject].append(peer)
                tenants[caller.tenant_id].append(peer)
        return [
            *_beyond(unknown, UNKNOWN_PER_ADDRESS, UNKNOWN),
            *_beyond(accounts, IDLE_PER_ACCOUNT, IDLE),
            *_beyond(tenants, IDLE_PER_TENANT, IDLE),
        ]

    async def _seen(self) -> dict[Peer, int]:
        """The files of all connections to ports that this process listens on."""
        ports: set[int] = set()
        connected: list[tuple[int, int, Peer]] = []
        for number, file in enumerate(_files()):
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            with contextlib.suppress(OSError), _opened(file) as each:
                if each.family not in (socket.AF_INET, socket.AF_INET6):
                    continue
                port = each.getsockname()[1]
                if each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    ports.add(port)
                    continue
                peer = _peer(*each.getpeername()[:2])
                connected.append((port, file, peer))
        seen = {peer: file for port, file, peer in connected if port in ports}
        for peer, file in seen.items():
            known = self.connections.setdefault(peer, Connection(self._clock()))
            if known.file != file:
                known.file = file
                _bound_acknowledgement(file)
        return seen


def _peer(host: str, port: int) -> Peer:
    return str(read_address(host)), port


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


def _bound_acknowledgement(file: int) -> None:
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None:
        with contextlib.suppress(OSError), _opened(file) as each:
            each.setsockopt(socket.IPPROTO_TCP, option, int(UNACKNOWLEDGED_S * 1000))


def _hang_up(file: int, peer: Peer) -> None:
    """End a connection for the server to see; the number may be another's by now."""
    with contextlib.suppress(OSError), _opened(file) as each:
        if _peer(*each.getpeername()[:2]) == peer:
            each.shutdown(socket.SHUT_RDWR)
