"""An assessment from draft to approval: scored by its answers, decided by somebody else."""

from __future__ import annotations

from typing import Any

import pytest

from beneficiaries.keeping import (
    COLLEAGUE,
    DIRECTOR,
    WORKER,
    files_of,
    member_id,
    paths,
    snapshot,
)
from citywide.ids import NodeId
from walls.house import House

TABLES = ("assessment", "assessment_answer")
FORM = """{ instruments { nodes { id name version bands { band fromScore }
  questions { id code options { id position score } } } } }"""
SHOWN = "assessment { id version status score band source change instrument instrumentVersion }"
SUMMARY = "腿脚不便，子女在外地，先安排每周上门。"


async def the_form(house: House) -> dict[str, Any]:
    """The shipped instrument."""
    [form] = (await house.data(WORKER, FORM))["instruments"]["nodes"]
    found: dict[str, Any] = form
    return found


def answered(form: dict[str, Any], position: int) -> list[dict[str, str]]:
    """Every question with the same place among its answers."""
    return [
        {"questionId": question["id"], "optionId": question["options"][position - 1]["id"]}
        for question in form["questions"]
    ]


def points(form: dict[str, Any], position: int) -> int:
    return sum(question["options"][position - 1]["score"] for question in form["questions"])


async def a_draft(house: House, position: int = 2, **changes: Any) -> dict[str, Any]:
    """The input of a complete assessment of worker 1's first client."""
    [file, *_] = await files_of(house)
    form = await the_form(house)
    return {
        "beneficiaryId": file["id"],
        "instrumentId": form["id"],
        "assessedOn": "2015-11-05",
        "answers": answered(form, position),
        "summary": SUMMARY,
        **changes,
    }


async def drafted(house: House, position: int = 2, **changes: Any) -> dict[str, Any]:
    done = await house.act(
        WORKER, "draftAssessment", SHOWN, **await a_draft(house, position, **changes)
    )
    found: dict[str, Any] = done["assessment"]
    return found


async def step(house: House, user: str, mutation: str, row: dict[str, Any], **more: Any) -> Any:
    given = {"assessmentId": row["id"], "version": row["version"], **more}
    done = await house.act(user, mutation, SHOWN, **given)
    return done.get("assessment", done)


async def test_the_answers_make_score_and_band_and_a_colleague_approves(pilot: House) -> None:
    form = await the_form(pilot)
    row = await drafted(pilot, 2)
    assert (row["status"], row["source"], row["score"], row["band"]) == (
        "DRAFT",
        "ANSWERS",
        points(form, 2),
        "LOW",
    )
    row = await step(pilot, WORKER, "submitAssessment", row)
    assert row["status"] == "SUBMITTED"
    topics = await pilot.owner.fetch("SELECT topic FROM outbox")
    assert [each["topic"] for each in topics] == ["approvalRequested"]
    row = await step(pilot, DIRECTOR, "returnAssessment", row, reason="收入一题请再核实。")
    assert row["status"] == "RETURNED"
    [first, *_] = answered(form, 4)
    row = await step(pilot, WORKER, "updateAssessment", row, answers=[first])
    assert row["score"] == points(form, 2) - 4 + 12
    row = await step(pilot, WORKER, "submitAssessment", row)
    row = await step(pilot, DIRECTOR, "approveAssessment", row)
    assert row["status"] == "APPROVED"
    before = await snapshot(pilot, *TABLES)
    late = await step(pilot, WORKER, "updateAssessment", row, answers=[first])
    assert (late["__typename"], late["code"]) == ("StateProblem", "WRONG_STATE")
    assert await snapshot(pilot, *TABLES) == before


async def test_a_score_cannot_be_typed(pilot: House) -> None:
    inputs = await pilot.data(
        WORKER,
        '{ a: __type(name: "DraftAssessmentInput") { inputFields { name } }'
        ' b: __type(name: "UpdateAssessmentInput") { inputFields { name } } }',
    )
    names = {each["name"] for kind in inputs.values() for each in kind["inputFields"]}
    assert "answers" in names
    assert not names & {"score", "band"}


async def test_an_open_question_is_named_when_it_is_submitted(pilot: House) -> None:
    form = await the_form(pilot)
    row = await drafted(pilot, answers=answered(form, 1)[1:], summary=None)
    assert (row["score"], row["band"]) == (None, None)
    before = await snapshot(pilot, *TABLES)
    refused = await step(pilot, WORKER, "submitAssessment", row)
    assert paths(refused) == {"answers", "summary"}
    assert form["questions"][0]["code"] in refused["message"]
    assert await snapshot(pilot, *TABLES) == before
    row = await step(
        pilot, WORKER, "updateAssessment", row, answers=answered(form, 1)[:1], summary=SUMMARY
    )
    assert (row["score"], row["band"]) == (0, "LOW")
    taken_back = [{"questionId": form["questions"][3]["id"], "optionId": None}]
    row = await step(pilot, WORKER, "updateAssessment", row, answers=taken_back)
    assert row["score"] is None


async def test_the_day_of_an_assessment_may_be_left_out_of_an_update_but_not_be_null(
    pilot: House,
) -> None:
    row = await drafted(pilot)
    refused = await step(pilot, WORKER, "updateAssessment", row, assessedOn=None)
    assert paths(refused) == {"assessedOn"}


async def test_a_step_that_is_not_next_is_refused(pilot: House) -> None:
    row = await drafted(pilot)
    before = await snapshot(pilot, *TABLES)
    for mutation, more in (("approveAssessment", {}), ("returnAssessment", {"reason": "再核实"})):
        refused = await step(pilot, DIRECTOR, mutation, row, **more)
        assert refused["code"] == "WRONG_STATE"
    stale = await step(pilot, WORKER, "submitAssessment", {**row, "version": 9})
    assert stale["__typename"] == "StaleVersionProblem"
    assert await snapshot(pilot, *TABLES) == before


async def test_the_author_does_not_approve(pilot: House) -> None:
    done = await pilot.act(DIRECTOR, "draftAssessment", SHOWN, **await a_draft(pilot))
    row = await step(pilot, DIRECTOR, "submitAssessment", done["assessment"])
    before = await snapshot(pilot, *TABLES)
    denied = await step(pilot, DIRECTOR, "approveAssessment", row)
    assert (denied["__typename"], denied["code"]) == ("AccessProblem", "NOT_YOURS")
    document = (
        "mutation($input: ApproveAssessmentInput!)"
        " { approveAssessment(input: $input) { __typename } }"
    )
    given = {"assessmentId": row["id"], "version": row["version"], "idempotencyKey": "k"}
    for user in (WORKER, "shouqianshou.volunteers", "supervisor.lead", "bureau.officer"):
        assert await pilot.forbidden(user, document, input=given) == {"Mutation.approveAssessment"}
    assert await snapshot(pilot, *TABLES) == before


async def test_who_assessed_does_not_decide_about_what_a_colleague_wrote_down(
    pilot: House,
) -> None:
    director = await member_id(pilot, DIRECTOR)
    row = await drafted(pilot, assessorId=director)
    row = await step(pilot, WORKER, "submitAssessment", row)
    before = await snapshot(pilot, *TABLES)
    for mutation, more in (("approveAssessment", {}), ("returnAssessment", {"reason": "再核实"})):
        denied = await step(pilot, DIRECTOR, mutation, row, **more)
        assert (denied["__typename"], denied["path"]) == ("AccessProblem", ["assessmentId"])
    assert await snapshot(pilot, *TABLES) == before


async def test_a_colleagues_client_is_not_assessed_nor_the_answers_read(pilot: House) -> None:
    row = await drafted(pilot)
    before = await snapshot(pilot, *TABLES)
    denied = await pilot.act(COLLEAGUE, "draftAssessment", **await a_draft(pilot))
    assert denied["code"] == "NOT_YOURS"
    denied = await step(pilot, COLLEAGUE, "updateAssessment", row, summary="改")
    assert denied["code"] == "NOT_YOURS"
    assert await snapshot(pilot, *TABLES) == before
    document = """query ($id: ID!) { node(id: $id) { ... on Assessment {
      score band change answers { option { label } } } } }"""
    assert len((await pilot.data(WORKER, document, id=row["id"]))["node"]["answers"]) == 10
    hidden = (await pilot.data(COLLEAGUE, document, id=row["id"]))["node"]
    assert hidden == {"score": None, "band": None, "change": None, "answers": []}
    answer = await pilot.owner.fetchrow("SELECT id, tenant_id FROM assessment_answer LIMIT 1")
    outside = NodeId("answ", answer["tenant_id"], answer["id"]).encode()
    named = "query ($id: ID!) { node(id: $id) { ... on AssessmentAnswer { id } } }"
    assert (await pilot.data(COLLEAGUE, named, id=outside))["node"] is None
    assert await pilot.forbidden("supervisor.lead", named, id=outside) >= {"AssessmentAnswer.id"}


async def test_the_trend_is_against_the_approved_assessment_before(pilot: House) -> None:
    form = await the_form(pilot)
    rows = []
    for day, position in (("2015-11-03", 3), ("2015-11-05", 2), ("2015-11-07", 4)):
        row = await drafted(pilot, position, assessedOn=day)
        if day != "2015-11-05":
            row = await step(pilot, WORKER, "submitAssessment", row)
            row = await step(pilot, DIRECTOR, "approveAssessment", row)
        rows.append(row)
    document = """query ($id: ID!) { node(id: $id) { ... on Beneficiary {
      assessments(where: { source: { eq: ANSWERS } }, orderBy: { field: ASSESSED_ON }) {
        nodes { assessedOn score change } } } } }"""
    [file, *_] = await files_of(pilot)
    found = (await pilot.data(WORKER, document, id=file["id"]))["node"]["assessments"]["nodes"]
    assert [each["change"] for each in found] == [
        None,
        points(form, 2) - points(form, 3),
        # The draft in between is no measurement yet.
        points(form, 4) - points(form, 3),
    ]


async def test_forms_on_paper_are_marked_and_show_their_trend(pilot: House) -> None:
    document = """{ assessments(first: 100, orderBy: { field: ASSESSED_ON }) { totalCount nodes {
      source status change score form { id } answers { id }
      beneficiary { fileNumber } } } }"""
    found = (await pilot.data(DIRECTOR, document))["assessments"]
    assert {(each["source"], each["status"]) for each in found["nodes"]} == {("PAPER", "APPROVED")}
    assert not [each for each in found["nodes"] if each["form"] or each["answers"]]
    last: dict[str, int] = {}
    for each in found["nodes"]:
        number = each["beneficiary"]["fileNumber"]
        assert each["change"] == (each["score"] - last[number] if number in last else None)
        last[number] = each["score"]
    assert any(each["change"] for each in found["nodes"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"assessedOn": "2015-11-12"}, "assessedOn"),
        ({"assessedOn": "2014-12-01"}, "assessedOn"),
        ({"summary": "长" * 2001}, "summary"),
        ({"summary": "静\u0007音"}, "summary"),
    ],
)
async def test_bad_input_is_refused_by_its_field(
    pilot: House, changes: dict[str, Any], field: str
) -> None:
    given = await a_draft(pilot, **changes)
    before = await snapshot(pilot, *TABLES)
    assert field in paths(await pilot.act(WORKER, "draftAssessment", **given))
    assert await snapshot(pilot, *TABLES) == before


async def test_answers_that_are_not_the_forms_are_refused(pilot: House) -> None:
    given = await a_draft(pilot)
    first, second, *rest = given["answers"]
    before = await snapshot(pilot, *TABLES)
    crossed = [{**first, "optionId": second["optionId"]}, second, *rest]
    refused = await pilot.act(WORKER, "draftAssessment", **{**given, "answers": crossed})
    assert paths(refused) == {"answers.0.optionId"}
    twice = [first, first, *rest]
    refused = await pilot.act(WORKER, "draftAssessment", **{**given, "answers": twice})
    assert paths(refused) == {"answers.1.questionId"}
    stranger = [{**first, "optionId": first["questionId"]}, *rest]
    refused = await pilot.act(WORKER, "draftAssessment", **{**given, "answers": stranger})
    assert paths(refused) == {"answers.0.optionId"}
    assert await snapshot(pilot, *TABLES) == before


async def test_one_instrument_is_used_once_a_day(pilot: House) -> None:
    await drafted(pilot)
    before = await snapshot(pilot, *TABLES)
    assert paths(await pilot.act(WORKER, "draftAssessment", **await a_draft(pilot))) == {
        "assessedOn"
    }
    assert await snapshot(pilot, *TABLES) == before
