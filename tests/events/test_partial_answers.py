"""An answer with errors beside its data is an answer, over whichever connection it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from acts.test_perform import a_visit
from citywide.web.graphql import NEWER, OLDER
from events.clients import City
from walls.databases import owning

WORKER = "shouqianshou.worker1"
RECORD = """mutation($input: RecordServiceInput!) { recordService(input: $input) {
    __typename ... on RecordServiceSuccess {
      serviceRecord { number project { plan { measure } } } } } }"""


async def an_input(city: City, number: str) -> dict[str, Any]:
    return {**await a_visit(city.house, number=number), "idempotencyKey": number}


def check(answer: Any) -> None:
    """The answer of an act that was done and could not be read back in time."""
    success = {"__typename": "RecordServiceSuccess", "serviceRecord": None}
    assert answer["data"] == {"recordService": success}
    [error] = answer["errors"]
    assert error["path"] == ["recordService", "serviceRecord"]
    assert error["extensions"] == {"code": "TIMEOUT"}


@pytest.mark.parametrize("media_type", [NEWER, OLDER])
async def test_over_http_it_is_a_good_answer_in_either_media_type(
    city: City, media_type: str
) -> None:
    given = await an_input(city, "H-1")
    async with owning(city.house.url) as owner, owner.transaction():
        await owner.execute("LOCK TABLE planned_output IN ACCESS EXCLUSIVE MODE")
        response = await city.client.ask(WORKER, RECORD, {"accept": media_type}, input=given)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)
    check(response.json())
    again = await city.client.data(WORKER, RECORD, input=given)
    assert again["recordService"]["serviceRecord"]["number"] == "H-1"


async def test_over_a_websocket_and_a_stream_it_is_a_response_and_then_complete(
    city: City,
) -> None:
    async with owning(city.house.url) as owner, owner.transaction():
        await owner.execute("LOCK TABLE planned_output IN ACCESS EXCLUSIVE MODE")
        async with city.signed_in(WORKER) as socket:
            name = await socket.subscribe(RECORD, input=await an_input(city, "W-1"))
            message = await socket.next()
            assert (message["type"], message["id"]) == ("next", name)
            check(message["payload"])
            assert await socket.next() == {"type": "complete", "id": name}
        async with city.stream(WORKER, RECORD, input=await an_input(city, "S-1")) as stream:
            event = await stream.next()
            assert event["event"] == "next"
            check(json.loads(event["data"]))
            assert (await stream.next())["event"] == "complete"
