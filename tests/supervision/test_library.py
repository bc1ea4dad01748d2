"""The library: de-identified, reviewed by a second person, and only then on others' shelves."""

from __future__ import annotations

from typing import Any

import pytest

from walls.house import House

WORKER, DIRECTOR = "shouqianshou.worker1", "shouqianshou.director"
OFFICER, LEAD = "bureau.officer", "supervisor.lead"
TEXT = {
    "title": "从怨气到春联",
    "topic": "政策讲解",
    "text": "一位复员军人误读了政策。\n请律师讲清以后，他愿意写字了。",
}
READ = "{ library(where: {isOrigin: {eq: %s}}) { nodes { id title text publishedOn } } }"


async def drafted(house: House, user: str = WORKER, **changes: Any) -> Any:
    return await house.act(
        user, "draftLibraryText", "libraryDraft { id version status }", **{**TEXT, **changes}
    )


async def submitted(house: House, user: str = WORKER) -> Any:
    """A text of a worker that waits for a review: its id and version."""
    draft = (await drafted(house, user))["libraryDraft"]
    answer = await house.act(
        user,
        "submitLibraryText",
        "libraryDraft { id version status }",
        draftId=draft["id"],
        version=draft["version"],
    )
    return answer["libraryDraft"]


async def reviewed(house: House, user: str = DIRECTOR) -> Any:
    """An entry on the agency's own shelf."""
    draft = await submitted(house)
    await house.act(
        user, "approveLibraryText", draftId=draft["id"], version=draft["version"], note="可用。"
    )
    [entry] = (await house.data(DIRECTOR, READ % "true"))["library"]["nodes"]
    return entry


async def rows(house: House) -> dict[str, int]:
    tables = ("library_draft", "library_entry", "audit_entry", "outbox")
    return {name: await house.owner.fetchval(f"SELECT count(*) FROM {name}") for name in tables}


async def test_a_text_that_names_somebody_is_refused_with_what_to_take_out(pilot: House) -> None:
    found = await pilot.data(
        DIRECTOR, "{ beneficiaries(first: 1) { nodes { name fileNumber idNumber } } }"
    )
    [person] = found["beneficiaries"]["nodes"]
    before = await rows(pilot)
    document = """mutation($input: DraftLibraryTextInput!) { draftLibraryText(input: $input) {
        __typename ... on RevealingProblem {
            path findings { path kind isConfirmable quote } } } }"""
    spaced = f"{person['name'][0]} {person['name'][1:]}"
    for field, text, quote, kind in (
        ("text", f"{person['name']}误读了政策。", person["name"], "FULL_NAME"),
        ("title", f"{spaced}的故事", spaced, "FULL_NAME"),
        ("text", f"身份证 {person['idNumber']}", person["idNumber"], "IDENTITY_NUMBER"),
        ("text", f"档案 {person['fileNumber']}", person["fileNumber"], "KNOWN_NUMBER"),
        ("text", "电话 138 0000 0000", "138 0000 0000", "LONG_NUMBER"),
    ):
        given = {**TEXT, field: text, "idempotencyKey": f"{field}{text}"[:100]}
        answer = (await pilot.data(DIRECTOR, document, input=given))["draftLibraryText"]
        assert (answer["__typename"], answer["path"]) == ("RevealingProblem", [field])
        listed = {"path": [field], "kind": kind, "isConfirmable": kind == "LONG_NUMBER"}
        assert {**listed, "quote": quote} in answer["findings"]
    assert await rows(pilot) == before


async def test_what_is_harmless_is_confirmed_by_its_kind_and_nothing_else_is(pilot: House) -> None:
    number = {"text": "办公室的电话是 0577-6200-0000。"}
    assert (await drafted(pilot, **number))["__typename"] == "RevealingProblem"
    other = await drafted(pilot, **number, confirmedHarmless=["BIRTH_DATE"])
    assert other["__typename"] == "RevealingProblem"
    done = await drafted(pilot, **number, confirmedHarmless=["LONG_NUMBER"])
    assert done["libraryDraft"]["status"] == "DRAFT"
    identity = {"text": "身份证 380382/19601031/5836"}
    kinds = ["IDENTITY_NUMBER", "LONG_NUMBER", "BIRTH_DATE"]
    never = await drafted(pilot, **identity, confirmedHarmless=kinds)
    assert never["__typename"] == "RevealingProblem"


async def test_a_colleagues_client_is_not_told_to_who_may_not_read_them(pilot: House) -> None:
    document = """{ beneficiaries(first: 50) { nodes { name worker { subject } } } }"""
    people = (await pilot.data(DIRECTOR, document))["beneficiaries"]["nodes"]
    others = next(each for each in people if each["worker"]["subject"] != WORKER)
    asked = """mutation($input: DraftLibraryTextInput!) { draftLibraryText(input: $input) {
        __typename ... on RevealingProblem { findings { kind quote start message } } } }"""
    given = {**TEXT, "text": f"{others['name']}来过。", "idempotencyKey": "k"}
    answer = (await pilot.data(WORKER, asked, input=given))["draftLibraryText"]
    assert answer["__typename"] == "RevealingProblem"
    for found in answer["findings"]:
        assert (found["quote"], found["start"]) == (None, None)
        assert "another person served here" in found["message"]


async def test_a_text_is_its_authors_until_somebody_else_has_reviewed_it(pilot: House) -> None:
    draft = await submitted(pilot)
    for user, sees in ((WORKER, 1), ("shouqianshou.worker2", 0), (DIRECTOR, 1), (LEAD, 1)):
        found = await pilot.data(user, "{ libraryDrafts { totalCount } library { totalCount } }")
        assert found == {"libraryDrafts": {"totalCount": sees}, "library": {"totalCount": 0}}
    approved = await pilot.act(
        DIRECTOR,
        "approveLibraryText",
        "libraryDraft { status reviewerName }",
        draftId=draft["id"],
        version=draft["version"],
        note="可用。",
    )
    assert approved["libraryDraft"]["status"] == "REVIEWED"
    for user, sees in (("shouqianshou.worker2", 1), ("yijiaqin.worker1", 0)):
        assert (await pilot.data(user, "{ library { totalCount } }"))["library"] == {
            "totalCount": sees
        }


async def test_nobody_reviews_the_own_text(pilot: House) -> None:
    draft = await submitted(pilot, DIRECTOR)
    before = await rows(pilot)
    given = {"draftId": draft["id"], "version": draft["version"], "note": "可用。"}
    own = await pilot.act(DIRECTOR, "approveLibraryText", **given)
    assert own["__typename"] == "AccessProblem"
    assert await rows(pilot) == before
    by_supervisor = await pilot.act(
        LEAD, "approveLibraryText", "libraryDraft { status reviewerName }", **given
    )
    assert by_supervisor["libraryDraft"] == {"status": "REVIEWED", "reviewerName": "谢引之"}


async def test_a_returned_text_is_reworded_and_handed_in_again(pilot: House) -> None:
    draft = await submitted(pilot)
    returned = await pilot.act(
        LEAD,
        "returnLibraryText",
        "libraryDraft { status version reviewNote }",
        draftId=draft["id"],
        version=draft["version"],
        note="年份太具体。",
    )
    assert returned["libraryDraft"]["status"] == "DRAFT"
    given = {"draftId": draft["id"], "version": returned["libraryDraft"]["version"]}
    stranger = await pilot.act("shouqianshou.worker2", "reviseLibraryText", **given, **TEXT)
    assert stranger["__typename"] == "AccessProblem"
    done = await pilot.act(WORKER, "reviseLibraryText", "libraryDraft { version }", **given, **TEXT)
    again = await pilot.act(
        WORKER,
        "submitLibraryText",
        "libraryDraft { status }",
        draftId=draft["id"],
        version=done["libraryDraft"]["version"],
    )
    assert again["libraryDraft"]["status"] == "SUBMITTED"


async def test_who_came_on_file_since_is_noticed_at_the_review(pilot: House) -> None:
    draft = await submitted(pilot)
    await pilot.owner.execute(
        "UPDATE beneficiary SET name = '复员军人' WHERE file_number = 'SQS-2014-001'"
    )
    before = await rows(pilot)
    document = """mutation($input: ApproveLibraryTextInput!) { approveLibraryText(input: $input) {
        __typename ... on RevealingProblem { findings { quote } } } }"""
    given = {"draftId": draft["id"], "version": draft["version"], "note": "可用。"}
    for user, quote in ((DIRECTOR, "复员军人"), (LEAD, None)):
        answer = await pilot.data(user, document, input={**given, "idempotencyKey": user})
        found = answer["approveLibraryText"]
        assert found["__typename"] == "RevealingProblem"
        assert {each["quote"] for each in found["findings"]} == {quote}
    assert await rows(pilot) == before


async def test_a_published_entry_stands_on_every_shelf_and_says_not_whose_it_is(
    pilot: House,
) -> None:
    entry = await reviewed(pilot)
    done = await pilot.act(
        OFFICER, "publishLibraryEntry", "libraryEntry { title publishedOn }", entryId=entry["id"]
    )
    assert done["libraryEntry"] == {"title": TEXT["title"], "publishedOn": "2015-11-11"}
    for user in ("yijiaqin.worker1", "yixin.director", OFFICER, LEAD):
        shelf = (await pilot.data(user, READ % "false"))["library"]["nodes"]
        assert {each["text"] for each in shelf} == {TEXT["text"]}
    tenants = await pilot.owner.fetchval("SELECT count(*) FROM tenant")
    assert (await rows(pilot))["library_entry"] == tenants
    before = await rows(pilot)
    again = await pilot.act(OFFICER, "publishLibraryEntry", entryId=entry["id"])
    assert (again["__typename"], again["code"]) == ("StateProblem", "WRONG_STATE")
    assert await rows(pilot) == before


async def test_an_agency_that_joined_later_gets_what_was_published_before(pilot: House) -> None:
    entry = await reviewed(pilot)
    await pilot.act(OFFICER, "publishLibraryEntry", entryId=entry["id"])
    await pilot.owner.execute(
        "DELETE FROM library_entry WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'yixin')"
    )
    done = await pilot.act(OFFICER, "publishLibraryEntry", entryId=entry["id"])
    assert done["__typename"] == "PublishLibraryEntrySuccess"
    shelf = (await pilot.data("yixin.worker1", READ % "false"))["library"]["nodes"]
    assert [each["title"] for each in shelf] == [TEXT["title"]]


async def test_a_withdrawn_entry_leaves_every_shelf(pilot: House) -> None:
    entry = await reviewed(pilot)
    await pilot.act(OFFICER, "publishLibraryEntry", entryId=entry["id"])
    given = {"entryId": entry["id"], "reason": "有人认出了当事人。"}
    too_late = await pilot.act(DIRECTOR, "withdrawLibraryEntry", **given)
    assert (too_late["__typename"], too_late["code"]) == ("AccessProblem", "NOT_YOURS")
    done = await pilot.act(OFFICER, "withdrawLibraryEntry", "libraryEntry { id }", **given)
    assert done == {"__typename": "WithdrawLibraryEntrySuccess", "libraryEntry": None}
    for user in (WORKER, DIRECTOR, "yijiaqin.worker1", OFFICER, LEAD):
        found = await pilot.data(user, "{ library { totalCount } }")
        assert found == {"library": {"totalCount": 0}}


@pytest.mark.parametrize("mutation", ["approveLibraryText", "returnLibraryText"])
async def test_another_agency_reviews_nothing(pilot: House, mutation: str) -> None:
    draft = await submitted(pilot)
    before = await rows(pilot)
    answer = await pilot.act(
        "yijiaqin.director", mutation, draftId=draft["id"], version=draft["version"], note="好。"
    )
    assert (answer["__typename"], answer["path"]) == ("InputProblem", ["draftId"])
    assert await rows(pilot) == before
