"""Say every day where the chains are: in a file, and at an address that somebody else keeps."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import asyncpg
import structlog
from joserfc.jwk import OKPKey

from citywide.audit.anchors import heads, made_at, signed, write, written
from citywide.db.session import Database
from citywide.errors import OperatorError, UnavailableError

log = structlog.get_logger()

# A cut tail can be as long as what was written since the last statement: a day's work.
EVERY = timedelta(days=1)
# How often a worker looks whether one is due, and whether the newest is still to be posted.
LOOK_S = 600.0
# An address that does not take two megabytes in this time is asked again at the next look.
POST_TIMEOUT_S = 10.0
_FAILING = (OSError, UnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True, slots=True)
class Witness:
    """Where statements are kept and posted, and what signs them."""

    folder: Path
    url: str | None
    key: OKPKey
    issuer: str


class Anchoring:
    """Writes a statement when the newest is a day old, and posts it until it is taken.

    Several workers may write one at the same time, which does no harm: both are true.
    """

    def __init__(self, database: Database, witness: Witness) -> None:
        self._database: Final = database
        self._witness: Final = witness
        self._posted: Path | None = None
        self._is_failing = False

    async def run(self) -> None:
        """Look again and again; what fails is told once, and tried again."""
        while True:
            try:
                await self.look(datetime.now(UTC))
            except _FAILING as error:
                if not self._is_failing:
                    log.warning("where the audit trail is cannot be said", reason=str(error))
                self._is_failing = True
            else:
                self._is_failing = False
            await asyncio.sleep(LOOK_S)

    async def look(self, now: datetime) -> None:
        """Write a statement if one is due, and post the newest if that is left to do."""
        folder = self._witness.folder
        newest = next(reversed(written(folder)), None)
        if newest is None or made_at(newest) + EVERY <= now:
            found = await heads(self._database)
            if not found:
                return
            statement = signed(found, now, key=self._witness.key, issuer=self._witness.issuer)
            newest = await asyncio.to_thread(write, folder, now, statement)
        if self._witness.url is not None and newest != self._posted:
            await asyncio.to_thread(_post, self._witness.url, newest)
            self._posted = newest


def check_witness(url: str) -> None:
    """Refuse an address that is none; raises `OperatorError`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OperatorError(f"CITYWIDE_ANCHOR_URL is {url}: that is no http or https address.")


def _post(url: str, path: Path) -> None:
    """Raises `OSError` when the address does not take it."""
    headers = {"content-type": "application/jose"}
    request = Request(url, data=path.read_bytes(), headers=headers)  # noqa: S310 -- checked at start
    try:
        with urlopen(request, timeout=POST_TIMEOUT_S) as answer:  # noqa: S310 -- as above
            answer.read(1)
    except URLError as error:
        message = f"{url} does not take the statement about the audit trail: {error.reason}"
        raise OSError(message) from error
