"""The end of a server that another takes over from: whoever is connected is asked to come again.

A connection that is closed under a client loses the request that the client sends at that moment.
So nothing is closed at first: each answer says `Connection: close`, and the client closes.
Then nobody new is let in; only when all who came have been answered does anything close.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
from contextlib import suppress
from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from citywide.errors import UnavailableError

# A client that talks all the time sends something within it, is told to come again, and so has
# left before its connection is closed.
LEAVE_S = 2.0
# From a client's coming to its first byte; new ones wait for the next server meanwhile.
SETTLE_S = 1.0


class StoppingError(UnavailableError):
    """The server stops, and another one is about to answer at its address."""

    def __init__(self) -> None:
        super().__init__("The server restarts: come again, and resume.")


class Drain:
    """Whether this process takes its leave; `queue` is the socket in which others go on waiting."""

    def __init__(self, queue: int | None = None) -> None:
        self._queue: Final = queue
        self._begun: Final = asyncio.Event()

    @property
    def is_begun(self) -> bool:
        """Whether clients are asked to come again."""
        return self._begun.is_set()

    def begin(self) -> None:
        """Ask them from now on."""
        self._begun.set()
        if self._queue is not None:
            asyncio.get_running_loop().call_later(LEAVE_S, _leave, self._queue)

    async def over(self) -> StoppingError:
        """Wait until a session has to end, and why."""
        await self._begun.wait()
        return StoppingError()


def _leave(queue: int) -> None:
    """Take no more clients from a socket that others hold, too.

    granian has one word for this and for closing connections, and closes with it who has just come
    and said nothing yet. So the socket is taken out of what the process waits for (`epoll(7)`).
    """
    waiting = re.compile(rf"^tfd:\s+{queue}\s", re.MULTILINE)
    for each in Path("/proc/self/fdinfo").iterdir():
        # Some are closed by now, the folder's own among them.
        with suppress(OSError):
            if waiting.search(each.read_text()):
                with select.epoll.fromfd(os.dup(int(each.name))) as found:
                    found.unregister(queue)


class Draining:
    """Says `Connection: close` in every answer once the drain has begun."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        self._app: Final = app
        self._drain: Final = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message["headers"])["connection"] = "close"
            await send(message)

        is_leaving = scope["type"] == "http" and self._drain.is_begun
        await self._app(scope, receive, closing if is_leaving else send)
