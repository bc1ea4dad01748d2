"""A database that is gone, hangs or takes no changes: every door says so, and no log fills."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from citywide.db.session import POOL_SIZE
from cli.operators import citywide, refused
from deployments import data_folder
from journeys.outages import (
    HTTP_DOORS,
    NOBODY,
    PERSONS,
    Postgres,
    Serving,
    pilots_postgres,
    serving,
    until,
)

# Beginning, the look-up's wait and a margin for a machine that does other things as well.
IN_TIME_S = 15.0
# A line a worker when it begins, and one when it is over; a traceback alone would be thirty.
FEW_LINES = 4
READS = "SELECT 1 FROM audit_entry WHERE kind = 'READ'"
# Settings of a database are those of new connections.
DISCONNECT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'citywide'"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def postgres(secret: bytes) -> AsyncIterator[Postgres]:
    async with pilots_postgres(secret) as server:
        yield server


@pytest.fixture
def data(tmp_path: Path, secret: bytes) -> Path:
    return data_folder(tmp_path / "data", secret)


@pytest.fixture
def server(postgres: Postgres, data: Path, tmp_path: Path) -> Iterator[Serving]:
    with serving(postgres.url, data, tmp_path / "output") as found:
        yield found


async def answers(server: Serving) -> bool:
    return (await server.query(NOBODY)).status == 200


async def assert_every_door_says_so(server: Serving) -> None:
    asked = [door(server) for door in HTTP_DOORS.values()]
    found = await asyncio.gather(*asked, server.sign_in())
    *over_http, socket = found
    for name, answer in zip(HTTP_DOORS, over_http, strict=True):
        if "event: complete" in answer.text:
            # It had begun: the member was remembered.
            assert "UNAVAILABLE" in answer.text
            continue
        assert answer.status == 503, (name, answer)
        assert int(answer.retry_after or "0") > 0, name
        assert "try again" in answer.text, (name, answer)
        if answer.text.startswith("{"):
            [error] = json.loads(answer.text)["errors"]
            assert error["extensions"]["code"] in {"UNAVAILABLE", "TIMEOUT"}, name
    assert socket.status == 1013, socket
    assert max(answer.took_s for answer in found) < IN_TIME_S


async def assert_is_not_ready(server: Serving, why: str) -> None:
    answer = await server.ask("GET", "/ready")
    assert (answer.status, answer.retry_after is not None) == (503, True), answer
    assert why in json.loads(answer.text)["reason"]
    assert answer.took_s < IN_TIME_S


async def is_ready(server: Serving) -> bool:
    return (await server.ask("GET", "/ready")).status == 200


async def test_a_database_that_was_killed_is_away_and_comes_back(
    server: Serving, postgres: Postgres
) -> None:
    assert await answers(server)
    before = len(server.log())
    postgres.kill()
    for _ in range(3):
        await assert_every_door_says_so(server)
    assert (await server.ask("GET", "/health")).status == 200
    await assert_is_not_ready(server, "does not answer")
    await asyncio.to_thread(postgres.restart)
    await until(lambda: answers(server))
    await until(lambda: is_ready(server))
    assert (await server.add("K-1")).status == 200
    said = server.log()[before:]
    assert 0 < len(said) <= FEW_LINES, said
    assert "the database is away" in said[0]
    assert len(said[0]) < 500


async def test_a_database_that_hangs_is_away_in_time(server: Serving, postgres: Postgres) -> None:
    # One whose member is remembered gets as far as a statement.
    assert await answers(server)
    before = len(server.log())
    with postgres.hanging():
        # More than there are connections hang up: what they asked for cannot be cancelled now.
        impatient = (server.query(NOBODY, within_s=0.5) for _ in range(2 * POOL_SIZE))
        for gone in await asyncio.gather(*impatient, return_exceptions=True):
            assert isinstance(gone, httpx.TimeoutException)
        await assert_every_door_says_so(server)
        await assert_every_door_says_so(server)
        assert (await server.ask("GET", "/health")).status == 200
        await assert_is_not_ready(server, "does not answer")
    await until(lambda: answers(server))
    for answer in await asyncio.gather(*(server.query(NOBODY) for _ in range(2 * POOL_SIZE))):
        assert answer.status == 200
    assert (await server.add("H-1")).status == 200
    said = server.log()[before:]
    assert 0 < len(said) <= FEW_LINES, said


async def test_a_mutation_that_is_lost_while_it_commits_says_that_it_may_be_done(
    server: Serving, postgres: Postgres
) -> None:
    """The commit waits for a standby that never comes, until the server is stopped."""
    await postgres.administer(
        "ALTER SYSTEM SET synchronous_standby_names = 'nobody'",
        "SELECT pg_reload_conf()",
        "SET synchronous_commit = 'off'",
        "ALTER DATABASE citywide SET synchronous_commit = 'on'",
        DISCONNECT,
    )
    try:
        answer = await server.add("C-1")
    finally:
        await postgres.administer(
            "SET synchronous_commit = 'off'",
            "ALTER DATABASE citywide RESET synchronous_commit",
            "ALTER SYSTEM RESET synchronous_standby_names",
            "SELECT pg_reload_conf()",
        )
    assert answer.status == 503
    [error] = json.loads(answer.text)["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert "same idempotencyKey" in error["message"]
    again = await server.add("C-1")
    assert (again.status, "RegisterVolunteerSuccess" in again.text) == (200, True), again
    rows = await postgres.rows("SELECT 1 FROM volunteer WHERE number = 'C-1'")
    assert len(rows) == 1


async def as_it_is_set(postgres: Postgres, *, is_read_only: bool) -> None:
    """Somebody says so, for a while of maintenance."""
    await postgres.administer(
        "SET default_transaction_read_only = off",
        f"ALTER DATABASE citywide SET default_transaction_read_only = {is_read_only}",
        DISCONNECT,
    )


async def as_a_standby(postgres: Postgres, *, is_read_only: bool) -> None:
    """The address is that of another server now, which follows the one that was there."""
    await asyncio.to_thread(postgres.restart, as_standby=is_read_only)


@pytest.mark.parametrize("become", [as_it_is_set, as_a_standby])
async def test_a_database_that_only_reads_takes_no_changes_and_shows_no_person(
    server: Serving, postgres: Postgres, become: Callable[..., Any]
) -> None:
    """What was noted meanwhile is in the trail once it takes changes again, and only then."""
    noted = len(await postgres.rows(READS))
    await become(postgres, is_read_only=True)
    shown, number = 0, become.__name__
    try:
        await until(lambda: answers(server))
        changed = await server.add(number)
        assert changed.status == 503, changed
        assert json.loads(changed.text)["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
        while (look := await server.query(PERSONS)).status == 200:
            shown += 1
            assert shown < 200
            await asyncio.sleep(0.05)
        assert (look.status, look.retry_after is not None) == (503, True), look
        await assert_is_not_ready(server, "Nothing can be changed")
        # What is about nobody is answered.
        assert await answers(server)
    finally:
        await become(postgres, is_read_only=False)

    async def is_shown() -> bool:
        return (await server.query(PERSONS)).status == 200

    await until(is_shown)
    assert "RegisterVolunteerSuccess" in (await server.add(number)).text

    async def is_told() -> bool:
        return len(await postgres.rows(READS)) > noted + shown

    await until(is_told)
    assert list((server.data / "reads").glob("*.faulty")) == []


@pytest.mark.parametrize("how", ["it was killed", "it hangs"])
async def test_a_command_says_so_as_well(postgres: Postgres, data: Path, how: str) -> None:
    settings = {"DATABASE_URL": postgres.url}
    command = partial(citywide, "tenants", "plan", "--data", data, settings=settings)
    if how == "it hangs":
        with postgres.hanging():
            ended = await asyncio.to_thread(command)
    else:
        postgres.kill()
        ended = await asyncio.to_thread(command)
        postgres.restart()
    assert refused(ended).startswith("The database of DATABASE_URL cannot be used: ")
