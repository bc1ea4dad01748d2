"""GraphQL over server-sent events: `GET` and `POST /graphql/stream`, one operation a connection.

Follows the GraphQL-over-SSE protocol in its distinct connections mode: `event: next` with a
response, `event: complete` at the end. A subscription's events carry their id, so that a client
that reconnects with `Last-Event-ID` is first told what it missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from citywide.audit.reads import PURPOSE_HEADER
from citywide.authz.membership import TENANT_HEADER
from citywide.events.relay import Relay
from citywide.graph.engine import Engine
from citywide.web.callers import FullError
from citywide.web.drain import Drain
from citywide.web.entrance import seat_of
from citywide.web.graphql import (
    NEWER,
    HttpError,
    Identification,
    errors_of,
    from_body,
    from_query,
    read_body,
    refused,
)
from citywide.web.sessions import Session, Told, responses

EVENT_STREAM = "text/event-stream"
# A comment goes out after so long without an event, lest something on the way closes the line.
QUIET_S = 15.0
# A client that takes nothing for so long is gone or too slow.
SEND_S = 10.0
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class StreamEndpoint:
    """Answers with streams of events."""

    def __init__(
        self, engine: Engine, relay: Relay, identification: Identification, drain: Drain
    ) -> None:
        self._engine = engine
        self._relay = relay
        self._identification = identification
        self._drain = drain

    async def __call__(self, request: Request) -> Response:
        """Begin a stream; what can be refused at once is, like any request."""
        try:
            return await self._begun(request)
        except FullError:
            raise
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        except Exception as error:  # noqa: BLE001 -- what is no refusal is logged
            return refused(error, NEWER)

    async def _begun(self, request: Request) -> Response:
        accept = request.headers.get("accept", "*/*")
        if EVENT_STREAM not in accept and "*/*" not in accept:
            raise HttpError(HTTPStatus.NOT_ACCEPTABLE, f"Events come as {EVENT_STREAM}.")
        session = await Session.begin(
            self._identification,
            seat_of(request.scope),
            authorization=request.headers.get("authorization", ""),
            tenant=request.headers.get(TENANT_HEADER),
            purpose=request.headers.get(PURPOSE_HEADER),
        )
        if request.method == "GET":
            operation = from_query(request)
        else:
            operation = from_body(request, await read_body(request))
        operation = replace(
            operation,
            purpose=session.purpose,
            charge=session.seat.charge,
            resume_after=request.headers.get("last-event-id") or None,
        )
        kind = await self._engine.kind(operation, await session.principal())
        if request.method == "GET" and kind is OperationType.MUTATION:
            message = "A GET only reads: send mutations by POST."
            raise HttpError(HTTPStatus.METHOD_NOT_ALLOWED, message)
        if kind is OperationType.SUBSCRIPTION:
            await self._engine.subscribed(operation, await session.principal())
        found: Any = responses(self._engine, self._relay, session, operation)
        return EventStream(found, session, self._drain)


class EventStream(Response):
    """A response that goes on until the operation, the session or the connection ends."""

    media_type = EVENT_STREAM

    def __init__(self, found: AsyncIterator[Told], session: Session, drain: Drain) -> None:
        super().__init__()
        self._found: Any = found
        self._session = session
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what comes."""
        del scope
        start = {"type": "http.response.start", "status": HTTPStatus.OK, "headers": _HEADERS}
        await send(start)
        telling = asyncio.create_task(self._tell(send))
        over = asyncio.create_task(self._session.over())
        gone = asyncio.create_task(_gone(receive))
        stopping = asyncio.create_task(self._drain.over())
        tasks: set[asyncio.Task[Any]] = {telling, over, gone, stopping}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if gone in done or (telling in done and telling.exception() is not None):
            return
        ended = over if over in done else stopping
        why = b"" if telling in done else _next(_errors(ended.result()))
        with contextlib.suppress(OSError, TimeoutError):
            await _send(send, why + b"event: complete\ndata:\n\n")
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, send: Send) -> None:
        # Something at once, so that a client knows that it is subscribed.
        await _send(send, b":\n\n")
        coming: asyncio.Task[Told] | None = None
        async with aclosing(self._found) as found:
            try:
                while True:
                    coming = coming or asyncio.create_task(anext(found))
                    done, _ = await asyncio.wait({coming}, timeout=QUIET_S)
                    if not done:
                        await _send(send, b":\n\n")
                        continue
                    try:
                        each = coming.result()
                    except StopAsyncIteration:
                        return
                    except Exception as error:  # noqa: BLE001 -- what is no refusal is logged
                        await _send(send, _next(_errors(error)))
                        return
                    coming = None
                    await _send(send, _next(each))
            finally:
                if coming is not None:
                    coming.cancel()
                    await asyncio.gather(coming, return_exceptions=True)


def _errors(error: Exception) -> Told:
    return Told(
        json.dumps({"errors": errors_of(error)}, ensure_ascii=False).encode(errors="replace")
    )


def _next(each: Told) -> bytes:
    """One event; a line break in JSON stands between values alone, where a blank does as well."""
    name = b"" if each.event_id is None else b"id: " + each.event_id.encode() + b"\n"
    return name + b"event: next\ndata: " + each.body.replace(b"\n", b" ") + b"\n\n"


async def _send(send: Send, body: bytes) -> None:
    message: Message = {"type": "http.response.body", "body": body, "more_body": True}
    async with asyncio.timeout(SEND_S):
        await send(message)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
