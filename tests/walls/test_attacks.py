"""Attempts of one agency's members to learn of another's files, or of what is masked to them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from citywide.authz.grants import Scope
from citywide.errors import Code
from citywide.graph.cursors import Given
from citywide.graph.declare import Entity, Many, One, Value
from citywide.graph.schema import PAGE_MAXIMUM, Schema
from citywide.ids import NodeId
from walls.house import House
from walls.neighbours import ELSEWHERE, SHADOW, SHOUQIANSHOU, YIJIAQIN
from walls.paths import Readable, granted, roots

ATTACKER = "yijiaqin.director"
WORKER = "yijiaqin.worker1"
VICTIM = "shouqianshou.director"
# A list and two edges each: below the planner's limit of 150 tables.
CONDITIONS_OF_AN_OPERATION = 25


@dataclass(frozen=True, slots=True)
class Loot:
    """What the attacker has got hold of: ids and rows of another agency, by type."""

    ids: dict[str, list[str]]
    rows: dict[str, dict[str, Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def loot(crowded: House) -> AsyncIterator[Loot]:
    """Two rows of 手牵手 of each type that it has."""
    ids: dict[str, list[str]] = {}
    rows: dict[str, dict[str, Any]] = {}
    for entity in crowded.schema.entities.values():
        if "tenant_id" not in entity.table.c or entity.name == "Viewer":
            continue
        found = await crowded.owner.fetch(
            f'SELECT * FROM "{entity.table.name}" WHERE tenant_id = $1 ORDER BY id LIMIT 2',
            SHOUQIANSHOU,
        )
        # What the pilot has none of cannot be stolen from it.
        if not found:
            continue
        ids[entity.name] = [NodeId(entity.tag, SHOUQIANSHOU, row["id"]).encode() for row in found]
        rows[entity.name] = dict(found[0])
    assert len(ids) > 10
    yield Loot(ids, rows)


async def test_an_id_of_another_agency_leads_nowhere(crowded: House, loot: Loot) -> None:
    stolen = [each for found in loot.ids.values() for each in found]
    invented = [NodeId("bene", SHOUQIANSHOU, UUID(int=1)).encode(), "no id at all"]
    for start in range(0, len(stolen), PAGE_MAXIMUM):
        part = stolen[start : start + PAGE_MAXIMUM]
        answer = await crowded.data(
            ATTACKER, "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=part
        )
        assert answer == {"nodes": [None] * len(part)}
    for each in [*stolen, *invented]:
        document = "query ($id: ID!) { node(id: $id) { __typename id } }"
        # A row of somebody else's and no row at all: one answer, to the byte.
        assert await crowded.bytes(ATTACKER, document, id=each) == b'{"data":{"node" : null}}'


async def test_an_own_id_with_another_tenant_in_it_leads_nowhere(crowded: House) -> None:
    own = await crowded.data(ATTACKER, "{ beneficiaries(first: 3) { nodes { id } } }")
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    for row in own["beneficiaries"]["nodes"]:
        node = NodeId.decode(row["id"])
        assert node is not None
        # The neighbours hold rows of the very same id.
        forged = [NodeId(node.tag, each, node.row_id).encode() for each in (SHADOW, ELSEWHERE)]
        answer = await crowded.data(ATTACKER, document, ids=[row["id"], *forged])
        assert answer == {"nodes": [{"id": row["id"]}, None, None]}


async def test_a_filter_by_another_agencys_id_finds_what_a_filter_by_no_rows_id_finds(
    crowded: House, loot: Loot
) -> None:
    for root in roots(crowded.schema):
        entity = root.target
        if entity.name not in loot.ids or entity.root is None:
            continue
        document = (
            f"query ($ids: [ID!]!) {{ {entity.root}(where: {{ id: {{ in: $ids }} }})"
            " { totalCount nodes { id } } }"
        )
        invented = [NodeId(entity.tag, SHOUQIANSHOU, UUID(int=2)).encode()]
        answers = [
            await crowded.bytes(ATTACKER, document, ids=ids)
            for ids in (loot.ids[entity.name], invented)
        ]
        assert answers[0] == answers[1]
        assert json.loads(answers[0])["data"][entity.root] == {"totalCount": 0, "nodes": []}


async def test_a_condition_on_a_related_row_of_another_agency_finds_nothing(
    crowded: House, loot: Loot
) -> None:
    """From every root over one edge, and over a second one, to a stolen id."""
    schema = crowded.schema
    for root in roots(schema):
        if root.target.root is None:
            continue
        asked: list[tuple[str, str]] = []
        for name, declared in root.target.fields.items():
            if not isinstance(declared, One | Many):
                continue
            target = schema.entities[declared.target]
            if target.name in loot.ids:
                asked.append((loot.ids[target.name][0], f"{name}: {{ id: {{ eq: %s }} }}"))
            for second, beyond in target.fields.items():
                if isinstance(beyond, One | Many) and beyond.target in loot.ids:
                    stolen = loot.ids[beyond.target][0]
                    asked.append((stolen, f"{name}: {{ {second}: {{ id: {{ eq: %s }} }} }}"))
        conditions = [where % json.dumps(stolen) for stolen, where in asked]
        for document in counting(root.name, conditions):
            answer = await crowded.data(ATTACKER, document)
            assert {found["totalCount"] for found in answer.values()} == {0}, root.name


async def test_a_value_of_another_agencys_file_finds_nothing(crowded: House) -> None:
    own = await crowded.owner.fetch(
        "SELECT name, phone, address, file_number FROM beneficiary WHERE tenant_id = $1", YIJIAQIN
    )
    for column in ("name", "phone", "address", "file_number"):
        kept = {row[column] for row in own}
        rows = await crowded.owner.fetch(
            f"SELECT DISTINCT {column} AS v FROM beneficiary"
            f" WHERE tenant_id = $1 AND {column} IS NOT NULL",
            SHOUQIANSHOU,
        )
        foreign = [row["v"] for row in rows if row["v"] not in kept]
        assert foreign
        field = {"file_number": "fileNumber"}.get(column, column)
        document = (
            "query ($v: [String!]!) { beneficiaries(where: "
            f"{{ {field}: {{ in: $v }} }}) {{ totalCount nodes {{ id }} }} }}"
        )
        answer = await crowded.data(ATTACKER, document, v=foreign)
        assert answer["beneficiaries"] == {"totalCount": 0, "nodes": []}


async def test_another_agencys_cursors_are_refused(crowded: House) -> None:
    for order in ("FILE_NUMBER", "NAME", "BORN_ON", "OPENED_ON"):
        listed = (
            f"{{ beneficiaries(first: 100, orderBy: {{ field: {order} }})"
            " { edges { cursor } } }"
        )
        edges = (await crowded.data(VICTIM, listed))["beneficiaries"]["edges"]
        assert len(edges) > 20
        for argument in ("after", "before"):
            document = (
                f"query ($c: String!) {{ beneficiaries({argument}: $c, first: 100, "
                f"orderBy: {{ field: {order} }}) {{ nodes {{ id }} }} }}"
            )
            for edge in edges[::9]:
                refusal = await crowded.refusal(ATTACKER, document, c=edge["cursor"])
                assert refusal.message.startswith("A cursor is not one of this list")


@pytest.mark.parametrize("user", [ATTACKER, WORKER, "supervisor.assistant2"])
async def test_every_count_is_the_count_of_the_own_rows(crowded: House, user: str) -> None:
    """Counted by plain SQL over the own tenants."""
    principal, grants = await crowded.principal(user), await crowded.grants(user)
    tenants = [principal.tenant_id, YIJIAQIN]
    counted = 0
    for root in roots(crowded.schema):
        table, entity = root.target.table, root.target
        grant = grants.of(f"{entity.name}.id")
        if entity.root is None or grants.of(f"Query.{root.name}") is None or grant is None:
            continue
        if "tenant_id" not in table.c or grant.clear is Scope.CASELOAD:
            continue
        only = " AND kind = 'AGENCY'" if entity.name == "Agency" else ""
        expected = await crowded.owner.fetchval(
            f'SELECT count(*) FROM "{table.name}" WHERE tenant_id = ANY ($1){only}', tenants
        )
        answer = await crowded.data(user, f"{{ {root.name} {{ totalCount }} }}")
        assert answer[root.name]["totalCount"] == expected
        counted += expected > 0
    assert counted > 4


async def test_every_order_of_every_list_is_what_it_is_without_the_others(
    crowded: House, alone: House
) -> None:
    readable = granted(await crowded.grants(ATTACKER))
    for root in roots(crowded.schema):
        if root.target.root is None or not readable(f"Query.{root.name}"):
            continue
        lists = [
            f"{key}_{direction}: {root.name}(first: 100, orderBy: "
            f"{{ field: {key}, direction: {direction} }}) {{ edges {{ cursor node {{ id }} }} }}"
            for key, name in root.target.orders.items()
            if readable(f"{root.target.name}.{name}")
            for direction in ("ASC", "DESC")
        ]
        document = f"{{ {' '.join(lists)} }}"
        assert await crowded.bytes(ATTACKER, document) == await alone.bytes(ATTACKER, document)


async def test_every_condition_over_two_edges_counts_what_it_counts_without_the_others(
    crowded: House, alone: House
) -> None:
    readable = granted(await crowded.grants(ATTACKER))
    for root in roots(crowded.schema):
        if root.target.root is None or not readable(f"Query.{root.name}"):
            continue
        conditions = []
        for name, target in edges(crowded.schema, root.target, readable).items():
            conditions.append(f"{name}: {{}}")
            for second, beyond in target.fields.items():
                if isinstance(beyond, Value) and beyond.comparable:
                    if readable(f"{target.name}.{second}"):
                        conditions.append(f"{name}: {{ {second}: {{ isNull: true }} }}")
                        conditions.append(f"not: {{ {name}: {{ {second}: {{ isNull: true }} }} }}")
                elif second in edges(crowded.schema, target, readable):
                    conditions.append(f"{name}: {{ {second}: {{}} }}")
        for document in counting(root.name, conditions):
            answer = await crowded.bytes(ATTACKER, document)
            assert answer == await alone.bytes(ATTACKER, document)


def edges(schema: Schema, entity: Entity, readable: Readable) -> dict[str, Entity]:
    """The edges that may stand in a filter, each with the type that it leads to."""
    return {
        name: schema.entities[declared.target]
        for name, declared in entity.fields.items()
        if isinstance(declared, One | Many)
        and readable(f"{entity.name}.{name}")
        and readable(f"{declared.target}.id")
    }


def counting(root: str, conditions: list[str]) -> Iterator[str]:
    """Documents that count the rows for which each condition holds, within the limit of tables."""
    for start in range(0, len(conditions), CONDITIONS_OF_AN_OPERATION):
        counted = [
            f"a{number}: {root}(where: {{ {condition} }}) {{ totalCount }}"
            for number, condition in enumerate(
                conditions[start : start + CONDITIONS_OF_AN_OPERATION]
            )
        ]
        yield f"{{ {' '.join(counted)} }}"


ALL_MEASURES = (
    "BENEFICIARIES_ON_FILE SOCIAL_WORKER_TURNOUTS VOLUNTEER_TURNOUTS "
    "CASE_COUNSELLING GROUP_ACTIVITIES HOME_HELP"
)


@pytest.mark.parametrize("by", ["", "AGENCY", "PROJECT", "AREA", "AGENCY MONTH", "KIND"])
async def test_figures_are_what_they_are_without_the_others(
    crowded: House, alone: House, by: str
) -> None:
    measures = ALL_MEASURES.split(" ", 1)[1] if "MONTH" in by or "KIND" in by else ALL_MEASURES
    document = (
        f"{{ metrics(measures: [{measures}], by: [{by}])"
        " { rows { keys { dimension value label } values { measure unit value } } } }"
    )
    for user in (ATTACKER, "yijiaqin.finance", "supervisor.assistant2"):
        assert await crowded.bytes(user, document) == await alone.bytes(user, document)


async def test_figures_of_another_agency_or_its_project_are_those_of_nothing(
    crowded: House, loot: Loot
) -> None:
    for argument, kind in (("agencies", "Agency"), ("projects", "Project")):
        document = (
            f"query ($ids: [ID!]) {{ metrics(measures: [{ALL_MEASURES}], "
            f"where: {{ {argument}: $ids }}) {{ rows {{ values {{ value }} }} }} }}"
        )
        answer = await crowded.data(ATTACKER, document, ids=loot.ids[kind])
        assert answer["metrics"]["rows"] == [{"values": [{"value": 0}] * 6}]


async def test_an_id_of_another_type_is_refused_alike_whoever_holds_it(
    crowded: House, loot: Loot
) -> None:
    """The sentence speaks of the type alone, so it cannot tell whether there is such a row."""
    document = "query ($id: ID!) { projects(where: { id: { eq: $id } }) { totalCount } }"
    own = NodeId("bene", YIJIAQIN, UUID(int=3)).encode()
    for given in (loot.ids["Beneficiary"][0], own):
        refusal = await crowded.refusal(ATTACKER, document, id=given)
        assert refusal.code is Code.BAD_USER_INPUT
        assert refusal.message.replace(given, "…") == (
            "“…” is not the id of a Project; take ids from an answer."
        )


# -- beneath the mask --------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def colleagues(crowded: House) -> list[dict[str, Any]]:
    """The files of 壹家亲 that are not in the worker's caseload."""
    me = (await crowded.principal(WORKER)).member_id
    rows = await crowded.owner.fetch(
        "SELECT b.*, s.code FROM beneficiary b LEFT JOIN segment s"
        " ON (s.tenant_id, s.id) = (b.tenant_id, b.segment_id)"
        " WHERE b.tenant_id = $1 AND b.worker_id <> $2 ORDER BY b.id",
        YIJIAQIN,
        me,
    )
    assert len(rows) > 10
    return [dict(row) for row in rows]


async def found_by(house: House, **where: Any) -> set[UUID]:
    document = """query ($where: BeneficiaryFilter!) {
      beneficiaries(first: 100, where: $where) { nodes { id } }
    }"""
    nodes = (await house.data(WORKER, document, where=where))["beneficiaries"]["nodes"]
    return {address.row_id for node in nodes if (address := NodeId.decode(node["id"]))}


async def test_a_colleagues_client_is_not_found_by_two_characters_of_the_name(
    crowded: House, colleagues: list[dict[str, Any]]
) -> None:
    hidden = {row["id"] for row in colleagues}
    for row in colleagues:
        name = row["name"]
        for test in (
            {"startsWith": name[:2]},
            {"contains": name[1:]},
            {"eq": name},
            {"in": [name]},
        ):
            assert not await found_by(crowded, name=test) & hidden
        # What is shown may be searched: the surname.
        assert row["id"] in await found_by(crowded, name={"startsWith": name[0]})


@pytest.mark.parametrize("field", ["bornOn", "phone", "address", "segmentReason", "segmentedOn"])
async def test_what_is_hidden_is_null_to_a_filter(
    crowded: House, colleagues: list[dict[str, Any]], field: str
) -> None:
    hidden = {row["id"] for row in colleagues}
    there = {field: {"isNull": False}}
    assert not await found_by(crowded, **there) & hidden
    assert await found_by(crowded, **{field: {"isNull": True}}) >= hidden
    assert await found_by(crowded, **{"not": there}) >= hidden


async def test_a_hidden_day_is_not_found_by_comparing(
    crowded: House, colleagues: list[dict[str, Any]]
) -> None:
    hidden = {row["id"] for row in colleagues}
    for row in colleagues[:8]:
        day = row["born_on"].isoformat()
        for test in ({"eq": day}, {"gte": day}, {"lte": day}, {"in": [day]}):
            assert not await found_by(crowded, bornOn=test) & hidden


async def test_a_hidden_edge_leads_nowhere_in_a_filter(
    crowded: House, colleagues: list[dict[str, Any]]
) -> None:
    hidden = {row["id"] for row in colleagues if row["code"]}
    assert hidden
    assert not await found_by(crowded, segment={}) & hidden
    assert await found_by(crowded, **{"not": {"segment": {}}}) >= hidden
    for code in {row["code"] for row in colleagues if row["code"]}:
        assert not await found_by(crowded, segment={"code": {"eq": code}}) & hidden


async def test_a_hidden_value_is_not_found_from_a_neighbouring_row(
    crowded: House, colleagues: list[dict[str, Any]]
) -> None:
    """The same conditions, reached from an agency, a member, an assessment and an enrolment."""
    for row in colleagues[:6]:
        where = f'name: {{ eq: "{row["name"]}" }}, bornOn: {{ eq: "{row["born_on"]}" }}'
        answer = await crowded.data(
            WORKER,
            f"""{{
              a: agencies(where: {{ beneficiaries: {{ {where} }} }}) {{ totalCount }}
              b: agencies(where: {{ members: {{ caseload: {{ {where} }} }} }}) {{ totalCount }}
              c: assessments(where: {{ beneficiary: {{ {where} }} }}) {{ totalCount }}
              d: projects(where: {{ enrolments: {{ beneficiary: {{ {where} }} }} }}) {{
                totalCount
              }}
            }}""",
        )
        assert {found["totalCount"] for found in answer.values()} == {0}


@pytest.mark.parametrize("order", ["NAME", "BORN_ON", "PHONE", "ADDRESS"])
async def test_an_order_by_a_masked_field_follows_what_is_shown(
    crowded: House, colleagues: list[dict[str, Any]], order: str
) -> None:
    hidden = {row["id"] for row in colleagues}
    field = {"BORN_ON": "bornOn"}.get(order, order.lower())
    document = (
        f"{{ beneficiaries(first: 100, orderBy: {{ field: {order} }})"
        f" {{ edges {{ cursor node {{ id {field} }} }} }} }}"
    )
    nodes = [e["node"] for e in (await crowded.data(WORKER, document))["beneficiaries"]["edges"]]
    shown = {
        address.row_id: node[field] for node in nodes if (address := NodeId.decode(node["id"]))
    }
    # Null comes last, and rows that look alike go by id, which says nothing of the value.
    keys = [(value is None, value or "", row_id) for row_id, value in shown.items()]
    assert keys == sorted(keys)
    assert hidden <= set(shown)
    assert {shown[each] for each in hidden if order != "NAME"} <= {None}


async def test_a_cursor_holds_a_masked_value_as_it_is_shown(
    crowded: House, colleagues: list[dict[str, Any]]
) -> None:
    document = (
        "{ beneficiaries(first: 100, orderBy: [{ field: NAME }, { field: BORN_ON }])"
        " { edges { cursor node { id } } } }"
    )
    edges = (await crowded.data(WORKER, document))["beneficiaries"]["edges"]
    names = {row["id"]: row["name"] for row in colleagues}
    order = b"Beneficiary,name ASC,bornOn ASC"
    signature = "o" + blake2s(order, digest_size=16).hexdigest()
    principal = await crowded.principal(WORKER)
    seen = 0
    for edge in edges:
        address = NodeId.decode(edge["node"]["id"])
        assert address is not None
        if address.row_id in names:
            given = Given(edge["cursor"], signature, 3)
            keys = crowded.cursors.opened(edge["cursor"], given, principal)
            assert keys[:2] == [f"{names[address.row_id][0]}**", None]
            seen += 1
    assert seen == len(colleagues)
