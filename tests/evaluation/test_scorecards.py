"""A scorecard from its opening to the day it is frozen, and what is refused on the way."""

from __future__ import annotations

import asyncio
import json
from random import Random
from statistics import pstdev
from typing import Any
from uuid import UUID

import pytest

from citywide.ids import NO_TENANT, NodeId
from evaluation.judging import COUNTED, DIRECTOR, EVALUATOR, SCALE, Judging
from walls.house import House

HOME_HELP = """SELECT count(*) FROM attendance a JOIN service_record r
 ON r.tenant_id = a.tenant_id AND r.id = a.service_record_id JOIN tenant t
 ON t.tenant_id = r.tenant_id WHERE t.slug = 'yixin' AND a.role = 'BENEFICIARY'
 AND r.kind = 'HOME_HELP' AND r.status = 'CURRENT'
 AND r.served_on >= '2014-12-01' AND r.served_on < '2015-11-01'"""
CHANGES = """SELECT sum(last - first) AS sum, count(*) AS persons FROM (
 SELECT (array_agg(score ORDER BY assessed_on DESC))[1] AS last,
        (array_agg(score ORDER BY assessed_on))[1] AS first
 FROM assessment s JOIN tenant t USING (tenant_id) WHERE t.slug = 'yixin'
  AND s.status = 'APPROVED' AND s.assessed_on < '2015-11-01'
 GROUP BY s.tenant_id, s.beneficiary_id HAVING count(*) > 1) AS person"""


async def test_a_card_is_filled_rated_graded_frozen_and_shows_what_changes_later(
    pilot: House,
) -> None:
    judging = await Judging.of(pilot)
    await judging.define_all()
    assert "scorecard" in await judging.open()
    card = await judging.card(DIRECTOR)
    lines = {each["name"]: each for each in card["figures"]}
    helped = await pilot.owner.fetchval(HOME_HELP)
    assert lines["上门"]["numerator"] == helped
    [change] = await pilot.owner.fetch(CHANGES)
    assert lines["需求下降"]["numerator"] == change["sum"]
    assert lines["需求下降"]["denominator"] == change["persons"]
    assert lines["需求下降"]["frozen"] == round(1000 * change["sum"] / change["persons"])

    # What is kept beside each figure tells the same figure to who asks.
    for line in lines.values():
        if line["measure"] is not None:
            told = await pilot.data(EVALUATOR, line["operation"], **json.loads(line["variables"]))
            [[found]] = [row["values"] for row in told["metrics"]["rows"]]
            assert found["numerator"] == line["numerator"]
            assert found["denominator"] == line["denominator"]

    said = await judging.say(card)
    assert said["scorecard"]["stage"] == "SELF_EVALUATED"
    given = {"THIRD_PARTY": 100, "TOWN_GOVERNMENT": 60, "VILLAGE_COMMITTEE": 100, "BUREAU": 60}
    for kind, points in given.items():
        assert "scorecardRating" in await judging.rate(lines["计划"]["id"], kind, points)
    graded = (await judging.step("gradeScorecard", said["scorecard"]))["scorecard"]
    lines = {each["name"]: each for each in (await judging.card())["figures"]}
    rated = lines["计划"]
    assert rated["pointsHundredths"] == 40 * 100 + 20 * 60 + 20 * 100 + 20 * 60
    assert rated["spread"] == 40
    assert rated["deviationHundredths"] == round(100 * pstdev(given.values()))
    outputs = sum(lines[each]["pointsHundredths"] for each in ("上门", "走访")) / 2
    expected = (
        10 * rated["pointsHundredths"] + 50 * outputs + 30 * lines["需求下降"]["pointsHundredths"]
    ) / 90
    assert abs(graded["scoreHundredths"] - expected) <= 0.5
    assert graded["grade"] == grade(graded["scoreHundredths"])

    refused = await judging.step("freezeScorecard", graded, consequence="BARRED", reason="示例")
    assert refused["faults"][0]["path"] == ["consequence"]
    frozen = await judging.step("freezeScorecard", graded, consequence="NONE", reason="示例")
    assert frozen["scorecard"]["stage"] == "FROZEN"
    again = await judging.step("gradeScorecard", frozen["scorecard"])
    assert again["code"] == "WRONG_STATE"

    await pilot.owner.execute(
        "UPDATE service_record SET status = 'CANCELLED', ended_at = now(), end_reason = 'x',"
        " ended_by_id = (SELECT id FROM member m WHERE m.tenant_id = service_record.tenant_id"
        " LIMIT 1) WHERE (tenant_id, id) IN (SELECT r.tenant_id, r.id FROM service_record r"
        " JOIN tenant t USING (tenant_id) WHERE t.slug = 'yixin' AND r.kind = 'HOME_HELP'"
        " AND r.served_on < '2015-11-01' ORDER BY r.number LIMIT 1)"
    )
    now = await pilot.owner.fetchval(HOME_HELP)
    assert now < helped
    lines = {each["name"]: each for each in (await judging.card())["figures"]}
    assert lines["上门"]["frozen"] == 1000 * helped
    assert lines["上门"]["current"] == 1000 * now
    assert lines["上门"]["difference"] == 1000 * (now - helped)


def grade(hundredths: int) -> str:
    for least, name in ((9000, "EXCELLENT"), (8000, "GOOD"), (6000, "PASS")):
        if hundredths >= least:
            return name
    return "FAIL"


BAD_INDICATORS: list[tuple[dict[str, Any], str]] = [
    ({"weight": 0}, "weight"),
    ({"name": " "}, "name"),
    ({"measure": "MONEY_SPENT"}, "measure"),
    ({"targetThousandths": 0}, "targetThousandths"),
    ({"targetThousandths": -1}, "targetThousandths"),
    ({"direction": "LOWER_IS_BETTER"}, "targetThousandths"),
    ({"direction": None}, "direction"),
    ({"measure": None}, "measure"),
    ({"anchors": SCALE}, "anchors"),
    ({"measure": "VOLUNTEER_MINUTES", "areaId": "AREA"}, "areaId"),
    ({"measure": "BENEFICIARIES_ON_FILE", "projectId": "PROJECT"}, "projectId"),
]
BAD_SCALES: list[tuple[list[dict[str, Any]], str]] = [
    ([], "anchors"),
    (SCALE[:1], "anchors"),
    ([SCALE[0], SCALE[0]], "anchors"),
    ([SCALE[0], {"points": 101, "meaning": "多"}], "anchors"),
    ([SCALE[0], {"points": 50, "meaning": ""}], "anchors"),
]


async def test_indicators_and_cards_that_break_a_rule_are_named_and_change_nothing(
    pilot: House,
) -> None:
    judging = await Judging.of(pilot)
    good = {**COUNTED, "aspect": "OUTPUTS", "measure": "HOME_HELP", "targetThousandths": 1}
    names = {"AREA": judging.area_id, "PROJECT": judging.project_id}
    for changes, field in BAD_INDICATORS:
        given = {**good, **{k: names.get(str(v), v) for k, v in changes.items()}}
        answer = await judging.define(given.pop("name", "指标"), **given)
        assert field in {fault["path"][0] for fault in answer["faults"]}, (changes, answer)
    for scale, field in BAD_SCALES:
        answer = await judging.define("计划", aspect="EXECUTION", anchors=scale)
        assert field in {fault["path"][0] for fault in answer["faults"]}, (scale, answer)
    nowhere = NodeId("area", NO_TENANT, UUID(int=1)).encode()
    answer = await judging.define("上门", **good, areaId=nowhere)
    assert [(each["code"], each["path"]) for each in answer["faults"]] == [
        ("NOT_FOUND", ["areaId"])
    ]
    assert (await judging.open())["faults"][0]["path"] == ["agreementId"]
    assert await pilot.owner.fetchval("SELECT count(*) FROM indicator") == 0

    defined = (await judging.define("上门", **good))["indicator"]
    assert (await judging.define("上门", **good))["faults"][0]["path"] == ["name"]
    same = {"indicatorId": defined["id"]}
    revise = "reviseIndicator"
    for given, code in (
        ({"version": 1}, "INVALID_INPUT"),
        ({"version": 1, "targetThousandths": 0}, "INVALID_INPUT"),
        ({"version": 2, "weight": 5}, "STALE_VERSION"),
    ):
        answer = await pilot.act(EVALUATOR, revise, "indicator { id }", **same, **given)
        assert answer["code"] == code
    good_revision = {"version": 1, "weight": 5, "targetThousandths": 7_000}
    answer = await pilot.act(
        EVALUATOR, revise, "indicator { weight targetThousandths version }", **same, **good_revision
    )
    assert answer["indicator"] == {"weight": 5, "targetThousandths": 7_000, "version": 2}

    for given, field in (
        ({"validUntil": "2014-12-01"}, "validUntil"),
        ({"validFrom": "2013-12-01"}, "validFrom"),
    ):
        answer = await judging.open(**given)
        assert field in {fault["path"][0] for fault in answer["faults"]}
    card = (await judging.open())["scorecard"]
    assert (await judging.open())["faults"][0]["path"] == ["validFrom"]
    line = (await judging.card())["figures"][0]
    assert (await judging.rate(line["id"], "BUREAU", 100))["code"] == "WRONG_STATE"
    await judging.say(card)
    counted = await judging.rate(line["id"], "BUREAU", 100)
    assert counted["faults"][0]["path"] == ["figureId"]


WAITING = """SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'"""


async def waiting(house: House, count: int) -> None:
    """Until so many connections wait for a lock that another one holds."""
    while await house.owner.fetchval(WAITING) < count:
        # A transaction sees the activity of its first look until it is told to look again.
        await house.owner.execute("SELECT pg_stat_clear_snapshot()")
        await asyncio.sleep(0.01)


async def test_nobody_rates_a_card_that_is_being_graded(pilot: House) -> None:
    judging = await Judging.of(pilot)
    await judging.define_all()
    said = await judging.say((await judging.open())["scorecard"])
    [rated] = [each for each in (await judging.card())["figures"] if each["measure"] is None]
    async with pilot.owner.transaction():
        # Nobody can write a card until this is over, so grading stops right before its end.
        await pilot.owner.execute("LOCK TABLE scorecard IN SHARE MODE")
        grading = asyncio.create_task(judging.step("gradeScorecard", said["scorecard"]))
        await waiting(pilot, 1)
        rating = asyncio.create_task(judging.rate(rated["id"], "BUREAU", 100))
        await waiting(pilot, 2)
    assert (await grading)["scorecard"]["stage"] == "GRADED"
    assert (await rating)["code"] == "WRONG_STATE"
    assert await pilot.owner.fetchval("SELECT count(*) FROM scorecard_rating") == 0


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_is_tried_in_whatever_order_only_the_next_step_is_taken(
    pilot: House, seed: int
) -> None:
    """Random commands beside a model of the stages, which is written out here once more."""
    chance = Random(seed)  # noqa: S311 -- nothing secret
    judging = await Judging.of(pilot)
    await judging.define_all()
    await judging.open()
    allowed = {
        "say": {"OPEN", "SELF_EVALUATED"},
        "rate": {"SELF_EVALUATED"},
        "grade": {"SELF_EVALUATED", "GRADED"},
        "freeze": {"GRADED"},
    }
    leads = {"say": "SELF_EVALUATED", "grade": "GRADED", "freeze": "FROZEN"}
    stage = "OPEN"
    for number in range(24):
        card = await judging.card()
        assert card["stage"] == stage
        [rated] = [each for each in card["figures"] if each["measure"] is None]
        command = chance.choice(["say", "say", "rate", "grade", "freeze"])
        match command:
            case "say":
                answer = await judging.say(card)
            case "rate":
                answer = await judging.rate(rated["id"], "BUREAU", 60, f"示例{number}")
            case "grade":
                answer = await judging.step("gradeScorecard", card)
            case _:
                follows = {"FAIL": "BARRED"}.get(card["grade"], "NONE")
                answer = await judging.step(
                    "freezeScorecard", card, consequence=follows, reason="示例"
                )
        if stage in allowed[command]:
            assert "code" not in answer, (command, stage, answer)
            stage = leads.get(command, stage)
        else:
            assert answer["code"] == "WRONG_STATE", (command, stage, answer)
            assert await judging.card() == card
