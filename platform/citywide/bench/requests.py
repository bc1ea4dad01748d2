"""The bytes of each request, made before the measurement: the client only sends them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from citywide.audit.reads import PURPOSE_HEADER
from citywide.bench.operations import PURPOSE, Asked
from citywide.identity.keys import Keys
from citywide.identity.tokens import issue
from citywide.settings import Settings


def compiled_requests(
    asked: Mapping[str, list[Asked]], keys: Keys, settings: Settings
) -> dict[str, list[bytes]]:
    """As a frontend sends them: a bearer token, the document and its variables."""
    return {
        name: [posted(each, keys, settings, {}) for each in requests]
        for name, requests in asked.items()
    }


def floor_requests(asked: Mapping[str, list[Asked]]) -> dict[str, list[bytes]]:
    """The number of each request, whose statement the floor has at hand."""
    return {
        name: [
            f"GET /{name}/{number} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
            for number in range(len(requests))
        ]
        for name, requests in asked.items()
    }


def posted(each: Asked, keys: Keys, settings: Settings, tokens: dict[str, str]) -> bytes:
    """One request; `tokens` keeps those that were issued already."""
    token = tokens.get(each.subject) or issue(
        each.subject, key=keys.issuer, issuer=settings.issuer, audience=settings.audience
    )
    tokens[each.subject] = token
    body = json.dumps({"query": each.document, "variables": each.variables}).encode()
    head = (
        "POST /graphql HTTP/1.1\r\nHost: bench\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"{PURPOSE_HEADER}: {PURPOSE}\r\n"
        "Accept: application/graphql-response+json, application/json;q=0.9\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
