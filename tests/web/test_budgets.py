"""What is asked uses up a budget, the answer says so, and whoever has none left waits for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from citywide.web.budgets import ACCOUNT_SHARE, UNKNOWN_POINTS, WINDOW_S, Budgets
from citywide.web.callers import Caller, FullError
from web.serving import Client, Token, served

TENANT = UUID(int=1)
POINTS = 1_200
ACCOUNT_POINTS = int(POINTS * ACCOUNT_SHARE)
LIST = """
    query($first: Int!) {
      beneficiaries(first: 40) { nodes { cases(first: $first) { nodes { id } } } }
    }
"""


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: float = 1_000.0
    budgets: Budgets = field(init=False)

    def __post_init__(self) -> None:
        self.budgets = Budgets(POINTS, lambda: self.now)


def left(budgets: Budgets, caller: Caller) -> dict[str, tuple[int, int]]:
    """By policy: the points left, and the seconds until all are back."""
    text = dict(budgets.fields(caller))[b"ratelimit"].decode()
    return {name: (int(r), int(t)) for name, r, t in re.findall(r'"(\w+)";r=(\d+);t=(\d+)', text)}


def test_an_account_pays_for_itself_and_for_its_tenant() -> None:
    clock = Clock()
    one, other = Caller("192.0.2.1", "one", TENANT), Caller("192.0.2.1", "other", TENANT)
    clock.budgets.charge(one, 100)
    assert left(clock.budgets, one) == {
        "account": (ACCOUNT_POINTS - 100, 8),
        "tenant": (POINTS - 100, 5),
    }
    assert left(clock.budgets, other) == {
        "account": (ACCOUNT_POINTS, 0),
        "tenant": (POINTS - 100, 5),
    }


def test_whoever_used_up_a_budget_is_refused_until_a_point_is_there() -> None:
    clock = Clock()
    caller = Caller("192.0.2.1", "one", TENANT)
    # One operation may take more than there is; then its points have to come back first.
    clock.budgets.charge(caller, ACCOUNT_POINTS + ACCOUNT_POINTS // 2)
    with pytest.raises(FullError, match="Your account has used up") as refused:
        clock.budgets.admit(caller)
    assert refused.value.status == 429
    assert refused.value.retry_after == pytest.approx(WINDOW_S / 2, abs=1)
    clock.now += refused.value.retry_after - 1
    with pytest.raises(FullError):
        clock.budgets.admit(caller)
    clock.now += 1
    clock.budgets.admit(caller)
    clock.now += WINDOW_S
    assert left(clock.budgets, caller)["account"] == (ACCOUNT_POINTS, 0)


def test_an_agency_that_used_up_its_budget_leaves_another_one_its_own() -> None:
    clock = Clock()
    for number in range(3):
        clock.budgets.charge(Caller("192.0.2.1", f"{number}", TENANT), POINTS / 3)
    with pytest.raises(FullError, match="Your agency has used up"):
        clock.budgets.admit(Caller("192.0.2.1", "4", TENANT))
    clock.budgets.admit(Caller("192.0.2.1", "4", UUID(int=2)))


def test_whoever_has_not_signed_in_pays_by_address() -> None:
    clock = Clock()
    clock.budgets.charge(Caller("192.0.2.1"), UNKNOWN_POINTS)
    with pytest.raises(FullError, match="your address"):
        clock.budgets.admit(Caller("192.0.2.1"))
    clock.budgets.admit(Caller("192.0.2.2"))
    clock.budgets.admit(Caller("192.0.2.1", "one"))


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 2 * WINDOW_S), st.floats(0, 3 * POINTS)), min_size=1, max_size=30
    )
)
def test_nobody_gets_more_than_a_full_budget_and_what_comes_back(
    steps: list[tuple[float, float]],
) -> None:
    clock = Clock()
    caller = Caller("192.0.2.1", "one", TENANT)
    began, had, largest = clock.now, 0.0, 0.0
    for seconds, points in steps:
        clock.now += seconds
        try:
            clock.budgets.admit(caller)
        except FullError:
            continue
        clock.budgets.charge(caller, points)
        had, largest = had + points, max(largest, points)
        back = (clock.now - began) / WINDOW_S * ACCOUNT_POINTS
        # The last operation may go below nothing, by itself.
        assert had <= ACCOUNT_POINTS + back + largest + 0.01


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def thrifty(pilot_url: str, secret: bytes, issuer_key: OKPKey) -> AsyncIterator[str]:
    """The address of a server that has little for each."""
    async with served(pilot_url, secret, issuer_key, POINTS) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def client(thrifty: str, token: Token) -> AsyncIterator[Client]:
    """Its client."""
    async with httpx.AsyncClient(base_url=thrifty, timeout=30) as http:
        yield Client(http, token)


def told(response: httpx.Response) -> dict[str, int]:
    """The points left by policy, as an answer says."""
    assert response.headers["ratelimit-policy"]
    found = re.findall(r'"(\w+)";r=(\d+);t=\d+', response.headers["ratelimit"])
    return {name: int(points) for name, points in found}


async def cost(client: Client, user: str, query: str, **variables: Any) -> int:
    """What an operation that was planned before costs its account."""
    await client.data(user, query, **variables)
    await asyncio.sleep(1)
    before = told(await client.ask(user, "{ __typename }"))["account"]
    after = told(await client.ask(user, query, **variables))["account"]
    return before - after


async def test_every_answer_says_what_there_is_and_what_is_left(client: Client) -> None:
    response = await client.ask("yijiaqin.director", "{ __typename }")
    policy = f'"account";q={ACCOUNT_POINTS};w=60, "tenant";q={POINTS};w=60'
    assert response.headers["ratelimit-policy"] == policy
    assert told(response).keys() == {"account", "tenant"}
    refused = await client.ask(None, "{ __typename }")
    assert refused.status_code == 401
    assert refused.headers["ratelimit-policy"] == f'"address";q={UNKNOWN_POINTS};w=60'


async def test_what_may_answer_more_costs_more(client: Client) -> None:
    small = await cost(client, "shouqianshou.director", LIST, first=1)
    large = await cost(client, "shouqianshou.director", LIST, first=100)
    assert small <= 10
    # 3 960 rows more, there or not, and at most a second in which points come back.
    assert large == pytest.approx(small + 40, abs=14)


async def test_whoever_has_nothing_left_is_told_how_long_and_others_are_served(
    client: Client,
) -> None:
    wide = (
        "{" + " ".join(f"a{n}: beneficiaries(first: 1) {{ totalCount }}" for n in range(60)) + "}"
    )
    for number in range(200):
        response = await client.ask("yijiaqin.worker1", wide.replace("a0", f"b{number}"))
        if response.status_code == 429:
            break
    else:
        pytest.fail("Nobody was ever refused.")
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    seconds = int(response.headers["retry-after"])
    assert f"wait {seconds} s" in error["message"]
    assert min(told(response).values()) == 0
    # Asking again costs nothing, and another agency is answered.
    for _ in range(5):
        again = await client.ask("yijiaqin.worker1", "{ __typename }")
        assert again.status_code == 429
    assert int(again.headers["retry-after"]) <= seconds
    other = await client.ask("shouqianshou.finance", "{ __typename }")
    assert other.status_code == 200
    # A WebSocket is no way around.
    headers = {"authorization": f"Bearer {client.token('yijiaqin.worker1')}"}
    address = str(client.http.base_url).replace("http", "ws") + "/graphql"
    async with connect(
        address, subprotocols=[Subprotocol("graphql-transport-ws")], additional_headers=headers
    ) as socket:
        await socket.send('{"type": "connection_init"}')
        with pytest.raises(ConnectionClosed, match="used up"):
            await socket.recv()


def test_an_attack_from_ever_new_addresses_takes_no_more_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("citywide.web.budgets.BUCKETS", 100)
    clock = Clock()
    for number in range(1_000):
        clock.budgets.charge(Caller(f"192.0.2.{number}"), 1 + number)
    fields = clock.budgets.fields(Caller("192.0.2.999"))
    # The one that took most is still known, and the first ones are as new.
    assert fields[1] == (b"ratelimit", b'"address";r=5000;t=10')
    assert clock.budgets.fields(Caller("192.0.2.1"))[1] == (b"ratelimit", b'"address";r=6000;t=0')
