"""A statement ends with its time or with its client, in the database as well."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from citywide.db.places import PLACES_FOR_OTHERS
from citywide.db.session import POOL_SIZE, STATEMENT_TIMEOUT_MS
from citywide.web.graphql import NEWER
from web.serving import Client, running

SLOW = "{ areas { totalCount } }"
# Statements that one tenant may run at a time.
AT_A_TIME = POOL_SIZE - PLACES_FOR_OTHERS


@pytest.mark.usefixtures("areas_locked")
async def test_a_statement_that_takes_too_long_is_cancelled_in_the_database(
    client: Client, owner: asyncpg.Connection
) -> None:
    began = time.monotonic()
    asked = [client.ask("bureau.officer", SLOW, {"accept": kind}) for kind in (NEWER, "*/*")]
    tasks = [asyncio.create_task(each) for each in asked]
    assert len(await running(owner, 2, 4)) == 2
    for response in await asyncio.gather(*tasks):
        assert response.status_code == 503
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "TIMEOUT"
        assert f"{STATEMENT_TIMEOUT_MS} ms" in error["message"]
    took_ms = (time.monotonic() - began) * 1000
    assert STATEMENT_TIMEOUT_MS <= took_ms < 2 * STATEMENT_TIMEOUT_MS
    # The lock is still held: nothing but the time has ended them.
    assert await running(owner, 0, 0.5) == []
    assert await client.data("bureau.officer", "{ viewer { name } }")


@pytest.mark.usefixtures("areas_locked")
async def test_a_client_that_hangs_up_takes_its_statement_with_it(
    client: Client, owner: asyncpg.Connection
) -> None:
    # More than one tenant is given places: some of them never come to run a statement.
    tasks = [asyncio.create_task(client.ask("bureau.officer", SLOW)) for _ in range(AT_A_TIME + 4)]
    assert len(await running(owner, AT_A_TIME, 5)) == AT_A_TIME
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await running(owner, 0, 4) == []
    # Every place is free again: so many more can wait for the same lock.
    again = [asyncio.create_task(client.ask("bureau.officer", SLOW)) for _ in range(AT_A_TIME)]
    assert len(await running(owner, AT_A_TIME, 5)) == AT_A_TIME
    for task in again:
        task.cancel()
    await asyncio.gather(*again, return_exceptions=True)
    assert await running(owner, 0, 4) == []
    assert await client.data("bureau.officer", "{ viewer { name } }")


async def test_what_was_cancelled_can_be_asked_again(client: Client) -> None:
    assert (await client.data("bureau.officer", SLOW))["areas"]["totalCount"] > 0
