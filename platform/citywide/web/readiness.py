"""`GET /ready`: whether whoever is sent here would be answered; `/health` is the process alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from citywide.audit.read_writer import ReadWriter
from citywide.db.session import BusyError, Database
from citywide.errors import RETRY_AFTER_S, UnavailableError
from citywide.web.drain import Drain, StoppingError

# An answer is true for so long: anybody may ask, and the database is asked once a second at most.
FRESH_S = 1.0


class ReadinessEndpoint:
    """Answers 200, or 503 with the reason in a sentence."""

    def __init__(
        self,
        database: Database,
        reads: ReadWriter,
        drain: Drain,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database: Final = database
        self._reads: Final = reads
        self._drain: Final = drain
        self._clock: Final = clock
        self._looking: Final = asyncio.Lock()
        self._looked_at = float("-inf")
        self._hindrance: str | None = None

    async def __call__(self, _: Request) -> Response:
        """Whether this process is ready; the policy is, for without one it does not start."""
        reason = StoppingError().message if self._drain.is_begun else await self._found()
        headers = {"cache-control": "no-store"}
        if reason is None:
            return JSONResponse({"status": "ready"}, headers=headers)
        headers["retry-after"] = str(RETRY_AFTER_S)
        answer = {"status": "unavailable", "reason": reason}
        return JSONResponse(answer, HTTPStatus.SERVICE_UNAVAILABLE, headers)

    async def _found(self) -> str | None:
        # Who comes while somebody looks waits for what that one finds.
        async with self._looking:
            if self._clock() - self._looked_at >= FRESH_S:
                self._hindrance = await self._look()
                self._looked_at = self._clock()
        return self._hindrance

    async def _look(self) -> str | None:
        try:
            await self._database.check_changes()
        except BusyError:
            # It answers others. A crowd is no reason to send everybody to the next server.
            pass
        except UnavailableError as error:
            return error.message
        return self._reads.hindrance
