"""Casework in the pilot's city: the whole way, and every way that is refused."""

from __future__ import annotations

from typing import Any

import pytest

from cases.story import DIRECTOR, WORKER, Story
from walls.house import House

COLLEAGUE = "shouqianshou.worker2"


async def test_a_case_is_worked_from_intake_to_closure(story: Story) -> None:
    await story.planned()
    submitted = await story.submitted()
    assert (submitted["case"]["stage"], submitted["case"]["awaiting"]) == ("PLANNING", "PLAN")
    approved = await story.step(DIRECTOR, "approveCasePlan")
    assert (approved["case"]["stage"], approved["case"]["awaiting"]) == ("INTERVENTION", None)
    done = await story.house.act(
        WORKER,
        "completeAction",
        "caseAction { doneOn result }",
        actionId=story.action_id,
        doneOn="2015-11-10",
        result="听完说：原来是这么回事。",
    )
    assert done["caseAction"]["doneOn"] == "2015-11-10"
    await story.step(WORKER, "beginCaseEvaluation")
    for day, score in (("2015-11-10", 5), ("2015-11-11", 8)):
        scored = await story.house.act(
            WORKER,
            "scoreGoal",
            "caseGoal { score isAttained scores { totalCount } }",
            goalId=story.goal_id,
            scoredOn=day,
            score=score,
        )
    assert scored["caseGoal"] == {"score": 8, "isAttained": True, "scores": {"totalCount": 2}}
    await story.step(
        WORKER, "proposeClosure", outcome="GOALS_ATTAINED", evaluation="成了写春联的志愿者。"
    )
    closed = await story.step(
        DIRECTOR,
        "approveClosure",
        "case { stage closedOn outcome steps(orderBy: {field: TAKEN_ON}) { nodes { kind } } }",
    )
    assert closed["case"]["closedOn"] == "2015-11-11"
    assert [step["kind"] for step in closed["case"]["steps"]["nodes"]] == [
        "OPEN",
        "COMPLETE_INTAKE",
        "COMPLETE_ASSESSMENT",
        "SUBMIT_PLAN",
        "APPROVE_PLAN",
        "BEGIN_EVALUATION",
        "PROPOSE_CLOSURE",
        "APPROVE_CLOSURE",
    ]
    topics = await story.house.owner.fetch("SELECT topic FROM outbox ORDER BY id")
    assert [row["topic"] for row in topics] == ["approvalRequested"] * 2
    reopened = await story.step(WORKER, "reopenCase", reason="旧事重提，请求再谈。")
    assert (reopened["case"]["stage"], reopened["case"]["closedOn"]) == ("ASSESSMENT", None)


async def test_a_step_out_of_turn_is_a_problem_that_says_what_is_possible(story: Story) -> None:
    await story.opened()
    before = await story.tables()
    version = await story.version()
    document = """mutation($input: BeginCaseEvaluationInput!) { beginCaseEvaluation(input: $input) {
        __typename ... on CaseStageProblem { code stage awaiting possibleSteps } } }"""
    given = {"caseId": story.case_id, "version": version, "idempotencyKey": "k"}
    found = await story.house.data(WORKER, document, input=given)
    assert found["beginCaseEvaluation"] == {
        "__typename": "CaseStageProblem",
        "code": "WRONG_STAGE",
        "stage": "INTAKE",
        "awaiting": None,
        "possibleSteps": ["COMPLETE_INTAKE", "PROPOSE_CLOSURE"],
    }
    assert await story.tables() == before


@pytest.mark.parametrize("mutation", ["returnClosure", "returnCasePlan", "reopenCase"])
async def test_what_was_not_asked_for_is_not_returned(story: Story, mutation: str) -> None:
    await story.opened()
    before = await story.tables()
    refused = await story.step(DIRECTOR, mutation, reason="还不到时候。")
    assert (refused["__typename"], refused["code"]) == ("CaseStageProblem", "WRONG_STAGE")
    assert await story.tables() == before


async def test_a_plan_is_returned_with_a_reason_and_handed_in_again(story: Story) -> None:
    await story.planned()
    await story.submitted()
    returned = await story.step(DIRECTOR, "returnCasePlan", reason="缺少家人的参与。")
    assert (returned["case"]["stage"], returned["case"]["awaiting"]) == ("PLANNING", None)
    again = await story.submitted()
    assert again["case"]["awaiting"] == "PLAN"


async def test_nobody_approves_what_they_handed_in(story: Story) -> None:
    await story.planned()
    await story.step(DIRECTOR, "submitCasePlan", plan="由主任代拟。", reviewOn="2015-12-31")
    before = await story.tables()
    refused = await story.step(DIRECTOR, "approveCasePlan")
    assert (refused["__typename"], refused["code"]) == ("CaseStageProblem", "OWN_WORK")
    assert await story.tables() == before


async def test_nothing_of_a_plan_changes_while_it_waits(story: Story) -> None:
    await story.planned()
    await story.submitted()
    before = await story.tables()
    refused = await story.goal()
    assert (refused["__typename"], refused["code"]) == ("CaseStageProblem", "WRONG_STAGE")
    assert await story.tables() == before


async def test_an_old_version_is_refused(story: Story) -> None:
    await story.opened()
    await story.step(WORKER, "completeIntake", version=1)
    before = await story.tables()
    stale = await story.step(WORKER, "completeCaseAssessment", findings="好。", version=1)
    assert (stale["__typename"], stale["currentVersion"]) == ("StaleVersionProblem", 2)
    assert await story.tables() == before


async def test_a_colleagues_case_is_not_worked_and_shows_only_how_far_it_is(story: Story) -> None:
    await story.opened()
    before = await story.tables()
    denied = await story.step(COLLEAGUE, "completeIntake")
    assert (denied["__typename"], denied["code"]) == ("AccessProblem", "NOT_YOURS")
    assert await story.tables() == before
    seen = await story.house.data(
        COLLEAGUE,
        "{ cases { nodes { number stage problem risk steps { totalCount } "
        "risks { totalCount } beneficiary { name } } } }",
    )
    [case] = seen["cases"]["nodes"]
    assert case == {
        "number": "C-1",
        "stage": "INTAKE",
        "problem": None,
        "risk": None,
        "steps": {"totalCount": 0},
        "risks": {"totalCount": 0},
        "beneficiary": {"name": f"{story.person['name'][0]}**"},
    }


async def test_a_case_is_handed_over_with_a_reason(story: Story) -> None:
    await story.opened()
    handed = await story.step(
        DIRECTOR,
        "assignCase",
        "case { worker { subject } }",
        workerId=story.members[COLLEAGUE],
        reason="原社工休产假。",
    )
    assert handed["case"]["worker"]["subject"] == COLLEAGUE
    done = await story.step(COLLEAGUE, "completeIntake")
    assert done["case"]["stage"] == "ASSESSMENT"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"number": " "}, "number"),
        ({"problem": "x" * 2001}, "problem"),
        ({"riskReason": "a\u0000b"}, "riskReason"),
        ({"openedOn": "2016-01-01"}, "openedOn"),
        ({"openedOn": "2014-12-01"}, "openedOn"),
        ({"workerId": "finance"}, "workerId"),
    ],
)
async def test_a_bad_opening_names_its_field(
    story: Story, changes: dict[str, Any], path: str
) -> None:
    if "workerId" in changes:
        changes = {"workerId": story.members["shouqianshou.finance"]}
    before = await story.tables()
    given = {
        "number": "C-9",
        "beneficiaryId": story.person["id"],
        "openedOn": "2015-03-02",
        "problem": "独居。",
        "risk": "LOW",
        "riskReason": "有邻里照应。",
        **changes,
    }
    answer = await story.house.act(DIRECTOR, "openCase", **given)
    assert answer["__typename"] == "InputProblem"
    assert {fault["path"][0] for fault in answer["faults"]} == {path}
    assert await story.tables() == before


async def test_a_cases_number_is_used_once(story: Story) -> None:
    await story.opened()
    again = await story.opened()
    assert (again["__typename"], again["path"]) == ("InputProblem", ["number"])


async def test_a_goal_names_nobody(story: Story) -> None:
    await story.planned()
    before = await story.tables()
    document = """mutation($input: SetGoalInput!) { setGoal(input: $input) {
        __typename ... on RevealingProblem { path findings { kind quote } } } }"""
    given = {
        "caseId": story.case_id,
        "aim": f"让{story.person['name']}愿意出门",
        "startingScore": 1,
        "targetScore": 5,
        "dueOn": "2015-11-30",
        "idempotencyKey": "k",
    }
    found = await story.house.data(WORKER, document, input=given)
    assert found["setGoal"] == {
        "__typename": "RevealingProblem",
        "path": ["aim"],
        "findings": [{"kind": "FULL_NAME", "quote": story.person["name"]}],
    }
    assert await story.tables() == before


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"targetScore": 2}, "targetScore"),
        ({"targetScore": 11}, "targetScore"),
        ({"dueOn": "2015-11-11"}, "dueOn"),
        ({"aim": "目" * 121}, "aim"),
    ],
)
async def test_a_bad_goal_names_its_field(story: Story, changes: dict[str, Any], path: str) -> None:
    await story.planned()
    before = await story.tables()
    answer = await story.goal(**changes)
    assert path in {fault["path"][0] for fault in answer["faults"]}
    assert await story.tables() == before


async def test_a_dropped_goal_takes_its_actions_along_and_is_not_due(story: Story) -> None:
    await story.planned()
    dropped = await story.house.act(
        WORKER,
        "dropGoal",
        "caseGoal { droppedOn actions { nodes { droppedOn } } }",
        goalId=story.goal_id,
        reason="他自己不想要。",
    )
    assert dropped["caseGoal"] == {
        "droppedOn": "2015-11-11",
        "actions": {"nodes": [{"droppedOn": "2015-11-11"}]},
    }
    refused = await story.submitted()
    assert refused["code"] == "INCOMPLETE_PLAN"


async def a_session(story: Story, **changes: Any) -> str:
    """A recorded service of worker 1 with the person of the case; its id."""
    given = {
        "number": "S-C1",
        "projectId": story.project_id,
        "kind": "CASE_SESSION",
        "medium": "IN_PERSON",
        "servedOn": "2015-11-10",
        "durationMinutes": 60,
        "areaId": story.area_id,
        "title": "个案辅导",
        "beneficiaryIds": [story.person["id"]],
        "workerIds": [story.members[WORKER]],
        "volunteerIds": [],
        **changes,
    }
    answer = await story.house.act(WORKER, "recordService", "serviceRecord { id }", **given)
    return str(answer["serviceRecord"]["id"])


async def test_a_session_belongs_to_one_case_of_the_same_person(story: Story) -> None:
    await story.opened()
    session_id, visit_id = await a_session(story), await a_session(story, number="V", kind="VISIT")
    cancelled_id = await a_session(story, number="S-C2")
    await story.house.act(
        WORKER, "cancelServiceRecord", recordId=cancelled_id, version=1, reason="记错了人。"
    )
    linked = await story.house.act(
        WORKER,
        "linkCaseSession",
        "caseSession { serviceRecord { number } case { sessions { totalCount } } }",
        caseId=story.case_id,
        serviceRecordId=session_id,
    )
    assert linked["caseSession"] == {
        "serviceRecord": {"number": "S-C1"},
        "case": {"sessions": {"totalCount": 1}},
    }
    before = await story.tables()
    others = await story.house.data(
        DIRECTOR,
        '{ serviceRecords(first: 1, where: {number: {eq: "SQS-S0001"}}) { nodes { id } } }',
    )
    [other] = others["serviceRecords"]["nodes"]
    for record_id, expected in (
        (session_id, "StateProblem"),
        (visit_id, "InputProblem"),
        (cancelled_id, "InputProblem"),
        (other["id"], "InputProblem"),
    ):
        answer = await story.house.act(
            WORKER, "linkCaseSession", caseId=story.case_id, serviceRecordId=record_id
        )
        assert answer["__typename"] == expected
    assert await story.tables() == before


async def test_a_conference_has_members_volunteers_and_outsiders(story: Story) -> None:
    await story.opened()
    held = await story.house.act(
        WORKER,
        "recordConference",
        "caseConference { participants { nodes { outsideName member { subject } volunteer { name } "
        "} } }",
        caseId=story.case_id,
        heldOn="2015-11-09",
        topic="怎样讲清安置政策",
        conclusions="律师下周上门。",
        memberIds=[story.members[WORKER]],
        volunteerIds=[story.volunteer["id"]],
        outsiders=[{"name": "陈律", "profession": "律师，法律援助中心"}],
    )
    assert len(held["caseConference"]["participants"]["nodes"]) == 3
    before = await story.tables()
    alone = await story.house.act(
        WORKER,
        "recordConference",
        caseId=story.case_id,
        heldOn="2015-11-12",
        topic="独自",
        conclusions="无。",
        memberIds=[story.members[WORKER]],
    )
    assert alone["__typename"] == "InputProblem"
    assert await story.tables() == before


async def test_a_lawyer_and_a_volunteer_are_paired_and_a_pairing_ends(story: Story) -> None:
    await story.opened()
    given = {"caseId": story.case_id, "purpose": "讲解政策", "pairedOn": "2015-11-01"}
    lawyer = {"name": "陈律", "profession": "律师"}
    paired = await story.house.act(
        WORKER,
        "pairCase",
        "casePairing { id outsideName outsideProfession }",
        role="LAWYER",
        outsider=lawyer,
        **given,
    )
    assert paired["casePairing"]["outsideName"] == "陈律"
    before = await story.tables()
    for changes in (
        {"role": "LAWYER", "outsider": lawyer},
        {"role": "LAWYER"},
        {"role": "VOLUNTEER", "memberId": story.members[WORKER]},
        {"role": "LAWYER", "outsider": lawyer, "volunteerId": story.volunteer["id"]},
    ):
        refused = await story.house.act(WORKER, "pairCase", **given, **changes)
        assert refused["__typename"] in {"InputProblem", "StateProblem"}
    assert await story.tables() == before
    ended = await story.house.act(
        WORKER,
        "endPairing",
        "casePairing { endedOn endReason }",
        pairingId=paired["casePairing"]["id"],
        endedOn="2015-11-11",
        reason="政策已经讲清。",
    )
    assert ended["casePairing"] == {"endedOn": "2015-11-11", "endReason": "政策已经讲清。"}


async def test_the_risk_keeps_its_history(story: Story) -> None:
    await story.opened()
    given = {"caseId": story.case_id, "level": "HIGH", "reason": "拒绝服药。"}
    rated = await story.house.act(
        WORKER, "rateCaseRisk", "case { risk risks { totalCount } }", ratedOn="2015-11-10", **given
    )
    assert rated["case"] == {"risk": "HIGH", "risks": {"totalCount": 2}}
    before = await story.tables()
    back = await story.house.act(WORKER, "rateCaseRisk", ratedOn="2015-11-09", **given)
    assert back["path"] == ["ratedOn"]
    assert await story.tables() == before


async def test_a_supervisor_sees_number_stage_and_goals_and_no_name(story: Story) -> None:
    await story.planned()
    read = """{ cases { nodes { number stage problem findings
        beneficiary { fileNumber } goals { nodes { aim startingScore targetScore } }
        risks { nodes { level reason } } } } }"""
    seen = await story.house.data("supervisor.lead", read)
    [case] = seen["cases"]["nodes"]
    assert case == {
        "number": "C-1",
        "stage": "PLANNING",
        "problem": None,
        "findings": None,
        "beneficiary": {"fileNumber": story.person["fileNumber"]},
        "goals": {
            "nodes": [{"aim": "弄懂政策，心里不再有疙瘩", "startingScore": 2, "targetScore": 7}]
        },
        "risks": {"nodes": [{"level": "MEDIUM", "reason": None}]},
    }
    assert await story.house.forbidden(
        "supervisor.lead", "{ cases { nodes { beneficiary { name } } } }"
    ) == {"Beneficiary.name"}


async def test_another_agencys_case_is_as_unknown_as_none(story: Story, pilot: House) -> None:
    await story.opened()
    before = await story.tables()
    answer = await pilot.act("yijiaqin.director", "completeIntake", caseId=story.case_id, version=1)
    assert (answer["__typename"], answer["path"]) == ("InputProblem", ["caseId"])
    assert answer["message"] == "There is no Case with this id."
    assert await story.tables() == before
