"""The pilot's whole story over HTTP, told through what people do; every person is invented."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio
from joserfc.jwk import OKPKey
from pypdf import PdfReader

from citywide.audit.reads import PURPOSE_HEADER
from citywide.identity.tokens import issue
from walls.house import House
from web.serving import AUDIENCE, ISSUER, served

WORKER, DIRECTOR = "shouqianshou.worker1", "shouqianshou.director"
OFFICER, SUPERVISOR = "bureau.officer", "supervisor.lead"
VOLUNTEERS = "shouqianshou.volunteers"
START = """query($worker: String!) {
  agencies { nodes {
    projects { nodes { id } }
    agreements { nodes { sites { id area { id } } } }
    members(first: 100) { nodes { id subject } }
  } }
  instruments { nodes { id slug questions { id options { id } } } }
  needKinds { nodes { id code department { id } } }
  colleagues: beneficiaries(first: 1, where: {worker: {subject: {eq: $worker}}}) {
    nodes { id } }
}"""


@dataclass(slots=True)
class Teller:
    """Lets people do things over HTTP; everything must succeed."""

    http: httpx.AsyncClient
    key: OKPKey

    def headers(self, user: str) -> dict[str, str]:
        token = issue(user, key=self.key, issuer=ISSUER, audience=AUDIENCE)
        return {"authorization": f"Bearer {token}", PURPOSE_HEADER: "journeys"}

    async def data(self, user: str, document: str, **variables: Any) -> Any:
        body = {"query": document, "variables": variables}
        answer = (await self.http.post("/graphql", json=body, headers=self.headers(user))).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def act(self, user: str, mutation: str, selection: str, **given: Any) -> Any:
        """The row that the mutation led to."""
        kind = f"{mutation[0].upper()}{mutation[1:]}"
        document = (
            f"mutation Step($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename "
            f"... on {kind}Success {{ {selection} }} ... on Problem {{ code message path }} }} }}"
        )
        given["idempotencyKey"] = str(uuid4())
        done = (await self.data(user, document, input=given))[mutation]
        assert done.pop("__typename") == f"{kind}Success", (mutation, done)
        [row] = done.values()
        return row


@pytest_asyncio.fixture(loop_scope="session")
async def teller(pilot: House, secret: bytes) -> AsyncIterator[Teller]:
    """The served pilot."""
    key = OKPKey.generate_key("Ed25519")
    async with (
        served(pilot.url, secret, key) as address,
        httpx.AsyncClient(base_url=address, timeout=60) as http,
    ):
        yield Teller(http, key)


async def test_a_veteran_comes_back_among_people(teller: Teller, tmp_path: Any) -> None:
    start = await teller.data(WORKER, START, worker=WORKER)
    [agency] = start["agencies"]["nodes"]
    members = {each["subject"]: each["id"] for each in agency["members"]["nodes"]}
    [site, *_] = agency["agreements"]["nodes"][0]["sites"]
    project_id = agency["projects"]["nodes"][0]["id"]

    # A file is opened, and the need assessed by answers; the director approves.
    person = await teller.act(
        WORKER,
        "registerBeneficiary",
        "beneficiary { id version name }",
        fileNumber="SQS-J1",
        name="林远山",
        gender="MALE",
        bornOn="1950-03-05",
        idNumber=_id_number("33038119500305", "701"),
        phone=None,
        address="盐盆街道盐城社区某弄1号",
        siteId=site["id"],
        workerId=members[WORKER],
        openedOn="2015-01-05",
    )
    instrument = next(each for each in start["instruments"]["nodes"] if each["slug"] == "needs")
    answers = [
        {"questionId": question["id"], "optionId": question["options"][-1]["id"]}
        for question in instrument["questions"]
    ]
    assessment = await teller.act(
        WORKER,
        "draftAssessment",
        "assessment { id version }",
        beneficiaryId=person["id"],
        instrumentId=instrument["id"],
        assessedOn="2015-01-12",
        answers=answers,
        summary="误读政策，心里有怨；字写得好。",
    )
    for user, mutation in ((WORKER, "submitAssessment"), (DIRECTOR, "approveAssessment")):
        assessment = await teller.act(
            user,
            mutation,
            "assessment { id version score band }",
            assessmentId=assessment["id"],
            version=assessment["version"],
        )
    assert assessment["score"] is not None

    # The judgement about him is the director's and his own worker's to see, and nobody else's.
    await _classified(teller, person)
    consent = {"beneficiaryId": person["id"], "givenOn": "2015-01-12"}
    await teller.act(WORKER, "giveConsent", "consent { id }", purpose="SERVICE", **consent)

    # A festival visit ticks him off the campaign's list.
    await teller.act(DIRECTOR, "planCampaign", "campaign { id heldOn }", festival="重阳", year=2015)
    enrolled = await _enrolled(teller, project_id)
    visit = await teller.act(
        WORKER,
        "recordService",
        "serviceRecord { id number festival }",
        projectId=project_id,
        kind="VISIT",
        medium="IN_PERSON",
        servedOn="2015-10-21",
        durationMinutes=50,
        areaId=site["area"]["id"],
        festival="重阳",
        title="重阳走访",
        beneficiaryIds=[enrolled],
        workerIds=[members[WORKER]],
        volunteerIds=[],
    )
    assert visit["festival"] == "重阳"

    # His question goes to a department, and the printed answer comes back to the door.
    policy = await teller.act(
        OFFICER,
        "publishPolicyDocument",
        "policyDocument { clauses { id } }",
        number="虚构〔2011〕9号",
        title="安置办法（虚构）",
        issuingBody="示例机关",
        validFrom="2011-01-01",
        clauses=[{"label": "第五条", "text": "按服役年限计算，三年一档。"}],
    )
    kind = start["needKinds"]["nodes"][0]
    need = await teller.act(
        WORKER,
        "raiseNeed",
        "need { id version status }",
        beneficiaryId=person["id"],
        kindId=kind["id"],
        question="当年的安置补助为什么少算了两年？",
        channel="VISIT",
        raisedOn="2015-09-07",
    )
    steps: list[tuple[str, str, dict[str, Any]]] = [
        (WORKER, "referNeed", {"departmentId": kind["department"]["id"], "day": "2015-09-08"}),
        (
            OFFICER,
            "answerNeed",
            {
                "clauseId": policy["clauses"][0]["id"],
                "answer": "按第五条，三年算一档，您的年限计满两档，没有少算。",
                "day": "2015-09-15",
            },
        ),
        (WORKER, "printAnswer", {"day": "2015-09-16"}),
        (WORKER, "deliverAnswer", {"day": "2015-09-18"}),
        (WORKER, "rateNeed", {"satisfaction": 4, "day": "2015-09-18"}),
        (WORKER, "closeNeed", {"day": "2015-09-18"}),
    ]
    for user, mutation, more in steps:
        if mutation == "deliverAnswer":
            page = await teller.http.get(
                f"/needs/{need['id']}/answer.pdf", headers=teller.headers(WORKER)
            )
            assert page.status_code == 200, page.text
            (tmp_path / "answer.pdf").write_bytes(page.content)
            told = "".join(each.extract_text() for each in PdfReader(tmp_path / "answer.pdf").pages)
            assert "三年算一档" in told.replace("\n", "")
        need = await teller.act(
            user,
            mutation,
            "need { id version status }",
            needId=need["id"],
            version=need["version"],
            **more,
        )
    assert need["status"] == "CLOSED"
    elsewhere = await teller.http.get(
        f"/needs/{need['id']}/answer.pdf", headers=teller.headers("yijiaqin.director")
    )
    assert elsewhere.status_code == 404

    # His case: from resentment to the couplet-writing team.
    case = await teller.act(
        WORKER,
        "openCase",
        "case { id version }",
        beneficiaryId=person["id"],
        number="J-1",
        openedOn="2015-02-02",
        problem="误读政策，对政府有怨气。",
        risk="MEDIUM",
        riskReason="独居。",
    )

    async def step(user: str, mutation: str, **more: Any) -> None:
        nonlocal case
        found = await teller.data(
            DIRECTOR,
            "query($id: ID!) { node(id: $id) { ... on Case { version } } }",
            id=case["id"],
        )
        case |= await teller.act(
            user,
            mutation,
            "case { stage version closedOn }",
            caseId=case["id"],
            version=found["node"]["version"],
            **more,
        )

    await step(WORKER, "completeIntake")
    await step(WORKER, "completeCaseAssessment", findings="写得一手好字。")
    goal = await teller.act(
        WORKER,
        "setGoal",
        "caseGoal { id }",
        caseId=case["id"],
        aim="弄懂政策，走到人群里",
        startingScore=2,
        targetScore=7,
        dueOn="2015-11-30",
    )
    await teller.act(
        WORKER,
        "planAction",
        "caseAction { id }",
        goalId=goal["id"],
        what="请律师讲清政策",
        dueOn="2015-11-20",
    )
    await step(WORKER, "submitCasePlan", plan="先听，再讲，后同行。", reviewOn="2015-11-30")
    await step(DIRECTOR, "approveCasePlan")
    await teller.act(
        WORKER,
        "pairCase",
        "casePairing { id }",
        caseId=case["id"],
        role="LAWYER",
        outsider={"name": "示例律师", "profession": "律师"},
        purpose="讲清政策",
        pairedOn="2015-06-10",
    )
    await teller.act(
        WORKER,
        "scoreGoal",
        "caseGoal { isAttained }",
        goalId=goal["id"],
        scoredOn="2015-11-05",
        score=8,
    )

    # The supervisor looks at it, advises, and the agency takes it up.
    supervision = await teller.act(
        SUPERVISOR,
        "recordSupervision",
        "supervision { id advice { nodes { id version } } }",
        caseId=case["id"],
        heldOn="2015-11-06",
        durationMinutes=60,
        observations="目标已达成，可以评估。",
        participantIds=[members[WORKER]],
        advice=[{"advice": "请他带别人一起写春联", "dueOn": "2015-11-30"}],
    )
    [advice] = supervision["advice"]["nodes"]
    taken = await teller.act(
        WORKER,
        "takeUpAdvice",
        "advice { status }",
        adviceId=advice["id"],
        version=advice["version"],
        answer="已邀请他加入春联队。",
    )
    assert taken["status"] == "TAKEN_UP"
    await step(WORKER, "beginCaseEvaluation")
    await step(WORKER, "proposeClosure", evaluation="他愿意教别人写字。", outcome="GOALS_ATTAINED")
    await step(DIRECTOR, "approveClosure")
    assert case["stage"] == "CLOSURE"
    assert case["closedOn"] == "2015-11-11"
    volunteer = await teller.act(
        VOLUNTEERS,
        "registerVolunteer",
        "volunteer { id }",
        number="V-J1",
        name="林远山",
        registeredOn="2015-11-09",
        skills="书法",
    )
    await teller.act(
        DIRECTOR,
        "linkVolunteerToBeneficiary",
        "volunteerLink { id }",
        volunteerId=volunteer["id"],
        beneficiaryId=person["id"],
    )

    # The workers' salon, hosted in turn, tells of it.
    salon = await teller.act(
        WORKER,
        "planSalon",
        "salon { id version host { id } }",
        heldOn="2015-11-11",
        topic="从怨气到春联",
    )
    hosts = {member_id: subject for subject, member_id in members.items()}
    held = await teller.act(
        hosts[salon["host"]["id"]],
        "holdSalon",
        "salon { status }",
        salonId=salon["id"],
        version=salon["version"],
        attendeeIds=[
            member_id
            for subject, member_id in members.items()
            if ".worker" in subject and member_id != salon["host"]["id"]
        ],
        summary="先讲清，再同行。",
    )
    assert held["status"] == "HELD"

    # And the trail of it holds.
    trail = await teller.data(
        DIRECTOR,
        "query($p: ID!) { auditTrail(where: {kind: {eq: WRITE}}, first: 100) { totalCount }"
        " node(id: $p) { id } }",
        p=person["id"],
    )
    assert trail["auditTrail"]["totalCount"] > 20


async def _classified(teller: Teller, person: Any) -> None:
    found = await teller.data(
        DIRECTOR,
        "{ beneficiaries(first: 100) { nodes { segment { id sensitive } } } }",
    )
    segments = [each["segment"] for each in found["beneficiaries"]["nodes"] if each["segment"]]
    sensitive = next(each["id"] for each in segments if each["sensitive"])
    read = "query($id: ID!) { node(id: $id) { ... on Beneficiary { version segment { id } } } }"
    seen = (await teller.data(WORKER, read, id=person["id"]))["node"]
    await teller.act(
        WORKER,
        "classifyBeneficiary",
        "beneficiary { id }",
        beneficiaryId=person["id"],
        segmentId=sensitive,
        segmentedOn="2015-01-13",
        reason="误读政策，多次上访。",
        version=seen["version"],
    )
    for user, expected in ((WORKER, {"id": sensitive}), ("shouqianshou.worker2", None)):
        seen = (await teller.data(user, read, id=person["id"]))["node"]
        assert seen["segment"] == expected


async def _enrolled(teller: Teller, project_id: str) -> str:
    """A client of worker 1 who takes part in the project."""
    found = await teller.data(
        WORKER,
        "query($w: String!) { beneficiaries(first: 20, where: {worker: {subject: {eq: $w}}}) {"
        " nodes { id enrolments { nodes { project { id } } } } } }",
        w=WORKER,
    )
    return next(
        str(each["id"])
        for each in found["beneficiaries"]["nodes"]
        if any(e["project"]["id"] == project_id for e in each["enrolments"]["nodes"])
    )


def _id_number(area_and_birth: str, sequence: str) -> str:
    """A well-formed number (GB 11643) with its check digit; nobody's."""
    digits = area_and_birth + sequence
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return digits + "10X98765432"[total % 11]
