"""Printed pages over HTTP: what stands on one is read by the planner, as the caller.

A page is read with a trusted document: there is no other way to the data. What the caller may not
see is not there (404), whether it never was, is another agency's, or is not theirs to print.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from citywide.audit.reads import PURPOSE_HEADER, purpose_of
from citywide.authz.principal import Principal
from citywide.db.outage import away
from citywide.errors import RETRY_AFTER_S, Code, OperatorError, RefusalError
from citywide.graph.costs import Charge
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from citywide.printing.press import Press
from citywide.web.budgets import PAGE_POINTS
from citywide.web.entrance import seat_of
from citywide.web.graphql import Identification, unless_hung_up

log = structlog.get_logger()

_NO_PRESS = "Nothing can be printed here: the operator finds the reason in the log."


class PageError(Exception):
    """There is no page to give; the sentence says why."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever wants the page and pays for it, and the row that it is about."""

    principal: Principal
    row_id: str
    purpose: str | None
    charge: Charge


class PageEndpoint(ABC):
    """Answers `GET …/<id>/<name>`; `operations` is the folder of trusted documents."""

    operation: ClassVar[str]
    name: ClassVar[str]
    not_there: ClassVar[str]

    def __init__(
        self, engine: Engine, identification: Identification, press: Press, operations: Path
    ) -> None:
        self._engine = engine
        self._identification = identification
        self._press = press
        self._document = (operations / f"{self.operation}.graphql").read_text(encoding="utf-8")

    @abstractmethod
    async def page(self, reader: Reader) -> tuple[Path, Mapping[str, Any]]:
        """The template and its data; raises `PageError` when there is none for this reader."""

    async def __call__(self, request: Request) -> Response:
        """The page; a client that hangs up is not printed for."""
        try:
            reader = Reader(
                await self._identification.principal(request),
                request.path_params["row_id"],
                purpose_of(request.headers.get(PURPOSE_HEADER)),
                seat_of(request.scope).charge,
            )
            pdf = await unless_hung_up(request, self._pdf(reader))
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        except PageError as error:
            return _sentence(error.status, error.sentence)
        except OperatorError as error:
            log.warning("nothing can be printed", reason=str(error))
            return _sentence(HTTPStatus.SERVICE_UNAVAILABLE, _NO_PRESS)
        except Exception as error:  # noqa: BLE001 -- what is no refusal is raised again
            return refused(error)
        headers = {
            "cache-control": "no-store",
            "content-disposition": f'inline; filename="{self.name}"',
            "x-content-type-options": "nosniff",
        }
        return Response(pdf, media_type="application/pdf", headers=headers)

    async def read(self, reader: Reader, **variables: Any) -> dict[str, Any]:
        """The row as the trusted document reads it, with `masked` when a part of it is masked."""
        given = {"id": reader.row_id, **variables}
        operation = Operation(
            self._document, self.operation, given, purpose=reader.purpose, charge=reader.charge
        )
        try:
            answer = json.loads(await self._engine.answer(operation, reader.principal))
        except RefusalError as refusal:
            if refusal.code is Code.FORBIDDEN:
                # Whoever may not read the page learns nothing about what is on it.
                raise self.missing() from None
            raise
        row: dict[str, Any] | None = answer["data"]["node"]
        # Nothing, or something of another type.
        if not row:
            raise self.missing()
        return {**row, "masked": "extensions" in answer}

    def missing(self) -> PageError:
        """There is nothing at this address for the reader."""
        return PageError(HTTPStatus.NOT_FOUND, self.not_there)

    async def _pdf(self, reader: Reader) -> bytes:
        template, data = await self.page(reader)
        reader.charge(PAGE_POINTS)
        return await self._press.pdf(template, data)


def refused(error: Exception) -> Response:
    """A refusal or an outage as a plain sentence; raises whatever else it is again."""
    if not isinstance(error, RefusalError):
        unavailable = away(error)
        if unavailable is None:
            raise error
        return _sentence(HTTPStatus.SERVICE_UNAVAILABLE, unavailable.message)
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
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = str(RETRY_AFTER_S)
    return PlainTextResponse(f"{sentence}\n", status, headers=headers)
