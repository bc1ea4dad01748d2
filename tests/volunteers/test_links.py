"""That a volunteer is a client as well: the own worker and the director know, by no way others."""

from __future__ import annotations

from typing import Any

import pytest

from beneficiaries.test_merges import a_merge
from volunteers.volunteering import DIRECTOR, MANAGER, WORKER, counts, volunteer_id
from walls.house import House

COLLEAGUE = "shouqianshou.worker2"
LINKED = "volunteerLink { id linkedOn volunteer { number } beneficiary { fileNumber } }"
FILE = """query($subject: String!) { beneficiaries(first: 1,
    where: {worker: {subject: {eq: $subject}}}) { nodes { id fileNumber } } }"""
# Everything that could tell that there is a link, asked in every way there is.
ASKED = """query($volunteer: ID!, $file: ID!, $link: ID!) {
    volunteerLinks { totalCount nodes { id volunteer { number } beneficiary { fileNumber } } }
    ordered: volunteerLinks(orderBy: [{field: LINKED_ON, direction: DESC}], last: 5) {
        totalCount edges { cursor } }
    byVolunteer: volunteerLinks(where: {volunteer: {id: {eq: $volunteer}}}) { totalCount }
    notOther: volunteerLinks(where: {not: {volunteer: {number: {eq: "none"}}}}) { totalCount }
    files: beneficiaries(where: {volunteerLinks: {}}) { totalCount nodes { fileNumber } }
    byName: beneficiaries(where: {volunteerLinks: {volunteer: {number: {startsWith: "SQS"}}}}) {
        totalCount }
    without: beneficiaries(where: {not: {volunteerLinks: {}}}) { totalCount }
    all: beneficiaries { totalCount }
    one: node(id: $file) { ... on Beneficiary { volunteerLinks { totalCount nodes { id } } } }
    link: node(id: $link) { id }
    links: nodes(ids: [$link]) { ... on VolunteerLink { volunteer { number } } }
}"""


async def linked(house: House, by: str = WORKER) -> dict[str, Any]:
    """Link a client of worker 1 to a volunteer; the ids that the questions need."""
    found = await house.data(WORKER, FILE, subject=WORKER)
    [file] = found["beneficiaries"]["nodes"]
    volunteer = await volunteer_id(house, "SQS-V001")
    answer = await house.act(
        by,
        "linkVolunteerToBeneficiary",
        LINKED,
        volunteerId=volunteer,
        beneficiaryId=file["id"],
    )
    assert answer["__typename"] == "LinkVolunteerToBeneficiarySuccess", answer
    assert answer["volunteerLink"]["beneficiary"] == {"fileNumber": file["fileNumber"]}
    return {
        "volunteer": volunteer,
        "file": file["id"],
        "link": answer["volunteerLink"]["id"],
    }


@pytest.mark.parametrize("user", [WORKER, DIRECTOR])
async def test_the_own_worker_and_the_director_know(pilot: House, user: str) -> None:
    ids = await linked(pilot, by=user)
    found = await pilot.data(user, ASKED, **ids)
    for key in ("volunteerLinks", "ordered", "byVolunteer", "notOther", "files", "byName"):
        assert (key, found[key]["totalCount"]) == (key, 1)
    assert found["without"]["totalCount"] == found["all"]["totalCount"] - 1
    assert found["one"]["volunteerLinks"]["totalCount"] == 1
    assert found["link"] == {"id": ids["link"]}
    assert found["links"] == [{"volunteer": {"number": "SQS-V001"}}]


async def test_a_colleague_is_answered_as_if_there_were_none(pilot: House) -> None:
    ids = await linked(pilot)
    with_link = await pilot.bytes(COLLEAGUE, ASKED, **ids)
    await pilot.act(WORKER, "unlinkVolunteer", volunteerLinkId=ids["link"])
    without = await pilot.bytes(COLLEAGUE, ASKED, **ids)
    assert with_link == without
    entry = """query($volunteer: ID!) { node(id: $volunteer) { ... on Volunteer {
        version number leftOn attendances { totalCount } } } }"""
    before = await pilot.bytes(COLLEAGUE, entry, volunteer=ids["volunteer"])
    again = await pilot.act(
        WORKER,
        "linkVolunteerToBeneficiary",
        LINKED,
        volunteerId=ids["volunteer"],
        beneficiaryId=ids["file"],
    )
    assert again["volunteerLink"]["id"] == ids["link"]
    assert await pilot.bytes(COLLEAGUE, entry, volunteer=ids["volunteer"]) == before


@pytest.mark.parametrize(
    "user", [MANAGER, "shouqianshou.finance", "bureau.officer", "bureau.auditor", "supervisor.lead"]
)
async def test_others_may_not_even_ask(pilot: House, user: str) -> None:
    await linked(pilot)
    assert "Query.volunteerLinks" in await pilot.forbidden(
        user, "{ volunteerLinks { totalCount } }"
    )
    for document in (
        "{ beneficiaries { nodes { volunteerLinks { totalCount } } } }",
        "{ beneficiaries(where: {volunteerLinks: {}}) { totalCount } }",
    ):
        assert "Beneficiary.volunteerLinks" in await pilot.forbidden(user, document)


async def test_a_worker_links_own_clients_only_and_learns_nothing_by_trying(pilot: House) -> None:
    ids = await linked(pilot)
    found = await pilot.data(COLLEAGUE, FILE, subject=COLLEAGUE)
    [own] = found["beneficiaries"]["nodes"]
    link = "linkVolunteerToBeneficiary"
    before = await counts(pilot)
    for file in (ids["file"],):
        denied = await pilot.act(COLLEAGUE, link, volunteerId=ids["volunteer"], beneficiaryId=file)
        assert (denied["__typename"], denied["code"]) == ("AccessProblem", "NOT_YOURS")
    never = ids["link"][:-4] + "AAAA"
    unknown = [
        await pilot.act(COLLEAGUE, "unlinkVolunteer", volunteerLinkId=each)
        for each in (ids["link"], never)
    ]
    assert unknown[0] == unknown[1]
    assert unknown[0]["message"] == "There is no VolunteerLink with this id."
    assert await counts(pilot) == before
    # The volunteer is somebody's client already; a refusal would say so.
    answer = await pilot.act(
        COLLEAGUE, link, LINKED, volunteerId=ids["volunteer"], beneficiaryId=own["id"]
    )
    assert answer["__typename"] == "LinkVolunteerToBeneficiarySuccess"
    listed = "{ volunteerLinks { totalCount } }"
    assert (await pilot.data(DIRECTOR, listed))["volunteerLinks"]["totalCount"] == 2
    assert (await pilot.data(COLLEAGUE, listed))["volunteerLinks"]["totalCount"] == 1


async def test_a_file_is_one_volunteer_at_a_time(pilot: House) -> None:
    ids = await linked(pilot)
    other = await volunteer_id(pilot, "SQS-V002")
    before = await counts(pilot)
    answer = await pilot.act(
        WORKER, "linkVolunteerToBeneficiary", volunteerId=other, beneficiaryId=ids["file"]
    )
    assert (answer["__typename"], answer["path"]) == ("StateProblem", ["beneficiaryId"])
    assert await counts(pilot) == before


async def test_a_file_that_is_continued_in_another_is_linked_no_more(pilot: House) -> None:
    merge = await a_merge(pilot)
    await pilot.act(DIRECTOR, "mergeBeneficiaries", **merge)
    volunteer = await volunteer_id(pilot, "SQS-V001")
    before = await counts(pilot)
    answer = await pilot.act(
        WORKER,
        "linkVolunteerToBeneficiary",
        volunteerId=volunteer,
        beneficiaryId=merge["mergedId"],
    )
    assert (answer["code"], answer["path"]) == ("WRONG_STATE", ["beneficiaryId"])
    assert await counts(pilot) == before
