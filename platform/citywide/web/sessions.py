"""A session that outlives a request: who is connected, for as long as they may be."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from graphql import OperationType

from citywide.audit.reads import purpose_of
from citywide.authz.principal import Principal
from citywide.errors import Code, RefusalError, UnavailableError
from citywide.events.relay import Relay
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from citywide.identity.tokens import Bearer
from citywide.web.graphql import Identification
from citywide.web.seats import Seat

# A revocation has to end a session within a second, whether or not something happens in it.
LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Session:
    """One connection's user, tenant and purpose, and the seat that it has."""

    identification: Identification
    seat: Seat
    bearer: Bearer
    tenant: str | None
    purpose: str | None

    @classmethod
    async def begin(
        cls,
        identification: Identification,
        seat: Seat,
        *,
        authorization: str,
        tenant: str | None,
        purpose: str | None,
    ) -> Session:
        """A session of whoever signs in so, in their seat; raises `RefusalError`, `FullError`."""
        bearer = await identification.bearer(authorization)
        seat.sign_in(bearer.subject)
        session = cls(identification, seat, bearer, tenant, purpose_of(purpose))
        principal = await session.principal()
        seat.sign_in(principal.subject, principal.tenant_id)
        return session

    async def principal(self) -> Principal:
        """Who this is now; raises the `RefusalError` that ends the session."""
        self._check_token()
        memberships = self.identification.memberships
        return await memberships.principal(self.bearer.subject, self.tenant)

    def _check_token(self) -> None:
        if time.time() >= self.bearer.expires_at:
            message = "Your token has expired: sign in again, and resume."
            raise RefusalError(Code.UNAUTHENTICATED, message)

    async def over(self) -> RefusalError:
        """Wait until the session has to end, and why."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                self._check_token()
                # While the database is away or has no time nobody can be asked, and nothing is
                # told. A thousand sessions that asked then would see to it that it has none.
                if self.identification.memberships.is_watched:
                    with contextlib.suppress(UnavailableError):
                        await self.principal()
            except RefusalError as refusal:
                return refusal


@dataclass(frozen=True, slots=True)
class Told:
    """A response on its way out, and the event id that it may be resumed from."""

    body: bytes
    event_id: str | None = None


async def responses(
    engine: Engine, relay: Relay, session: Session, operation: Operation
) -> AsyncIterator[Told]:
    """The one response of a query or mutation, or those of a subscription until it is ended.

    Every event is read with the rights of that moment; what may not be seen is not told.
    """
    principal = await session.principal()
    if await engine.kind(operation, principal) is not OperationType.SUBSCRIPTION:
        yield Told(await engine.answer(operation, principal))
        return
    asked = await engine.subscribed(operation, principal)
    found: Any = relay.events(principal, asked.topic, row=asked.row, after=asked.after)
    async with aclosing(found) as events:
        async for event in events:
            body = await engine.event_answer(operation, await session.principal(), event)
            if body is not None:
                yield Told(body, event.place.token)
