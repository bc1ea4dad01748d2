"""The web application as a list of what it serves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from citywide.authz.membership import Memberships
from citywide.authz.policy import Policy
from citywide.db.sealed import Sealer
from citywide.db.session import Database
from citywide.domain import CATALOGUE
from citywide.errors import RefusalError
from citywide.graph.engine import Engine
from citywide.graph.schema import Schema, build_schema
from citywide.identity.tokens import Verifier
from citywide.web.graphql import GraphQLEndpoint, Identification
from citywide.web.home import home


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a process needs to serve: where data is, how it is sealed, who issues tokens."""

    home: Path
    database_url: str
    secret: bytes
    verifier: Verifier


def load_policy(folder: Path, schema: Schema) -> Policy:
    """The policy of `folder`, checked against the schema's vocabulary."""
    return Policy.load(folder, schema.coordinates(), schema.maskable(), schema.caseloads())


def create_app(deployment: Deployment) -> Starlette:
    """The application; its pools open when it starts and close when it stops."""
    schema = build_schema(CATALOGUE)
    policy = load_policy(deployment.home / "policies", schema)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        database = await Database.open(deployment.database_url, secret=deployment.secret)
        memberships = Memberships(database)
        await memberships.look()
        identification = Identification(deployment.verifier, memberships)
        engine = Engine(schema, policy, database, Sealer(deployment.secret))
        app.state.identification = identification
        app.state.engine = engine
        app.state.graphql = GraphQLEndpoint(engine, identification)
        watching = asyncio.create_task(memberships.watch())
        try:
            yield
        finally:
            watching.cancel()
            await database.close()

    return Starlette(
        routes=[
            Route("/", home),
            Route("/graphql", _graphql, methods=["GET", "POST"]),
            Route("/schema.graphql", _sdl),
            Route("/health", _health),
        ],
        lifespan=lifespan,
    )


async def _graphql(request: Request) -> Response:
    response: Response = await request.app.state.graphql(request)
    return response


async def _sdl(request: Request) -> Response:
    """The schema as the caller's roles see it."""
    try:
        principal = await request.app.state.identification.principal(request)
    except RefusalError as error:
        return PlainTextResponse(f"{error.message}\n", 401, headers={"www-authenticate": "Bearer"})
    engine = request.app.state.engine
    return PlainTextResponse(engine.sdl(engine.policy.grants(principal.roles)))


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})
