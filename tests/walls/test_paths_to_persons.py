"""Every path to a person, walked as everyone: it shows what would be there without the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from citywide.authz.grants import Scope
from citywide.graph.declare import Entity, Many, One, Value
from citywide.graph.schema import Schema
from citywide.ids import NO_TENANT, NodeId
from walls.house import House
from walls.neighbours import (
    ELSEWHERE,
    ELSEWHERE_BUREAU,
    MARK_OF_ELSEWHERE,
    SHADOW,
    YIJIAQIN,
    every_tenant,
)
from walls.paths import (
    EDGES,
    MANY_EDGES,
    Branch,
    edges_of,
    everything,
    granted,
    operations,
    paths_to_persons,
    roots,
    selection,
    targets,
)

OF_YIJIAQIN = [
    "yijiaqin.director",
    "yijiaqin.worker1",
    "yijiaqin.volunteers",
    "yijiaqin.finance",
    # Looks after 壹家亲 and nobody else here.
    "supervisor.assistant2",
]
OF_THE_BUREAU = [
    "bureau.officer",
    "bureau.budget",
    "bureau.evaluator",
    "bureau.auditor",
    "bureau.analyst",
    "supervisor.lead",
]
# Nothing of theirs ends at a person.
WITHOUT_PERSONS = ["bureau.budget", "bureau.evaluator", "bureau.analyst"]
NAMED = ["member", "beneficiary", "volunteer"]


async def walk(house: House, user: str, edges: int = EDGES) -> list[str]:
    readable = granted(await house.grants(user))
    return operations(paths_to_persons(house.schema, readable, edges), readable)


async def names_of_others(house: House, own: set[UUID]) -> set[str]:
    """The names of persons that no person of these tenants has."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for table in NAMED:
        for row in await house.owner.fetch(f"SELECT tenant_id, name FROM {table}"):
            found[row["tenant_id"] in own].add(row["name"])
    # Who supervised an agency, or reviewed its texts, is told to it by name.
    for column in ("supervisor_name FROM supervision", "reviewer_name FROM library_draft"):
        found[True] |= {row[0] for row in await house.owner.fetch(f"SELECT {column}")}
    return found[False] - found[True]


def ids(answer: Any) -> Iterator[str]:
    match answer:
        case dict():
            if isinstance(answer.get("id"), str):
                yield answer["id"]
            for value in answer.values():
                yield from ids(value)
        case list():
            for value in answer:
                yield from ids(value)


def strayed(answer: Any, tenant_id: UUID | None = None) -> Iterator[str]:
    """Ids of another tenant than the row they hang below; a catalogue's row belongs to all."""
    match answer:
        case dict():
            inside = tenant_id
            if isinstance(answer.get("id"), str):
                node = NodeId.decode(answer["id"])
                assert node is not None
                inside = None if node.tenant_id == NO_TENANT else node.tenant_id
                if inside is not None and tenant_id not in (None, inside):
                    yield answer["id"]
            for value in answer.values():
                yield from strayed(value, inside)
        case list():
            for value in answer:
                yield from strayed(value, tenant_id)


async def compare(one: House, other: House, user: str, own: set[UUID], edges: int) -> int:
    """Run every path as `user` in both houses; how many ids were seen."""
    others = [name.encode() for name in await names_of_others(one, own)]
    assert MARK_OF_ELSEWHERE.encode() in b"".join(others)
    seen = 0
    for document in await walk(one, user, edges):
        answer = await one.bytes(user, document)
        assert answer == await other.bytes(user, document)
        assert b'"errors"' not in answer
        assert not [name.decode() for name in others if name in answer]
        parsed = json.loads(answer)
        for text in ids(parsed):
            node = NodeId.decode(text)
            assert node is not None
            assert node.tenant_id in own
            seen += 1
        # A copied row's id stands in three tenants: an edge must stay in the row's own.
        assert list(strayed(parsed)) == []
    return seen


async def own_tenants(house: House, user: str) -> set[UUID]:
    principal = await house.principal(user)
    return {NO_TENANT, principal.tenant_id, YIJIAQIN}


async def tenants_of_the_bureau(house: House) -> set[UUID]:
    return {NO_TENANT, *await every_tenant(house.owner)} - {ELSEWHERE, ELSEWHERE_BUREAU}


@pytest.mark.parametrize("user", OF_YIJIAQIN)
async def test_nobody_of_an_agency_can_tell_that_there_are_others(
    crowded: House, alone: House, user: str
) -> None:
    own = await own_tenants(crowded, user)
    assert await compare(crowded, alone, user, own, EDGES)


@pytest.mark.parametrize("user", OF_THE_BUREAU)
async def test_nobody_of_a_bureau_can_tell_that_there_is_another(
    crowded: House, within: House, user: str
) -> None:
    own = await tenants_of_the_bureau(crowded)
    seen = await compare(crowded, within, user, own, EDGES)
    assert bool(seen) == (user not in WITHOUT_PERSONS)


@pytest.mark.parametrize("user", OF_YIJIAQIN)
async def test_a_look_up_leads_on_to_own_rows_alone(
    crowded: House, alone: House, user: str
) -> None:
    """Every type's own ids and the neighbours' forged ones, with every edge that leaves the row."""
    grants = await crowded.grants(user)
    readable = granted(grants)
    for entity in crowded.schema.entities.values():
        if "tenant_id" not in entity.table.c or not readable(f"{entity.name}.id"):
            continue
        rows = await crowded.owner.fetch(
            f'SELECT id FROM "{entity.table.name}" WHERE tenant_id = $1 ORDER BY id LIMIT 2',
            YIJIAQIN,
        )
        tenants = (YIJIAQIN, SHADOW, ELSEWHERE)
        given = [NodeId(entity.tag, each, row["id"]).encode() for each in tenants for row in rows]
        branch = Branch(entity)
        for step in edges_of(crowded.schema, entity):
            if readable(f"{entity.name}.{step.name}") and readable(f"{step.target.name}.id"):
                branch.grow([step])
        document = (
            "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename "
            f"... on {entity.name} {{ {selection(branch, readable, 1)} }} }} }}"
        )
        answer = await crowded.bytes(user, document, ids=given)
        assert answer == await alone.bytes(user, document, ids=given)
        found = json.loads(answer)["data"]["nodes"]
        assert found[len(rows) :] == [None] * (len(given) - len(rows))
        # Of the viewers there is only oneself, of a caseload's rows only the caseload's.
        grant = grants.of(f"{entity.name}.id")
        is_narrower = entity.name == "Viewer" or (grant and grant.clear is Scope.CASELOAD)
        # Nor are rows of a table those of every type that is kept in it.
        is_narrower = is_narrower or entity.condition is not None
        assert is_narrower or all(found[: len(rows)])
        assert list(strayed(found)) == []


@pytest.mark.long
@pytest.mark.parametrize("user", OF_YIJIAQIN)
async def test_nobody_of_an_agency_can_tell_by_a_long_way_round(
    crowded: House, alone: House, user: str
) -> None:
    own = await own_tenants(crowded, user)
    assert await compare(crowded, alone, user, own, MANY_EDGES)


@pytest.mark.long
@pytest.mark.parametrize("user", ["bureau.officer", "bureau.auditor", "supervisor.lead"])
async def test_nobody_of_a_bureau_can_tell_by_a_long_way_round(
    crowded: House, within: House, user: str
) -> None:
    own = await tenants_of_the_bureau(crowded)
    assert await compare(crowded, within, user, own, MANY_EDGES)


def test_the_walk_takes_every_edge_that_ends_at_a_person(schema: Schema) -> None:
    paths = paths_to_persons(schema, everything)
    taken = {
        (path[-2].target.name, path[-1].name, path[-1].target.name) for path in paths if path[1:]
    }
    assert taken == {
        (entity.name, step.name, step.target.name)
        for entity in schema.entities.values()
        for step in edges_of(schema, entity)
        if step.target.person
    }
    # These lead to nobody; every other root does.
    without = {root.name for root in roots(schema)} - {path[0].name for path in paths}
    assert without == {
        "appropriations",
        "areas",
        "departments",
        "funds",
        "inspections",
        "instruments",
        "ledgerTransactions",
        "library",
        "needKinds",
        "ownRoles",
        "policyDocuments",
        "skills",
    }


FORBIDDEN_USERS = [
    "yijiaqin.worker1",
    "yijiaqin.volunteers",
    "yijiaqin.finance",
    "bureau.officer",
    "bureau.budget",
    "bureau.auditor",
    "bureau.analyst",
    "supervisor.lead",
]


@pytest.mark.parametrize("user", FORBIDDEN_USERS)
async def test_what_a_role_must_not_read_is_refused_by_name_wherever_it_is_asked(
    crowded: House, user: str
) -> None:
    grants = await crowded.grants(user)
    for entity in crowded.schema.entities.values():
        denied = {name for name in entity.fields if grants.of(f"{entity.name}.{name}") is None}
        if not denied:
            continue
        expected = {f"{entity.name}.{name}" for name in denied}
        if grants.of(f"{entity.name}.id") is None:
            expected.add(f"{entity.name}.id")
        chosen = " ".join(asked(entity, denied))
        looked_up = f'{{ node(id: "nothing") {{ ... on {entity.name} {{ {chosen} }} }} }}'
        assert expected <= await crowded.forbidden(user, looked_up)


def asked(entity: Entity, names: set[str]) -> Iterator[str]:
    """The fields with as little below each as the grammar wants."""
    for name in sorted(names):
        declared = entity.fields[name]
        match declared:
            case Many():
                yield f"{name} {{ totalCount }}"
            case _ if targets(declared):
                yield f"{name} {{ __typename }}"
            case _:
                yield name


@pytest.mark.parametrize("user", FORBIDDEN_USERS)
async def test_a_filter_or_an_order_on_what_must_not_be_read_is_refused(
    crowded: House, user: str
) -> None:
    grants = await crowded.grants(user)
    for entity in crowded.schema.entities.values():
        conditions, orders, expected = [], [], set()
        for name, declared in entity.fields.items():
            if grants.of(f"{entity.name}.{name}") is not None:
                continue
            match declared:
                case Value(comparable=True):
                    conditions.append(f"{{ {name}: {{ isNull: false }} }}")
                    orders += [key for key, value in entity.orders.items() if value == name]
                case One() | Many():
                    conditions.append(f"{{ {name}: {{}} }}")
                case _:
                    continue
            expected.add(f"{entity.name}.{name}")
        if entity.root is None or grants.of(f"Query.{entity.root}") is None:
            continue
        if conditions:
            where = f"{{ or: [{', '.join(conditions)}] }}"
            found = await crowded.forbidden(
                user, f"{{ {entity.root}(where: {where}) {{ totalCount }} }}"
            )
            assert expected <= found
        for key in orders:
            found = await crowded.forbidden(
                user, f"{{ {entity.root}(orderBy: {{ field: {key} }}) {{ nodes {{ id }} }} }}"
            )
            assert found == {f"{entity.name}.{entity.orders[key]}"}


async def test_a_refusal_is_the_same_whether_the_row_is_there_or_not(crowded: House) -> None:
    of_others = "SELECT tenant_id, id FROM beneficiary WHERE tenant_id = $1 LIMIT 1"
    row = await crowded.owner.fetchrow(of_others, YIJIAQIN)
    document = "query ($id: ID!) { node(id: $id) { id ... on Beneficiary { name } } }"
    there = NodeId("bene", row["tenant_id"], row["id"]).encode()
    nowhere = NodeId("bene", row["tenant_id"], UUID(int=7)).encode()
    said = [
        (refusal.message, refusal.extensions)
        for each in (there, nowhere)
        for refusal in [await crowded.refusal("yijiaqin.finance", document, id=each)]
    ]
    assert said[0] == said[1]
    assert said[0][1]["coordinates"] == ["Beneficiary.id", "Beneficiary.name"]
