"""GraphQL over HTTP: from bytes to an operation and back, with a bound on everything.

Follows the GraphQL-over-HTTP specification (working draft of May 2025): JSON in by POST or as
query parameters by GET, `application/graphql-response+json` or `application/json` out. A refused
operation is an answer like any other; its status says more in the newer media type.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from citywide.audit.reads import PURPOSE_HEADER, purpose_of
from citywide.authz.membership import TENANT_HEADER, Memberships
from citywide.authz.principal import Principal
from citywide.db.outage import away
from citywide.errors import RETRY_AFTER_S, Code, RefusalError
from citywide.graph import failure
from citywide.graph.admit import InvalidDocumentError
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from citywide.identity.tokens import Bearer, Verifier
from citywide.web.callers import FullError
from citywide.web.entrance import seat_of

# A document of the largest allowed size with five hundred ids as variables takes a quarter of it.
BODY_BYTES = 256 * 1024
# A slow upload holds a task, not a connection to the database; still it must end.
BODY_SECONDS = 10.0
# After an early answer: longer than a large upload takes to end, too short to be worth attacking.
LINGER_SECONDS = 2.0
# Most answers are there sooner; only for the others is the client watched for hanging up.
WATCH_AFTER_SECONDS = 0.05

NEWER = "application/graphql-response+json"
OLDER = "application/json"

_STATUS: Mapping[Code, HTTPStatus] = {
    Code.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.BAD_USER_INPUT: HTTPStatus.BAD_REQUEST,
    Code.LIMIT_EXCEEDED: HTTPStatus.BAD_REQUEST,
    Code.TIMEOUT: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class HttpError(Exception):
    """The request is no GraphQL request: the status says so in either media type."""

    def __init__(self, status: HTTPStatus, message: str, code: Code = Code.BAD_USER_INPUT) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


class EarlyResponse(Response):
    """An answer that may come before the end of the request, which is then read and dropped.

    A connection that is closed while something in it is unread is reset, and a client that still
    sends loses the answer with it.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, then wait for the request's end, but not for long."""
        await super().__call__(scope, receive, send)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while (await receive()).get("more_body", False):
                    pass


@dataclass(frozen=True, slots=True)
class Identification:
    """From a request's headers to whoever asks."""

    verifier: Verifier
    memberships: Memberships

    async def principal(self, request: Request) -> Principal:
        """The member, whose seat this is from now on.

        Raises `RefusalError`, UNAUTHENTICATED or FORBIDDEN, and `FullError` for the entrance.
        """
        bearer = await self.bearer(request.headers.get("authorization", ""))
        tenant = request.headers.get(TENANT_HEADER)
        principal = await self.memberships.principal(bearer.subject, tenant)
        seat_of(request.scope).sign_in(principal.subject, principal.tenant_id)
        return principal

    async def bearer(self, authorization: str) -> Bearer:
        """Whom a header `Authorization` is about; raises `RefusalError` with UNAUTHENTICATED."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            message = "Sign in: send the header Authorization: Bearer <token>."
            raise RefusalError(Code.UNAUTHENTICATED, message)
        return await self.verifier.verify(token.strip())


class GraphQLEndpoint:
    """Answers `GET` and `POST /graphql`."""

    def __init__(self, engine: Engine, identification: Identification) -> None:
        self._engine = engine
        self._identification = identification

    async def __call__(self, request: Request) -> Response:
        """One operation; a client that hangs up cancels it."""
        media_type = OLDER
        try:
            media_type = accepted(request)
            body = await self._answer(request)
        except FullError:
            raise
        except ClientDisconnect:
            # Nobody reads this; the query was cancelled on the way here.
            return Response(status_code=HTTPStatus.NO_CONTENT)
        except Exception as error:  # noqa: BLE001 -- what is no refusal is logged
            return refused(error, media_type)
        return Response(body, media_type=media_type, headers=_HEADERS)

    async def _answer(self, request: Request) -> bytes:
        principal = await self._identification.principal(request)
        given: dict[str, Any] = {
            "purpose": purpose_of(request.headers.get(PURPOSE_HEADER)),
            "charge": seat_of(request.scope).charge,
        }
        if request.method == "GET":
            operation = replace(from_query(request), **given)
            if await self._engine.kind(operation, principal) is OperationType.MUTATION:
                message = "A GET only reads: send mutations by POST."
                raise HttpError(HTTPStatus.METHOD_NOT_ALLOWED, message)
        else:
            operation = replace(from_body(request, await read_body(request)), **given)
        work = self._engine.answer(operation, principal)
        return await unless_hung_up(request, work)


_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def accepted(request: Request) -> str:
    """The media type to answer in; raises `HttpError` (406) when neither of ours is accepted."""
    accept = request.headers.get("accept", "*/*")
    kinds = [kind.partition(";")[0].strip().lower() for kind in accept.split(",")]
    for kind in kinds:
        if kind in (NEWER, OLDER):
            return kind
    if any(kind in ("*/*", "application/*") for kind in kinds):
        return OLDER
    raise HttpError(HTTPStatus.NOT_ACCEPTABLE, f"Answers come as {NEWER} or {OLDER}.")


async def read_body(request: Request) -> bytes:
    """The request's body, bounded in size and time."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > BODY_BYTES:
        raise _too_large()
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > BODY_BYTES:
                    raise _too_large()
                chunks.append(chunk)
    except TimeoutError:
        message = f"The body did not arrive within {BODY_SECONDS:.0f} seconds."
        raise HttpError(HTTPStatus.REQUEST_TIMEOUT, message, Code.TIMEOUT) from None
    return b"".join(chunks)


def from_body(request: Request, body: bytes) -> Operation:
    """The operation in a JSON body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != OLDER:
        message = f"Send the operation as {OLDER}."
        raise HttpError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
    return operation_of(_json(body, "The body"))


def from_query(request: Request) -> Operation:
    """The operation in the query parameters of a GET; it can only read."""
    given = request.query_params
    found: dict[str, Any] = {
        name: given[name] for name in ("query", "operationName") if given.get(name)
    }
    for name in ("variables", "extensions"):
        if given.get(name):
            found[name] = _json(given[name].encode(), name)
    return operation_of(found)


def operation_of(found: Any) -> Operation:
    """The operation in a decoded request; raises `HttpError` (400) for wrong types."""
    if not isinstance(found, dict):
        message = "The body is a JSON object with query, operationName and variables."
        raise HttpError(HTTPStatus.BAD_REQUEST, message)
    document, name = found.get("query"), found.get("operationName")
    variables, extensions = found.get("variables"), found.get("extensions")
    if not isinstance(document, str) or not document:
        message = "query is missing: the text of a GraphQL document."
        raise HttpError(HTTPStatus.BAD_REQUEST, message)
    if name is not None and not isinstance(name, str):
        raise HttpError(HTTPStatus.BAD_REQUEST, "operationName is a string.")
    for key, value in (("variables", variables), ("extensions", extensions)):
        if value is not None and not isinstance(value, dict):
            raise HttpError(HTTPStatus.BAD_REQUEST, f"{key} is a JSON object.")
    return Operation(document, name or None, variables or {})


async def unless_hung_up(request: Request, work: Coroutine[Any, Any, bytes]) -> bytes:
    """The result of `work`, which is cancelled when the client hangs up first."""
    task = asyncio.create_task(work)
    gone: asyncio.Task[None] | None = None
    try:
        done, _ = await asyncio.wait({task}, timeout=WATCH_AFTER_SECONDS)
        if not done:
            gone = asyncio.create_task(_hung_up(request))
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        for each in (task, gone):
            if each is not None and not each.done():
                each.cancel()
                await asyncio.wait({each})


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json(text: bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise HttpError(HTTPStatus.BAD_REQUEST, f"{what} nests too deeply.") from None
    except ValueError:
        raise HttpError(HTTPStatus.BAD_REQUEST, f"{what} is not valid JSON.") from None


def _too_large() -> HttpError:
    message = f"The body is larger than {BODY_BYTES // 1024} KiB."
    return HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message, Code.LIMIT_EXCEEDED)


def refused(error: Exception, media_type: str) -> Response:
    """The answer to a request that ended in `error`."""
    match error:
        case HttpError(status=status):
            pass
        case RefusalError(code=code):
            status = _STATUS[code]
            # Older clients take any other for a broken connection; a missing sign-in is one.
            is_broken = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE)
            status = status if media_type == NEWER or is_broken else HTTPStatus.OK
        case InvalidDocumentError():
            status = HTTPStatus.OK if media_type == OLDER else HTTPStatus.BAD_REQUEST
        case _ if away(error) is not None:
            status = HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _response(errors_of(error), status, media_type)


def errors_of(error: Exception) -> list[dict[str, Any]]:
    """An error as GraphQL errors; one that is our fault is logged and says nothing."""
    if isinstance(error, HttpError):
        return [{"message": error.message, "extensions": {"code": error.code}}]
    return failure.errors_of(error)


def _response(errors: list[dict[str, Any]], status: HTTPStatus, media_type: str) -> Response:
    headers = dict(_HEADERS)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = "POST"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = str(RETRY_AFTER_S)
    body = json.dumps({"errors": errors}, ensure_ascii=False).encode(errors="replace")
    return EarlyResponse(body, status, headers=headers, media_type=media_type)
