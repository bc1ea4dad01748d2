"""Salons in the pilot's city: hosted in turn, held, cancelled; and the turn as the schema tells."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from citywide.supervision.hosts import Colleague, Hosted, reason, turns
from walls.house import House

WORKER, DIRECTOR = "shouqianshou.worker1", "shouqianshou.director"
SALON = "salon { id version status hostReason host { subject } attendances { totalCount } }"
NEXT = """{ nextHost { name timesHosted lastHostedOn reason because
    rotation { memberId lastHostedOn timesHosted } } }"""


async def members(house: House) -> dict[str, str]:
    """The members of 手牵手: subject to id."""
    found = await house.data(
        DIRECTOR, "{ agencies { nodes { members(first: 100) { nodes { id subject } } } } }"
    )
    [agency] = found["agencies"]["nodes"]
    return {each["subject"]: each["id"] for each in agency["members"]["nodes"]}


async def planned(house: House, user: str = DIRECTOR, **given: Any) -> Any:
    """Plan a salon."""
    given = {"topic": "怎样开口谈政策", "heldOn": "2015-11-10", **given}
    return await house.act(user, "planSalon", SALON, **given)


async def salons(house: House) -> list[Any]:
    """The rows of every salon."""
    return list(await house.owner.fetch("SELECT * FROM salon ORDER BY id"))


async def test_the_next_in_turn_hosts_and_so_does_everybody_once(pilot: House) -> None:
    hosts = []
    for number in range(13):
        answer = await planned(pilot, heldOn=f"2015-10-{number + 1:02}")
        hosts.append(answer["salon"]["host"]["subject"])
    assert hosts == [f"shouqianshou.worker{number}" for number in range(1, 14)]
    found = (await pilot.data(WORKER, NEXT))["nextHost"]
    assert (found["lastHostedOn"], found["timesHosted"]) == ("2015-10-01", 1)
    assert (found["reason"], found["because"]) == ("LONGEST_AGO", "They hosted longest ago.")


async def test_another_host_needs_a_reason(pilot: House) -> None:
    other = (await members(pilot))["shouqianshou.worker5"]
    refused = await planned(pilot, hostId=other)
    assert (refused["__typename"], refused["path"]) == ("InputProblem", ["hostReason"])
    assert await salons(pilot) == []
    allowed = await planned(pilot, hostId=other, hostReason="下周外出培训，对调。")
    assert allowed["salon"]["host"]["subject"] == "shouqianshou.worker5"
    assert allowed["salon"]["hostReason"] == "下周外出培训，对调。"


@pytest.mark.parametrize("user", ["shouqianshou.finance", "shouqianshou.director"])
async def test_only_a_social_worker_hosts(pilot: House, user: str) -> None:
    someone = (await members(pilot))[user]
    refused = await planned(pilot, hostId=someone, hostReason="自愿。")
    assert refused["path"] == ["hostId"]
    assert await salons(pilot) == []


async def test_a_salon_is_held_by_its_host_and_names_nobody_served(pilot: House) -> None:
    staff = await members(pilot)
    salon = (await planned(pilot))["salon"]
    given = {
        "salonId": salon["id"],
        "version": salon["version"],
        "summary": "先听，再讲；一次只讲一条。",
        "attendeeIds": [staff["shouqianshou.worker2"], staff["shouqianshou.worker3"]],
    }
    denied = await pilot.act("shouqianshou.worker2", "holdSalon", **given)
    assert denied["__typename"] == "AccessProblem"
    named = await pilot.data(DIRECTOR, "{ beneficiaries(first: 1) { nodes { name } } }")
    [person] = named["beneficiaries"]["nodes"]
    revealing = await pilot.act(
        WORKER, "holdSalon", **{**given, "summary": f"{person['name']}的例子。"}
    )
    assert revealing["__typename"] == "RevealingProblem"
    [row] = await salons(pilot)
    assert (row["status"], row["version"]) == ("PLANNED", 1)
    held = await pilot.act(WORKER, "holdSalon", SALON, **given)
    assert held["salon"]["status"] == "HELD"
    assert held["salon"]["attendances"]["totalCount"] == 3
    again = await pilot.act(WORKER, "holdSalon", **{**given, "version": 2})
    assert (again["__typename"], again["code"]) == ("StateProblem", "WRONG_STATE")


async def test_a_salon_of_tomorrow_was_not_held(pilot: House) -> None:
    staff = await members(pilot)
    salon = (await planned(pilot, heldOn="2015-11-12"))["salon"]
    refused = await pilot.act(
        DIRECTOR,
        "holdSalon",
        salonId=salon["id"],
        version=1,
        summary="好。",
        attendeeIds=[staff["shouqianshou.worker2"]],
    )
    assert refused["__typename"] == "InputProblem"


async def test_who_was_to_host_a_cancelled_salon_stays_next(pilot: House) -> None:
    salon = (await planned(pilot))["salon"]
    given = {"salonId": salon["id"], "version": 1, "reason": "台风停工。"}
    cancelled = await pilot.act(DIRECTOR, "cancelSalon", SALON, **given)
    assert cancelled["salon"]["status"] == "CANCELLED"
    again = await planned(pilot)
    assert again["salon"]["host"] == salon["host"]


async def test_the_schema_tells_the_same_rotation_as_the_rule(pilot: House) -> None:
    ids = await members(pilot)
    staff = {
        row["id"]: row["subject"]
        for row in await pilot.owner.fetch(
            "SELECT m.id, m.subject FROM member m JOIN member_role r ON r.tenant_id = m.tenant_id"
            " AND r.member_id = m.id WHERE r.role = 'social_worker'"
            " AND m.subject LIKE 'shouqianshou.%'"
        )
    }
    colleagues = [Colleague(key, subject) for key, subject in staff.items()]
    chance = random.Random(7)  # noqa: S311 - the same salons every time
    for _ in range(4):
        for _ in range(6):
            member_id, subject = chance.choice(list(staff.items()))
            day = date(2015, 1, 1) + timedelta(days=chance.randrange(8))
            await pilot.owner.execute(
                "INSERT INTO salon (tenant_id, bureau_id, id, topic, held_on, host_id, status,"
                " cancel_reason) SELECT tenant_id, bureau_id, uuidv7(), '题', $2, id, $3, $4"
                " FROM member WHERE id = $1",
                member_id,
                day,
                *chance.choice([("PLANNED", None), ("CANCELLED", "雨")]),
            )
            assert subject in ids
        rows = await salons(pilot)
        history = [Hosted(r["host_id"], r["held_on"]) for r in rows if r["status"] == "PLANNED"]
        expected = turns(history, colleagues)
        found = (await pilot.data(WORKER, NEXT))["nextHost"]
        assert [turn["memberId"] for turn in found["rotation"]] == [
            ids[staff[turn.member_id]] for turn in expected
        ]
        assert [(t["lastHostedOn"], t["timesHosted"]) for t in found["rotation"]] == [
            (turn.last_on and turn.last_on.isoformat(), turn.times) for turn in expected
        ]
        assert found["reason"] == reason(expected)
