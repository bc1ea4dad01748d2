"""Texts at rest: sealed for reading back at their one place, digested for comparing."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# AES-256 and HMAC-SHA-256 take keys of this length.
KEY_BYTES = 32
# The nonce length AES-GCM is specified for; random, so a tenant's key seals far fewer than 2**32
# texts: its acts and its reads of a hundred years.
NONCE_BYTES = 12
# The whole tag of AES-GCM: a shorter one is easier to forge.
TAG_BYTES = 16
# With what sealed texts and digests begin that are made as this module makes them. What is older
# begins with anything, and is made anew by `citywide migrate` (`resealing`).
VERSION = b"\x02"
# Tenants whose keys a process keeps: a large city's agencies. Deriving one takes ten microseconds.
TENANT_KEYS = 1_000


class SealBrokenError(Exception):
    """The bytes were not sealed with this secret for this place, or were changed since."""


@dataclass(frozen=True, slots=True)
class Place:
    """The one value in the database that a text is sealed for; it opens nowhere else."""

    table: str
    column: str
    tenant_id: UUID
    row_id: UUID

    @property
    def bytes(self) -> bytes:
        """What is authenticated with the text; different for every place."""
        return self.tenant_id.bytes + self.row_id.bytes + f"{self.table}.{self.column}".encode()


class Sealer:
    """Seals texts with keys derived from the deployment's secret, one a tenant.

    Table, column and row are authenticated with each text: bytes copied into another row or
    another column do not open there, and those of another tenant have another key. Digests differ
    between tenants, so equal numbers of two agencies stay unlinked.
    """

    def __init__(self, secret: bytes) -> None:
        self._unbound = AESGCM(derived_key(secret, b"citywide sealed text"))
        self._digest_key = derived_key(secret, b"citywide text digest")
        self._request_key = derived_key(secret, b"citywide request digest")
        self._name_key = derived_key(secret, b"citywide request key")

        @lru_cache(TENANT_KEYS)
        def cipher(tenant_id: UUID) -> AESGCM:
            return AESGCM(derived_key(secret, b"citywide sealed text of " + tenant_id.bytes))

        self._cipher = cipher

    def seal(self, place: Place, text: str) -> bytes:
        """Version, nonce and AES-256-GCM ciphertext; different bytes each time."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher(place.tenant_id).encrypt(nonce, text.encode(), place.bytes)
        return VERSION + nonce + sealed

    def open(self, place: Place, data: bytes) -> str:
        """The text that `seal` was given for this place; raises `SealBrokenError`."""
        if data[:1] != VERSION:
            raise SealBrokenError
        return _opened(self._cipher(place.tenant_id), data[1:], place.bytes)

    def open_unbound(self, tenant_id: UUID, data: bytes) -> str:
        """A text that was sealed before texts had a place; only for making it anew."""
        return _opened(self._unbound, data, tenant_id.bytes)

    def digest(self, tenant_id: UUID, text: str) -> bytes:
        """HMAC-SHA256: equal within a tenant for equal texts, and useless without the secret."""
        return hmac.digest(self._digest_key, tenant_id.bytes + text.encode(), hashlib.sha256)

    def request_digest(self, tenant_id: UUID, digest: bytes) -> bytes:
        """Version and HMAC-SHA256 over the plain digest of what somebody asked for.

        Over the digest, so that those that were kept plain could be made into these.
        """
        return VERSION + hmac.digest(self._request_key, tenant_id.bytes + digest, hashlib.sha256)

    def request_key(self, tenant_id: UUID, key: str) -> str:
        """What is kept of an idempotency key, which callers may make of what their form says."""
        return hmac.digest(self._name_key, tenant_id.bytes + key.encode(), hashlib.sha256).hex()


def _opened(cipher: AESGCM, data: bytes, bound: bytes) -> str:
    if len(data) < NONCE_BYTES + TAG_BYTES:
        raise SealBrokenError
    try:
        return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], bound).decode()
    except InvalidTag:
        raise SealBrokenError from None


def derived_key(secret: bytes, purpose: bytes) -> bytes:
    """A key of `KEY_BYTES` for one purpose (HKDF-SHA256, RFC 5869), as good as one of its own."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)
