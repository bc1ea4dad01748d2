"""Corrections and cancellations: what was recorded before stays, and figures count what stands."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.visits import COLLEAGUE, DIRECTOR, WORKER, a_service, figures, others, recorded
from walls.house import House

RECORD = "serviceRecord { id version status number }"
HISTORY = """query($id: ID!) { node(id: $id) { ... on ServiceRecord {
  title kind status version durationMinutes cancelReason cancelledBy { subject }
  attendances(orderBy: {field: ROLE}) { totalCount nodes { id role } }
  history { version title durationMinutes reason correctedAt correctedBy { subject }
    attendances { totalCount nodes { role beneficiary { id } worker { subject } } } }
} } }"""


async def read(house: House, record: dict[str, Any], user: str = WORKER) -> Any:
    return (await house.data(user, HISTORY, id=record["id"]))["node"]


async def rows(house: House) -> list[tuple[Any, ...]]:
    """Everything that a correction writes."""
    found = []
    for table in ("service_record", "attendance", "audit_entry", "outbox"):
        listed = await house.owner.fetch(f"SELECT * FROM {table} ORDER BY id")
        found += [tuple(row.values()) for row in listed]
    return found


async def test_a_correction_keeps_what_it_said_before_with_who_when_and_why(pilot: House) -> None:
    files, volunteers = await others(pilot)
    record = await recorded(pilot, volunteerIds=volunteers)
    before = await read(pilot, record)
    done = await pilot.act(
        WORKER,
        "correctServiceRecord",
        RECORD,
        recordId=record["id"],
        version=1,
        reason="时长记错了",
        durationMinutes=90,
        volunteerIds=volunteers[:1],
        beneficiaryIds=files[:2],
    )
    assert done["serviceRecord"] == {**record, "version": 2, "status": "CURRENT"}
    after = await read(pilot, record)
    assert (after["durationMinutes"], after["title"]) == (90, "上门探访")
    assert after["attendances"]["totalCount"] == 4
    kept = {each["id"] for each in before["attendances"]["nodes"]}
    assert len(kept & {each["id"] for each in after["attendances"]["nodes"]}) == 3
    [past] = after["history"]
    assert (past["version"], past["durationMinutes"], past["reason"]) == (1, 45, "时长记错了")
    assert past["correctedBy"] == {"subject": WORKER}
    assert past["correctedAt"]
    roles = sorted(each["role"] for each in past["attendances"]["nodes"])
    assert roles == ["BENEFICIARY", "VOLUNTEER", "VOLUNTEER", "WORKER"]


async def test_figures_count_the_corrected_record_and_never_what_it_was(pilot: House) -> None:
    assert await figures(pilot, "bureau.officer") == [351, 627, 73, 26, 142]
    files, volunteers = await others(pilot)
    start = await figures(pilot)
    record = await recorded(pilot, kind="HOME_HELP", volunteerIds=volunteers)
    assert await figures(pilot) == [start[0] + 1, start[1] + 2, *start[2:4], start[4] + 1]
    for version, changes in enumerate(
        [
            {"kind": "CASE_SESSION", "volunteerIds": []},
            {"kind": "HOME_HELP", "beneficiaryIds": files[:3], "volunteerIds": volunteers[:1]},
        ]
    ):
        done = await pilot.act(
            WORKER,
            "correctServiceRecord",
            recordId=record["id"],
            version=version + 1,
            reason="记错了",
            **changes,
        )
        assert done["__typename"] == "CorrectServiceRecordSuccess"
    assert await figures(pilot) == [start[0] + 1, start[1] + 1, *start[2:4], start[4] + 3]
    done = await pilot.act(
        WORKER,
        "cancelServiceRecord",
        RECORD,
        recordId=record["id"],
        version=3,
        reason="没有去成",
    )
    assert done["serviceRecord"]["status"] == "CANCELLED"
    assert await figures(pilot) == start
    assert await figures(pilot, "bureau.officer") == [351, 627, 73, 26, 142]
    found = await read(pilot, record)
    assert (found["cancelReason"], found["cancelledBy"]) == ("没有去成", {"subject": WORKER})
    assert [each["version"] for each in found["history"]] == [1, 2]
    count = "SELECT count(*) FROM service_record WHERE number = $1"
    assert await pilot.owner.fetchval(count, record["number"]) == 3


async def test_lists_show_a_corrected_record_and_its_persons_once(pilot: House) -> None:
    files, _ = await others(pilot)
    listed = "query($id: ID!) { node(id: $id) { ... on Beneficiary { attendances { totalCount } } }"
    listed += " serviceRecords { totalCount } }"
    before = await pilot.data(WORKER, listed, id=files[0])
    record = await recorded(pilot)
    await pilot.act(
        WORKER,
        "correctServiceRecord",
        recordId=record["id"],
        version=1,
        reason="标题",
        title="节前探访",
    )
    after = await pilot.data(WORKER, listed, id=files[0])
    assert after["serviceRecords"]["totalCount"] == before["serviceRecords"]["totalCount"] + 1
    counted = [each["node"]["attendances"]["totalCount"] for each in (before, after)]
    assert counted[1] == counted[0] + 1


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, []),
        ({"title": "上门探访"}, []),
        ({"title": None}, ["title"]),
        ({"workerIds": []}, ["workerIds"]),
        ({"servedOn": "2014-11-30"}, ["servedOn"]),
        ({"servedOn": "2015-11-12"}, ["servedOn"]),
        ({"festival": "春节", "kind": "CASE_SESSION"}, ["festival"]),
        ({"note": "a\u0007"}, ["note"]),
        ({"reason": "长" * 201, "title": "节前"}, ["reason"]),
        ({"durationMinutes": 0}, ["durationMinutes"]),
    ],
)
async def test_a_bad_correction_names_the_field_and_changes_nothing(
    pilot: House, changes: dict[str, Any], path: list[str]
) -> None:
    record = await recorded(pilot)
    before = await rows(pilot)
    given = {"recordId": record["id"], "version": 1, "reason": "记错了", **changes}
    answer = await pilot.act(WORKER, "correctServiceRecord", **given)
    assert (answer["__typename"], answer["path"]) == ("InputProblem", path)
    assert await rows(pilot) == before


@pytest.mark.parametrize("mutation", ["correctServiceRecord", "cancelServiceRecord"])
async def test_who_was_not_there_changes_nothing_and_the_director_may(
    pilot: House, mutation: str
) -> None:
    record = await recorded(pilot)
    before = await rows(pilot)
    given: dict[str, Any] = {"recordId": record["id"], "version": 1, "reason": "记错了"}
    if mutation == "correctServiceRecord":
        given["title"] = "节前探访"
    denied = await pilot.act(COLLEAGUE, mutation, **given)
    assert (denied["__typename"], denied["path"]) == ("AccessProblem", ["recordId"])
    for user in ("shouqianshou.volunteers", "shouqianshou.finance", "bureau.officer"):
        document = (
            f"mutation($input: {mutation[0].upper()}{mutation[1:]}Input!)"
            f" {{ {mutation}(input: $input) {{ __typename }} }}"
        )
        named = await pilot.forbidden(user, document, input={**given, "idempotencyKey": "k"})
        assert named == {f"Mutation.{mutation}"}
    stale = await pilot.act(WORKER, mutation, **{**given, "version": 2})
    assert (stale["__typename"], stale["currentVersion"]) == ("StaleVersionProblem", 1)
    assert await rows(pilot) == before
    allowed = await pilot.act(DIRECTOR, mutation, **given)
    assert allowed["__typename"].endswith("Success")


async def test_a_cancelled_record_is_neither_corrected_nor_cancelled_again(pilot: House) -> None:
    record = await recorded(pilot)
    given = {"recordId": record["id"], "version": 1, "reason": "没有去成"}
    await pilot.act(WORKER, "cancelServiceRecord", **given)
    before = await rows(pilot)
    given["version"] = 2
    for mutation, changes in (
        ("cancelServiceRecord", {}),
        ("correctServiceRecord", {"title": "x"}),
    ):
        answer = await pilot.act(WORKER, mutation, **given, **changes)
        assert (answer["__typename"], answer["code"]) == ("StateProblem", "WRONG_STATE")
    assert await rows(pilot) == before


async def test_of_two_corrections_at_once_one_is_told_to_read_again(pilot: House) -> None:
    record = await recorded(pilot)
    answers = await asyncio.gather(
        *(
            pilot.act(
                WORKER,
                "correctServiceRecord",
                recordId=record["id"],
                version=1,
                reason="记错了",
                title=f"探访 {number}",
            )
            for number in range(4)
        )
    )
    names = sorted(answer["__typename"] for answer in answers)
    assert names == ["CorrectServiceRecordSuccess", *["StaleVersionProblem"] * 3]
    assert len((await read(pilot, record))["history"]) == 1


async def test_a_colleague_sees_that_it_was_corrected_and_not_in_which_words(pilot: House) -> None:
    record = await recorded(pilot, place="家中")
    await pilot.act(
        WORKER,
        "correctServiceRecord",
        recordId=record["id"],
        version=1,
        reason="标题写了名字",
        title="节前探访",
    )
    [past] = (await read(pilot, record, COLLEAGUE))["history"]
    assert (past["title"], past["reason"], past["version"]) == (None, None, 1)
    assert past["correctedBy"] == {"subject": WORKER}


async def test_a_past_version_is_no_record(pilot: House) -> None:
    record = await recorded(pilot)
    given = {"recordId": record["id"], "version": 1, "reason": "记错了", "title": "节前探访"}
    await pilot.act(WORKER, "correctServiceRecord", **given)
    listed = "query($id: ID!) { node(id: $id) { ... on ServiceRecord { history { id } } } }"
    [past] = (await pilot.data(WORKER, listed, id=record["id"]))["node"]["history"]
    forged = await pilot.act(
        WORKER, "cancelServiceRecord", recordId=past["id"], version=1, reason="没有去成"
    )
    assert (forged["__typename"], forged["path"]) == ("InputProblem", ["recordId"])


async def test_a_record_without_a_number_gets_the_next_of_its_year(pilot: House) -> None:
    first = await recorded(pilot)
    assert first["number"] == "2015-S00001"
    visits = [await a_service(pilot, servedOn=day) for day in ("2015-11-09", "2015-11-10") * 4]
    answers = await asyncio.gather(
        *(pilot.act(WORKER, "recordService", RECORD, **visit) for visit in visits)
    )
    numbers = {answer["serviceRecord"]["number"] for answer in answers}
    assert numbers == {f"2015-S{number:05}" for number in range(2, 10)}
    other = await pilot.act("shouqianshou.worker1", "recordService", RECORD, **visits[0])
    assert other["serviceRecord"]["number"] == "2015-S00010"


async def test_a_number_of_the_platforms_form_is_not_the_agencys_to_give(pilot: House) -> None:
    before = await rows(pilot)
    visit = await a_service(pilot, number="2015-S00007")
    answer = await pilot.act(WORKER, "recordService", **visit)
    assert (answer["__typename"], answer["path"]) == ("InputProblem", ["number"])
    assert await rows(pilot) == before
