"""Who is asking, as far as it is known: an account, its tenant, and the address that it comes from.

What is rationed, connections as well as work, is rationed by these three.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from uuid import UUID

from starlette.datastructures import Headers
from starlette.types import Scope

from citywide.errors import RETRY_AFTER_S
from citywide.settings import Network

# Whoever has one address of IPv6 has all of its last 64 bits (RFC 6177), so they count as one.
IPV6_PREFIX = 64
# A longer way than any request takes; what is left of it is anybody's invention.
LONGEST_WAY = 20
# Addresses that are not read anew with every request.
ORIGINS = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks: `subject` is None until a token says whose account it is.

    `tenant_id` is None until the membership is known. `address` is the client's, or the network
    that one client may have.
    """

    address: str
    subject: str | None = None
    tenant_id: UUID | None = None


class FullError(Exception):
    """The caller is refused: with 429 for what they take themselves, with 503 for all others.

    After `retry_after` seconds it is worth asking again.
    """

    def __init__(self, status: HTTPStatus, sentence: str, retry_after: int = RETRY_AFTER_S) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry_after = retry_after


def caller_address(scope: Scope, proxies: Sequence[Network]) -> str:
    """The address that a request comes from.

    A proxy of ours says for whom it asks, in `Forwarded` or else in `X-Forwarded-For`. Each one
    adds the address that it saw at the right, so from there everything is true up to the first
    address that is no proxy of ours. What stands left of it is what that client wrote.
    """
    client = scope.get("client")
    if client and not proxies:
        return _origin(client[0])
    nearest = _read(client[0]) if client else None
    if nearest is None:
        return "unknown"
    for hop in _way(Headers(scope=scope)):
        if not any(nearest in network for network in proxies):
            break
        found = _read(hop)
        if found is None:
            # An obfuscated name, or nonsense: all that is known is which proxy sent it.
            break
        nearest = found
    return one_origin(nearest)


@lru_cache(ORIGINS)
def _origin(text: str) -> str:
    found = _read(text)
    return "unknown" if found is None else one_origin(found)


def one_origin(address: IPv4Address | IPv6Address) -> str:
    """What all addresses have in common that one client may use."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, IPV6_PREFIX), strict=False))


def read_address(text: str) -> IPv4Address | IPv6Address:
    """An address; one of IPv4 inside of IPv6 is that of IPv4. Raises `ValueError`."""
    found = ip_address(text.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_among(address: str, networks: Sequence[Network]) -> bool:
    """Whether an origin lies in one of these networks."""
    origin = ip_network(address)
    return any(
        origin.version == network.version and origin.network_address in network
        for network in networks
    )


def _way(headers: Headers) -> Iterator[str]:
    """The addresses that a request came by, the nearest first."""
    forwarded = headers.getlist("forwarded")
    if forwarded:
        hops = [_for(element) for element in ",".join(forwarded).split(",")]
    else:
        hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
    yield from reversed(hops[-LONGEST_WAY:])


def _for(element: str) -> str:
    """The value of `for` in an element of `Forwarded` (RFC 7239 §4)."""
    for pair in element.split(";"):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return value
    return ""


def _read(hop: str) -> IPv4Address | IPv6Address | None:
    """An address with or without port, brackets and quotes."""
    text = hop.strip().strip('"').strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return read_address(text)
    except ValueError:
        return None
