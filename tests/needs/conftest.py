"""A worker's client with a question, and what it takes to carry it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest_asyncio

from walls.house import House

WORKER = "shouqianshou.worker1"
COLLEAGUE = "shouqianshou.worker2"
OFFICER = "bureau.officer"
READ = """{ beneficiaries(first: 1, where: {worker: {subject: {eq: "shouqianshou.worker1"}}}) {
    nodes { id name address } }
  needKinds { nodes { id code department { id code } daysToAnswer } }
  departments { nodes { id code } } }"""
POLICY = {
    "number": "虚构〔2011〕1号",
    "title": "军人抚恤优待办法（虚构）",
    "issuingBody": "示例机关",
    "validFrom": "2011-08-01",
    "clauses": [
        {"label": "第三条", "text": "补助按月发放。"},
        {"label": "第七条", "text": "账号变更的，自收到通知之日起十日内补发。"},
    ],
}
FIELDS = "id version status"


@dataclass
class Errand:
    """One need on its way, at the version it was last seen."""

    house: House
    person: dict[str, Any]
    kinds: dict[str, dict[str, Any]]
    clause_ids: list[str]
    document_id: str
    need: dict[str, Any] = field(default_factory=dict)

    async def raised(self, **changes: Any) -> Any:
        given = {
            "beneficiaryId": self.person["id"],
            "kindId": self.kinds["pension"]["id"],
            "question": "我的抚恤补助为什么没有到账？",
            "channel": "VISIT",
            "raisedOn": "2015-10-12",
            **changes,
        }
        done = await self.house.act(WORKER, "raiseNeed", f"need {{ {FIELDS} }}", **given)
        return self.seen(done)

    async def step(self, mutation: str, user: str = WORKER, **given: Any) -> Any:
        """One step of the need at the version that was seen."""
        told = {"needId": self.need["id"], "version": self.need["version"], **given}
        done = await self.house.act(user, mutation, f"need {{ {FIELDS} }}", **told)
        return self.seen(done)

    async def answered(self, **changes: Any) -> Any:
        given = {
            "answer": "补助因账号变更退回，已补发。",
            "clauseId": self.clause_ids[1],
            "day": "2015-10-20",
            **changes,
        }
        return await self.step("answerNeed", OFFICER, **given)

    def seen(self, done: Any) -> Any:
        if "need" in done:
            self.need = done["need"]
        return done

    async def carried(self, until: str) -> None:
        """Take the need straight to a status, from where it stands."""
        steps = {
            "REFERRED": lambda: self.step("referNeed", day="2015-10-14"),
            "ANSWERED": self.answered,
            "PRINTED": lambda: self.step("printAnswer", day="2015-10-21"),
            "DELIVERED": lambda: self.step("deliverAnswer", day="2015-10-23"),
            "RATED": lambda: self.step("rateNeed", satisfaction=5, day="2015-10-23"),
            "CLOSED": lambda: self.step("closeNeed", day="2015-10-24"),
        }
        if not self.need:
            await self.raised()
        places = ["RAISED", *steps]
        here, there = places.index(self.need["status"]), places.index(until)
        for status in places[here + 1 : there + 1]:
            done = await steps[status]()
            assert done["__typename"].endswith("Success"), (status, done)
        assert self.need["status"] == until

    async def read(self, user: str, selection: str) -> Any:
        """The need as somebody sees it; null where they see none."""
        document = f"query($id: ID!) {{ node(id: $id) {{ ... on Need {{ {selection} }} }} }}"
        return (await self.house.data(user, document, id=self.need["id"]))["node"]


@pytest_asyncio.fixture(loop_scope="session")
async def errand(pilot: House) -> Errand:
    """A client of worker 1 in a city that has published a policy document."""
    return await an_errand(pilot)


async def an_errand(pilot: House) -> Errand:
    """See `errand`, in a house of the caller's own."""
    found = await pilot.data(WORKER, READ)
    published = await pilot.act(
        OFFICER,
        "publishPolicyDocument",
        "policyDocument { id clauses { id label } }",
        **POLICY,
    )
    document = published["policyDocument"]
    return Errand(
        house=pilot,
        person=found["beneficiaries"]["nodes"][0],
        kinds={each["code"]: each for each in found["needKinds"]["nodes"]},
        clause_ids=[clause["id"] for clause in document["clauses"]],
        document_id=document["id"],
    )
