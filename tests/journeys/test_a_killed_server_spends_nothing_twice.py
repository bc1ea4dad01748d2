"""A hundred commitments on a line with money for ten, the server killed while they are made."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from budgets.books import Books, assert_balanced
from citywide.budgets.verify import faults
from citywide.identity.keys import deployment_keys
from citywide.identity.tokens import issue
from citywide.settings import Settings
from journeys.killed import answered, served, sessions_ended
from walls.house import House

COMMITMENTS, ENOUGH_FOR = 100, 10
# So many hold money before the kill: of the others some are under way, and most not sent yet.
MADE_BEFORE = 3
COMMIT = """mutation Commit($input: CommitMoneyInput!) { commitMoney(input: $input) { __typename
    ... on CommitMoneySuccess { commitment { id number } }
    ... on BudgetExceeded { code message left account } ... on Problem { code message } } }"""


def inputs(books: Books) -> list[dict[str, Any]]:
    """What the clients want, each with a key that it keeps for every try."""
    return [
        {
            "idempotencyKey": str(uuid4()),
            "budgetLineId": books.lines["ACTIVITIES"],
            "number": f"K-{number}",
            "payee": "旭阳示例百货",
            "purpose": "慰问品",
            "committedOn": "2015-10-10",
            "amount": "100.00",
        }
        for number in range(COMMITMENTS)
    ]


async def sent(address: str, data: Path, wanted: list[dict[str, Any]], answers: list[Any]) -> None:
    """Send everything at once over a few connections; keep what is answered."""
    settings = Settings()
    token = issue(
        "yijiaqin.finance",
        key=deployment_keys(data).issuer,
        issuer=settings.issuer,
        audience=settings.audience,
    )
    limits = httpx.Limits(max_connections=16)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:

        async def send(place: int, given: dict[str, Any]) -> None:
            body = {"query": COMMIT, "variables": {"input": given}}
            answers[place] = await answered(client, body, token)

        await asyncio.gather(*(send(place, given) for place, given in enumerate(wanted)))


def made(answers: list[Any]) -> list[int]:
    """The places of those that were told that they have their money."""
    return [
        place
        for place, answer in enumerate(answers)
        if answer is not None
        and answer["data"]["commitMoney"]["__typename"] == "CommitMoneySuccess"
    ]


async def test_ten_commitments_are_made_although_the_server_is_killed_and_all_ask_again(
    pilot: House, tmp_path: Path, secret: bytes
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "secret").write_bytes(secret)
    books = await Books.opened(pilot, ACTIVITIES=f"{ENOUGH_FOR * 100}.00")
    wanted = inputs(books)
    first: list[Any] = [None] * COMMITMENTS
    async with served(pilot.url, tmp_path) as server:
        sending = asyncio.create_task(sent(server.address, tmp_path, wanted, first))
        while len(made(first)) < MADE_BEFORE:
            await asyncio.sleep(0.002)
            assert not sending.done()
        server.kill()
        await sending
    assert first.count(None) > 0
    await sessions_ended(pilot.owner)
    on_record = "SELECT count(*) FROM commitment WHERE number LIKE 'K-%'"
    assert len(made(first)) <= await pilot.owner.fetchval(on_record) <= ENOUGH_FOR
    await assert_balanced(pilot)

    again: list[Any] = [None] * COMMITMENTS
    async with served(pilot.url, tmp_path) as server:
        await sent(server.address, tmp_path, wanted, again)
    assert None not in again
    assert len(made(again)) == ENOUGH_FOR
    assert set(made(first)) <= set(made(again))
    for place in made(first):
        assert again[place] == first[place]
    for answer in again:
        refused = answer["data"]["commitMoney"]
        if refused["__typename"] != "CommitMoneySuccess":
            assert (refused["__typename"], refused["left"]) == ("BudgetExceeded", "0.00")
            assert refused["message"].startswith("0.00 yuan are left of the budget line")
    assert await pilot.owner.fetchval(on_record) == ENOUGH_FOR
    line = await books.line("ACTIVITIES")
    assert (line["available"], line["committed"]) == ("0.00", "1000.00")
    await assert_balanced(pilot)
    assert [fault async for fault in faults(pilot.url)] == []
