"""The floor as an ASGI application: the statements of the compiled way, run by hand.

The factory is called by the server in the worker process and finds what it needs in the
environment: the deployment's settings, and a file with the statements. The other contender is
the application itself (`web.app:deployed`), of which nothing is in this process's memory.
"""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from citywide.db.session import Context, Database
from citywide.errors import OperatorError
from citywide.identity.keys import deployment_keys
from citywide.settings import Settings

STATEMENTS_VARIABLE = "CITYWIDE_BENCH_STATEMENTS"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one request makes the database do: for whom, the statement, its values."""

    context: Context
    sql: str
    values: tuple[Any, ...]


def floor() -> Starlette:
    """`GET /<operation>/<number>`: one prepared statement in its transaction, and nothing else."""
    settings = Settings()
    secret = deployment_keys(settings.data).secret
    # The file was written by the process that started this one.
    statements: dict[str, list[Statement]] = pickle.loads(  # noqa: S301
        Path(os.environ[STATEMENTS_VARIABLE]).read_bytes()
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.database = await Database.open(_url(settings), secret=secret)
        try:
            yield
        finally:
            await app.state.database.close()

    async def answer(request: Request) -> Response:
        number = int(request.path_params["number"])
        statement = statements[request.path_params["operation"]][number]
        async with request.app.state.database.read(statement.context) as transaction:
            ((text,),) = await transaction.connection.fetch(statement.sql, *statement.values)
        return Response(text.encode(), media_type="application/json")

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok")

    routes = [Route("/health", health), Route("/{operation}/{number:int}", answer)]
    return Starlette(routes=routes, lifespan=lifespan)


def _url(settings: Settings) -> str:
    if settings.database_url is None:
        raise OperatorError("A contender needs DATABASE_URL.")
    return settings.database_url
