"""Supervision in the pilot's city: sessions on plans and cases, and what becomes of advice."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from cases.story import DIRECTOR, WORKER, Story
from walls.house import House

LEAD = "supervisor.lead"
TABLES = ("supervision", "supervision_participant", "advice", "audit_entry", "outbox")
SESSION = """supervision { id supervisorName case { number } agency { slug }
    participants { nodes { member { subject } } }
    advice { nodes { id status dueOn version } } }"""


@pytest_asyncio.fixture(loop_scope="session")
async def story(pilot: House) -> Story:
    """A case of worker 1 with a plan."""
    story = await Story.of(pilot)
    await story.planned()
    return story


async def counts(house: House) -> dict[str, int]:
    return {name: await house.owner.fetchval(f"SELECT count(*) FROM {name}") for name in TABLES}


def a_session(story: Story, **changes: Any) -> dict[str, Any]:
    """A session on the case with worker 2 beside the case's own worker."""
    return {
        "caseId": story.case_id,
        "heldOn": "2015-11-11",
        "durationMinutes": 60,
        "observations": "目标清楚，行动偏少。",
        "participantIds": [story.members["shouqianshou.worker2"]],
        "advice": [{"advice": "请家人参与计划。", "dueOn": "2015-11-20"}],
        **changes,
    }


async def supervised(story: Story, **changes: Any) -> Any:
    answer = await story.house.act(
        LEAD, "recordSupervision", SESSION, **a_session(story, **changes)
    )
    return answer["supervision"]


async def test_a_supervisor_records_a_session_in_the_agencys_tenant(story: Story) -> None:
    session = await supervised(story)
    assert session["agency"] == {"slug": "shouqianshou"}
    assert session["case"] == {"number": "C-1"}
    subjects = {each["member"]["subject"] for each in session["participants"]["nodes"]}
    assert subjects == {WORKER, "shouqianshou.worker2"}
    [entry] = await story.house.owner.fetch(
        "SELECT e.*, t.slug FROM audit_entry e JOIN tenant t ON t.id = e.tenant_id"
        " WHERE actor = $1",
        LEAD,
    )
    assert (entry["slug"], entry["coordinate"]) == ("shouqianshou", "Mutation.recordSupervision")


async def test_advice_is_taken_up_by_who_sat_in_the_session(story: Story) -> None:
    [advice] = (await supervised(story))["advice"]["nodes"]
    given = {"adviceId": advice["id"], "version": 1, "answer": "本周约了他女儿。"}
    before = await counts(story.house)
    denied = await story.house.act("shouqianshou.worker3", "takeUpAdvice", **given)
    assert denied["__typename"] == "AccessProblem"
    assert await counts(story.house) == before
    done = await story.house.act(
        WORKER, "takeUpAdvice", "advice { status answer answeredBy { subject } }", **given
    )
    assert done["advice"] == {
        "status": "TAKEN_UP",
        "answer": "本周约了他女儿。",
        "answeredBy": {"subject": WORKER},
    }
    again = await story.house.act(DIRECTOR, "declineAdvice", **{**given, "version": 2})
    assert (again["__typename"], again["code"]) == ("StateProblem", "WRONG_STATE")


async def test_advice_is_declined_with_a_reason(story: Story) -> None:
    [advice] = (await supervised(story))["advice"]["nodes"]
    given = {"adviceId": advice["id"], "version": 1}
    blank = await story.house.act(DIRECTOR, "declineAdvice", answer=" ", **given)
    assert (blank["__typename"], blank["path"]) == ("InputProblem", ["answer"])
    declined = await story.house.act(
        DIRECTOR, "declineAdvice", "advice { status }", answer="家人在外地。", **given
    )
    assert declined["advice"] == {"status": "DECLINED"}


async def test_overdue_advice_is_found_by_its_day(story: Story) -> None:
    await supervised(story)
    read = """query($today: Date!) { supervisionAdvice(where: {status: {eq: OPEN},
        dueOn: {lt: $today}}) { nodes { advice dueOn agency { slug } } } }"""
    for user in (LEAD, DIRECTOR, WORKER):
        today = await story.house.data(user, read, today="2015-11-20")
        later = await story.house.data(user, read, today="2015-11-21")
        assert len(today["supervisionAdvice"]["nodes"]) == 0
        assert len(later["supervisionAdvice"]["nodes"]) == 1


async def test_a_session_is_on_a_projects_plan_or_a_case(story: Story) -> None:
    on_plan = await story.house.act(
        LEAD,
        "recordSupervision",
        "supervision { project { name } case { id } }",
        **a_session(story, caseId=None, projectId=story.project_id),
    )
    assert on_plan["supervision"]["project"]["name"]
    assert on_plan["supervision"]["case"] is None
    before = await counts(story.house)
    for changes in ({"caseId": None}, {"projectId": story.project_id}):
        both = await story.house.act(LEAD, "recordSupervision", **a_session(story, **changes))
        assert (both["__typename"], both["path"]) == ("InputProblem", ["caseId"])
    assert await counts(story.house) == before


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"heldOn": "2015-11-12"}, ["heldOn"]),
        ({"heldOn": "2015-03-01"}, ["heldOn"]),
        ({"durationMinutes": 0}, ["durationMinutes"]),
        ({"observations": "x" * 2001}, ["observations"]),
        ({"participantIds": []}, ["participantIds"]),
        (
            {"advice": [{"advice": "多走动。", "dueOn": "2015-11-11"}]},
            ["advice", "0", "dueOn"],
        ),
    ],
)
async def test_a_bad_session_names_its_field(
    story: Story, changes: dict[str, Any], path: list[str]
) -> None:
    before = await counts(story.house)
    answer = await story.house.act(LEAD, "recordSupervision", **a_session(story, **changes))
    assert (answer["__typename"], answer["path"]) == ("InputProblem", path)
    assert await counts(story.house) == before


async def test_participants_are_of_the_agency_that_the_session_is_about(story: Story) -> None:
    others = await story.house.data(
        "yijiaqin.director", "{ agencies { nodes { members(first: 1) { nodes { id } } } } }"
    )
    [stranger] = others["agencies"]["nodes"][0]["members"]["nodes"]
    before = await counts(story.house)
    answer = await story.house.act(
        LEAD, "recordSupervision", **a_session(story, participantIds=[stranger["id"]])
    )
    assert (answer["__typename"], answer["path"]) == ("InputProblem", ["participantIds", "0"])
    assert await counts(story.house) == before


async def test_without_an_assignment_nothing_is_recorded(story: Story) -> None:
    await story.house.owner.execute(
        "UPDATE assignment SET valid_until = '2015-11-01' WHERE agency_id ="
        " (SELECT id FROM tenant WHERE slug = 'shouqianshou')"
    )
    await story.house.owner.execute("UPDATE access_version SET version = version + 1")
    await story.house.memberships.look()
    before = await counts(story.house)
    answer = await story.house.act(LEAD, "recordSupervision", **a_session(story))
    assert (answer["__typename"], answer["path"]) == ("InputProblem", ["caseId"])
    assert await counts(story.house) == before


async def test_a_session_is_unknown_to_colleagues_who_were_not_there(story: Story) -> None:
    await supervised(story)
    read = "{ supervisions { nodes { observations } } supervisionAdvice { totalCount } }"
    there = await story.house.data("shouqianshou.worker2", read)
    away = await story.house.data("shouqianshou.worker3", read)
    assert there == {
        "supervisions": {"nodes": [{"observations": "目标清楚，行动偏少。"}]},
        "supervisionAdvice": {"totalCount": 1},
    }
    assert away == {"supervisions": {"nodes": []}, "supervisionAdvice": {"totalCount": 0}}
