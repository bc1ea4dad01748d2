"""Whoever reads about persons is noted, with exactly the persons that the answer tells about."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from graphql.execution.values import VariableValues

from citywide.audit.reads import LONGEST_PURPOSE, Read, purpose_of
from citywide.db.tables import is_tenant_table
from citywide.domain import CATALOGUE
from citywide.errors import Code, RefusalError
from citywide.graph.compile import compile_operation
from citywide.graph.declare import PERSON_COLUMNS
from citywide.graph.operation import Operation
from citywide.graph.telling import telling_fields
from citywide.ids import NodeId
from walls.house import PURPOSE, House

FILES = "{ beneficiaries(first: 3, orderBy: {field: FILE_NUMBER}) { nodes { id name } } }"


def persons_in(answer: Any) -> set[UUID]:
    """The persons whose ids stand anywhere in an answer."""
    nodes = {NodeId.decode(text) for text in json.dumps(answer).split('"') if len(text) == 48}
    return {node.row_id for node in nodes if node is not None and node.tag in ("bene", "volu")}


async def noted(house: House, user: str, document: str, **variables: Any) -> tuple[Any, list[Read]]:
    """What a user is answered, and what was noted of it."""
    house.reads.noted.clear()
    body = await house.bytes(user, document, **variables)
    assert b', "\\u0002"' not in body
    return json.loads(body)["data"], house.reads.noted


@pytest.mark.parametrize(
    "user", ["shouqianshou.director", "shouqianshou.worker1", "supervisor.lead", "bureau.officer"]
)
async def test_a_read_is_noted_with_reader_purpose_operation_and_persons(
    pilot: House, user: str
) -> None:
    principal = await pilot.principal(user)
    document = "query Files { beneficiaries(last: 100) { nodes { id fileNumber agency { id } } } }"
    answer, [read] = await noted(pilot, user, document)
    assert read.reader == principal
    assert (read.roots, read.purpose) == (("Query.beneficiaries",), PURPOSE)
    assert read.coordinates == ("Beneficiary.agency", "Beneficiary.fileNumber", "Beneficiary.id")
    found = {person for persons in read.persons.values() for person in persons}
    assert found == persons_in(answer)
    assert found
    rows = await pilot.owner.fetch(
        "SELECT tenant_id, id FROM beneficiary WHERE id = ANY ($1)", list(found)
    )
    assert {(row["tenant_id"], row["id"]) for row in rows} == {
        (tenant, person) for tenant, persons in read.persons.items() for person in persons
    }


async def test_rows_that_hang_on_a_person_tell_about_the_person(pilot: House) -> None:
    answer, [read] = await noted(
        pilot,
        "shouqianshou.director",
        "{ serviceRecords(first: 20) { nodes { kind attendances { nodes { role"
        " person { ... on Beneficiary { id } ... on Volunteer { id } } } } } } }",
    )
    [persons] = read.persons.values()
    assert persons == persons_in(answer)
    answer, [read] = await noted(
        pilot,
        "shouqianshou.director",
        "{ assessments(first: 2) { nodes { score beneficiary { id } } } }",
    )
    [persons] = read.persons.values()
    assert persons == persons_in(answer)
    assert "Assessment.score" in read.coordinates


async def test_a_record_s_title_tells_about_those_who_were_there(pilot: House) -> None:
    record = "serviceRecords(first: 1) { nodes { %s } }"
    answer, _ = await noted(
        pilot,
        "shouqianshou.director",
        "{" + record % "attendances(first: 100) { nodes { person { ... on Node { id } } } }" + "}",
    )
    _, [read] = await noted(pilot, "shouqianshou.director", "{" + record % "title" + "}")
    assert set(read.persons.values()) == {frozenset(persons_in(answer))}
    # Who sees nothing of it learns nothing of them.
    _, reads = await noted(pilot, "supervisor.lead", "{" + record % "title note" + "}")
    assert reads == []


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer { name } agencies { nodes { name } } }",
        "{ serviceRecords(first: 5) { nodes { kind servedOn } } }",
        "{ beneficiaries { totalCount nodes { __typename } } }",
        "{ metrics(measures: [BENEFICIARIES_ON_FILE]) { rows { values { value } } } }",
    ],
)
async def test_an_answer_that_tells_about_nobody_is_not_noted(pilot: House, document: str) -> None:
    _, reads = await noted(pilot, "shouqianshou.director", document)
    assert reads == []


async def test_a_payload_is_a_read_too(pilot: House) -> None:
    files = await pilot.data("shouqianshou.director", FILES)
    ids = [node["id"] for node in files["beneficiaries"]["nodes"]]
    found = await pilot.data(
        "shouqianshou.director",
        "{ agencies { nodes { projects { nodes { id } } agreements { nodes {"
        " sites { area { id } } } } members { nodes { id subject } } } } }",
    )
    [agency] = found["agencies"]["nodes"]
    workers = [m["id"] for m in agency["members"]["nodes"] if m["subject"].endswith("worker1")]
    pilot.reads.noted.clear()
    done = await pilot.act(
        "shouqianshou.director",
        "recordService",
        "serviceRecord { title }",
        number="T-1",
        projectId=agency["projects"]["nodes"][0]["id"],
        kind="VISIT",
        medium="IN_PERSON",
        servedOn="2015-11-10",
        durationMinutes=30,
        areaId=agency["agreements"]["nodes"][0]["sites"][0]["area"]["id"],
        title="探访",
        beneficiaryIds=ids[:1],
        workerIds=workers,
        volunteerIds=[],
    )
    assert done["__typename"] == "RecordServiceSuccess", done
    [read] = pilot.reads.noted
    assert read.roots == ("Mutation.recordService",)
    assert set(read.persons.values()) == {frozenset(persons_in(ids[:1]))}


async def test_nothing_a_caller_writes_looks_like_the_hidden_member(pilot: House) -> None:
    stranger = UUID(int=7)
    text = f'x", "\\u0002" : "{stranger}'
    await pilot.owner.execute("UPDATE beneficiary SET address = $1", text)
    answer, [read] = await noted(
        pilot,
        "shouqianshou.director",
        "{ beneficiaries(first: 2) { nodes { id address } } }",
    )
    assert {node["address"] for node in answer["beneficiaries"]["nodes"]} == {text}
    assert set(read.persons.values()) == {frozenset(persons_in(answer))}


async def test_who_has_to_say_why_is_refused_without_a_purpose_and_reads_nothing(
    pilot: House,
) -> None:
    pilot.reads.noted.clear()
    for user in ("bureau.officer", "bureau.auditor"):
        principal = await pilot.principal(user)
        with pytest.raises(RefusalError) as refused:
            await pilot.engine.answer(Operation(FILES, None, {}), principal)
        assert refused.value.code is Code.BAD_USER_INPUT
        assert "Citywide-Purpose" in refused.value.message
        assert refused.value.extensions["coordinates"] == [
            "Beneficiary.fileNumber",
            "Beneficiary.id",
            "Beneficiary.name",
        ]
        # What is about no person needs no purpose.
        await pilot.engine.answer(
            Operation("{ beneficiaries { totalCount } }", None, {}), principal
        )
    assert pilot.reads.noted == []
    principal = await pilot.principal("shouqianshou.director")
    await pilot.engine.answer(Operation(FILES, None, {}), principal)
    assert pilot.reads.noted[0].purpose is None


def test_every_entity_that_names_a_person_or_hangs_on_one_tells_about_them() -> None:
    entities = CATALOGUE.entities
    telling = set()
    for entity in entities.values():
        named = [name for name in PERSON_COLUMNS if name in entity.table.c]
        if telling_fields(entities, entity, frozenset(entity.fields)):
            telling.add(entity.name)
            assert is_tenant_table(entity.table)
        assert entity.name in telling or not named, entity.name
        # Staff are no clients: who works where is no secret that needs a trail.
        assert entity.name in telling or not entity.person or entity.name == "Member", entity.name
    assert telling >= {
        "Assessment",
        "Attendance",
        "Beneficiary",
        "Case",
        "CaseGoal",
        "CaseRisk",
        "Consent",
        "Enrolment",
        "Entitlement",
        "GoalScore",
        "ServiceRecord",
        "ServiceRecordVersion",
        "Volunteer",
    }


async def test_a_row_that_hangs_on_a_row_about_a_person_tells_about_them(pilot: House) -> None:
    admitted = pilot.engine._admission.admit(
        "{ caseActions { nodes { what goal { scores { nodes { score } } } } } }", None
    )
    for user in ("shouqianshou.director", "supervisor.lead"):
        principal = await pilot.principal(user)
        plan = compile_operation(
            pilot.schema,
            admitted,
            VariableValues({}, {}),
            await pilot.grants(user),
            principal.audience,
        )
        assert {"CaseAction.what", "CaseGoal.scores", "GoalScore.score"} <= set(
            plan.person_coordinates
        )
        assert plan.sql.count("E'\\x02'") == 3
        async with pilot.database.read(principal.context) as transaction:
            await transaction.connection.fetchval(plan.sql, *plan.values(principal, {}))


# What is there and says nothing.
EMPTY_WORDS = (".", "....", "a", "aaaa", "a b c", "- - - -", quote("审计"), quote("。。。。"))


def test_a_purpose_is_a_short_printable_sentence() -> None:
    assert purpose_of(None) is None
    assert purpose_of(quote("年度审计")) == "年度审计"
    assert purpose_of(" a check ") == "a check"
    for bad in ("", " ", "%00", "a%0Ab", "%ff", "x" * (LONGEST_PURPOSE + 1), *EMPTY_WORDS):
        with pytest.raises(RefusalError) as refused:
            purpose_of(bad)
        assert refused.value.code is Code.BAD_USER_INPUT
