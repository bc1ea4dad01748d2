"""Running a plan: one statement in one transaction, and on the way out who was read is noted."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg

from citywide.audit.reads import PURPOSE_HEADER, Read, ReadLog
from citywide.authz.principal import Principal
from citywide.db.sealed import Place, Sealer
from citywide.db.session import Database
from citywide.errors import Code, RefusalError
from citywide.graph.cursors import Cursors
from citywide.graph.operation import Execution
from citywide.graph.plan import Plan
from citywide.graph.probes import Probes
from citywide.graph.schema import WITHOUT_PURPOSE
from citywide.graph.subjects import FEW_ROWS_COUNTED, told
from citywide.graph.values import NO_ROW, PAYLOAD

# A sealed value in an answer: the control character is JSON's \u0001 at a string's start.
_SEALED = re.compile(rb'"\\u0001([a-z_]+)\.([a-z_.]+):([A-Za-z0-9+/=]+)"')


class Runner:
    """Runs plans against one database; `reads` None notes nothing of what is read."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        cursors: Cursors,
        probes: Probes,
        reads: ReadLog | None,
    ) -> None:
        self.database: Final = database
        self.sealer: Final = sealer
        self.cursors: Final = cursors
        self._probes: Final = probes
        self._reads: Final = reads

    @property
    def notes_reads(self) -> bool:
        """Whether answers say whom they tell about, so that it can be noted."""
        return self._reads is not None

    async def run(self, plan: Plan, values: list[Any], principal: Principal) -> str | None:
        """What PostgreSQL answers; None for an event that its reader may not see."""
        with within_time(principal):
            async with self.database.read(principal.context, is_heavy=plan.is_heavy) as transaction:
                # Not `fetchval`: it asks for one row at most, and PostgreSQL runs a statement whose
                # rows are limited so without its parallel workers.
                rows = await transaction.connection.fetch(plan.sql, *values)
                found: str | None = rows[0][0] if rows else None
                return found

    async def told(self, data: bytes, plan: Plan, execution: Execution) -> bytes:
        """The answer as it goes out, once it was noted whom it tells about."""
        data = await self._noted(data, plan, execution)
        if plan.has_sealed:
            data = _SEALED.sub(self._opened, data)
        if plan.gives_cursors:
            data = self.cursors.sealed(data, execution.principal)
        return data

    async def _noted(self, data: bytes, plan: Plan, execution: Execution) -> bytes:
        """The answer without the hidden members, once it was noted whom it tells about.

        What looks at persons is noted whatever comes of it: that nobody is found tells as well.
        """
        if not plan.touches_persons or self._reads is None:
            return data
        found = told(data, execution.principal, is_probing=bool(plan.probed))
        if found.persons or plan.probed:
            await self._reads.note(
                Read(
                    reader=execution.principal,
                    roots=plan.roots,
                    coordinates=plan.person_coordinates if found.shows_persons else (),
                    probed=plan.probed,
                    counts=found.counts,
                    operation=execution.operation.name,
                    purpose=execution.operation.purpose,
                    persons=found.persons,
                )
            )
        small = sum(1 for count in found.counts if count < FEW_ROWS_COUNTED)
        if small and not found.shows_persons:
            weight = min(small, plan.countings)
            self._probes.count(execution.principal, self._question(plan, execution), weight)
        return found.data

    def _question(self, plan: Plan, execution: Execution) -> str:
        """What was asked, whatever row a mutation led to or an event is about."""
        variables = {**execution.variables.coerced, PAYLOAD: NO_ROW}
        return f"{plan.sql}{plan.values(execution.principal, variables, self.cursors)!r}"

    def _opened(self, match: re.Match[bytes]) -> bytes:
        table, column, raw = match[1].decode(), match[2].decode(), b64decode(match[3])
        place = Place(table, column, UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]))
        return json.dumps(self.sealer.open(place, raw[32:])).encode()


def check_purpose(plan: Plan, execution: Execution) -> None:
    """Whoever the policy does not excuse says why they read about persons."""
    if not plan.touches_persons or execution.operation.purpose is not None:
        return
    if execution.grants.of(WITHOUT_PURPOSE) is None:
        message = (
            "Your roles read about persons only for a stated purpose: say it in the header "
            f"{PURPOSE_HEADER}."
        )
        touched = sorted({*plan.person_coordinates, *plan.probed})
        raise RefusalError(Code.BAD_USER_INPUT, message, coordinates=touched)


@contextmanager
def within_time(principal: Principal) -> Iterator[None]:
    """A statement that the database cancels is the caller's to mend."""
    try:
        yield
    except asyncpg.QueryCanceledError:
        limit = principal.context.statement_timeout_ms
        message = f"The database took longer than {limit} ms; ask for less."
        raise RefusalError(Code.TIMEOUT, message) from None
