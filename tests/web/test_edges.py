"""Headers, bodies and addresses with characters that no text has are answered, never a fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from web.serving import Client

QUESTION = "{ viewer { name } }"
SERVICES = "{ beneficiaries(first: 1) { nodes { id } } }"
# The escape of half a surrogate pair is JSON; what it stands for is no text.
HALF = "\ud842"
CODES = {"BAD_USER_INPUT", "LIMIT_EXCEEDED", "UNAUTHENTICATED", "FORBIDDEN"}


async def posted(client: Client, body: Any, **headers: str) -> Any:
    """The answer to a body, which is data or says what is wrong."""
    sent = {
        "authorization": f"Bearer {client.token('bureau.auditor')}",
        "content-type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    # A header is bytes: what is no ASCII goes out as it is.
    raw = [(name, value.encode("latin-1")) for name, value in sent.items()]
    response = await client.http.post("/graphql", content=json.dumps(body), headers=raw)
    assert response.status_code < 500, response.text
    answer = response.json()
    assert "data" in answer or {e["extensions"]["code"] for e in answer["errors"]} <= CODES
    return answer


@pytest.mark.parametrize("text", ["\x00", HALF, f"a{HALF}b", "\x00" * 1_000, "9" * 5_000])
@pytest.mark.parametrize(
    "body",
    [
        {"query": "{}"},
        {"query": "{ viewer { name } } # {}"},
        {"query": '{ areas(where: { name: { eq: "{}" } }) { totalCount } }'},
        {"query": QUESTION, "operationName": "{}"},
        {"query": QUESTION, "variables": {"{}": "{}"}},
        {"query": QUESTION, "extensions": {"{}": "{}"}},
        {
            "query": "query($w: AreaFilter) { areas(where: $w) { totalCount } }",
            "variables": {"w": {"{}": {"eq": "{}"}}},
        },
        {"query": "query($f: Int) { areas(first: $f) { totalCount } }", "variables": {"f": "{}"}},
        {"query": "query($n: String!) { __type(name: $n) { name } }", "variables": {"n": "{}"}},
        {"query": "query($i: ID!) { node(id: $i) { id } }", "variables": {"i": "{}"}},
        {"{}": "{}"},
    ],
)
async def test_a_character_that_no_text_has_is_answered_wherever_a_body_holds_it(
    client: Client, body: dict[str, Any], text: str
) -> None:
    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {filled(key): filled(each) for key, each in value.items()}
        return value.replace("{}", text) if isinstance(value, str) else value

    await posted(client, filled(body))


@pytest.mark.parametrize(
    "purpose", ["%00", "%ED%A1%82", "%FF", "\x80\xff", "x" * 5_000, "%0A", "%E2%80%AE"]
)
async def test_a_purpose_that_is_no_sentence_is_refused(client: Client, purpose: str) -> None:
    answer = await posted(client, {"query": SERVICES}, citywide_purpose=purpose)
    assert "Citywide-Purpose says why" in answer["errors"][0]["message"]


@pytest.mark.parametrize("tenant", ["%00", "\xff", "x" * 5_000, "' OR ''='"])
async def test_a_tenant_that_is_none_is_refused(client: Client, tenant: str) -> None:
    answer = await posted(client, {"query": QUESTION}, citywide_tenant=tenant)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("subject", ["\x00", "bureau.auditor\x00", "a\u2028b", "x" * 5_000, ""])
async def test_a_subject_that_is_no_name_is_nobody(client: Client, subject: str) -> None:
    response = await client.ask(subject, QUESTION)
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("name", ["%00", "%ED%A1%82", "%FF", "1" * 48, "%EF%BC%91" * 48])
@pytest.mark.parametrize("page", ["needs/{}/answer.pdf", "volunteers/{}/certificate.pdf"])
async def test_a_page_of_an_id_that_is_none_is_not_there(
    client: Client, page: str, name: str
) -> None:
    headers = {"authorization": f"Bearer {client.token('shouqianshou.director')}"}
    response = await client.http.get(f"/{page.format(name)}", headers=headers)
    assert response.status_code == 404


@pytest.mark.parametrize("text", ["%00", "%ED%A1%82", "%FF", "%", "9" * 5_000])
@pytest.mark.parametrize("parameter", ["query", "variables", "operationName", "extensions"])
async def test_a_parameter_that_is_no_text_is_answered(
    client: Client, parameter: str, text: str
) -> None:
    headers = {"authorization": f"Bearer {client.token('bureau.auditor')}"}
    others = "" if parameter == "query" else f"&query={QUESTION.replace(' ', '+')}"
    response = await client.http.get(f"/graphql?{parameter}={text}{others}", headers=headers)
    assert response.status_code < 500, response.text
