"""Whatever comes in, the answer is a clear GraphQL error with the right status, and soon."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import OKPKey

from citywide.web import graphql
from citywide.web.graphql import LINGER_SECONDS
from web.serving import Client

NEWER = {"accept": "application/graphql-response+json"}
QUESTION = "{ viewer { name } }"


async def post(
    client: Client, content: bytes | AsyncIterator[bytes], **headers: str
) -> httpx.Response:
    sent = {
        "authorization": f"Bearer {client.token('bureau.auditor')}",
        "content-type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return await client.http.post("/graphql", content=content, headers=sent)


def document(text: str, **variables: Any) -> bytes:
    return json.dumps({"query": text, "variables": variables}).encode()


DOUBLING = "{ ...F0 }" + "".join(
    f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(20)
)
DOUBLING += " fragment F20 on Query { viewer { name } }"
LINKS = [f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(400)]
LINKS.append("fragment F400 on Query { viewer { name } }")
CHAIN = "{ ...F0 } " + " ".join(LINKS)
CHAIN_FROM_ITS_END = "{ ...F0 } " + " ".join(reversed(LINKS))
UNUSED = " ".join(f"fragment F{n} on Query {{ viewer {{ name }} }}" for n in range(300))
UNUSED += " fragment All on Query { " + " ".join(f"...F{n}" for n in range(300)) + " }"
CIRCLE = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
DEEP = "{ areas { nodes " + "{ parent " * 30 + "{ name }" + " }" * 30 + " } }"
WIDE_PAGES = """{ areas(first: 100) { nodes { children(first: 100) { nodes { children(first: 100) {
    nodes { name } } } } } } }"""
WRONG_TYPE = "query Q($first: Int) { areas(first: $first) { nodes { name } } }"
FILTERED = "query Q($where: AreaFilter) { areas(where: $where) { totalCount } }"


def nested_filter(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"name": {"eq": "x"}}
    for _ in range(depth):
        found = {"not": found}
    return found


# What is sent, the status to an older and to a newer client, the code, a part of the sentence.
BODIES = [
    (b"", 400, 400, "BAD_USER_INPUT", "not valid JSON"),
    (b"{", 400, 400, "BAD_USER_INPUT", "not valid JSON"),
    (b"\xff\xfe", 400, 400, "BAD_USER_INPUT", "not valid JSON"),
    (b"[" * 100_000, 400, 400, "BAD_USER_INPUT", "nests too deeply"),
    (b"[]", 400, 400, "BAD_USER_INPUT", "JSON object"),
    (b"null", 400, 400, "BAD_USER_INPUT", "JSON object"),
    (b"{}", 400, 400, "BAD_USER_INPUT", "query is missing"),
    (b'{"query": 5}', 400, 400, "BAD_USER_INPUT", "query is missing"),
    (b'{"query": "{a}", "variables": []}', 400, 400, "BAD_USER_INPUT", "variables"),
    (b'{"query": "{a}", "operationName": 1}', 400, 400, "BAD_USER_INPUT", "operationName"),
    (b" " * 300_000, 413, 413, "LIMIT_EXCEEDED", "larger than"),
    (document("{"), 200, 400, "BAD_USER_INPUT", "Syntax Error"),
    (document("{ \\u0000"), 200, 400, "BAD_USER_INPUT", "Syntax Error"),
    (document("{ [" * 30_000), 200, 400, "LIMIT_EXCEEDED", "nests brackets"),
    (
        document("query Q { viewer { name } } query R { viewer { name } }"),
        200,
        400,
        "BAD_USER_INPUT",
        "name one",
    ),
    (document("fragment F on Query { viewer { name } }"), 200, 400, "BAD_USER_INPUT", ""),
    (document("{ viewer { salary } }"), 200, 400, "BAD_USER_INPUT", "Cannot query field"),
    (document("mutation { x }"), 200, 400, "BAD_USER_INPUT", "mutation"),
    (
        document("{ " + " ".join(f"x{n}: nothing" for n in range(1_000)) + " }"),
        200,
        400,
        "BAD_USER_INPUT",
        "Cannot query field",
    ),
    (
        document("{ " + " ".join(f"a{n}: viewer {{ name }}" for n in range(10_000)) + " }"),
        200,
        400,
        "LIMIT_EXCEEDED",
        "tokens",
    ),
    (
        document("{ " + " ".join(f"a{n}: __typename" for n in range(1_200)) + " }"),
        200,
        400,
        "LIMIT_EXCEEDED",
        "fields and aliases",
    ),
    (
        document("{ " + " ".join(f"a{n}: areas {{ totalCount }}" for n in range(200)) + " }"),
        200,
        400,
        "LIMIT_EXCEEDED",
        "lists and objects",
    ),
    (document(DOUBLING), 200, 400, "LIMIT_EXCEEDED", "fields and aliases"),
    (document(CHAIN), 200, 400, "LIMIT_EXCEEDED", "nests fragments"),
    (document(CHAIN_FROM_ITS_END), 200, 400, "LIMIT_EXCEEDED", "nests fragments"),
    (
        document("{ " + "viewer { name } " * 499 + "}"),
        200,
        400,
        "LIMIT_EXCEEDED",
        "repeats the same",
    ),
    (
        document("{ areas { nodes { " + "parent { parent { name } } " * 300 + "} } }"),
        200,
        400,
        "LIMIT_EXCEEDED",
        "repeats the same",
    ),
    (document("{ " + "... { __typename } " * 900 + "}"), 200, 400, "LIMIT_EXCEEDED", "repeats"),
    (document(f"{{ __typename }} {UNUSED}"), 200, 400, "LIMIT_EXCEEDED", "repeats the same"),
    (document(CIRCLE), 200, 400, "BAD_USER_INPUT", "Cannot spread fragment"),
    (document(DEEP), 200, 400, "LIMIT_EXCEEDED", "deep"),
    (document(WIDE_PAGES), 200, 400, "LIMIT_EXCEEDED", "smaller pages"),
    (document(WRONG_TYPE, first="ten"), 200, 400, "BAD_USER_INPUT", "Int"),
    (document(WRONG_TYPE, first=101), 200, 400, "LIMIT_EXCEEDED", "100 rows at most"),
    (document(WRONG_TYPE, first=-1), 200, 400, "BAD_USER_INPUT", "-1"),
    (document(WRONG_TYPE, first=2**40), 200, 400, "BAD_USER_INPUT", "Int"),
    (
        document("{ areas(first: 1, last: 1) { totalCount } }"),
        200,
        400,
        "BAD_USER_INPUT",
        "not both",
    ),
    (
        document('{ areas(after: "nonsense") { nodes { name } } }'),
        200,
        400,
        "BAD_USER_INPUT",
        "cursor",
    ),
    (document(FILTERED, where={"name": None}), 200, 400, "BAD_USER_INPUT", "isNull"),
    (document(FILTERED, where={"name": {"eq": None}}), 200, 400, "BAD_USER_INPUT", "isNull"),
    (document(FILTERED, where={"name": {"eq": "a\x00b"}}), 200, 400, "BAD_USER_INPUT", "NUL"),
    (document(FILTERED, where={"name": {"eq": "\ud800"}}), 200, 400, "BAD_USER_INPUT", "surrogate"),
    (
        document(FILTERED, where={"id": {"eq": "nonsense"}}),
        200,
        400,
        "BAD_USER_INPUT",
        "not the id of a Area",
    ),
    (
        document(FILTERED, where={"name": {"in": ["x"] * 501}}),
        200,
        400,
        "LIMIT_EXCEEDED",
        "too long",
    ),
    (document(FILTERED, where=nested_filter(9)), 200, 400, "LIMIT_EXCEEDED", "levels deep"),
    (
        document(FILTERED, where={"or": [{"name": {"eq": "x"}}] * 101}),
        200,
        400,
        "LIMIT_EXCEEDED",
        "conditions",
    ),
    (document(FILTERED, where=nested_filter(200)), 200, 400, "LIMIT_EXCEEDED", "levels deep"),
    (
        document("{ metrics(measures: []) { rows { values { value } } } }"),
        200,
        400,
        "BAD_USER_INPUT",
        "at least one measure",
    ),
    (
        document(
            "{ metrics(measures: [BENEFICIARIES_ON_FILE], by: [MONTH]) "
            "{ rows { values { value } } } }"
        ),
        200,
        400,
        "BAD_USER_INPUT",
        "cannot be split",
    ),
]


@pytest.mark.parametrize(("body", "older", "newer", "code", "sentence"), BODIES)
async def test_a_bad_body_gets_a_sentence_with_a_code_and_the_server_goes_on(  # noqa: PLR0917 - fixtures and the case
    client: Client, body: bytes, older: int, newer: int, code: str, sentence: str
) -> None:
    for headers, status in (({}, older), (NEWER, newer)):
        # The server is in this process: what is bounded is its work, however busy the machine.
        began = time.process_time()
        response = await post(client, body, **headers)
        assert response.status_code == status, response.text[:300]
        assert time.process_time() - began < 3
        errors = response.json()["errors"]
        assert "data" not in response.json()
        assert 1 <= len(errors) <= 6
        assert len(response.content) < 5_000
        if code:
            assert {error["extensions"]["code"] for error in errors} == {code}
            assert sentence in " ".join(error["message"] for error in errors)
    assert (await client.data("bureau.auditor", QUESTION))["viewer"]["name"]


async def test_too_many_table_references_are_refused_before_they_are_planned(
    client: Client,
) -> None:
    ids = " ".join(f'a{n}: node(id: "x") {{ id }}' for n in range(300))
    response = await post(client, document(f"{{ {ids} }}"))
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"accept": "text/html"}, 406),
        ({"accept": "image/png, text/*"}, 406),
    ],
)
async def test_a_wrong_media_type_is_refused_with_its_status(
    client: Client, headers: dict[str, str], status: int
) -> None:
    assert (await post(client, document(QUESTION), **headers)).status_code == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_only_get_and_post_are_answered(client: Client, method: str) -> None:
    response = await client.http.request(method, "/graphql")
    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["allow"].replace(" ", "").split(","))


async def test_without_a_token_nobody_is_answered(client: Client) -> None:
    response = await client.ask(None, QUESTION)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("kind", ["expired", "forged", "other audience", "no JWT", "none"])
async def test_a_bad_token_is_refused_and_never_repeated(client: Client, kind: str) -> None:
    other = OKPKey.generate_key("Ed25519")
    bad = {
        "expired": client.token("bureau.auditor", now=time.time() - 100_000),
        "forged": client.token("bureau.auditor", key=other),
        "other audience": client.token("bureau.auditor", audience="elsewhere"),
        "no JWT": "abc.def.ghi",
        "none": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJidXJlYXUuYXVkaXRvciJ9.",
    }[kind]
    headers = {"authorization": f"Bearer {bad}"}
    response = await client.http.post("/graphql", json={"query": QUESTION}, headers=headers)
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert bad not in response.text


async def test_a_user_nobody_knows_is_refused(client: Client) -> None:
    response = await client.ask("nobody.atall", QUESTION, NEWER)
    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_query_by_get_is_answered_and_a_bad_parameter_is_not(client: Client) -> None:
    headers = {"authorization": f"Bearer {client.token('bureau.auditor')}"}
    found = await client.http.get("/graphql", params={"query": QUESTION}, headers=headers)
    assert found.json()["data"]["viewer"]["name"]
    for params in (
        {},
        {"query": QUESTION, "variables": "{"},
        {"query": QUESTION, "variables": "5"},
    ):
        response = await client.http.get("/graphql", params=params, headers=headers)
        assert response.status_code == 400


@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_sender_of_too_much_that_reads_nothing_before_its_end_gets_the_answer(
    client: Client, *, is_announced: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(256):
            yield b" " * 65_536
            await asyncio.sleep(0)

    content = b" " * 256 * 65_536 if is_announced else chunks()
    response = await post(client, content)
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense"])
async def test_a_stranger_is_turned_away_though_the_whole_body_is_still_to_come(
    client: Client, authorization: str
) -> None:
    response = await post(client, b" " * 16 * 2**20, authorization=authorization)
    assert response.status_code == 401


async def test_a_body_that_never_ends_is_answered_at_the_limit_and_cut_off_soon(
    client: Client,
) -> None:
    reader, writer = await started(client, "transfer-encoding: chunked")

    async def send_for_ever() -> None:
        while True:
            writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.001)

    sending = asyncio.create_task(send_for_ever())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert not sending.done()
    with pytest.raises(OSError, match=r"lost|reset|pipe"):
        await asyncio.wait_for(sending, LINGER_SECONDS + 8)
    writer.close()
    assert (await client.data("bureau.auditor", QUESTION))["viewer"]["name"]


async def test_a_body_that_does_not_arrive_is_given_up(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphql, "BODY_SECONDS", 0.3)
    reader, writer = await started(client, "content-length: 1000")
    writer.write(b'{"query": ')
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 408 ")
    writer.close()
    assert (await client.data("bureau.auditor", QUESTION))["viewer"]["name"]


async def test_a_body_that_breaks_off_disturbs_nobody(client: Client) -> None:
    for _ in range(20):
        _, writer = await started(client, "content-length: 1000")
        writer.write(b'{"query": ')
        await writer.drain()
        writer.close()
    assert (await client.data("bureau.auditor", QUESTION))["viewer"]["name"]


async def started(client: Client, header: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection with the head of a request sent, its body yet to come."""
    url = client.http.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = [
        "POST /graphql HTTP/1.1",
        f"host: {url.host}",
        f"authorization: Bearer {client.token('bureau.auditor')}",
        "content-type: application/json",
        header,
    ]
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
    await writer.drain()
    return reader, writer
