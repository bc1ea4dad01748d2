"""Bearer tokens: made here for a subject, and verified once each, whoever issued them.

A refusal never repeats the token or a part of it: error messages end up in logs.
"""

from __future__ import annotations

import time
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import (
    ClaimError,
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    SecurityWarning,
)
from joserfc.jwk import OKPKey

from citywide.errors import Code, RefusalError
from citywide.identity.issuers import KEY_TYPES, Issuer

# A working day; whoever leaves loses access within a second all the same, by the membership.
LIFETIME_S = 12 * 3600
# A token is taken so long after it was made, whatever its `exp` says: one that was stolen or left
# behind ends within a day. Whoever works longer signs in again.
GREATEST_AGE_S = 24 * 3600
# Two machines' clocks may differ by this much.
LEEWAY_S = 30
# Ours have 300 characters; those of the large identity providers two or three thousand.
LONGEST_TOKEN = 8_192
# User names or ids of an issuer; those of the large ones have below a hundred characters.
LONGEST_SUBJECT = 200
# One entry is about 2 kB, so this is some 20 MB at worst.
CACHED_TOKENS = 10_000
# After this a token is verified again, so that a withdrawn signing key loses its effect.
VERIFIED_FOR_S = 600


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a verified token is about, and until when (Unix seconds)."""

    subject: str
    expires_at: float


def issue(
    subject: str, *, key: OKPKey, issuer: str, audience: str, now: float | None = None
) -> str:
    """Make a token for `subject`, signed with the local issuer's key, good for `LIFETIME_S`."""
    issued_at = int(time.time() if now is None else now)
    header = {"alg": "Ed25519", "kid": key.thumbprint()}
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "iat": issued_at,
        "exp": issued_at + LIFETIME_S,
    }
    return jwt.encode(header, claims, key, algorithms=["Ed25519"])


class Verifier:
    """Verifies the tokens of one issuer for one audience; remembers what it has verified."""

    def __init__(
        self,
        source: Issuer,
        *,
        issuer: str,
        audience: str,
        greatest_age_s: int = GREATEST_AGE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`greatest_age_s` may be less than `GREATEST_AGE_S` and never more."""
        self._greatest_age_s: Final = min(greatest_age_s, GREATEST_AGE_S)
        self._source: Final = source
        self._clock: Final = clock
        self._claims: Final = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        self._verified: OrderedDict[str, tuple[Bearer, float]] = OrderedDict()

    async def verify(self, token: str) -> Bearer:
        """Whom `token` is about; raises `RefusalError` with UNAUTHENTICATED."""
        known = self._verified.get(token)
        if known is not None and self._clock() < known[1]:
            self._verified.move_to_end(token)
            return known[0]
        bearer = await self._verify(token)
        until = min(bearer.expires_at + LEEWAY_S, self._clock() + VERIFIED_FOR_S)
        self._verified[token] = (bearer, until)
        self._verified.move_to_end(token)
        if len(self._verified) > CACHED_TOKENS:
            self._verified.popitem(last=False)
        return bearer

    async def _verify(self, token: str) -> Bearer:
        if len(token) > LONGEST_TOKEN:
            raise _refused(f"The token is longer than {LONGEST_TOKEN} characters.")
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
        except (JoseError, ValueError) as error:
            raise _refused("The token is not a signed JWT.") from error
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
            raise _refused("The token is signed with an algorithm that is not accepted here.")
        key = await self._source.key(kid if isinstance(kid, str) else None, algorithm)
        if key is None:
            raise _refused("The token is not signed with a key of this deployment's issuer.")
        try:
            with warnings.catch_warnings():
                # The signature algorithm's older name is what most issuers still write.
                warnings.simplefilter("ignore", SecurityWarning)
                claims = jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, RecursionError) as error:
            raise _refused("The token's signature is not valid.") from error
        return self._accepted(claims)

    def _accepted(self, claims: dict[str, Any]) -> Bearer:
        try:
            self._claims.validate(claims)
            expires_at = min(float(claims["exp"]), float(claims["iat"]) + self._greatest_age_s)
        except ExpiredTokenError as error:
            raise _refused("The token has expired: sign in again.") from error
        except InvalidClaimError as error:
            raise _refused(_WRONG_CLAIM.get(error.claim, "The token is not valid.")) from error
        except (ClaimError, OverflowError) as error:
            sentence = "The token does not say who, for whom, from whom, since when and until when."
            raise _refused(sentence) from error
        if expires_at + LEEWAY_S <= self._clock():
            hours = self._greatest_age_s / 3600
            raise _refused(f"The token is older than {hours:g} hours: sign in again.")
        subject: str = claims["sub"]
        if len(subject) > LONGEST_SUBJECT or not subject.isprintable():
            raise _refused("The token's subject is not a name.")
        return Bearer(subject, expires_at)


_WRONG_CLAIM = {
    "iss": "The token is from another issuer.",
    "aud": "The token is for another audience.",
    "nbf": "The token is not valid yet.",
    "iat": "The token is not valid yet.",
}


def _refused(sentence: str) -> RefusalError:
    return RefusalError(Code.UNAUTHENTICATED, sentence)
