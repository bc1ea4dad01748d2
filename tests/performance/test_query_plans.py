"""PostgreSQL serves an agency's lists and look-ups from indexes that begin with the tenant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql.execution.values import VariableValues

from citywide.graph.coerce import coerced
from citywide.graph.compile import compile_operation
from citywide.graph.values import symbolic
from walls.house import House

LARGE = {"beneficiary", "attendance", "service_record"}
WORKER, DIRECTOR = "shouqianshou.worker1", "shouqianshou.director"
LISTS = {
    "the newest files": (
        DIRECTOR,
        (
            "{ beneficiaries(first: 50, orderBy: { field: OPENED_ON, direction: DESC })"
            " { nodes { id name } } }"
        ),
        "beneficiary_tenant_id_opened_on_id_idx",
    ),
    "the newest services": (
        DIRECTOR,
        (
            "{ serviceRecords(first: 50, orderBy: { field: SERVED_ON, direction: DESC })"
            " { nodes { id number attendances(first: 3) { totalCount nodes { role } } } } }"
        ),
        "service_record_tenant_id_served_on_id_idx",
    ),
    "files with their attendances": (
        WORKER,
        (
            "{ beneficiaries(first: 20, orderBy: { field: OPENED_ON }) { nodes { name phone"
            " attendances { totalCount } } } }"
        ),
        "attendance_tenant_id_beneficiary_id_idx",
    ),
    "a file by its number": (
        WORKER,
        '{ beneficiaries(where: { fileNumber: { eq: "C-17" } }) { nodes { name } } }',
        "beneficiary_tenant_id_file_number_key",
    ),
    "the services of a week": (
        DIRECTOR,
        (
            '{ serviceRecords(where: { servedOn: { gte: "2015-03-02", lt: "2015-03-03" } })'
            " { nodes { number } } }"
        ),
        "service_record_tenant_id_served_on_id_idx",
    ),
}
LOOK_UPS = [DIRECTOR, WORKER, "bureau.officer", "supervisor.lead"]


async def explained(house: House, user: str, document: str, **variables: Any) -> Any:
    """The plan that PostgreSQL makes of an operation, under the user's login and context."""
    engine, principal = house.engine, await house.principal(user)
    admitted = engine._admission.admit(document, None)
    given = coerced(engine.schema.graphql, admitted, variables)
    references = {
        name: symbolic(admitted.variable_types[name], value, (name,))
        for name, value in given.coerced.items()
    }
    plan = compile_operation(
        engine.schema,
        admitted,
        VariableValues(given.sources, references),
        engine.policy.grants(principal.roles),
        principal.audience,
    )
    values = plan.values(principal, given.coerced, house.cursors)
    async with house.database.read(principal.context) as transaction:
        found = await transaction.connection.fetchval(f"EXPLAIN (FORMAT JSON) {plan.sql}", *values)
    return json.loads(found)


def nodes(plan: Any) -> Iterator[dict[str, Any]]:
    """Every node of a plan, sub-plans included."""
    match plan:
        case dict():
            if "Node Type" in plan:
                yield plan
            for value in plan.values():
                yield from nodes(value)
        case list():
            for value in plan:
                yield from nodes(value)


def scanned(plan: Any) -> set[str]:
    """The large tables that are read from beginning to end."""
    return {
        node["Relation Name"]
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE
    }


def used(plan: Any) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_is_served_from_an_index_of_the_tenant(grown: House, name: str) -> None:
    user, document, index = LISTS[name]
    plan = await explained(grown, user, document)
    assert scanned(plan) == set()
    assert index in used(plan)


async def test_the_page_after_a_cursor_starts_where_the_cursor_stands(grown: House) -> None:
    page = "first: 20, orderBy: { field: OPENED_ON, direction: DESC }"
    data = await grown.data(DIRECTOR, f"{{ beneficiaries({page}) {{ pageInfo {{ endCursor }} }} }}")
    cursor = data["beneficiaries"]["pageInfo"]["endCursor"]
    document = f"query ($c: String) {{ beneficiaries({page}, after: $c) {{ nodes {{ id }} }} }}"
    plan = await explained(grown, DIRECTOR, document, c=cursor)
    assert scanned(plan) == set()
    conditions = [
        node.get("Index Cond", "")
        for node in nodes(plan)
        if node.get("Index Name") == "beneficiary_tenant_id_opened_on_id_idx"
    ]
    # The whole row comparison is the index's condition, not a filter of rows read in vain.
    assert any("ROW(" in condition and "opened_on" in condition for condition in conditions)


@pytest.mark.parametrize("user", LOOK_UPS)
async def test_a_look_up_is_served_from_the_primary_key(grown: House, user: str) -> None:
    listed = "{ beneficiaries(first: 2) { nodes { id } } }"
    ids = [row["id"] for row in (await grown.data(user, listed))["beneficiaries"]["nodes"]]
    one = "query ($id: ID!) { node(id: $id) { id ... on Beneficiary { fileNumber } } }"
    several = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    for document, given in ((one, {"id": ids[0]}), (several, {"ids": ids})):
        plan = await explained(grown, user, document, **given)
        assert scanned(plan) == set()
        assert "beneficiary_pkey" in used(plan)


async def test_every_scan_of_a_large_table_has_the_tenant_in_its_index_condition(
    grown: House,
) -> None:
    for user, document, _ in LISTS.values():
        plan = await explained(grown, user, document)
        for node in nodes(plan):
            if node.get("Relation Name") in LARGE and node["Node Type"].startswith("Index"):
                assert "tenant_id" in node["Index Cond"]
