"""An event on its way to subscribers, and its id, from which a subscriber can resume."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

# A transaction's number of eight bytes and the row's id of sixteen.
_LENGTH = 24
# The last millisecond that Python has a date for; a UUIDv7 has room for later ones.
_LAST_MS = 253_402_300_799_999


class Place(NamedTuple):
    """Where an event stands in its bureau's outbox: its transaction, then its id."""

    transaction: int
    id: UUID

    @property
    def token(self) -> str:
        """The event id that subscribers see."""
        raw = self.transaction.to_bytes(8, "big") + self.id.bytes
        return urlsafe_b64encode(raw).decode("ascii")

    @property
    def written_at(self) -> datetime:
        """When the event's row was made: its id is a UUIDv7, which begins with milliseconds."""
        return datetime.fromtimestamp((self.id.int >> 80) / 1_000, UTC)

    @classmethod
    def read(cls, token: str) -> Place | None:
        """The place in an event id, or None when it is none of ours."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii"))
        except ValueError:
            return None
        if len(raw) != _LENGTH:
            return None
        place = cls(int.from_bytes(raw[:8], "big"), UUID(bytes=raw[8:]))
        is_timed = place.id.version == 7 and place.id.int >> 80 <= _LAST_MS  # noqa: PLR2004 -- UUIDv7
        is_ours = place.transaction < 2**63 and is_timed
        return place if is_ours and place.token == token else None


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the outbox.

    `answers` are the statements that read its row, by statement, values and context: subscribers
    for whom all three are the same get the same answer, and it is read once.
    """

    place: Place
    tenant_id: UUID
    topic: str
    row_id: UUID
    occurred_at: datetime
    answers: dict[Any, asyncio.Task[Any]] = field(default_factory=dict)
