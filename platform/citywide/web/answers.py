"""`GET /needs/<id>/answer.pdf`: the answer to a person's question, to be printed and brought home.

What stands on the page is read by the planner, as the caller, with the trusted document
`NeedAnswer`: there is no other way to the data. What the caller may not see is not there (404),
whether the need never was, is another agency's, or has an answer that is not theirs to read.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from citywide.audit.reads import PURPOSE_HEADER, purpose_of
from citywide.authz.principal import Principal
from citywide.errors import Code, OperatorError, RefusalError
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from citywide.needs.page import OPERATION, TEMPLATE, answer_page
from citywide.printing.press import Press
from citywide.web.graphql import Identification, unless_hung_up

log = structlog.get_logger()

_NOT_THERE = "There is no answer at this address that you may read."
_NOT_YET = "This question has no answer yet: come back when a department has answered it."
_NO_PRESS = "Nothing can be printed here: the operator finds the reason in the log."
_HEADERS = {
    "cache-control": "no-store",
    "content-disposition": 'inline; filename="answer.pdf"',
    "x-content-type-options": "nosniff",
}


class PageError(Exception):
    """There is no page to give; the sentence says why."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class AnswerEndpoint:
    """Answers `GET /needs/<id>/answer.pdf`; `operations` is the folder of trusted documents."""

    def __init__(
        self, engine: Engine, identification: Identification, press: Press, operations: Path
    ) -> None:
        self._engine = engine
        self._identification = identification
        self._press = press
        self._document = (operations / f"{OPERATION}.graphql").read_text(encoding="utf-8")

    async def __call__(self, request: Request) -> Response:
        """The page; a client that hangs up is not printed for."""
        try:
            principal = await self._identification.principal(request)
            operation = Operation(
                self._document,
                OPERATION,
                {"id": request.path_params["need_id"]},
                purpose=purpose_of(request.headers.get(PURPOSE_HEADER)),
            )
            work = self._pdf(operation, principal)
            pdf = await unless_hung_up(request, work)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        except PageError as error:
            return _sentence(error.status, error.sentence)
        except RefusalError as error:
            return _refused(error)
        except OperatorError as error:
            log.warning("nothing can be printed", reason=str(error))
            return _sentence(HTTPStatus.SERVICE_UNAVAILABLE, _NO_PRESS)
        return Response(pdf, media_type="application/pdf", headers=_HEADERS)

    async def _pdf(self, operation: Operation, principal: Principal) -> bytes:
        need = await self._need(operation, principal)
        if need["answeredOn"] is None:
            raise PageError(HTTPStatus.CONFLICT, _NOT_YET)
        if need["answer"] is None:
            raise PageError(HTTPStatus.NOT_FOUND, _NOT_THERE)
        return await self._press.pdf(TEMPLATE, answer_page(need))

    async def _need(self, operation: Operation, principal: Principal) -> dict[str, Any]:
        try:
            answer = await self._engine.answer(operation, principal)
        except RefusalError as refusal:
            if refusal.code is Code.FORBIDDEN:
                # Whoever may not read the page learns nothing about what is on it.
                raise PageError(HTTPStatus.NOT_FOUND, _NOT_THERE) from None
            raise
        need: dict[str, Any] | None = json.loads(answer)["data"]["node"]
        # Nothing, or something that is no need.
        if not need:
            raise PageError(HTTPStatus.NOT_FOUND, _NOT_THERE)
        return need


def _refused(error: RefusalError) -> Response:
    match error.code:
        case Code.UNAUTHENTICATED:
            found = _sentence(HTTPStatus.UNAUTHORIZED, error.message)
            found.headers["www-authenticate"] = "Bearer"
            return found
        case Code.FORBIDDEN:
            return _sentence(HTTPStatus.FORBIDDEN, error.message)
        case Code.TIMEOUT:
            return _sentence(HTTPStatus.SERVICE_UNAVAILABLE, error.message)
        case _:
            return _sentence(HTTPStatus.BAD_REQUEST, error.message)


def _sentence(status: HTTPStatus, sentence: str) -> Response:
    headers = {"cache-control": "no-store"}
    return PlainTextResponse(f"{sentence}\n", status, headers=headers)
