"""Identity numbers at rest: sealed for reading back, digested for comparing, keyed by tenant."""

from __future__ import annotations

import hashlib
import hmac
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
# The nonce length AES-GCM is specified for; random, so a key seals far fewer than 2**32 texts.
NONCE_BYTES = 12
TAG_BYTES = 16


class SealBrokenError(Exception):
    """The bytes were not sealed with this secret for this tenant, or were changed since."""


class Sealer:
    """Seals short texts with keys derived from the deployment's secret.

    The tenant is authenticated with each text: bytes copied into another tenant's row do not
    open there. Digests differ between tenants, so equal numbers of two agencies stay unlinked.
    """

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(derived_key(secret, b"citywide sealed text"))
        self._digest_key = derived_key(secret, b"citywide text digest")

    def seal(self, tenant_id: UUID, text: str) -> bytes:
        """Nonce and AES-256-GCM ciphertext; different bytes each time."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), tenant_id.bytes)

    def open(self, tenant_id: UUID, data: bytes) -> str:
        """The text that `seal` was given; raises `SealBrokenError`."""
        if len(data) < NONCE_BYTES + TAG_BYTES:
            raise SealBrokenError
        nonce, sealed = data[:NONCE_BYTES], data[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, tenant_id.bytes).decode()
        except InvalidTag:
            raise SealBrokenError from None

    def digest(self, tenant_id: UUID, text: str) -> bytes:
        """HMAC-SHA256: equal within a tenant for equal texts, and useless without the secret."""
        return hmac.digest(self._digest_key, tenant_id.bytes + text.encode(), hashlib.sha256)


def derived_key(secret: bytes, purpose: bytes) -> bytes:
    """A key of `KEY_BYTES` for one purpose (HKDF-SHA256, RFC 5869), as good as one of its own."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)
