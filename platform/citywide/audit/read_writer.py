"""Reads are noted in a file at once, and written to the chains in batches in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from citywide.audit.chain import Entry, append, missing
from citywide.audit.read_buffer import Segment, left_behind
from citywide.audit.reads import Read, entries_of
from citywide.db.session import Audience, Context, Database
from citywide.errors import Code, RefusalError

log = structlog.get_logger()

# Entries noted and not yet in the database; each is about 1 kB. At a thousand reads a second the
# database may be away for twenty seconds before a reader notices.
ROOM = 20_000
# Longer than a batch takes, shorter than a reader's patience.
WAIT_S = 2.0
# A batch gathers what comes within this time: one commit for all of it.
PAUSE_S = 0.2
# Entries of one tenant in one transaction: the chain's head is locked for its length.
BATCH = 500
# The database is asked again after this, when it was away.
RETRY_S = 1.0
# How often a process looks for what another left behind.
LOOK_S = 60.0
# A stopping process takes so long for what is left; its file keeps the rest.
CLOSE_S = 5.0

# What passes by itself.
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)


class ReadWriter:
    """The read log of one process; `run` writes beside the requests until `close`."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        room: int = ROOM,
        wait_s: float = WAIT_S,
    ) -> None:
        self._database: Final = database
        self._folder: Final = folder
        self._room: Final = room
        self._wait_s: Final = wait_s
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._segment = Segment.begin(folder)
        self._noted: list[Entry] = []
        self._held = 0
        self._freed = asyncio.Condition()
        self._wake = asyncio.Event()
        self._is_closing = False
        self._running: asyncio.Task[None] | None = None

    @property
    def held(self) -> int:
        """How many entries are noted and not yet in the database."""
        return self._held

    async def note(self, read: Read) -> None:
        """Note a read; waits for room, and raises `RefusalError` when there is none in time."""
        entries = list(entries_of(read, datetime.now(UTC), self._database.sealer))
        if self._held >= self._room:
            await self._wait_for_room()
        try:
            self._segment.append(entries)
        except OSError as error:
            log.exception("the file of reads takes no more")
            message = "What you read cannot be recorded right now, so it cannot be shown."
            raise RefusalError(Code.TIMEOUT, message) from error
        self._noted += entries
        self._held += len(entries)
        self._wake.set()

    def start(self) -> None:
        """Begin to write; what an earlier process left behind comes first."""
        self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Write what is noted; what cannot be written in time stays in the file."""
        self._is_closing = True
        self._wake.set()
        if self._running is not None:
            try:
                await asyncio.wait_for(self._running, CLOSE_S)
            except TimeoutError:
                log.warning("reads stay in their file until the next start", entries=self._held)
        self._segment.leave()

    async def take_over(self) -> int:
        """Write what processes that are gone have left behind; how many entries that was."""
        count = 0
        for segment, entries in left_behind(self._folder):
            await self._write(segment, entries, is_again=True)
            count += len(entries)
        return count

    async def _wait_for_room(self) -> None:
        try:
            async with asyncio.timeout(self._wait_s), self._freed:
                await self._freed.wait_for(lambda: self._held < self._room)
        except TimeoutError:
            message = (
                "Too many reads wait for being recorded, so no more can be shown: try again in a "
                "moment."
            )
            raise RefusalError(Code.TIMEOUT, message) from None

    async def _run(self) -> None:
        while not self._is_closing:
            await self.take_over()
            until = asyncio.get_running_loop().time() + LOOK_S
            while not self._is_closing and asyncio.get_running_loop().time() < until:
                await self._wait(LOOK_S)
                await self._turn()
        await self._turn()

    async def _wait(self, seconds: float) -> None:
        """Until something is noted and a batch has gathered."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        self._wake.clear()
        if not self._is_closing:
            await asyncio.sleep(PAUSE_S)

    async def _turn(self) -> None:
        """Write everything noted so far; what comes meanwhile goes into the next file."""
        if not self._noted:
            return
        segment, entries = self._segment, self._noted
        self._segment, self._noted = Segment.begin(self._folder), []
        await self._write(segment, entries, is_again=False)
        async with self._freed:
            self._held -= len(entries)
            self._freed.notify_all()

    async def _write(self, segment: Segment, entries: Sequence[Entry], *, is_again: bool) -> None:
        """Write a file's entries, however long that takes, and remove the file."""
        by_tenant: dict[UUID, list[Entry]] = {}
        for entry in entries:
            by_tenant.setdefault(entry.tenant_id, []).append(entry)
        try:
            for those in by_tenant.values():
                for start in range(0, len(those), BATCH):
                    await self._append(segment, those[start : start + BATCH], is_again=is_again)
        except asyncio.CancelledError:
            segment.leave()
            raise
        except asyncpg.PostgresError:
            # Not away, but unwilling: trying again would hold up everybody's reads for ever.
            log.exception("reads are not accepted", kept_in=str(segment.set_aside()))
            return
        segment.remove()

    async def _append(self, segment: Segment, entries: list[Entry], *, is_again: bool) -> None:
        first = entries[0]
        context = Context(Audience.AGENCY, tenant_id=first.tenant_id, bureau_id=first.bureau_id)
        while True:
            try:
                async with self._database.write(context) as transaction:
                    left = await missing(transaction, entries) if is_again else entries
                    if left:
                        await append(transaction, left)
            except _AWAY:
                if not is_again:
                    log.warning("the database is away; reads wait in their file", exc_info=True)
                    segment.keep()
                # It may have been committed before the connection broke.
                is_again = True
                await asyncio.sleep(RETRY_S)
            else:
                return
