"""The entrance: whoever asks is given a seat, or is told that there is none."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from enum import Enum, auto

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from citywide.errors import Code, RefusalError
from citywide.settings import Network
from citywide.web.budgets import REQUEST_POINTS, Budgets
from citywide.web.callers import Caller, FullError, caller_address
from citywide.web.doorkeeper import Doorkeeper
from citywide.web.seats import (
    REQUEST_CAPS,
    SOCKET_CAPS,
    STREAM_CAPS,
    Seat,
    Seats,
)

STREAM_PATH = "/graphql/stream"
# Answered without a seat, at once: who watches over the server must not be told that it is full.
WATCHED_PATHS = frozenset({"/health", "/ready"})
# Where the scope keeps the seat for whoever finds out whose it is.
SEAT = "citywide.seat"
# "Try again later", which clients of graphql-transport-ws do (RFC 6455 §7.4, IANA's registry).
TRY_AGAIN = 1013
# A close frame has room for so many bytes of reason (RFC 6455 §5.5).
REASON_BYTES = 123
# Nobody waits longer for the end of a connection whose other end does not listen.
CLOSE_S = 2.0


class Kind(Enum):
    """What a seat is taken for."""

    REQUEST = auto()
    STREAM = auto()
    SOCKET = auto()

    @classmethod
    def of(cls, scope: Scope) -> Kind:
        """The kind of what begins with `scope`."""
        if scope["type"] == "websocket":
            return cls.SOCKET
        return cls.STREAM if scope["path"] == STREAM_PATH else cls.REQUEST


def seats_of_a_worker(budgets: Budgets) -> dict[Kind, Seats]:
    """All seats of a process, nobody in them."""
    return {
        Kind.REQUEST: Seats(REQUEST_CAPS, budgets),
        Kind.STREAM: Seats(STREAM_CAPS, budgets),
        Kind.SOCKET: Seats(SOCKET_CAPS, budgets),
    }


def seat_of(scope: Scope) -> Seat:
    """The seat of whoever asks; `seat.caller` is who that is, as far as it is known."""
    seat: Seat = scope[SEAT]
    return seat


class Entrance:
    """Stands before the application: a seat for each request, stream and WebSocket.

    Every answer says what the caller's budgets are and what is left of them.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        budgets: Budgets,
        seats: Mapping[Kind, Seats],
        doorkeeper: Doorkeeper,
        proxies: Sequence[Network],
    ) -> None:
        self._app = app
        self._budgets = budgets
        self._seats = seats
        self._doorkeeper = doorkeeper
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in whoever there is a seat for."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        with self._doorkeeper.serving(client and tuple(client)) as connection:
            if scope["path"] in WATCHED_PATHS:
                await self._app(scope, receive, send)
                return
            caller = await self._caller(scope)
            seat: Seat | None = None

            async def telling(message: Message) -> None:
                if message["type"] == "http.response.start":
                    now = caller if seat is None else seat.caller
                    message["headers"] = [*message["headers"], *self._budgets.fields(now)]
                await send(message)

            try:
                with self._seats[Kind.of(scope)].taken(caller) as seat:
                    # Whoever is refused pays nothing: asking again and again is no way to wait
                    # for ever.
                    seat.admit()
                    seat.charge(REQUEST_POINTS)
                    scope[SEAT] = seat
                    try:
                        await self._app(scope, receive, telling)
                    finally:
                        if seat.caller.subject is not None:
                            connection.caller = seat.caller
            except FullError as error:
                await _refuse(error, scope, receive, telling)

    async def _caller(self, scope: Scope) -> Caller:
        """Whoever the token says, if it is good; a refusal is told by who answers."""
        address = caller_address(scope, self._proxies)
        authorization = Headers(scope=scope).get("authorization", "")
        if authorization:
            with contextlib.suppress(RefusalError):
                bearer = await scope["app"].state.identification.bearer(authorization)
                return Caller(address, bearer.subject)
        return Caller(address)


async def _refuse(error: FullError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await refusal_of(error)(scope, receive, send)
        return
    # A browser is told nothing of a handshake that fails, so it is let in to be told.
    websocket = WebSocket(scope, receive, send)
    with contextlib.suppress(OSError, RuntimeError, TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await websocket.accept(subprotocol=next(iter(scope["subprotocols"]), None))
            await websocket.close(TRY_AGAIN, close_reason(error.sentence))


def close_reason(sentence: str) -> str:
    """As much of the sentence as a close frame holds."""
    return sentence.encode(errors="replace")[:REASON_BYTES].decode(errors="ignore")


def refusal_of(error: FullError) -> Response:
    """What a caller is told for whom there is no seat."""
    told = {"message": error.sentence, "extensions": {"code": Code.LIMIT_EXCEEDED}}
    headers = {
        "cache-control": "no-store",
        "retry-after": str(error.retry_after),
        "x-content-type-options": "nosniff",
    }
    body = json.dumps({"errors": [told]}).encode()
    return Response(body, error.status, headers=headers, media_type="application/json")
