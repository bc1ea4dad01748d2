"""Whose signatures are believed: the local issuer's own key, or another issuer's published set."""

from __future__ import annotations

import asyncio
import json
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import urlopen

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, Key, OKPKey

from citywide.errors import OperatorError

# Signature algorithms by the type of key that may make them. A symmetric one is not among them:
# whoever can read a public key must not be able to sign with it.
KEY_TYPES: Mapping[str, str] = {
    "EdDSA": "OKP",
    "Ed25519": "OKP",  # the newer name of the same algorithm (RFC 9864)
    "ES256": "EC",
    "RS256": "RSA",
}
# A published set of keys is a few kilobytes; more is not one.
LARGEST_JWKS_BYTES = 256 * 1024
# Who signs in waits for it; an issuer that takes longer is away.
FETCH_TIMEOUT_S = 5.0
# A key that its issuer withdraws is believed for at most this long.
REFRESH_AFTER_S = 600.0
# Tokens that name unknown keys must not make us call the issuer more often than this.
REFRESH_PAUSE_S = 30.0
# An issuer that has not been reached for this long is no longer believed.
BELIEVE_FOR_S = 6 * 3600.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Issuer(Protocol):
    """The public keys of one issuer."""

    async def key(self, kid: str | None, algorithm: str) -> Key | None:
        """The key that `kid` names, when it may make signatures of `algorithm`; else None."""


class LocalIssuer:
    """The key that this deployment made for itself."""

    def __init__(self, key: OKPKey) -> None:
        self._key = key

    async def key(self, kid: str | None, algorithm: str) -> Key | None:
        """See `Issuer`."""
        fits = kid == self._key.thumbprint() and KEY_TYPES.get(algorithm) == "OKP"
        return self._key if fits else None


class PublishedIssuer:
    """An issuer that publishes its keys as a JWKS at a URL or in a file."""

    def __init__(
        self,
        source: str,
        *,
        fetch: Callable[[str], bytes] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._fetch = fetch or _fetch
        self._clock = clock
        self._keys: tuple[Key, ...] = ()
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def key(self, kid: str | None, algorithm: str) -> Key | None:
        """See `Issuer`; fetches the set when it is old or does not have the key."""
        if algorithm not in KEY_TYPES:
            return None
        found = self._find(kid, algorithm)
        if found is None or self._age() > REFRESH_AFTER_S:
            await self._refresh()
            found = self._find(kid, algorithm)
        return found if self._age() <= BELIEVE_FOR_S else None

    def _find(self, kid: str | None, algorithm: str) -> Key | None:
        fitting = [key for key in self._keys if _may_sign(key, algorithm)]
        if kid is None:
            # Without a name the choice must be clear; trying every key invites confusion.
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.kid == kid), None)

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self._clock() - self._fetched_at

    async def _refresh(self) -> None:
        async with self._lock:
            now = self._clock()
            if self._tried_at is not None and now - self._tried_at < REFRESH_PAUSE_S:
                return
            self._tried_at = now
            try:
                document = await asyncio.to_thread(self._fetch, self._source)
                self._keys = _keys_of(document)
            except (OSError, ValueError):
                # The keys we have stay good until `BELIEVE_FOR_S`: an issuer's short absence
                # must not lock everybody out.
                return
            self._fetched_at = self._clock()


def _may_sign(key: Key, algorithm: str) -> bool:
    if key.key_type != KEY_TYPES[algorithm] or key.get("use", "sig") != "sig":
        return False
    match algorithm:
        case "RS256":
            return True
        case "ES256":
            return key.get("crv") == "P-256"
        case _:
            return key.get("crv") == "Ed25519"


def _keys_of(document: bytes) -> tuple[Key, ...]:
    published = json.loads(document)
    listed = published.get("keys") if isinstance(published, dict) else None
    if not isinstance(listed, list):
        message = "a set of keys is an object with a list named keys"
        raise ValueError(message)  # noqa: TRY004 (a document's content, not an argument's type)
    keys = []
    with warnings.catch_warnings():
        # A key too short to be safe is only warned about.
        warnings.simplefilter("error", SecurityWarning)
        for entry in listed:
            try:
                keys.append(JWKRegistry.import_key(entry))
            except (JoseError, SecurityWarning, ValueError, TypeError, KeyError):
                continue  # A set may hold keys of kinds that we do not use.
    return tuple(keys)


def check_source(source: str) -> None:
    """Refuse a JWKS address whose answer anybody on the way could replace."""
    parts = urlsplit(source)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        sentence = f"CITYWIDE_JWKS is {source}: keys must be fetched with https."
        raise OperatorError(sentence)
    if parts.scheme not in {"http", "https"} and not Path(source).is_file():
        sentence = f"CITYWIDE_JWKS is {source}: there is no such file, and it is no URL."
        raise OperatorError(sentence)


def _fetch(source: str) -> bytes:
    if urlsplit(source).scheme not in {"http", "https"}:
        return _bounded(Path(source).read_bytes())
    with urlopen(source, timeout=FETCH_TIMEOUT_S) as answer:  # noqa: S310 (see `check_source`)
        body: bytes = answer.read(LARGEST_JWKS_BYTES + 1)
    return _bounded(body)


def _bounded(document: bytes) -> bytes:
    if len(document) > LARGEST_JWKS_BYTES:
        message = f"a set of keys is at most {LARGEST_JWKS_BYTES} bytes"
        raise ValueError(message)
    return document
