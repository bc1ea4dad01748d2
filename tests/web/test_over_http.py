"""GraphQL over HTTP: which media type, which status, by POST and by GET."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from citywide.web.graphql import NEWER, OLDER
from web.serving import Client

QUESTION = "{ viewer { name } }"
FORBIDDEN = "{ beneficiaries { nodes { name } } }"
TOO_MUCH = "{ areas(first: 101) { totalCount } }"
PAGE = "query Page($first: Int!) { areas(first: $first) { totalCount } }"


async def ask(client: Client, user: str = "bureau.analyst", **request: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {client.token(user)}", **request.pop("headers", {})}
    return await client.http.request(url="/graphql", headers=headers, **request)


@pytest.mark.parametrize(
    ("accept", "answered_as"),
    [
        (None, OLDER),
        ("*/*", OLDER),
        ("application/*", OLDER),
        (OLDER, OLDER),
        (NEWER, NEWER),
        (f"{NEWER}, {OLDER};q=0.9", NEWER),
        (f"{OLDER}, {NEWER}", OLDER),
        (f"text/html, {NEWER}; charset=utf-8", NEWER),
        (f"{NEWER.upper()}", NEWER),
        ("text/html, */*;q=0.1", OLDER),
    ],
)
async def test_the_answer_comes_in_a_media_type_that_is_accepted(
    client: Client, accept: str | None, answered_as: str
) -> None:
    # httpx would accept anything of its own accord.
    client.http.headers.pop("accept")
    headers = {} if accept is None else {"accept": accept}
    ways: list[dict[str, Any]] = [
        {"method": "POST", "json": {"query": QUESTION}},
        {"method": "GET", "params": {"query": QUESTION}},
    ]
    for way in ways:
        response = await ask(client, headers=headers, **way)
        assert response.status_code == 200
        assert response.headers["content-type"].partition(";")[0] == answered_as
        assert response.headers["cache-control"] == "no-store"
        assert response.json()["data"]["viewer"]["name"]


# The request, its status in the older media type and in the newer one.
STATUSES = [
    ({"query": QUESTION}, 200, 200),
    ({"query": QUESTION, "variables": None, "operationName": None, "extensions": None}, 200, 200),
    ({"query": QUESTION, "variables": {}, "extensions": {"a": 1}}, 200, 200),
    ({"query": f"query A {QUESTION} query B {QUESTION}", "operationName": "B"}, 200, 200),
    ({"query": f"query A {QUESTION} query B {QUESTION}", "operationName": "C"}, 200, 400),
    ({"query": f"query A {QUESTION} query B {QUESTION}"}, 200, 400),
    ({"query": "{"}, 200, 400),
    ({"query": "{ nothing }"}, 200, 400),
    ({"query": "mutation { nothing }"}, 200, 400),
    ({"query": "subscription { nothing }"}, 200, 400),
    ({"query": PAGE, "variables": {"first": 1}}, 200, 200),
    ({"query": PAGE, "variables": {}}, 200, 400),
    ({"query": PAGE, "variables": {"first": "1"}}, 200, 400),
    ({"query": TOO_MUCH}, 200, 400),
    ({"query": FORBIDDEN}, 200, 403),
    ({"operationName": "A"}, 400, 400),
    ({"query": None}, 400, 400),
    ({"query": {"a": 1}}, 400, 400),
    ({"query": QUESTION, "variables": "{}"}, 400, 400),
    ({"query": QUESTION, "variables": 7}, 400, 400),
    ({"query": QUESTION, "extensions": "x"}, 400, 400),
    ({"query": QUESTION, "operationName": {}}, 400, 400),
]


@pytest.mark.parametrize(("asked", "older", "newer"), STATUSES)
async def test_a_request_has_the_status_of_its_media_type(
    client: Client, asked: dict[str, Any], older: int, newer: int
) -> None:
    for accept, status in ((OLDER, older), (NEWER, newer)):
        headers = {"accept": accept}
        response = await ask(client, method="POST", headers=headers, json=asked)
        assert response.status_code == status, response.text
        assert response.headers["content-type"].partition(";")[0] == accept
        assert ("data" in response.json()) == ("errors" not in response.json())


@pytest.mark.parametrize(
    ("params", "older", "newer"),
    [
        ({"query": QUESTION}, 200, 200),
        ({"query": PAGE, "variables": json.dumps({"first": 1})}, 200, 200),
        ({"query": PAGE, "variables": "", "operationName": ""}, 200, 400),
        ({"query": "mutation { nothing }"}, 200, 400),
        ({"query": "{"}, 200, 400),
        ({}, 400, 400),
        ({"query": QUESTION, "variables": "["}, 400, 400),
        ({"query": QUESTION, "variables": "[]"}, 400, 400),
        ({"query": QUESTION, "extensions": "nothing"}, 400, 400),
    ],
)
async def test_a_query_by_get_has_the_same_statuses(
    client: Client, params: dict[str, str], older: int, newer: int
) -> None:
    for accept, status in ((OLDER, older), (NEWER, newer)):
        headers = {"accept": accept}
        response = await ask(client, method="GET", headers=headers, params=params)
        assert response.status_code == status, response.text


async def test_a_get_changes_nothing(client: Client) -> None:
    record = "mutation Record($input: RecordServiceInput!) { recordService(input: $input) {"
    params = {"query": f"{record} __typename }} }}", "variables": "{}"}
    for accept in (OLDER, NEWER):
        headers = {"accept": accept}
        response = await ask(
            client, "yijiaqin.worker1", method="GET", headers=headers, params=params
        )
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"
        assert "send mutations by POST" in response.json()["errors"][0]["message"]


async def test_a_batch_of_operations_is_no_operation(client: Client) -> None:
    response = await ask(client, method="POST", json=[{"query": QUESTION}])
    assert response.status_code == 400


@pytest.mark.parametrize("kind", [OLDER, f"{OLDER}; charset=utf-8", OLDER.upper()])
async def test_a_body_is_json_by_whatever_spelling(client: Client, kind: str) -> None:
    content = json.dumps({"query": QUESTION}).encode()
    response = await ask(client, method="POST", headers={"content-type": kind}, content=content)
    assert response.json()["data"]


async def test_a_body_without_a_media_type_is_refused(client: Client) -> None:
    response = await ask(client, method="POST", content=json.dumps({"query": QUESTION}).encode())
    assert response.status_code == 415


async def test_a_refusal_before_the_operation_says_why_in_either_media_type(client: Client) -> None:
    for accept in (OLDER, NEWER):
        response = await client.ask(None, QUESTION, {"accept": accept})
        assert response.status_code == 401
        assert response.headers["content-type"].partition(";")[0] == accept
        assert "Sign in" in response.json()["errors"][0]["message"]


async def test_no_shared_cache_keeps_what_was_answered_to_one_user(client: Client) -> None:
    signed = {"authorization": f"Bearer {client.token('bureau.auditor')}"}
    for path in ("/schema.graphql", "/graphql?query={viewer{id}}", "/needs/x/answer.pdf"):
        for headers in (signed, {}):
            answer = await client.http.get(path, headers=headers)
            assert "no-store" in answer.headers["cache-control"], (path, answer.status_code)
