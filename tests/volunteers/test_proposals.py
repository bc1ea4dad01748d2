"""Proposals: the statement's facts ranked by the pure function, for one's own agency alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from citywide.errors import Code
from citywide.ids import NodeId
from citywide.volunteers.matching import Candidate, Wanted, propose
from volunteers.volunteering import DIRECTOR, MANAGER, WORKER, areas, register, skills
from walls.house import House

ASK = """query($skills: [ID!]!, $area: ID, $first: Int!) {
    best: volunteerProposals(skills: $skills, areaId: $area, weekday: SATURDAY,
        partOfDay: MORNING, first: $first) {
        points: score reasons { kind points text }
        who: volunteer { id ... on Volunteer { number agency { slug } } } } }"""
TODAY = date(2015, 11, 11)


async def roll(house: House) -> list[Candidate]:
    """手牵手's volunteers as a naive reading of the tables has them."""
    rows = await house.owner.fetch(
        "SELECT v.* FROM volunteer v JOIN tenant t USING (tenant_id)"
        " WHERE t.slug = 'shouqianshou' AND (v.left_on IS NULL OR v.left_on > $1)",
        TODAY,
    )
    return [await candidate(house, row) for row in rows]


async def candidate(house: House, row: Mapping[str, Any]) -> Candidate:
    """One volunteer."""
    offered = await house.owner.fetch(
        "SELECT skill_id FROM volunteer_skill WHERE volunteer_id = $1 AND is_current", row["id"]
    )
    free = await house.owner.fetch(
        "SELECT weekday, part_of_day FROM volunteer_slot WHERE volunteer_id = $1 AND is_current",
        row["id"],
    )
    since = TODAY - timedelta(days=91)
    there = await house.owner.fetchval(
        "SELECT coalesce(sum(s.duration_minutes), 0)::bigint FROM attendance a"
        " JOIN service_record s ON s.id = a.service_record_id"
        " WHERE a.volunteer_id = $1 AND s.served_on >= $2 AND s.status = 'CURRENT'",
        row["id"],
        since,
    )
    path = []
    area_id = row["area_id"]
    while area_id is not None:
        path.insert(0, area_id)
        area_id = await house.owner.fetchval("SELECT parent_id FROM area WHERE id = $1", area_id)
    return Candidate(
        row["id"],
        frozenset(each["skill_id"] for each in offered),
        tuple(path),
        frozenset((each["weekday"], each["part_of_day"]) for each in free),
        there,
    )


async def path_to(house: House, area: str) -> tuple[UUID, ...]:
    node = NodeId.decode(area)
    assert node is not None
    path: list[UUID] = []
    found: UUID | None = node.row_id
    while found is not None:
        path.insert(0, found)
        found = await house.owner.fetchval("SELECT parent_id FROM area WHERE id = $1", found)
    return tuple(path)


def row_ids(ids: list[str]) -> frozenset[UUID]:
    nodes = [NodeId.decode(each) for each in ids]
    return frozenset(node.row_id for node in nodes if node is not None)


async def test_the_answer_is_the_pure_functions_over_a_naive_reading(pilot: House) -> None:
    wanted_skills = await skills(pilot, "LAW", "CALLIGRAPHY")
    [town, next_town, community] = await areas(pilot, "盐盆街道", "城东街道", "盐城社区")
    slot = {"weekday": "SATURDAY", "partOfDay": "MORNING"}
    await register(pilot, "N-1", areaId=community, skillIds=wanted_skills, slots=[slot])
    await register(pilot, "N-2", areaId=town, skillIds=wanted_skills[:1])
    await register(pilot, "N-3", areaId=next_town, skillIds=wanted_skills)
    for first, area, asked in (
        (50, community, wanted_skills),
        (5, town, wanted_skills[:1]),
        (50, None, []),
    ):
        found = await pilot.data(MANAGER, ASK, skills=asked, area=area, first=first)
        path = () if area is None else await path_to(pilot, area)
        wanted = Wanted(row_ids(asked), path, ("SATURDAY", "MORNING"))
        expected = propose(wanted, await roll(pilot), first)
        assert [(each["points"], row_ids([each["who"]["id"]])) for each in found["best"]] == [
            (each.score, {each.candidate.volunteer_id}) for each in expected
        ]
        assert [each["reasons"] for each in found["best"]] == [
            [{"kind": r.kind.value, "points": r.points, "text": r.text} for r in each.reasons]
            for each in expected
        ]
        assert {each["who"]["agency"]["slug"] for each in found["best"]} == {"shouqianshou"}
    best = (await pilot.data(MANAGER, ASK, skills=wanted_skills, area=community, first=1))["best"]
    assert best[0]["who"]["number"] == "N-1"


@pytest.mark.parametrize("user", [DIRECTOR, WORKER, MANAGER])
async def test_who_looks_for_help_may_ask(pilot: House, user: str) -> None:
    found = await pilot.data(user, ASK, skills=[], area=None, first=3)
    assert len(found["best"]) == 3


async def test_who_left_is_proposed_no_more(pilot: House) -> None:
    [law] = await skills(pilot, "LAW")
    made = await register(pilot, "N-1", skillIds=[law])
    await pilot.act(
        MANAGER,
        "recordVolunteerLeaving",
        volunteerId=made["volunteer"]["id"],
        version=1,
        leftOn="2015-11-11",
        reason="搬家",
    )
    found = await pilot.data(MANAGER, ASK, skills=[law], area=None, first=50)
    assert "N-1" not in {each["who"]["number"] for each in found["best"]}


@pytest.mark.parametrize("user", ["shouqianshou.finance", "bureau.officer", "supervisor.lead"])
async def test_others_may_not(pilot: House, user: str) -> None:
    named = await pilot.forbidden(user, "{ volunteerProposals { score } }")
    assert {"Query.volunteerProposals", "VolunteerProposal.score"} <= named


async def test_a_proposal_shows_nothing_of_a_volunteer_that_is_not_shown_elsewhere(
    pilot: House,
) -> None:
    selected = "volunteer { ... on Volunteer { name phone hours { nodes { activity } } } }"
    document = f"{{ volunteerProposals(first: 2) {{ {selected} }} }}"
    assert (await pilot.data(MANAGER, document))["volunteerProposals"][0]["volunteer"]["name"]
    seen = await pilot.data(WORKER, document)
    assert {each["volunteer"]["phone"] for each in seen["volunteerProposals"]} == {None}


async def test_only_those_shown_are_noted_as_read(pilot: House) -> None:
    before = len(pilot.reads.noted)
    found = await pilot.data(MANAGER, ASK, skills=[], area=None, first=2)
    shown = frozenset[UUID]().union(*(row_ids([each["who"]["id"]]) for each in found["best"]))
    [read] = pilot.reads.noted[before:]
    assert {*read.persons.values()} == {shown}
    assert len(shown) == 2
    await pilot.data(MANAGER, "{ volunteerProposals { score reasons { kind } } }")
    # Where no name is shown it is noted that all of them were looked at, and nobody named.
    assert (len(pilot.reads.noted), pilot.reads.noted[-1].persons) == (before + 2, {})


async def test_arguments_out_of_bounds_are_refused_in_a_sentence(pilot: House) -> None:
    [town] = await areas(pilot, "盐盆街道")
    for given, code in (
        ({"skills": [], "area": None, "first": 0}, Code.BAD_USER_INPUT),
        ({"skills": [], "area": None, "first": 51}, Code.BAD_USER_INPUT),
        ({"skills": [town], "area": None, "first": 1}, Code.BAD_USER_INPUT),
        ({"skills": [], "area": "nonsense", "first": 1}, Code.BAD_USER_INPUT),
        ({"skills": ["x"] * 31, "area": None, "first": 1}, Code.LIMIT_EXCEEDED),
    ):
        refusal = await pilot.refusal(MANAGER, ASK, **given)
        assert (given, refusal.code) == (given, code)
