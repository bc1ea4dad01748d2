"""The published schema is the code's, it explains itself, and each role sees its own part."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_introspection_query,
    validate_schema,
)
from typer.testing import CliRunner

from citywide.authz.policy import Policy
from citywide.cli.schema import FILE, app, pages
from citywide.errors import RefusalError
from citywide.graph.schema import Schema
from citywide.graph.visible import visible_schema
from citywide.settings import CHECKOUT
from contract.people import USERS
from walls.house import House


def test_the_published_schema_is_the_codes(schema: Schema) -> None:
    published = (CHECKOUT / FILE).read_text(encoding="utf-8")
    assert published == schema.sdl(), "Run `citywide schema print --write` and review the change."


@pytest.mark.parametrize("file", pages(), ids=str)
def test_the_published_pages_are_the_codes(file: Path) -> None:
    published = (CHECKOUT / file).read_text(encoding="utf-8")
    assert published == pages()[file], "Run `citywide schema pages --write` and review the change."


def test_the_command_prints_and_writes_the_schema(
    schema: Schema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = CliRunner().invoke(app, ["print"])
    assert printed.exit_code == 0
    assert printed.output == schema.sdl()
    monkeypatch.setenv("CITYWIDE_HOME", str(tmp_path))
    target = tmp_path / FILE
    target.parent.mkdir()
    assert CliRunner().invoke(app, ["print", "--write"]).exit_code == 0
    assert target.read_text(encoding="utf-8") == schema.sdl()


def undescribed(schema: GraphQLSchema) -> Iterator[str]:
    """The coordinates of everything but enum values that has no description."""
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if not kind.description:
            yield name
        match kind:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for field_name, field in kind.fields.items():
                    if not field.description:
                        yield f"{name}.{field_name}"
                    for argument_name, argument in field.args.items():
                        if not argument.description:
                            yield f"{name}.{field_name}({argument_name}:)"
            case GraphQLInputObjectType():
                yield from (
                    f"{name}.{f}" for f, given in kind.fields.items() if not given.description
                )


def test_everything_has_a_description(schema: Schema) -> None:
    own = [name for name in undescribed(schema.graphql) if name not in SPECIFIED]
    assert own == []


# GraphQL's own scalars, which graphql-core describes or not as it likes.
SPECIFIED = {"Boolean", "Float", "ID", "Int", "String"}


def test_every_enum_describes_its_values(schema: Schema) -> None:
    without = {
        name
        for name, kind in schema.graphql.type_map.items()
        if isinstance(kind, GraphQLEnumType)
        and not name.startswith("__")
        and not all(value.description for value in kind.values.values())
    }
    # The value of an order is a field's name, and the field has the description.
    orders = {f"{name}OrderField" for name in schema.entities}
    assert without - orders == set()


# -- as a role sees it -------------------------------------------------------------------------


@cache
def seen_by(schema: Schema, policy: Policy, role: str) -> GraphQLSchema:
    """What a role sees; making it takes a second, and several tests ask."""
    return visible_schema(schema, policy.grants(frozenset({role})))[1]


def coordinates(schema: GraphQLSchema) -> set[str]:
    """Every field, input field and enum value that a schema shows."""
    found: set[str] = set()
    for name, kind in schema.type_map.items():
        match kind:
            case GraphQLObjectType() | GraphQLInputObjectType() | GraphQLInterfaceType():
                found |= {f"{name}.{field}" for field in kind.fields}
            case GraphQLEnumType():
                found |= {f"{name}.{value}" for value in kind.values}
    return {each for each in found if not each.startswith("__")}


@pytest.mark.parametrize("role", USERS)
def test_what_a_role_sees_is_a_valid_part_of_the_schema(
    schema: Schema, policy: Policy, role: str
) -> None:
    text, seen = visible_schema(schema, policy.grants(frozenset({role})))
    assert validate_schema(seen) == []
    assert validate_schema(build_schema(text)) == []
    assert coordinates(seen) <= coordinates(schema.graphql)


@pytest.mark.parametrize("role", USERS)
def test_a_role_sees_no_field_filter_order_or_value_that_it_may_not_ask_for(
    schema: Schema, policy: Policy, role: str
) -> None:
    grants = policy.grants(frozenset({role}))
    seen = coordinates(seen_by(schema, policy, role))
    forbidden = {name for name in schema.coordinates() if grants.of(name) is None}
    assert not forbidden & seen
    for entity in schema.entities.values():
        for name in entity.fields:
            if f"{entity.name}.{name}" in forbidden:
                assert f"{entity.name}Filter.{name}" not in seen
        for key, name in entity.orders.items():
            if f"{entity.name}.{name}" in forbidden:
                assert f"{entity.name}OrderField.{key}" not in seen


def test_finance_sees_no_type_about_a_person_served(schema: Schema, policy: Policy) -> None:
    seen = seen_by(schema, policy, "finance").type_map
    for name in ("Beneficiary", "Entitlement", "Assessment", "Attendance", "ServiceRecord"):
        for kind in (name, f"{name}Connection", f"{name}Filter", f"{name}OrderField"):
            assert kind not in seen
    assert "SEGMENT" not in seen["Dimension"].values  # type: ignore[attr-defined]
    agency = seen["Agency"].fields  # type: ignore[attr-defined]
    assert "beneficiaries" not in agency
    assert "amount" in seen["Agreement"].fields  # type: ignore[attr-defined]


def test_an_analyst_sees_figures_and_hardly_anything_else(schema: Schema, policy: Policy) -> None:
    seen = seen_by(schema, policy, "analyst")
    query = seen.query_type
    assert query is not None
    assert set(query.fields) == {"viewer", "node", "nodes", "areas", "metrics"}
    assert "Member" not in seen.type_map
    assert set(seen.type_map["Agency"].fields) == {"id", "name"}  # type: ignore[attr-defined]


def test_a_worker_sees_no_amount_and_no_figures_by_service_type(
    schema: Schema, policy: Policy
) -> None:
    seen = coordinates(seen_by(schema, policy, "social_worker"))
    for name in (
        "Agreement.amount",
        "AgreementFilter.amount",
        "AgreementOrderField.AMOUNT",
        "Dimension.SEGMENT",
    ):
        assert name in coordinates(schema.graphql)
        assert name not in seen
    assert "Beneficiary.phone" in seen


@pytest.mark.parametrize("role", USERS)
async def test_introspection_answers_what_the_role_sees(
    house: House, schema: Schema, policy: Policy, role: str
) -> None:
    data = await house.data(USERS[role], get_introspection_query())
    seen = seen_by(schema, policy, role)
    assert {kind["name"] for kind in data["__schema"]["types"]} == set(seen.type_map)
    fields = {
        f"{kind['name']}.{field['name']}"
        for kind in data["__schema"]["types"]
        if not kind["name"].startswith("__")
        for field in [*(kind["fields"] or []), *(kind["inputFields"] or [])]
        + (kind["enumValues"] or [])
    }
    assert fields == coordinates(seen)


@pytest.mark.parametrize("role", USERS)
async def test_what_a_role_is_shown_it_may_ask_for(
    house: House, schema: Schema, policy: Policy, role: str
) -> None:
    """Every root list with each of its values, conditions and orders shown, asked one by one."""
    seen = seen_by(schema, policy, role)
    query = seen.query_type
    assert query is not None
    for entity in schema.entities.values():
        if entity.root is None or entity.root not in query.fields:
            continue
        kind = seen.type_map[entity.name]
        where = seen.type_map[f"{entity.name}Filter"]
        order = seen.type_map[f"{entity.name}OrderField"]
        values = [name for name, field in kind.fields.items() if is_plain(field.type)]  # type: ignore[attr-defined]
        parts = [f"values: {entity.root}(first: 1) {{ nodes {{ {' '.join(values)} }} }}"]
        for number, key in enumerate(order.values):  # type: ignore[attr-defined]
            chosen = f"orderBy: {{ field: {key} }}"
            parts.append(f"o{number}: {entity.root}(first: 1, {chosen}) {{ nodes {{ id }} }}")
        for number, name in enumerate(where.fields):  # type: ignore[attr-defined]
            given = "[{}]" if name in ("and", "or") else "{}"
            condition = f"where: {{ {name}: {given} }}"
            parts.append(f"w{number}: {entity.root}(first: 1, {condition}) {{ totalCount }}")
        try:
            await house.bytes(USERS[role], f"{{ {' '.join(parts)} }}")
        except RefusalError as refusal:
            pytest.fail(f"{role} is shown what is refused: {refusal.message}")


def is_plain(kind: object) -> bool:
    """Whether a field of this type needs no selection."""
    while hasattr(kind, "of_type"):
        kind = kind.of_type
    return not hasattr(kind, "fields") and not hasattr(kind, "types")
