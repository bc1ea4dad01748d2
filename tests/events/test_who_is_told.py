"""Who is told of needs and of what waits for approval, and who is told nothing."""

from __future__ import annotations

from typing import Any

from assessments.test_assessing import drafted
from assessments.test_assessing import step as assessed
from events.clients import City, Socket
from needs.conftest import OFFICER, WORKER, an_errand
from supervision.test_library import submitted

NEEDS = """subscription Needs($after: String) { needChanged(after: $after) {
    eventId need { id status question beneficiary { name } } } }"""
APPROVALS = """subscription { approvalRequested { about { __typename
    ... on Assessment { id status } ... on LibraryDraft { id title } } } }"""


async def about(socket: Socket) -> Any:
    return (await socket.data())["approvalRequested"]["about"]


async def test_a_need_is_told_to_those_who_see_it_each_as_they_may(city: City) -> None:
    errand = await an_errand(city.house)
    async with (
        city.signed_in(WORKER) as worker,
        city.signed_in("shouqianshou.worker2") as colleague,
        city.signed_in(OFFICER) as officer,
        city.signed_in("yijiaqin.director") as stranger,
    ):
        for socket in (worker, colleague, officer, stranger):
            await socket.subscribe(NEEDS)
        await errand.raised()
        told = (await worker.data())["needChanged"]["need"]
        assert told == {
            "id": errand.need["id"],
            "status": "RAISED",
            "question": "我的抚恤补助为什么没有到账？",
            "beneficiary": {"name": errand.person["name"]},
        }
        # A colleague and the bureau know that there is a need, and not whose or what about.
        for socket in (colleague, officer):
            message = (await socket.next())["payload"]
            hidden = message["data"]["needChanged"]["need"]
            assert (hidden["status"], hidden["question"]) == ("RAISED", None)
            assert hidden["beneficiary"] in (None, {"name": f"{errand.person['name'][0]}**"})
            masked = {each["coordinate"] for each in message["extensions"]["masked"]}
            assert "Need.question" in masked
        await errand.step("referNeed", day="2015-10-14")
        assert (await worker.data())["needChanged"]["need"]["status"] == "REFERRED"
        assert await stranger.is_quiet()


async def test_a_websocket_that_comes_back_is_first_told_what_it_missed(city: City) -> None:
    errand = await an_errand(city.house)
    async with city.signed_in(WORKER) as worker:
        await worker.subscribe(NEEDS)
        await errand.raised()
        last = (await worker.data())["needChanged"]["eventId"]
    # Nobody is connected now.
    await errand.step("referNeed", day="2015-10-14")
    await errand.answered()
    async with city.signed_in(WORKER) as worker:
        await worker.subscribe(NEEDS, after=last)
        missed = [(await worker.data())["needChanged"] for _ in range(2)]
        await errand.step("printAnswer", day="2015-10-21")
        missed.append((await worker.data())["needChanged"])
        assert await worker.is_quiet()
    # Events say where to look: what is read is how the need stands now.
    assert [each["need"]["status"] for each in missed] == ["ANSWERED", "ANSWERED", "PRINTED"]
    assert len({each["eventId"] for each in missed} | {last}) == 4


async def test_what_waits_for_approval_is_told_to_who_may_approve_and_to_nobody_else(
    city: City,
) -> None:
    async with (
        city.signed_in("shouqianshou.director") as director,
        city.signed_in("supervisor.lead") as supervisor,
        city.signed_in("yijiaqin.director") as stranger,
        city.signed_in("bureau.budget") as budget,
        city.signed_in(WORKER) as worker,
    ):
        for socket in (director, supervisor, stranger):
            await socket.subscribe(APPROVALS)
        # The bureau's budget officer approves sums, and sees neither files nor texts.
        await budget.subscribe("subscription { approvalRequested { about { __typename id } } }")
        await worker.subscribe(APPROVALS)
        refused = await worker.next()
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"]["code"] == "FORBIDDEN"

        row = await drafted(city.house)
        await assessed(city.house, WORKER, "submitAssessment", row)
        told = {"__typename": "Assessment", "id": row["id"], "status": "SUBMITTED"}
        assert await about(director) == told

        text = await submitted(city.house)
        told = {"__typename": "LibraryDraft", "id": text["id"], "title": "从怨气到春联"}
        assert await about(director) == told
        seen = await about(supervisor)
        if seen["__typename"] == "Assessment":
            seen = await about(supervisor)
        assert seen == told
        for socket in (stranger, budget, worker):
            assert await socket.is_quiet()
