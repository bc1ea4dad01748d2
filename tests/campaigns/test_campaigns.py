"""Festival campaigns on the pilot's city: planned, ticked off by records, explained, closed."""

from __future__ import annotations

from typing import Any

import pytest

from citywide.ids import NodeId
from services.visits import COLLEAGUE, DIRECTOR, WORKER, a_service
from walls.house import House

OFFICER = "bureau.officer"
CAMPAIGN = "campaign { id version status heldOn validFrom validUntil due { totalCount } }"
LISTED = """query($id: ID!) { node(id: $id) { ... on Campaign { version due(first: 100) { nodes {
  id isVisited visitedOn gapReason beneficiary { id name worker { subject } }
} } } } }"""
COVERAGE = """query($id: ID!, $by: [CoverageDimension!]) {
  campaignCoverage(campaign: $id, by: $by) {
    rows { keys { dimension label } due visited explained unexplained }
  }
}"""


async def planned(house: House, festival: str = "重阳", **changes: Any) -> dict[str, Any]:
    given = {"festival": festival, "year": 2015, **changes}
    done = await house.act(DIRECTOR, "planCampaign", CAMPAIGN, **given)
    assert done["__typename"] == "PlanCampaignSuccess", done
    found: dict[str, Any] = done["campaign"]
    return found


async def listed(house: House, campaign: dict[str, Any], user: str = DIRECTOR) -> Any:
    found = await house.data(user, LISTED, id=campaign["id"])
    return found["node"]["due"]["nodes"]


async def coverage(house: House, campaign: dict[str, Any], user: str, *by: str) -> Any:
    found = await house.data(user, COVERAGE, id=campaign["id"], by=list(by))
    return found["campaignCoverage"]["rows"]


SPLITS: tuple[tuple[str, ...], ...] = ((), ("AREA",), ("WORKER",), ("AREA", "WORKER"))
FIGURES = ("due", "visited", "explained", "unexplained")


async def everything(house: House, campaign: dict[str, Any], user: str) -> list[Any]:
    return [await coverage(house, campaign, user, *by) for by in SPLITS]


async def rows(house: House) -> list[tuple[Any, ...]]:
    found = []
    for table in ("campaign", "campaign_category", "campaign_site", "campaign_due", "outbox"):
        found += [tuple(row.values()) for row in await house.owner.fetch(f"SELECT * FROM {table}")]
    return sorted(found, key=str)


def explained(nodes: list[Any]) -> list[dict[str, str]]:
    return [{"dueId": row["id"], "reason": "AWAY"} for row in nodes if not row["isVisited"]]


async def test_the_pilots_double_ninth_is_covered_as_its_records_say(pilot: House) -> None:
    campaign = await planned(pilot)
    assert (campaign["heldOn"], campaign["validFrom"], campaign["validUntil"]) == (
        "2015-10-21",
        "2015-10-07",
        "2015-10-29",
    )
    open_files = await pilot.owner.fetchval(
        "SELECT count(*) FROM beneficiary b JOIN tenant t ON t.id = b.tenant_id"
        " WHERE slug = 'shouqianshou' AND opened_on <= '2015-10-21'"
        " AND (closed_on IS NULL OR closed_on > '2015-10-21')"
    )
    visited = await pilot.owner.fetchval(
        "SELECT count(DISTINCT beneficiary_id) FROM attendance a JOIN service_record r"
        " ON r.tenant_id = a.tenant_id AND r.id = service_record_id"
        " JOIN tenant t ON t.id = r.tenant_id WHERE slug = 'shouqianshou' AND festival = '重阳'"
        " AND served_on >= '2015-10-07' AND served_on < '2015-10-29'"
    )
    assert campaign["due"]["totalCount"] == open_files
    [total] = await coverage(pilot, campaign, DIRECTOR)
    assert (total["due"], total["visited"]) == (open_files, visited)
    assert visited > 0
    for by in ("AREA", "WORKER"):
        split = await coverage(pilot, campaign, DIRECTOR, by)
        for figure in ("due", "visited", "explained", "unexplained"):
            assert sum(row[figure] for row in split) == total[figure]
    nodes = await listed(pilot, campaign)
    assert sum(row["isVisited"] for row in nodes) == visited
    assert all(row["isVisited"] == (row["visitedOn"] is not None) for row in nodes)


async def test_a_visit_ticks_off_and_its_correction_or_cancellation_undoes_that(
    pilot: House,
) -> None:
    # The pilot made no visits at Mid-Autumn.
    campaign = await planned(pilot, "中秋")
    gaps = [row for row in await listed(pilot, campaign, WORKER) if not row["isVisited"]]
    assert gaps
    person = gaps[0]["beneficiary"]["id"]

    async def is_ticked() -> bool:
        nodes = await listed(pilot, campaign)
        [row] = [row for row in nodes if row["beneficiary"]["id"] == person]
        return bool(row["isVisited"])

    selection = "serviceRecord { id version }"
    right = {"beneficiaryIds": [person], "festival": "中秋", "servedOn": "2015-09-28"}
    for wrong in ({"festival": "国庆"}, {"festival": None}, {"servedOn": "2015-09-01"}):
        visit = await a_service(pilot, **{**right, **wrong})
        await pilot.act(WORKER, "recordService", **visit)
    assert not await is_ticked()
    visit = await a_service(pilot, **right)
    record = (await pilot.act(WORKER, "recordService", selection, **visit))["serviceRecord"]
    assert await is_ticked()
    given: dict[str, Any] = {"recordId": record["id"], "reason": "记错了"}
    for version, festival in ((1, "国庆"), (2, "中秋")):
        done = await pilot.act(
            WORKER, "correctServiceRecord", **given, version=version, festival=festival
        )
        assert done["__typename"] == "CorrectServiceRecordSuccess"
        assert await is_ticked() is (festival == "中秋")
    await pilot.act(WORKER, "cancelServiceRecord", **given, version=3)
    assert not await is_ticked()


async def test_a_category_and_a_site_choose_and_extending_adds_and_never_takes_away(
    pilot: House,
) -> None:
    found = await pilot.data(
        DIRECTOR,
        "{ beneficiaries(first: 100) { nodes { entitlements { nodes { category { id } } } } }"
        " agreements { nodes { sites { id } } } }",
    )
    held = [
        each["category"]["id"]
        for row in found["beneficiaries"]["nodes"]
        for each in row["entitlements"]["nodes"]
    ]
    one, other = sorted(set(held))[:2]
    site = found["agreements"]["nodes"][0]["sites"][0]["id"]
    campaign = await planned(pilot, categoryIds=[one], siteIds=[site])
    first = {row["id"] for row in await listed(pilot, campaign)}
    assert 0 < len(first) < len(found["beneficiaries"]["nodes"])
    extension = {"campaignId": campaign["id"], "version": 1, "categoryIds": [other, one]}
    done = await pilot.act(DIRECTOR, "extendCampaign", CAMPAIGN, **extension)
    assert done["campaign"]["version"] == 2
    second = {row["id"] for row in await listed(pilot, campaign)}
    assert first < second
    stale = await pilot.act(DIRECTOR, "extendCampaign", CAMPAIGN, **extension)
    assert (stale["__typename"], stale["currentVersion"]) == ("StaleVersionProblem", 2)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"festival": "圣诞"}, ["festival"]),
        ({"festival": "春\u0000节"}, ["festival"]),
        ({"year": 1850}, ["year"]),
        ({"year": 2014}, ["year"]),
        ({"year": 2016}, ["year"]),
        ({"validFrom": "2015-10-22"}, ["validFrom"]),
        ({"validUntil": "2015-10-01"}, ["validUntil"]),
        ({"validFrom": "2015-06-01"}, ["validUntil"]),
        ({"siteIds": ["nonsense"]}, ["siteIds", "0"]),
        ({"categoryIds": ["nonsense"]}, ["categoryIds", "0"]),
    ],
)
async def test_a_bad_campaign_names_the_field_and_nothing_is_written(
    pilot: House, changes: dict[str, Any], path: list[str]
) -> None:
    before = await rows(pilot)
    given = {"festival": "重阳", "year": 2015, **changes}
    answer = await pilot.act(DIRECTOR, "planCampaign", **given)
    assert (answer["__typename"], answer["path"]) == ("InputProblem", path)
    assert await rows(pilot) == before


async def test_a_campaign_closes_with_a_reason_for_every_gap_and_only_then(pilot: House) -> None:
    campaign = await planned(pilot)
    before = await rows(pilot)
    given: dict[str, Any] = {"campaignId": campaign["id"], "version": 1}
    nodes = await listed(pilot, campaign)
    gaps = explained(nodes)
    visited = [row for row in nodes if row["isVisited"]]
    assert gaps
    assert visited
    for bad, path in (
        (gaps[1:], ["gaps"]),
        ([*gaps, gaps[0]], ["gaps", str(len(gaps)), "dueId"]),
        ([*gaps, {"dueId": visited[0]["id"], "reason": "AWAY"}], ["gaps", str(len(gaps)), "dueId"]),
        ([{**gaps[0], "reason": "OTHER"}, *gaps[1:]], ["gaps", "0", "note"]),
    ):
        answer = await pilot.act(DIRECTOR, "closeCampaign", **given, gaps=bad)
        assert (answer["__typename"], answer["path"]) == ("InputProblem", path)
        assert await rows(pilot) == before
    done = await pilot.act(DIRECTOR, "closeCampaign", CAMPAIGN, **given, gaps=gaps)
    assert done["campaign"]["status"] == "CLOSED"
    [total] = await coverage(pilot, campaign, DIRECTOR)
    assert (total["explained"], total["unexplained"]) == (len(gaps), 0)
    before = await rows(pilot)
    for mutation in ("closeCampaign", "extendCampaign"):
        again = await pilot.act(DIRECTOR, mutation, campaignId=campaign["id"], version=2)
        assert (again["__typename"], again["code"]) == ("StateProblem", "WRONG_STATE")
    late = await pilot.act(DIRECTOR, "explainCampaignGap", **gaps[0])
    assert (late["code"], late["path"]) == ("WRONG_STATE", ["dueId"])
    assert await rows(pilot) == before


async def test_a_festival_is_planned_once_and_not_closed_before_it_comes(pilot: House) -> None:
    await planned(pilot)
    before = await rows(pilot)
    answer = await pilot.act(DIRECTOR, "planCampaign", festival="重阳", year=2015)
    assert (answer["__typename"], answer["path"]) == ("InputProblem", ["year"])
    assert await rows(pilot) == before
    await pilot.owner.execute("UPDATE campaign SET held_on = '2015-11-20'")
    [campaign] = (await pilot.data(DIRECTOR, "{ campaigns { nodes { id version } } }"))[
        "campaigns"
    ]["nodes"]
    early = await pilot.act(
        DIRECTOR, "closeCampaign", campaignId=campaign["id"], version=campaign["version"]
    )
    assert (early["__typename"], early["path"]) == ("StateProblem", ["campaignId"])


async def test_the_own_worker_explains_a_gap_and_a_colleague_cannot(pilot: House) -> None:
    campaign = await planned(pilot, "中秋")
    mine = await listed(pilot, campaign, WORKER)
    assert {row["beneficiary"]["worker"]["subject"] for row in mine} == {WORKER}
    gap = explained(mine)[0]
    before = await rows(pilot)
    denied = await pilot.act(COLLEAGUE, "explainCampaignGap", **gap)
    assert (denied["__typename"], denied["path"]) == ("AccessProblem", ["dueId"])
    assert await rows(pilot) == before
    selection = "campaignDue { gapReason isVisited }"
    done = await pilot.act(WORKER, "explainCampaignGap", selection, **gap)
    assert done["campaignDue"] == {"gapReason": "AWAY", "isVisited": False}
    visit = await a_service(
        pilot,
        beneficiaryIds=[mine[0]["beneficiary"]["id"]],
        festival="中秋",
        servedOn="2015-09-27",
    )
    await pilot.act(WORKER, "recordService", **visit)
    answer = await pilot.act(DIRECTOR, "explainCampaignGap", **gap)
    assert (answer["__typename"], answer["path"]) == ("StateProblem", ["dueId"])


@pytest.mark.parametrize("user", [WORKER, "shouqianshou.volunteers", "bureau.officer"])
async def test_only_a_director_plans(pilot: House, user: str) -> None:
    before = await rows(pilot)
    named = await pilot.forbidden(
        user,
        "mutation($input: PlanCampaignInput!) { planCampaign(input: $input) { __typename } }",
        input={"festival": "重阳", "year": 2015, "idempotencyKey": "k"},
    )
    assert named == {"Mutation.planCampaign"}
    assert await rows(pilot) == before


async def made_small(house: House) -> tuple[list[Any], list[Any]]:
    """Move four persons into a community of their own; the files of these, and the others.

    Those who were visited come first.
    """
    files = await house.owner.fetch(
        "SELECT b.id, b.tenant_id, b.site_id FROM campaign_due d JOIN beneficiary b"
        " ON b.tenant_id = d.tenant_id AND b.id = d.beneficiary_id ORDER BY EXISTS (SELECT FROM"
        " attendance a JOIN service_record s ON s.id = a.service_record_id"
        " JOIN campaign c ON c.id = d.campaign_id AND c.festival = s.festival"
        " WHERE a.beneficiary_id = b.id AND s.status = 'CURRENT') DESC, b.id"
    )
    moved = [row["id"] for row in files[:4]]
    await house.owner.execute(
        "WITH made AS (INSERT INTO site (tenant_id, bureau_id, id, agreement_id, area_id)"
        " SELECT tenant_id, bureau_id, gen_random_uuid(), agreement_id, (SELECT min(a.id::text)"
        " FROM area a WHERE a.id <> s.area_id AND a.level = 'COMMUNITY')::uuid"
        f" FROM site s WHERE tenant_id = '{files[0]['tenant_id']}' AND id = '{files[0]['site_id']}'"
        " RETURNING tenant_id, id) UPDATE beneficiary b SET site_id = made.id FROM made"
        f" WHERE b.tenant_id = made.tenant_id AND b.id = ANY('{{{','.join(map(str, moved))}}}')"
    )
    return moved, [row["id"] for row in files[4:]]


async def test_small_cells_are_hidden_from_who_may_not_know_a_persons_status(pilot: House) -> None:
    """Every answer is a sum of what communities with five persons or more have."""
    campaign = await planned(pilot)
    await made_small(pilot)
    clear = dict(zip(SPLITS, await everything(pilot, campaign, DIRECTOR), strict=True))
    assert await everything(pilot, campaign, "bureau.auditor") == list(clear.values())
    assert {row["due"] < 5 for row in clear["AREA",]} == {True, False}
    for user in (WORKER, "bureau.officer", "supervisor.lead"):
        seen = dict(zip(SPLITS, await everything(pilot, campaign, user), strict=True))
        assert seen["AREA",] == [row for row in clear["AREA",] if row["due"] >= 5]
        total = {name: sum(row[name] for row in seen["AREA",]) for name in FIGURES}
        assert seen[()] == [{"keys": [], **total}]
        assert seen["WORKER",] == seen["AREA", "WORKER"] == []
    assert await coverage(pilot, campaign, "yixin.director") == []
    named = await pilot.forbidden("bureau.officer", LISTED, id=campaign["id"])
    assert "CampaignDue.id" in named


async def test_whatever_becomes_of_few_persons_no_answer_changes(pilot: House) -> None:
    """Of two cities that differ in a small community alone nobody can tell which is theirs."""
    campaign = await planned(pilot)
    small, large = await made_small(pilot)
    for files, is_hidden in ((small, True), (large, False)):
        for change in (
            "DELETE FROM attendance WHERE beneficiary_id = $1",
            "DELETE FROM campaign_due WHERE beneficiary_id = $1",
        ):
            before, exact = [await everything(pilot, campaign, u) for u in (OFFICER, DIRECTOR)]
            await pilot.owner.execute(change, files[0])
            after, now = [await everything(pilot, campaign, u) for u in (OFFICER, DIRECTOR)]
            assert (after == before) == is_hidden
            assert now != exact


async def test_the_festivals_of_a_year_are_listed_by_day(pilot: House) -> None:
    document = "query($year: Int!) { festivals(year: $year) { name labelEn isLunar heldOn } }"
    found = (await pilot.data(WORKER, document, year=2015))["festivals"]
    assert [row["heldOn"] for row in found] == sorted(row["heldOn"] for row in found)
    assert found[0] == {
        "name": "春节",
        "labelEn": "Spring Festival",
        "isLunar": True,
        "heldOn": "2015-02-19",
    }
    refusal = await pilot.refusal(WORKER, document, year=1850)
    assert "1980" in refusal.message


async def test_a_file_that_is_continued_in_another_is_not_due(pilot: House) -> None:
    """Whoever it is about is due once, on the file that goes on."""
    first = await planned(pilot)
    moved, into, *_ = [row["beneficiary"]["id"] for row in await listed(pilot, first)]
    merged, survivor = (NodeId.decode(each) for each in (moved, into))
    assert merged is not None
    assert survivor is not None
    # Merged weeks after the festival.
    await pilot.owner.execute(
        "UPDATE beneficiary SET closed_on = '2015-11-10', closing_reason = 'MERGED',"
        " merged_into_id = $2 WHERE id = $1",
        merged.row_id,
        survivor.row_id,
    )
    second = await planned(pilot, "国庆")
    due = {row["beneficiary"]["id"] for row in await listed(pilot, second)}
    assert into in due
    assert moved not in due
