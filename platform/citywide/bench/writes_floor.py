"""The floor of writes: one handler that writes a service's rows by hand, as few statements as go.

It writes what the use case writes: the record, two attendances, the link of the audit chain with
its entry and the person it is about, the event and the idempotency key. It asks no rule, knows no
caller and reads nothing back.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from citywide.db.sealed import VERSION
from citywide.db.session import Audience, Context, Database
from citywide.identity.keys import deployment_keys
from citywide.ids import new_id
from citywide.settings import Settings

SERVED_ON = date(2025, 6, 2)
MINUTES = 45
TITLE = "打扫与整理"
_RECORD = """
INSERT INTO service_record (tenant_id, bureau_id, id, number, project_id, kind, medium, served_on,
  duration_minutes, area_id, title)
VALUES ($1, $2, $3, $4, $5, 'HOME_HELP', 'IN_PERSON', $6, $7, $8, $9)
"""
_ATTENDANCES = """
INSERT INTO attendance (tenant_id, bureau_id, id, service_record_id, role, beneficiary_id,
  member_id)
VALUES ($1, $2, $3, $5, 'BENEFICIARY', $6, NULL), ($1, $2, $4, $5, 'WORKER', NULL, $7)
"""
_TRAIL = """
WITH head AS (
  INSERT INTO audit_head (tenant_id, bureau_id, id, position, hash)
  VALUES ($1, $2, $1, 1, sha256(int8send(1) || convert_to($4, 'UTF8')))
  ON CONFLICT (tenant_id, id) DO UPDATE SET position = audit_head.position + 1,
    hash = sha256(audit_head.hash || int8send(audit_head.position + 1) || convert_to($4, 'UTF8'))
  RETURNING position, hash
), entry AS (
  INSERT INTO audit_entry (tenant_id, bureau_id, id, position, kind, occurred_at, actor, coordinate,
    entry, hash)
  SELECT $1, $2, $3, position, 'WRITE', $5, 'floor', 'Mutation.recordService', $4, hash FROM head
), about AS (
  INSERT INTO audit_subject (tenant_id, bureau_id, id, entry_id, person_id)
  VALUES ($1, $2, $6, $3, $7)
), event AS (
  INSERT INTO outbox (tenant_id, bureau_id, id, topic, row_id, occurred_at, transaction)
  VALUES ($1, $2, $8, 'serviceRecorded', $9, $5, pg_current_xact_id()::text::bigint)
)
INSERT INTO idempotency_key (tenant_id, bureau_id, id, member_id, key, coordinate, digest, done_at,
  result_tenant_id, result_id)
VALUES ($1, $2, $10, $11, $12, 'Mutation.recordService', $13, $5, $1, $9)
"""


def floor() -> Starlette:
    """`POST /record`: the rows in one transaction of the agency's audience."""
    settings = Settings()
    secret = deployment_keys(settings.data).secret

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.database = await Database.open(os.environ["DATABASE_URL"], secret=secret)
        try:
            yield
        finally:
            await app.state.database.close()

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok")

    routes = [Route("/health", health), Route("/record", _record, methods=["POST"])]
    return Starlette(routes=routes, lifespan=lifespan)


async def _record(request: Request) -> Response:
    body = await request.body()
    given = json.loads(body)
    tenant, bureau, member = (UUID(given[name]) for name in ("tenant", "bureau", "member"))
    person, record_id, entry_id = UUID(given["beneficiary"]), new_id(), new_id()
    context = Context(Audience.AGENCY, tenant_id=tenant, bureau_id=bureau)
    now = datetime.now(UTC)
    async with request.app.state.database.write(context) as transaction:
        run = transaction.connection
        project, area = UUID(given["project"]), UUID(given["area"])
        record = (record_id, given["number"], project, SERVED_ON, MINUTES, area, TITLE)
        await run.fetch(_RECORD, tenant, bureau, *record)
        attended = (new_id(), new_id(), record_id, person, member)
        await run.fetch(_ATTENDANCES, tenant, bureau, *attended)
        about = (new_id(), person, new_id(), record_id, new_id())
        key = (member, given["number"], VERSION + 2 * entry_id.bytes)
        text = body.decode()
        await run.fetch(_TRAIL, tenant, bureau, entry_id, text, now, *about, *key)
    answer = {"id": str(record_id), "number": given["number"]}
    return Response(json.dumps(answer), media_type="application/json")


def posted(row: asyncpg.Record, label: str) -> bytes:
    """The request for one record."""
    names = ("tenant_id", "bureau_id", "member_id", "beneficiary_id", "project_id", "area_id")
    given = {name.removesuffix("_id"): str(row[name]) for name in names}
    body = json.dumps({**given, "number": label}).encode()
    head = (
        "POST /record HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
