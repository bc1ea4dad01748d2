"""Where a request comes from: what proxies of ours say is taken, what anybody else says is not."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from citywide.cli.options import chosen
from citywide.errors import OperatorError
from citywide.settings import Settings
from citywide.web.callers import caller_address, is_among

PROXIES = tuple(map(ip_network, ("10.0.0.0/8", "fd00::/8")))
PROXY, OTHER_PROXY, CLIENT = "10.0.0.1", "10.0.0.2", "198.51.100.7"


def scope(client: str | None, **headers: str) -> Any:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "headers": sent,
        "client": None if client is None else (client, 50_000),
    }


@pytest.mark.parametrize(
    ("nearest", "headers", "address"),
    [
        # Nobody's word counts but a proxy's.
        (CLIENT, {}, CLIENT),
        (CLIENT, {"x_forwarded_for": "203.0.113.9"}, CLIENT),
        (CLIENT, {"forwarded": "for=203.0.113.9"}, CLIENT),
        (CLIENT, {"x_forwarded_for": PROXY}, CLIENT),
        (PROXY, {}, PROXY),
        (PROXY, {"x_forwarded_for": CLIENT}, CLIENT),
        (PROXY, {"forwarded": f"for={CLIENT};proto=https;by={PROXY}"}, CLIENT),
        # What a client wrote stands left of what the first proxy saw.
        (PROXY, {"x_forwarded_for": f"203.0.113.9, {CLIENT}"}, CLIENT),
        (PROXY, {"x_forwarded_for": f"{OTHER_PROXY}, {CLIENT}"}, CLIENT),
        (PROXY, {"forwarded": f"for=203.0.113.9, for={CLIENT}"}, CLIENT),
        (PROXY, {"x_forwarded_for": f"203.0.113.9, {CLIENT}, {OTHER_PROXY}"}, CLIENT),
        # Of two headers the one that has a standard counts; a proxy takes away the other.
        (PROXY, {"forwarded": f"for={CLIENT}", "x_forwarded_for": "203.0.113.9"}, CLIENT),
        # What is no address is nobody's: it is the proxy that asks.
        (PROXY, {"x_forwarded_for": f"{CLIENT}, nonsense"}, PROXY),
        (PROXY, {"forwarded": f"for={CLIENT}, for=_hidden"}, PROXY),
        (PROXY, {"forwarded": f"for={CLIENT}, for=unknown"}, PROXY),
        (PROXY, {"forwarded": "by=203.0.113.9"}, PROXY),
        (PROXY, {"x_forwarded_for": ""}, PROXY),
        (PROXY, {"x_forwarded_for": ",,,"}, PROXY),
        (PROXY, {"x_forwarded_for": "," * 5_000 + CLIENT}, CLIENT),
        # All that an address may be written with.
        (PROXY, {"x_forwarded_for": f"{CLIENT}:4711"}, CLIENT),
        (PROXY, {"forwarded": f'for="{CLIENT}:4711"'}, CLIENT),
        (PROXY, {"forwarded": 'For="[2001:db8:1:2:3::4]:4711"'}, "2001:db8:1:2::/64"),
        (PROXY, {"x_forwarded_for": "2001:db8:1:2:ffff::9"}, "2001:db8:1:2::/64"),
        (f"::ffff:{PROXY}", {"x_forwarded_for": CLIENT}, CLIENT),
        (PROXY, {"x_forwarded_for": f"::ffff:{CLIENT}"}, CLIENT),
        ("fd00::1", {"x_forwarded_for": CLIENT}, CLIENT),
        (None, {"x_forwarded_for": CLIENT}, "unknown"),
    ],
)
def test_an_address_is_what_the_nearest_proxies_saw_and_not_what_a_client_says(
    nearest: str | None, headers: dict[str, str], address: str
) -> None:
    assert caller_address(scope(nearest, **headers), PROXIES) == address


def test_without_trusted_proxies_nobody_s_word_is_taken() -> None:
    assert caller_address(scope(PROXY, x_forwarded_for=CLIENT), ()) == PROXY


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [("10.9.9.9", True), ("11.0.0.1", False), ("fd00:1::/64", True), ("2001:db8::/64", False)],
)
def test_an_origin_lies_in_a_network_of_its_own_version(address: str, is_ours: bool) -> None:  # noqa: FBT001
    assert is_among(address, PROXIES) is is_ours


def test_trusted_proxies_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().trusted_proxies == ()
    monkeypatch.setenv("CITYWIDE_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8,")
    assert Settings().trusted_proxies == PROXIES


@pytest.mark.parametrize("written", ["everybody", "10.0.0.1/8", "10.0.0.0/40", "a proxy, 10.0.0.1"])
def test_what_is_no_network_is_refused_with_the_setting_s_name(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("CITYWIDE_TRUSTED_PROXIES", written)
    with pytest.raises(OperatorError, match="CITYWIDE_TRUSTED_PROXIES cannot be read: "):
        chosen(None)
