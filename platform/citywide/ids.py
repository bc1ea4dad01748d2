"""Identifiers: time-ordered UUIDs inside, opaque ids carrying type and tenant outside.

An outside id is base64url over 36 bytes: a four-letter type tag, the tenant's UUID (zero for a
shared catalogue) and the row's UUID. Forty-eight characters, no padding; any node can be routed
to its tenant without a look-up. The same encoding is written once more in SQL by the read
engine (`graph/opaque.py`), because PostgreSQL builds the answers; a test holds the two equal.
"""

from __future__ import annotations

import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid5

from asyncpg.pgproto import pgproto

NO_TENANT = UUID(int=0)
TAG_LENGTH = 4
OUTSIDE_LENGTH = 48
# Ids remembered with what they say; each is about 400 bytes.
DECODED = 4_096
_CATALOGUE = UUID("6f6c6b2e-0d3b-5d0b-8a53-3a1d2c3b4e5f")


@dataclass(frozen=True, slots=True)
class NodeId:
    """A node's address: the type's four-letter tag, its tenant (zero: a catalogue), its row."""

    tag: str
    tenant_id: UUID
    row_id: UUID

    def encode(self) -> str:
        """The opaque form that callers see."""
        raw = self.tag.encode("ascii") + self.tenant_id.bytes + self.row_id.bytes
        return urlsafe_b64encode(raw).decode("ascii")

    @classmethod
    def decode(cls, text: str) -> NodeId | None:
        """The address in `text`, or None when `text` is not an id of ours."""
        if len(text) != OUTSIDE_LENGTH or not text.isascii():
            return None
        return _decoded(text)


@lru_cache(DECODED)
def _decoded(text: str) -> NodeId | None:
    """See `NodeId.decode`: a request asks several times about each of its ids."""
    try:
        raw = urlsafe_b64decode(text)
        tag = raw[:TAG_LENGTH].decode("ascii")
    except ValueError:
        return None
    if len(raw) != TAG_LENGTH + 32:
        return None
    node = NodeId(tag, UUID(bytes=raw[4:20]), UUID(bytes=raw[20:36]))
    # An object has one id: another spelling of it, or a tag that no database can hold, is not.
    return node if tag.isalpha() and node.encode() == text else None


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then randomness."""
    milliseconds = time.time_ns() // 1_000_000
    raw = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return pgproto.UUID(bytes(raw))


def uuid_of(text: str) -> UUID:
    """The UUID that is written so; raises `ValueError`.

    It is the database driver's own kind of UUID, which is made four times as fast: an answer may
    name some hundred persons.
    """
    return pgproto.UUID(text)


def named_id(*names: str) -> UUID:
    """The UUID version 5 of something that has a published name, the same on every deployment.

    Bureaus, agencies, areas and categories are named, not numbered: uniqueness of their names
    follows from the primary key, with no UNIQUE across tenants.
    """
    return uuid5(_CATALOGUE, "/".join(names))
