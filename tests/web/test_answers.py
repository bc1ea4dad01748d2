"""The printed answer over HTTP: whose it is to read, and what stands on the paper."""

from __future__ import annotations

import io
import urllib.parse
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio
from joserfc.jwk import OKPKey
from pypdf import PdfReader

from walls.house import House
from web.serving import Client, Token, served

WORKER, COLLEAGUE, OFFICER = "shouqianshou.worker1", "shouqianshou.worker2", "bureau.officer"
READ = """{ beneficiaries(first: 1, where: {worker: {subject: {eq: "shouqianshou.worker1"}}}) {
    nodes { id name worker { name } } }
  needKinds(where: {code: {eq: "pension"}}) { nodes { id } } }"""
# What a department is asked, which is not told whose question it is.
REFERRED = "这个月的抚恤补助为什么没有到账？"
ANSWER = "十月的补助因银行账号变更退回，已于11月2日补发。\n以后更换账号，请先告诉社工。"
CLAUSE = "账号变更的，自收到通知之日起十日内补发。"


@dataclass(frozen=True)
class Story:
    """A question that was asked over HTTP, and who asked it."""

    client: Client
    person: dict[str, Any]
    need_id: str

    async def page(self, user: str | None, need_id: str | None = None) -> httpx.Response:
        headers = {"citywide-purpose": urllib.parse.quote("打印答复")}
        if user is not None:
            headers["authorization"] = f"Bearer {self.client.token(user)}"
        address = f"/needs/{need_id or self.need_id}/answer.pdf"
        return await self.client.http.get(address, headers=headers)

    async def answer(self, answer: str = ANSWER) -> None:
        """Refer the question, publish a policy document, and answer with a clause of it."""
        referred = {"needId": self.need_id, "version": 1, "question": REFERRED}
        await act(self.client, WORKER, "referNeed", "need", **referred)
        document = await act(
            self.client,
            OFFICER,
            "publishPolicyDocument",
            "policyDocument",
            "id clauses { id }",
            number="虚构〔2011〕1号",
            title="军人抚恤优待办法（虚构）",
            issuingBody="示例机关",
            validFrom="2011-08-01",
            clauses=[{"label": "第七条", "text": CLAUSE}],
        )
        clause_id = document["clauses"][0]["id"]
        given = {"needId": self.need_id, "version": 2, "answer": answer, "clauseId": clause_id}
        await act(self.client, OFFICER, "answerNeed", "need", **given)


async def act(
    client: Client, user: str, mutation: str, gives: str, selection: str = "id", **given: Any
) -> Any:
    """What a mutation led to."""
    kind = mutation[0].upper() + mutation[1:]
    document = f"""mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{
      ... on {kind}Success {{ {gives} {{ {selection} }} }} ... on Problem {{ message }} }} }}"""
    given["idempotencyKey"] = f"{mutation} {user}"
    done = (await client.data(user, document, input=given))[mutation]
    assert gives in done, done
    return done[gives]


@pytest_asyncio.fixture(loop_scope="session")
async def story(
    pilot: House, secret: bytes, issuer_key: OKPKey, token: Token
) -> AsyncIterator[Story]:
    async with (
        served(pilot.url, secret, issuer_key) as address,
        httpx.AsyncClient(base_url=address, timeout=30) as http,
    ):
        client = Client(http, token)
        found = await client.data(WORKER, READ)
        [person], [kind] = found["beneficiaries"]["nodes"], found["needKinds"]["nodes"]
        need = await act(
            client,
            WORKER,
            "raiseNeed",
            "need",
            beneficiaryId=person["id"],
            kindId=kind["id"],
            channel="VISIT",
            question=f"我叫{person['name']}，这个月的抚恤补助为什么没有到账？",
        )
        yield Story(client, person, need["id"])


def text_of(response: httpx.Response) -> str:
    """What can be read in the PDF, without the breaks of its lines."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["cache-control"] == "no-store"
    pages = PdfReader(io.BytesIO(response.content)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


async def test_an_answer_is_printed_for_who_may_read_it_and_for_nobody_else(story: Story) -> None:
    early = await story.page(WORKER)
    assert (early.status_code, early.text.startswith("This question has no answer yet")) == (
        409,
        True,
    )
    await story.answer()
    name = story.person["name"]
    printed = text_of(await story.page(WORKER))
    for part in (
        "“手牵手”社会工作室",
        name,
        f"我叫{name}，这个月的抚恤补助为什么没有到账？",
        "".join(ANSWER.split()),
        "《军人抚恤优待办法（虚构）》（虚构〔2011〕1号）",
        "示例机关，2011年8月1日起施行",
        f"第七条{CLAUSE}",
        "市民政局优抚安置科2015年11月11日",
        f"您的社工：{story.person['worker']['name']}",
        "0577-00000001",
    ):
        assert part in printed, (part, printed)
    seen = text_of(await story.page(OFFICER))
    assert name not in seen
    assert "我叫" not in seen
    assert REFERRED in seen
    # A colleague sees the need and not its words; the others see no need.
    for user in (COLLEAGUE, "yixin.director", "shouqianshou.finance", "supervisor.lead"):
        denied = await story.page(user)
        assert (denied.status_code, denied.headers["content-type"]) == (
            404,
            "text/plain; charset=utf-8",
        )
        assert name not in denied.text
    assert (await story.page(None)).status_code == 401
    for unknown in ("nonsense", story.person["id"], story.need_id[:-4] + "AAAA"):
        assert (await story.page(WORKER, unknown)).status_code == 404
    never = (await story.page(WORKER, "nonsense")).text
    assert (await story.page(COLLEAGUE)).text == never


async def test_the_longest_answer_is_printed_whole_and_markup_in_it_is_text(story: Story) -> None:
    words = '#panic("x") *粗* $x$ [a] @b <c> \\ // '
    answer = (words + "答" * 1_500)[:1_500]
    await story.answer(answer)
    printed = text_of(await story.page(WORKER))
    assert printed.count("答") >= answer.count("答")
    assert "".join(words.split()) in printed
