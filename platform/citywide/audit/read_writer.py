"""Reads are noted in a file at once, and written to the chains in batches in the background."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from citywide.audit.chain import Entry, append, missing
from citywide.audit.read_buffer import Segment, left_behind, set_aside_before
from citywide.audit.reads import Read, entries_of
from citywide.db.outage import Outage, UnchangingError, away, reason_of
from citywide.db.session import Audience, Context, Database
from citywide.errors import UnavailableError

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
# How often what was set aside is tried again: whatever a person mends is mended in days.
AGAIN_S = 600.0
# With less on the disk no read is promised to be kept: as much as `ROOM` entries take, twice.
DISK_BYTES = 40 << 20
# A stopping process takes so long for what is left; its file keeps the rest.
CLOSE_S = 5.0

_NOT_RECORDED = (
    "What you read cannot be recorded right now, so it cannot be shown; try again in a moment."
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
        folder.chmod(0o700)
        self._segment = Segment.begin(folder)
        self._noted: list[Entry] = []
        self._held = 0
        self._freed = asyncio.Condition()
        self._wake = asyncio.Event()
        self._is_closing = False
        # The database answers and takes no entries: nobody is shown what may never be on record.
        self._is_unchanging = False
        self._folder_outage: Final = Outage(
            "the folder of reads takes no more", "the folder of reads takes reads again"
        )
        self._try_again_at = 0.0
        self._told_aside: set[str] = set()
        self._running: asyncio.Task[None] | None = None

    @property
    def held(self) -> int:
        """How many entries are noted and not yet in the database."""
        return self._held

    @property
    def hindrance(self) -> str | None:
        """Why no read about a person can be answered now, in a sentence; None: it can."""
        if self._is_unchanging:
            return "The database takes no entries of the audit trail."
        if self._held >= self._room:
            return "Too many reads wait for being recorded."
        if shutil.disk_usage(self._folder).free < DISK_BYTES:
            return "The disk on which reads are kept is full."
        return None

    async def note(self, read: Read) -> None:
        """Note a read; waits for room, and raises `UnavailableError` when there is none in time."""
        if self._is_unchanging:
            raise UnavailableError(_NOT_RECORDED)
        entries = list(entries_of(read, datetime.now(UTC), self._database.sealer))
        if self._held >= self._room:
            await self._wait_for_room()
        try:
            self._segment.append(entries)
        except OSError as error:
            self._folder_outage.failed(error)
            raise UnavailableError(_NOT_RECORDED) from error
        self._folder_outage.answered()
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
            if entries is None:
                self._set_aside(segment, "it cannot be read")
                continue
            await self._write(segment, entries, is_again=True)
            count += len(entries)
        return count

    async def try_again(self) -> None:
        """Write what was set aside, where what hindered it has been mended."""
        for segment, entries in set_aside_before(self._folder):
            if entries is None:
                self._set_aside(segment, "it cannot be read")
            else:
                await self._write(segment, entries, is_again=True)

    async def _wait_for_room(self) -> None:
        try:
            async with asyncio.timeout(self._wait_s), self._freed:
                await self._freed.wait_for(lambda: self._held < self._room)
        except TimeoutError:
            message = (
                "Too many reads wait for being recorded, so no more can be shown: try again in a "
                "moment."
            )
            raise UnavailableError(message) from None

    async def _run(self) -> None:
        while not self._is_closing:
            try:
                await self._look()
            except OSError as error:
                # The folder's disk: what is noted stays where it is until there is room.
                self._folder_outage.failed(error)
                await asyncio.sleep(RETRY_S)
                self._wake.set()
        await self._turn()

    async def _look(self) -> None:
        """See to what others left behind, then for a while to what is noted here."""
        clock = asyncio.get_running_loop().time
        await self.take_over()
        if clock() >= self._try_again_at:
            self._try_again_at = clock() + AGAIN_S
            await self.try_again()
        until = clock() + LOOK_S
        while not self._is_closing and clock() < until:
            await self._wait(LOOK_S)
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
        """Write a file's entries, however long that takes, and remove the file.

        What is not accepted keeps nobody else's entries from being written.
        """
        by_tenant: dict[UUID, list[Entry]] = {}
        for entry in entries:
            by_tenant.setdefault(entry.tenant_id, []).append(entry)
        refused: Exception | None = None
        for those in by_tenant.values():
            for start in range(0, len(those), BATCH):
                try:
                    await self._append(segment, those[start : start + BATCH], is_again=is_again)
                except asyncio.CancelledError:
                    segment.leave()
                    raise
                except Exception as error:  # noqa: BLE001 -- it is told below
                    # Not away, but unwilling: to go on with it would hold up everybody for ever.
                    refused = error
        if refused is None:
            segment.remove()
        else:
            self._set_aside(segment, reason_of(refused))

    def _set_aside(self, segment: Segment, reason: str) -> None:
        """Keep a file for later; told once, with what a person can do."""
        kept_in = segment.set_aside()
        if kept_in.name not in self._told_aside:
            self._told_aside.add(kept_in.name)
            advice = "it is tried again by itself; mend what the reason names, or keep it elsewhere"
            log.error("reads are not accepted", reason=reason, kept_in=str(kept_in), advice=advice)

    async def _append(self, segment: Segment, entries: list[Entry], *, is_again: bool) -> None:
        first = entries[0]
        context = Context(Audience.AGENCY, tenant_id=first.tenant_id, bureau_id=first.bureau_id)
        while True:
            try:
                async with self._database.write(context) as transaction:
                    left = await missing(transaction, entries) if is_again else entries
                    if left:
                        await append(transaction, left)
            except (UnavailableError, OSError, asyncpg.PostgresError) as error:
                if away(error) is None and not isinstance(error, asyncpg.TransactionRollbackError):
                    raise
                self._is_unchanging = isinstance(error, UnchangingError)
                if not is_again:
                    segment.keep()
                # It may have been committed before the connection broke.
                is_again = True
                await asyncio.sleep(RETRY_S)
            else:
                self._is_unchanging = False
                return
