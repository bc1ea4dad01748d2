"""Which tokens are believed, and which are not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from citywide.errors import Code, OperatorError, RefusalError
from citywide.identity import issuers, tokens
from citywide.identity.issuers import LocalIssuer, PublishedIssuer
from citywide.identity.tokens import Bearer, Verifier, issue

NOW = 1_800_000_000
KEY = OKPKey.generate_key("Ed25519")
STRANGER = OKPKey.generate_key("Ed25519")
NAMES = {"issuer": "https://issuer.example", "audience": "citywide"}
GOOD = {
    "iss": NAMES["issuer"],
    "aud": "citywide",
    "sub": "a.b",
    "exp": NOW + 60,
    "iat": NOW,
}


def verifier(source: issuers.Issuer | None = None, now: float = NOW) -> Verifier:
    return Verifier(source or LocalIssuer(KEY), clock=lambda: now, **NAMES)


def signed(key: OKPKey = KEY, *, kid: str | None = None, **changes: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    header = {"alg": "Ed25519", "kid": kid or KEY.thumbprint()}
    return jwt.encode(header, claims, key, algorithms=["Ed25519"])


def by_hand(header: dict[str, Any], signature: bytes | None = None) -> str:
    parts = [json.dumps(part).encode() for part in (header, GOOD)]
    head = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    if signature is None:
        signature = hmac.digest(KEY.as_pem(private=False), head, hashlib.sha256)
    return (head + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


ALLOWED = {
    "issued here": issue("a.b", key=KEY, now=NOW, **NAMES),
    "several audiences": signed(aud=["elsewhere", "citywide"]),
    "valid since now": signed(nbf=NOW),
    "expired within the leeway": signed(exp=NOW - 10),
    "issued by a clock that is a little fast": signed(iat=NOW + 10),
    "as old as a token may be": signed(iat=NOW - tokens.GREATEST_AGE_S),
    "good for a year, and new": signed(exp=NOW + 365 * 86_400),
}
DENIED = {
    "expired": (signed(exp=NOW - 60), "expired"),
    "not yet valid": (signed(nbf=NOW + 60), "not valid yet"),
    "issued in the future": (signed(iat=NOW + 600), "not valid yet"),
    "never expires": (signed(exp=None), "until when"),
    "says not since when": (signed(iat=None), "since when"),
    "says since when in words": (signed(iat="yesterday"), ""),
    "good for a year, and two days old": (
        signed(iat=NOW - 2 * 86_400, exp=NOW + 365 * 86_400),
        "older than 24 hours: sign in again",
    ),
    "nobody": (signed(sub=None), "who"),
    "empty subject": (signed(sub=""), "not valid"),
    "subject with a NUL": (signed(sub="a\0b"), "not a name"),
    "subject that is a number": (signed(sub=7), "not valid"),
    "another audience": (signed(aud="elsewhere"), "audience"),
    "another issuer": (signed(iss="https://evil.example"), "issuer"),
    "forged with another key": (signed(STRANGER), "signature"),
    "another key's name": (
        signed(STRANGER, kid=STRANGER.thumbprint()),
        "not signed with a key",
    ),
    "no algorithm": (
        by_hand({"alg": "none", "kid": KEY.thumbprint()}, b""),
        "algorithm",
    ),
    "public key as a shared secret": (
        by_hand({"alg": "HS256", "kid": KEY.thumbprint()}),
        "algorithm",
    ),
    "key of its own in the header": (
        jwt.encode(
            {"alg": "Ed25519", "jwk": STRANGER.as_dict(private=False)},
            GOOD,
            STRANGER,
            algorithms=["Ed25519"],
        ),
        "not signed with a key",
    ),
    "truncated": (ALLOWED["issued here"][:-4], "signature"),
    "changed": (
        ALLOWED["issued here"][:-90] + "A" + ALLOWED["issued here"][-89:],
        "signature",
    ),
    "not a token": ("correct horse", "not a signed JWT"),
    "not ASCII": ("主管局", "not a signed JWT"),
    "empty": ("", "not a signed JWT"),
    "endless": ("a" * 100_000, "longer than"),
}


@pytest.mark.parametrize("case", ALLOWED)
async def test_a_good_token_says_who_it_is_about(case: str) -> None:
    assert (await verifier().verify(ALLOWED[case])).subject == "a.b"


@pytest.mark.parametrize("case", DENIED)
async def test_a_bad_token_is_refused_without_being_repeated(case: str) -> None:
    token, reason = DENIED[case]
    asked = verifier()
    for _ in range(2):  # the second time might be answered from memory
        with pytest.raises(RefusalError) as refusal:
            await asked.verify(token)
        assert refusal.value.code is Code.UNAUTHENTICATED
        assert reason in refusal.value.message
        assert not token or token[:40] not in refusal.value.message


async def test_a_deployment_takes_only_younger_tokens_than_a_day() -> None:
    hour_old = signed(iat=NOW - 3_700, exp=NOW + 9_000)
    strict = Verifier(LocalIssuer(KEY), clock=lambda: NOW, greatest_age_s=3_600, **NAMES)
    assert (await verifier().verify(hour_old)).expires_at == NOW + 9_000
    with pytest.raises(RefusalError, match="older than 1 hours"):
        await strict.verify(hour_old)
    young = await strict.verify(signed(iat=NOW - 60, exp=NOW + 9_000))
    # A session that it opened ends as early.
    assert young.expires_at == NOW - 60 + 3_600
    lax = Verifier(LocalIssuer(KEY), clock=lambda: NOW, greatest_age_s=10**9, **NAMES)
    with pytest.raises(RefusalError, match="older than 24 hours"):
        await lax.verify(signed(iat=NOW - 2 * 86_400, exp=NOW + 9_000))


async def test_a_token_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = verifier()
    first = await asked.verify(signed())
    monkeypatch.setattr("joserfc.jwt.decode", None)
    assert await asked.verify(signed()) == first == Bearer("a.b", NOW + 60)


async def test_a_remembered_token_expires_all_the_same() -> None:
    now = float(NOW)
    asked = Verifier(LocalIssuer(KEY), clock=lambda: now, **NAMES)
    await asked.verify(signed())
    now = NOW + 60 + tokens.LEEWAY_S
    with pytest.raises(RefusalError, match="expired"):
        await asked.verify(signed())


async def test_no_more_tokens_are_remembered_than_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tokens, "CACHED_TOKENS", 2)
    asked = verifier()
    for number in range(4):
        await asked.verify(signed(sub=f"a.{number}"))
    assert len(asked._verified) == 2


class Published:
    """A set of keys at an issuer that can be away, counting how often it is asked."""

    def __init__(self, *keys: OKPKey | ECKey | RSAKey | OctKey) -> None:
        self.document: bytes | None = json.dumps(KeySet(list(keys)).as_dict(private=False)).encode()
        self.asked = 0

    def __call__(self, source: str) -> bytes:
        assert source == "https://issuer.example/jwks"
        self.asked += 1
        if self.document is None:
            raise TimeoutError
        return self.document


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (OKPKey.generate_key("Ed25519"), "EdDSA"),
        (ECKey.generate_key("P-256"), "ES256"),
        (RSAKey.generate_key(2048), "RS256"),
    ],
    ids=["EdDSA", "ES256", "RS256"],
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
async def test_a_published_key_is_believed(key: OKPKey | ECKey | RSAKey, algorithm: str) -> None:
    key.ensure_kid()
    source = PublishedIssuer("https://issuer.example/jwks", fetch=Published(KEY, key))
    for header in ({"alg": algorithm, "kid": key.kid}, {"alg": algorithm}):
        token = jwt.encode(header, GOOD, key, algorithms=[algorithm])
        if "kid" in header or algorithm != "EdDSA":
            assert (await verifier(source).verify(token)).subject == "a.b"
        else:  # two keys could have made it
            with pytest.raises(RefusalError):
                await verifier(source).verify(token)


@pytest.mark.filterwarnings("ignore:Key size should be")
async def test_a_weak_published_key_is_not_believed() -> None:
    key = RSAKey.generate_key(1024)
    key.ensure_kid()
    source = PublishedIssuer("https://issuer.example/jwks", fetch=Published(key))
    assert await source.key(key.kid, "RS256") is None


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": 1}', b'{"keys": [1, {}]}'])
async def test_a_damaged_set_of_keys_signs_nothing(document: bytes) -> None:
    source = PublishedIssuer("https://issuer.example/jwks", fetch=lambda _: document)
    assert await source.key(KEY.kid, "EdDSA") is None


@pytest.mark.parametrize("source", ["http://issuer.example/jwks", "nowhere.json", "ftp://a/b"])
def test_a_source_that_cannot_be_trusted_is_refused(source: str) -> None:
    with pytest.raises(OperatorError, match="CITYWIDE_JWKS"):
        issuers.check_source(source)


async def test_a_set_of_keys_can_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(KeySet([KEY]).as_dict(private=False)))
    issuers.check_source(str(file))
    assert await PublishedIssuer(str(file)).key(KEY.thumbprint(), "EdDSA") is not None
    file.write_text(" " * (issuers.LARGEST_JWKS_BYTES + 1))
    assert await PublishedIssuer(str(file)).key(KEY.thumbprint(), "EdDSA") is None


async def test_unknown_key_names_do_not_make_us_call_the_issuer_every_time() -> None:
    now = 0.0
    published = Published(KEY)
    source = PublishedIssuer("https://issuer.example/jwks", fetch=published, clock=lambda: now)
    for number in range(50):
        assert await source.key(f"key {number}", "EdDSA") is None
    assert published.asked == 1
    now = issuers.REFRESH_PAUSE_S
    assert await source.key("key 1", "EdDSA") is None
    assert published.asked == 2


async def test_an_issuers_absence_is_survived_for_a_while() -> None:
    now = 0.0
    published = Published(KEY)
    source = PublishedIssuer("https://issuer.example/jwks", fetch=published, clock=lambda: now)
    KEY.ensure_kid()
    assert await source.key(KEY.kid, "EdDSA") is not None
    published.document = None
    now = issuers.BELIEVE_FOR_S
    assert await source.key(KEY.kid, "EdDSA") is not None
    now = issuers.BELIEVE_FOR_S + 60
    assert await source.key(KEY.kid, "EdDSA") is None


async def test_a_withdrawn_key_is_no_longer_believed() -> None:
    now = 0.0
    published = Published(KEY)
    source = PublishedIssuer("https://issuer.example/jwks", fetch=published, clock=lambda: now)
    KEY.ensure_kid()
    assert await source.key(KEY.kid, "EdDSA") is not None
    published.document = Published(STRANGER).document
    now = issuers.REFRESH_AFTER_S + 1
    assert await source.key(KEY.kid, "EdDSA") is None
