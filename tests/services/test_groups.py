"""Series of group sessions: begun, planned and led on by who answers for them."""

from __future__ import annotations

from typing import Any

import pytest

from services.visits import COLLEAGUE, DIRECTOR, WORKER, a_service, others
from walls.house import House

SERIES = "groupSeries { id version stage }"
DOCUMENT = """query($id: ID!) { node(id: $id) { ... on GroupSeries {
  name stage leader { subject } stages { stage enteredOn note enteredBy { subject } }
  plannedSessions { number stage plannedOn theme } sessions { nodes { number servedOn } }
} } }"""
SESSIONS = [
    {"plannedOn": "2015-10-08", "stage": "FORMATION", "theme": "相识"},
    {"plannedOn": "2015-10-15", "stage": "TRANSITION", "theme": "写字"},
]


async def a_series(house: House, **changes: Any) -> dict[str, Any]:
    """The input of a good series led by worker 1."""
    visit = await a_service(house)
    given = {
        "projectId": visit["projectId"],
        "leaderId": visit["workerIds"][0],
        "name": "老兵书法小组",
        "goal": "以字会友",
        "preparedOn": "2015-10-01",
        "sessions": SESSIONS,
    }
    return given | changes


async def begun(house: House, **changes: Any) -> dict[str, Any]:
    given = await a_series(house, **changes)
    done = await house.act(WORKER, "createGroupSeries", SERIES, **given)
    found: dict[str, Any] = done["groupSeries"]
    return found


async def rows(house: House) -> list[tuple[Any, ...]]:
    found = []
    for table in ("group_series", "group_stage", "planned_session", "service_record", "outbox"):
        listed = await house.owner.fetch(f"SELECT * FROM {table} ORDER BY id")
        found += [tuple(row.values()) for row in listed]
    return found


async def test_a_series_is_planned_led_through_its_stages_and_meets(pilot: House) -> None:
    series = await begun(pilot)
    assert (series["stage"], series["version"]) == ("PREPARATION", 1)
    more = [{"plannedOn": "2015-11-05", "stage": "CLOSING", "theme": "作品展"}]
    given: dict[str, Any] = {"seriesId": series["id"], "version": 1}
    done = await pilot.act(WORKER, "planGroupSessions", SERIES, **given, sessions=more)
    assert done["groupSeries"]["version"] == 2
    for version, (stage, day) in enumerate(
        [
            ("FORMATION", "2015-10-08"),
            ("TRANSITION", "2015-10-15"),
            ("MATURITY", "2015-10-22"),
            ("CLOSING", "2015-11-05"),
        ]
    ):
        given |= {"version": version + 2, "stage": stage, "enteredOn": day, "note": "顺利"}
        done = await pilot.act(WORKER, "advanceGroupSeries", SERIES, **given)
        assert done["groupSeries"]["stage"] == stage
    files, volunteers = await others(pilot)
    session = await a_service(
        pilot,
        kind="GROUP_SESSION",
        servedOn="2015-11-05",
        seriesId=series["id"],
        beneficiaryIds=files,
        volunteerIds=volunteers,
    )
    held = await pilot.act(WORKER, "recordService", "serviceRecord { number }", **session)
    found = (await pilot.data(COLLEAGUE, DOCUMENT, id=series["id"]))["node"]
    assert [each["number"] for each in found["plannedSessions"]] == [1, 2, 3]
    assert [each["stage"] for each in found["stages"]] == [
        "PREPARATION",
        "FORMATION",
        "TRANSITION",
        "MATURITY",
        "CLOSING",
    ]
    assert {each["note"] for each in found["stages"]} == {None}
    assert [each["number"] for each in found["sessions"]["nodes"]] == [
        held["serviceRecord"]["number"]
    ]


@pytest.mark.parametrize(
    ("changes", "problem", "path"),
    [
        ({"stage": "TRANSITION"}, "StateProblem", ["stage"]),
        ({"stage": "PREPARATION"}, "StateProblem", ["stage"]),
        ({"enteredOn": "2015-09-30"}, "InputProblem", ["enteredOn"]),
        ({"enteredOn": "2015-11-12"}, "InputProblem", ["enteredOn"]),
        ({"note": " "}, "InputProblem", ["note"]),
        ({"version": 7}, "StaleVersionProblem", ["version"]),
    ],
)
async def test_a_wrong_step_is_refused_and_changes_nothing(
    pilot: House, changes: dict[str, Any], problem: str, path: list[str]
) -> None:
    series = await begun(pilot)
    before = await rows(pilot)
    given = {
        "seriesId": series["id"],
        "version": 1,
        "stage": "FORMATION",
        "enteredOn": "2015-10-08",
        **changes,
    }
    answer = await pilot.act(WORKER, "advanceGroupSeries", **given)
    assert (answer["__typename"], answer["path"]) == (problem, path)
    assert await rows(pilot) == before


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": ""}, ["name"]),
        ({"preparedOn": "2014-11-30"}, ["preparedOn"]),
        ({"sessions": [SESSIONS[1], SESSIONS[0]]}, ["sessions"]),
        ({"sessions": [{**SESSIONS[0], "stage": "PREPARATION"}]}, ["sessions", "0", "stage"]),
        ({"sessions": [{**SESSIONS[0], "theme": ""}]}, ["sessions", "0", "theme"]),
        ({"sessions": SESSIONS[:1] * 53}, ["sessions"]),
        (
            {"sessions": [{**SESSIONS[0], "plannedOn": "2016-01-01"}]},
            ["sessions", "0", "plannedOn"],
        ),
    ],
)
async def test_a_bad_series_names_the_field_and_nothing_is_written(
    pilot: House, changes: dict[str, Any], path: list[str]
) -> None:
    before = await rows(pilot)
    answer = await pilot.act(WORKER, "createGroupSeries", **await a_series(pilot, **changes))
    assert (answer["__typename"], answer["path"]) == ("InputProblem", path)
    assert await rows(pilot) == before


async def test_two_series_of_a_project_do_not_share_a_name(pilot: House) -> None:
    await begun(pilot)
    before = await rows(pilot)
    answer = await pilot.act(WORKER, "createGroupSeries", **await a_series(pilot))
    assert (answer["__typename"], answer["path"]) == ("InputProblem", ["name"])
    assert await rows(pilot) == before


async def test_a_worker_leads_no_colleagues_group_and_the_director_may(pilot: House) -> None:
    before = await rows(pilot)
    given = await a_series(pilot)
    denied = await pilot.act(COLLEAGUE, "createGroupSeries", **given)
    assert (denied["__typename"], denied["path"]) == ("AccessProblem", ["leaderId"])
    assert await rows(pilot) == before
    series = (await pilot.act(DIRECTOR, "createGroupSeries", SERIES, **given))["groupSeries"]
    before = await rows(pilot)
    step = {
        "seriesId": series["id"],
        "version": 1,
        "stage": "FORMATION",
        "enteredOn": "2015-10-08",
    }
    plan = {"seriesId": series["id"], "version": 1, "sessions": SESSIONS[1:]}
    for mutation, asked in (("advanceGroupSeries", step), ("planGroupSessions", plan)):
        denied = await pilot.act(COLLEAGUE, mutation, **asked)
        assert (denied["__typename"], denied["path"]) == ("AccessProblem", ["seriesId"])
    assert await rows(pilot) == before
    done = await pilot.act(DIRECTOR, "advanceGroupSeries", **step)
    assert done["__typename"] == "AdvanceGroupSeriesSuccess"


async def test_a_session_before_the_group_was_formed_is_refused(pilot: House) -> None:
    series = await begun(pilot)
    files, _ = await others(pilot)
    session = await a_service(
        pilot, kind="GROUP_SESSION", seriesId=series["id"], beneficiaryIds=files
    )
    before = await rows(pilot)
    answer = await pilot.act(WORKER, "recordService", **session)
    assert (answer["__typename"], answer["path"]) == ("InputProblem", ["seriesId"])
    assert await rows(pilot) == before
