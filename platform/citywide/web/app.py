"""The web application as a list of what it serves."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from citywide.audit.anchoring import Anchoring, Witness
from citywide.audit.read_writer import ReadWriter
from citywide.authz.membership import Memberships
from citywide.authz.policy import Policy
from citywide.db.complaining import without_values
from citywide.db.sealed import Sealer
from citywide.db.session import Database
from citywide.domain import CATALOGUE
from citywide.errors import OperatorError, UnavailableError
from citywide.events.relay import Relay
from citywide.graph.cursors import Cursors
from citywide.graph.engine import Engine
from citywide.graph.schema import Schema, build_schema
from citywide.identity.issuers import Issuer, LocalIssuer, PublishedIssuer
from citywide.identity.keys import deployment_keys
from citywide.identity.tokens import Verifier
from citywide.printing.press import Press
from citywide.settings import FONTS, TENANT_POINTS, Network, Settings
from citywide.starting import all_is_kept
from citywide.web.answers import AnswerEndpoint
from citywide.web.budgets import Budgets
from citywide.web.certificates import CertificateEndpoint
from citywide.web.doorkeeper import Doorkeeper
from citywide.web.drain import Drain, Draining
from citywide.web.entrance import STREAM_PATH, Entrance, seat_of, seats_of_a_worker
from citywide.web.graphql import GraphQLEndpoint, Identification
from citywide.web.home import home
from citywide.web.pages import refused
from citywide.web.readiness import ReadinessEndpoint
from citywide.web.socket import SocketEndpoint
from citywide.web.stream import StreamEndpoint

# A worker hears by it that its clients should come again; nothing else uses it.
DRAIN_SIGNAL = signal.SIGUSR1
# The end of a traceback names the fault; a recursion's middle repeats itself.
TRACEBACK_LENGTH = 4_000
# The folder of reads on their way to the database, in the data folder.
READS_FOLDER = "reads"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a process needs to serve: where data is, how it is sealed, who issues tokens.

    `reads` is the folder in which reads about persons are kept until they are in the database,
    `fonts` the one with a Chinese font for printed pages, `proxies` those whose word on a client's
    address is taken, `witness` who is told where the audit trail is, if anybody, `tenant_points`
    the work that a tenant may have done in a minute.
    """

    home: Path
    database_url: str
    secret: bytes
    verifier: Verifier
    reads: Path
    fonts: Path = FONTS
    proxies: tuple[Network, ...] = ()
    witness: Witness | None = None
    tenant_points: int = TENANT_POINTS


@dataclass(frozen=True, slots=True)
class Rules:
    """What can be asked and who may: the same in every process, and slow to make."""

    schema: Schema
    policy: Policy

    @classmethod
    def load(cls, home: Path) -> Rules:
        """Of this code and the policy below `home`; OperatorError lists every fault's line."""
        with all_is_kept():
            schema = build_schema(CATALOGUE)
            return cls(schema, load_policy(home / "policies", schema))


def load_policy(folder: Path, schema: Schema) -> Policy:
    """The policy of `folder`, checked against the schema's vocabulary."""
    return Policy.load(folder, schema.coordinates(), schema.maskable(), schema.caseloads())


def log_plainly() -> None:
    """One JSON object a line; a traceback is text in it, cut where it stops telling.

    It says what went wrong where, and quotes no value.
    """

    def quiet(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        error = event.get("exc_info")
        without_values(sys.exc_info()[1] if error is True else error)
        return event

    def shortened(
        _: object, __: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        if "exception" in event:
            event["exception"] = event["exception"][-TRACEBACK_LENGTH:]
        return event

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            quiet,
            structlog.processors.format_exc_info,
            shortened,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def deployed(rules: Rules | None = None, queue: int | None = None) -> Starlette:
    """The application of this process's settings; the server's workers call it.

    `queue` is the socket that they listen on, where it outlives them.
    """
    settings = Settings()
    if settings.database_url is None:
        raise OperatorError("A worker needs DATABASE_URL.")
    keys = deployment_keys(settings.data)
    source: Issuer = (
        LocalIssuer(keys.issuer) if settings.jwks is None else PublishedIssuer(settings.jwks)
    )
    verifier = Verifier(
        source,
        issuer=settings.issuer,
        audience=settings.audience,
        greatest_age_s=int(settings.token_hours * 3600),
    )
    deployment = Deployment(
        settings.home,
        settings.database_url,
        keys.secret,
        verifier,
        settings.data / READS_FOLDER,
        settings.fonts,
        settings.trusted_proxies,
        Witness(settings.anchors_folder, settings.anchor_url, keys.issuer, settings.issuer),
        settings.tenant_points,
    )
    return create_app(deployment, rules, Drain(queue))


def create_app(
    deployment: Deployment, rules: Rules | None = None, drain: Drain | None = None
) -> Starlette:
    """The application; its pools open when it starts and close when it stops."""
    log_plainly()
    rules = rules or Rules.load(deployment.home)
    drain = drain or Drain()
    budgets = Budgets(deployment.tenant_points)
    seats, doorkeeper = seats_of_a_worker(budgets), Doorkeeper(deployment.proxies)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        asyncio.get_running_loop().add_signal_handler(DRAIN_SIGNAL, drain.begin)
        database = await Database.open(deployment.database_url, secret=deployment.secret)
        memberships = Memberships(database)
        # A worker that replaces another may start while the database is away.
        with contextlib.suppress(UnavailableError):
            await memberships.look()
        identification = Identification(deployment.verifier, memberships)
        read_writer = ReadWriter(database, deployment.reads)
        sealer = Sealer(deployment.secret)
        engine = Engine(
            rules.schema,
            rules.policy,
            database,
            sealer,
            Cursors(deployment.secret),
            reads=read_writer,
        )
        app.state.identification = identification
        app.state.seats = seats
        app.state.doorkeeper = doorkeeper
        app.state.engine = engine
        relay = Relay(database)
        app.state.graphql = GraphQLEndpoint(engine, identification)
        press = Press(deployment.fonts)
        operations = deployment.home / "schema" / "operations"
        app.state.certificates = CertificateEndpoint(engine, identification, press, operations)
        app.state.stream = StreamEndpoint(engine, relay, identification, drain)
        app.state.socket = SocketEndpoint(engine, relay, identification, drain)
        app.state.answers = AnswerEndpoint(engine, identification, press, operations)
        app.state.readiness = ReadinessEndpoint(database, read_writer, drain)
        watching = asyncio.create_task(memberships.watch())
        relaying = asyncio.create_task(relay.run())
        anchoring = (
            None
            if deployment.witness is None
            else asyncio.create_task(Anchoring(database, deployment.witness).run())
        )
        guarding = asyncio.create_task(doorkeeper.watch())
        read_writer.start()
        try:
            yield
        finally:
            watching.cancel()
            guarding.cancel()
            press.close()
            relaying.cancel()
            if anchoring is not None:
                anchoring.cancel()
            relay.close()
            await read_writer.close()
            await database.close()

    return Starlette(
        routes=[
            Route("/", home),
            Route("/graphql", _graphql, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", _socket),
            Route(STREAM_PATH, _stream, methods=["GET", "POST"]),
            Route("/needs/{row_id}/answer.pdf", _answer),
            Route("/schema.graphql", _sdl),
            Route("/volunteers/{row_id}/certificate.pdf", _certificate),
            Route("/health", _health),
            Route("/ready", _ready),
        ],
        lifespan=lifespan,
        middleware=[
            Middleware(Draining, drain=drain),
            Middleware(
                Entrance,
                budgets=budgets,
                seats=seats,
                doorkeeper=doorkeeper,
                proxies=deployment.proxies,
            ),
        ],
    )


async def _graphql(request: Request) -> Response:
    response: Response = await request.app.state.graphql(request)
    return response


async def _certificate(request: Request) -> Response:
    response: Response = await request.app.state.certificates(request)
    return response


async def _stream(request: Request) -> Response:
    response: Response = await request.app.state.stream(request)
    return response


async def _socket(websocket: WebSocket) -> None:
    await websocket.app.state.socket(websocket)


async def _answer(request: Request) -> Response:
    response: Response = await request.app.state.answers(request)
    return response


async def _sdl(request: Request) -> Response:
    """The schema as the caller's roles see it."""
    try:
        principal = await request.app.state.identification.principal(request)
    except Exception as error:  # noqa: BLE001 -- what is no refusal is raised again
        return refused(error)
    sdl = await request.app.state.engine.sdl(principal, seat_of(request.scope).charge)
    return PlainTextResponse(sdl, headers=_FOR_ONE)


# The schema differs between roles: nobody's copy is another's answer.
_FOR_ONE = {"cache-control": "private, no-store", "vary": "Authorization, Citywide-Tenant"}


async def _ready(request: Request) -> Response:
    response: Response = await request.app.state.readiness(request)
    return response


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})
