"""Tokens that nobody was given, headers that claim too much, bodies that are no operations."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from joserfc.jwk import OKPKey

from citywide.audit.reads import PURPOSE_HEADER
from citywide.authz.membership import TENANT_HEADER
from citywide.identity.tokens import issue

QUESTION = "{ viewer { name } beneficiaries { nodes { id name } } agencies { nodes { name } } }"
_Claims = dict[str, Any]


class Forger:
    """Forges tokens for a subject, knowing a real one and the issuer's public key."""

    def __init__(self, key: OKPKey, issuer: str, audience: str) -> None:
        self._key = key
        self._public = key.as_pem(private=False)
        self._issuer = issuer
        self._audience = audience
        self._other = OKPKey.generate_key("Ed25519")

    def token(self, rng: random.Random, subject: str) -> str:
        """One that must not be believed."""
        ways: list[Callable[[random.Random, str], str]] = [
            self._unsigned,
            self._signed_with_the_public_key,
            self._of_another_key,
            self._expired,
            self._for_others,
            self._changed,
            self._noise,
        ]
        return rng.choice(ways)(rng, subject)

    def _claims(self, subject: str) -> _Claims:
        now = int(time.time())
        mine = {"iss": self._issuer, "aud": self._audience, "sub": subject}
        return {**mine, "iat": now, "exp": now + 600}

    def _unsigned(self, rng: random.Random, subject: str) -> str:
        head = {"alg": rng.choice(("none", "None", "NONE", "")), "typ": "JWT"}
        return f"{_part(head)}.{_part(self._claims(subject))}."

    def _signed_with_the_public_key(self, rng: random.Random, subject: str) -> str:
        head = {"alg": rng.choice(("HS256", "HS512")), "kid": self._key.thumbprint()}
        signed = f"{_part(head)}.{_part(self._claims(subject))}"
        digest = hmac.new(self._public, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_base64(digest)}"

    def _of_another_key(self, rng: random.Random, subject: str) -> str:
        made = issue(subject, key=self._other, issuer=self._issuer, audience=self._audience)
        if rng.random() < 0.5:
            return made
        head, claims, signature = made.split(".")
        told = json.loads(base64.urlsafe_b64decode(head + "=="))
        traps = {"kid": self._key.thumbprint()}, {"jwk": self._other.as_dict(private=False)}
        return f"{_part({**told, **rng.choice(traps)})}.{claims}.{signature}"

    def _expired(self, _: random.Random, subject: str) -> str:
        long_ago = time.time() - 10 * 24 * 3600
        mine = {"key": self._key, "issuer": self._issuer, "audience": self._audience}
        return issue(subject, now=long_ago, **mine)

    def _for_others(self, rng: random.Random, subject: str) -> str:
        mine = {"issuer": self._issuer, "audience": self._audience}
        mine[rng.choice([*mine])] = "https://elsewhere.example"
        return issue(subject, key=self._key, **mine)

    def _changed(self, rng: random.Random, subject: str) -> str:
        mine = {"key": self._key, "issuer": self._issuer, "audience": self._audience}
        head, _, signature = issue("nobody.at.all", **mine).split(".")
        return f"{head}.{_part(self._claims(subject))}.{signature[: rng.choice((0, 10, None))]}"

    def _noise(self, rng: random.Random, _: str) -> str:
        return _base64(rng.randbytes(rng.randrange(1, 200))) + rng.choice(("", ".", "..", ".a.b"))


def _part(found: Mapping[str, Any]) -> str:
    return _base64(json.dumps(found).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def headers(rng: random.Random, tenants: list[str]) -> dict[str, str]:
    """What a request may claim beside its token: a tenant, a purpose, where it comes from."""
    claims = {
        TENANT_HEADER: rng.choice([*tenants, "yueqing", "*", "", "%00", "a" * 300]),
        PURPOSE_HEADER: rng.choice(("%E8%AF%95", "x" * 500, "%FF")),
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-user": "bureau.auditor",
        "x-http-method-override": "DELETE",
        "citywide-roles": "director",
        "cookie": "session=bureau.auditor",
    }
    return dict(rng.sample([*claims.items()], rng.randrange(1, 4)))


def body(rng: random.Random) -> bytes:
    """What is no operation, or one that costs."""
    deep = rng.randrange(20, 400)
    documents = (
        "{" * deep,
        "{ agencies { nodes { members { nodes { caseload { nodes { worker " * 9,
        "{ " + " ".join(f"a{n}: beneficiaries {{ totalCount }}" for n in range(deep)) + " }",
        "query A { viewer { id } } query A { viewer { id } }",
        "{ viewer { ...F } } fragment F on Viewer { ...F }",
        "{ __schema { types { fields { type { fields { type { name } } } } } } }",
        '{ node(id: "' + "A" * deep + '") { id } }',
        "{ beneficiaries(first: 99999999999) { totalCount } }",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "subscription { needChanged { id } }",
        "mutation { nothing }",
        "",
    )
    ways = (
        lambda: json.dumps({"query": rng.choice(documents)}).encode(),
        lambda: json.dumps({"query": QUESTION, "variables": rng.choice(([], "x", 1))}).encode(),
        lambda: json.dumps({"query": QUESTION, "operationName": rng.choice(("B", 1))}).encode(),
        lambda: b"[" * deep,
        lambda: b'{"query": "{ viewer { id } }"' * 2,
        lambda: rng.randbytes(rng.randrange(1, 300)),
        lambda: json.dumps([{"query": QUESTION}] * 3).encode(),
        lambda: b'{"query": 1e999, "variables": {"a": NaN}}',
    )
    return rng.choice(ways)()
