"""GraphQL over WebSocket: the protocol `graphql-transport-ws` at `/graphql`.

The first message signs in: `{"type": "connection_init", "payload": {"authorization": "Bearer …",
"tenant": …, "purpose": …}}`; the headers of the handshake do as well. Every operation of the
connection then goes on by itself, until it, the session or the connection ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from citywide.audit.reads import PURPOSE_HEADER
from citywide.authz.membership import TENANT_HEADER
from citywide.errors import Code, RefusalError, UnavailableError
from citywide.events.relay import Relay
from citywide.graph.engine import Engine
from citywide.web.budgets import REQUEST_POINTS
from citywide.web.callers import FullError
from citywide.web.drain import Drain, StoppingError
from citywide.web.entrance import CLOSE_S, TRY_AGAIN, close_reason, seat_of
from citywide.web.graphql import BODY_BYTES, Identification, errors_of, operation_of
from citywide.web.sessions import Session, responses

PROTOCOL = "graphql-transport-ws"
# From the handshake to the sign-in.
INIT_S = 5.0
# A ping goes out after so long; who answers nothing twice is gone.
PING_S = 30.0
# A client that takes nothing for so long is gone or too slow.
SEND_S = 10.0
# Operations of one connection at a time; a page watches a handful of topics.
OPERATIONS = 50
# A message is an operation, so it has the bound of a request's body.
MESSAGE_BYTES = BODY_BYTES
# A client's name for an operation; libraries use UUIDs or numbers.
LONGEST_ID = 100


class CloseError(Exception):
    """The connection is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = close_reason(reason)


class _GoneError(Exception):
    """The connection broke: there is nobody to tell anything."""


def _refused(refusal: RefusalError) -> CloseError:
    is_unknown = refusal.code is Code.UNAUTHENTICATED
    return CloseError(4401 if is_unknown else 4403, refusal.message)


def _unavailable(error: UnavailableError) -> CloseError:
    # Service restart, or try again later: clients come again after either.
    return CloseError(1012 if isinstance(error, StoppingError) else TRY_AGAIN, error.message)


class SocketEndpoint:
    """Serves every connection of a process."""

    def __init__(
        self, engine: Engine, relay: Relay, identification: Identification, drain: Drain
    ) -> None:
        self.engine = engine
        self.relay = relay
        self.identification = identification
        self.drain = drain

    async def __call__(self, websocket: WebSocket) -> None:
        """Serve one connection until it ends."""
        is_spoken = PROTOCOL in websocket.scope["subprotocols"]
        await websocket.accept(subprotocol=PROTOCOL if is_spoken else None)
        try:
            if not is_spoken:
                reason = f"Subprotocol not acceptable: use {PROTOCOL}."
                await websocket.close(4406, reason)
            else:
                await _Connection(self, websocket).serve()
        except CloseError as error:
            with contextlib.suppress(OSError, RuntimeError, WebSocketDisconnect):
                async with asyncio.timeout(CLOSE_S):
                    await websocket.close(error.code, error.reason)
        except (WebSocketDisconnect, _GoneError):
            pass


class _Connection:
    """One connection: its session and the operations that go on in it."""

    def __init__(self, endpoint: SocketEndpoint, websocket: WebSocket) -> None:
        self._endpoint = endpoint
        self._websocket = websocket
        self._seat = seat_of(websocket.scope)
        self._sending = asyncio.Lock()
        self._operations: dict[str, asyncio.Task[None]] = {}
        # Why an operation ends the connection.
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        session = await self._signed_in()
        await self._send({"type": "connection_ack"})
        listening = asyncio.create_task(self._listen(session))
        over = asyncio.create_task(session.over())
        pinging = asyncio.create_task(self._ping())
        stopping = asyncio.create_task(self._endpoint.drain.over())
        tasks: set[asyncio.Future[Any]] = {listening, over, pinging, stopping, self._ended}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if over in done:
                raise _refused(over.result())
            if stopping in done:
                raise _unavailable(stopping.result())
            for task in done:
                task.result()
        finally:
            tasks |= set(self._operations.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _signed_in(self) -> Session:
        try:
            async with asyncio.timeout(INIT_S) as patience:
                # Somebody else may want the seat of one who waits to sign in.
                self._seat.give_way = lambda: patience.reschedule(0)
                while (message := await self._receive())["type"] != "connection_init":
                    await self._answer_ping(message, is_signed_in=False)
        except TimeoutError:
            raise CloseError(4408, "Connection initialisation timeout") from None
        finally:
            self._seat.give_way = None
        payload = message.get("payload") or {}
        if not isinstance(payload, dict):
            raise CloseError(4400, "The payload of connection_init is an object.")
        headers = self._websocket.headers

        def given(name: str, header: str) -> str | None:
            found = payload.get(name, payload.get(header, headers.get(header)))
            if found is not None and not isinstance(found, str):
                raise CloseError(4400, f"{name} is a string.")
            return found

        try:
            return await Session.begin(
                self._endpoint.identification,
                self._seat,
                authorization=given("authorization", "Authorization") or "",
                tenant=given("tenant", TENANT_HEADER),
                purpose=given("purpose", PURPOSE_HEADER),
            )
        except RefusalError as refusal:
            raise _refused(refusal) from refusal
        except FullError as error:
            raise CloseError(TRY_AGAIN, error.sentence) from error
        except UnavailableError as error:
            raise _unavailable(error) from error

    async def _listen(self, session: Session) -> None:
        while True:
            try:
                async with asyncio.timeout(2 * PING_S):
                    message = await self._receive()
            except TimeoutError:
                raise CloseError(4408, "Nothing was heard from you for too long.") from None
            match message["type"]:
                case "subscribe":
                    await self._subscribe(session, message)
                case "complete":
                    task = self._operations.pop(str(message.get("id")), None)
                    if task is not None:
                        task.cancel()
                case "connection_init":
                    raise CloseError(4429, "Too many initialisation requests")
                case _:
                    await self._answer_ping(message, is_signed_in=True)

    async def _answer_ping(self, message: dict[str, Any], *, is_signed_in: bool) -> None:
        match message["type"]:
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                pass
            case "subscribe" if not is_signed_in:
                raise CloseError(4401, "Unauthorized")
            case _:
                raise CloseError(4400, "There is no message of this type here.")

    async def _subscribe(self, session: Session, message: dict[str, Any]) -> None:
        name = message.get("id")
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_ID:
            raise CloseError(4400, f"The id is a string of 1 to {LONGEST_ID} characters.")
        if name in self._operations:
            raise CloseError(4409, f"Subscriber for {name} already exists")
        if len(self._operations) >= OPERATIONS:
            sentence = f"A connection has {OPERATIONS} operations at most: end one first."
            refusal = RefusalError(Code.LIMIT_EXCEEDED, sentence)
            await self._send({"type": "error", "id": name, "payload": errors_of(refusal)})
            return
        work = self._operate(session, name, message.get("payload"))
        self._operations[name] = asyncio.create_task(work)

    async def _operate(self, session: Session, name: str, payload: Any) -> None:
        endpoint = self._endpoint
        head = b'{"type":"next","id":' + json.dumps(name).encode() + b',"payload":'
        try:
            session.seat.admit()
            session.seat.charge(REQUEST_POINTS)
            operation = replace(
                operation_of(payload), purpose=session.purpose, charge=session.seat.charge
            )
            found: Any = responses(endpoint.engine, endpoint.relay, session, operation)
            async with aclosing(found) as each:
                async for response in each:
                    await self._send_text((head + response.body + b"}").decode())
            end: dict[str, Any] = {"type": "complete", "id": name}
        except (CloseError, _GoneError) as error:
            self._end(error)
            return
        except FullError as error:
            refusal = RefusalError(
                Code.LIMIT_EXCEEDED, error.sentence, retryAfter=error.retry_after
            )
            end = {"type": "error", "id": name, "payload": errors_of(refusal)}
        except UnavailableError as error:
            # What the operation should have told next is not known: better come again and resume.
            self._end(_unavailable(error))
            return
        except Exception as error:  # noqa: BLE001 -- what is no refusal is logged
            end = {"type": "error", "id": name, "payload": errors_of(error)}
        self._operations.pop(name, None)
        try:
            await self._send(end)
        except (CloseError, _GoneError) as error:
            self._end(error)

    def _end(self, why: Exception) -> None:
        if not self._ended.done():
            self._ended.set_exception(why)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_S)
            await self._send({"type": "ping"})

    async def _receive(self) -> dict[str, Any]:
        """The next message; raises `CloseError` for what is none."""
        received = await self._websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        text = received.get("text")
        if text is None:
            raise CloseError(4400, "Messages are text.")
        if len(text) > MESSAGE_BYTES or len(text.encode()) > MESSAGE_BYTES:
            raise CloseError(1009, f"A message has {MESSAGE_BYTES // 1024} KiB at most.")
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise CloseError(4400, "A message is JSON.") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise CloseError(4400, "A message is an object with a type.")
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        # ASCII, with escapes: a client's own id may hold half a surrogate pair, which is no UTF-8.
        await self._send_text(json.dumps(message))

    async def _send_text(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_S), self._sending:
                await self._websocket.send_text(text)
        except TimeoutError:
            message = f"You took nothing for {SEND_S:.0f} seconds: come again, and resume."
            raise CloseError(4408, message) from None
        except (WebSocketDisconnect, OSError, RuntimeError) as error:
            raise _GoneError from error
