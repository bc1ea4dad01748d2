"""Access ends with the agreement, in a running server as well and soon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

import asyncpg
import httpx
import pytest_asyncio
from joserfc.jwk import OKPKey

from citywide.web.graphql import NEWER
from walls.databases import cloned_as, load_the_pilot, owning
from web.serving import Client, Token, served

LAST_DAY, FIRST_DAY_WITHOUT = date(2015, 11, 30), date(2015, 12, 1)
WORKER, OFFICER = "yijiaqin.worker1", "bureau.officer"
LIST = "{ beneficiaries(first: 1) { nodes { id } } }"
ONE = "query One($id: ID!) { node(id: $id) { __typename id } }"


@dataclass(frozen=True, slots=True)
class City:
    """A city of the test's own, served, whose day the test sets."""

    client: Client
    owner: asyncpg.Connection

    async def live_on(self, day: date) -> None:
        """Set the bureau's business day, as `citywide tenants apply` does."""
        async with self.owner.transaction():
            await self.owner.execute("UPDATE bureau SET replay_date = $1", day)
            await self.owner.execute("UPDATE access_version SET version = version + 1")

    async def answered(self, user: str, query: str, code: str | None, **variables: str) -> str:
        """Ask until the answer has this error code or none; its sentence.

        A second is promised; a busy machine may take longer to ask.
        """
        end = time.monotonic() + 4
        while True:
            response = await self.client.ask(user, query, {"accept": NEWER}, **variables)
            errors = response.json().get("errors", [{"extensions": {"code": None}}])
            if errors[0]["extensions"]["code"] == code:
                assert response.status_code == (403 if code == "FORBIDDEN" else 200)
                return str(errors[0].get("message", ""))
            assert time.monotonic() < end, errors
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture(loop_scope="session")
async def city(
    template_url: str, secret: bytes, issuer_key: OKPKey, token: Token
) -> AsyncIterator[City]:
    url = await cloned_as("ending", template_url)
    await load_the_pilot(url, secret)
    async with (
        owning(url) as owner,
        served(url, secret, issuer_key) as address,
        httpx.AsyncClient(base_url=address, timeout=30) as http,
    ):
        yield City(Client(http, token), owner)


async def test_a_member_whose_agreement_has_ended_is_refused_everything(city: City) -> None:
    await city.live_on(LAST_DAY)
    await city.answered(WORKER, LIST, None)
    [person] = (await city.client.data(WORKER, LIST))["beneficiaries"]["nodes"]

    await city.live_on(FIRST_DAY_WITHOUT)
    sentence = await city.answered(WORKER, LIST, "FORBIDDEN")
    assert "ended on 2015-12-01: on 2015-12-01 its members have no access" in sentence
    for query in (
        ONE,
        "query One($id: ID) { __typename }",
        "query One($id: ID) { __schema { __typename } }",
    ):
        response = await city.client.ask(WORKER, query, id=person["id"])
        assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert "data" not in response.json()
    # The bureau's access does not hang on an agreement.
    await city.answered(OFFICER, "{ viewer { name } }", None)

    await city.live_on(LAST_DAY)
    await city.answered(WORKER, ONE, None, id=person["id"])
