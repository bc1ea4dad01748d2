"""Every filter and every argument of a read takes values at and beyond the ends of their kinds.

The answer is data, or a sentence that says what is wrong; never a fault of ours. Filters are
walked from the declared entities and arguments from the schema: what is added later is tried too.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2s
from itertools import islice
from typing import Any
from uuid import UUID

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
)

from citywide.authz.grants import Grants
from citywide.errors import Code
from citywide.graph.declare import Entity, Kind, Many, One, Value
from citywide.graph.schema import Schema
from citywide.web.graphql import errors_of
from contract.people import USERS
from walls.house import House

# Half of a surrogate pair, which JSON can spell and UTF-8 cannot.
HALF = "\ud842"
# As long as a body allows, in characters that take most room.
LONG = "\U00020bb7" * 20_000
# Of our form, with a tag of nothing.
STRANGE_ID = "bm9uZQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
TEXTS = ["", "\x00", "a\x00b", HALF, f"{HALF}\x00", LONG, "%_\\'\"$1", "\u202e\ufeff"]
EDGES: Mapping[str, list[Any]] = {
    "Boolean": ["true", 2, HALF],
    "Date": [
        "0001-01-01",
        "9999-12-31",
        "0000-12-31",
        "10000-01-01",
        "-0001-01-01",
        "2015-02-29",
        "infinity",
        20150101,
        *TEXTS,
    ],
    "DateTime": [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+08:00",
        "0001-01-01T00:00:00-14:00",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-08:00",
        "9999-12-31T23:59:59.999999+14:00",
        "9999-12-31T24:00:00Z",
        "9999-12-31T23:59:59.999999",
        "2015-11-02T09:00:00",
        "2015-11-02",
        "2015-11-02T09:00:00+99:00",
        "2015-06-30T23:59:60Z",
        1446426000,
        *TEXTS,
    ],
    "ID": [STRANGE_ID, "A" * 48, "_" * 48, "１" * 48, 2**80, -1, *TEXTS],
    "Int": [0, -1, 2**31 - 1, -(2**31), 2**31, 2**63, 1e308, float("inf"), float("nan"), "1"],
    "Money": [
        "99999999999999.99",
        "-99999999999999.99",
        "100000000000000",
        "0.001",
        "-0",
        "1e400",
        "NaN",
        1,
        *TEXTS,
    ],
    "String": TEXTS,
}
# One that every kind takes: what is tried must be answered with it.
PLAIN: Mapping[str, Any] = {
    "Boolean": True,
    "Date": "2015-11-02",
    "DateTime": "2015-11-02T09:00:00+08:00",
    "ID": "x",
    "Int": 1,
    "Money": "1234.50",
    "String": "x",
}


async def answered(house: House, user: str, document: str, **variables: Any) -> Any:
    """The data of an answer, or the sentences of a refusal that the caller can act on."""
    try:
        return await house.data(user, document, **variables)
    except Exception as error:  # noqa: BLE001 -- a fault of ours is what is looked for
        refusal = error
    found = errors_of(refusal)
    codes = {each["extensions"]["code"] for each in found}
    given = json.dumps(variables)[:200]
    assert codes <= {Code.BAD_USER_INPUT, Code.LIMIT_EXCEEDED}, (document[:500], given, refusal)
    return [each["message"] for each in found]


SCALARS: Mapping[Kind, str] = {
    Kind.ID: "ID",
    Kind.STRING: "String",
    Kind.INT: "Int",
    Kind.MONEY: "Money",
    Kind.BOOLEAN: "Boolean",
    Kind.DATE: "Date",
    Kind.DATETIME: "DateTime",
}
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "Boolean": ("eq",),
    "ID": ("eq",),
    "String": ("eq", "startsWith", "contains"),
}
ORDERED = ("eq", "lt", "lte", "gt", "gte")


@dataclass(frozen=True, slots=True)
class Way:
    """How one user filters a list so that its condition is about an entity."""

    user: str
    grants: Grants
    root: str
    path: tuple[str, ...]

    def document(self, definitions: str, condition: str) -> str:
        """The list's size under a condition on the entity."""
        for step in reversed(self.path):
            condition = f"{step}: {{ {condition} }}"
        return f"query({definitions}) {{ {self.root}(where: {{ {condition} }}) {{ totalCount }} }}"


async def ways_to_entities(house: House) -> dict[str, list[Way]]:
    """For each entity, one way a user who has any: the shortest."""
    entities = house.schema.entities
    found: dict[str, list[Way]] = {}
    for user in USERS.values():
        grants = await house.grants(user)
        known: set[str] = set()
        waiting = [
            (name, Way(user, grants, entity.root, ()))
            for name, entity in entities.items()
            if entity.root and grants.of(f"Query.{entity.root}")
        ]
        for name, way in waiting:
            if name in known:
                continue
            known.add(name)
            found.setdefault(name, []).append(way)
            waiting += [
                (declared.target, Way(user, grants, way.root, (*way.path, step)))
                for step, declared in entities[name].fields.items()
                if isinstance(declared, One | Many) and grants.of(f"{name}.{step}")
            ]
    return found


def compared(entity: Entity) -> Iterator[tuple[str, str]]:
    """The fields of an entity that are compared as scalars, each with its scalar."""
    yield "id", "ID"
    for name, declared in entity.fields.items():
        if isinstance(declared, Value) and declared.comparable and not declared.enum:
            yield name, SCALARS[declared.kind]


# All of them take a minute: the suite takes every fifth entity, and every fifth value.
SHARES = [pytest.param(5, id="a fifth"), pytest.param(1, id="all", marks=pytest.mark.long)]


@pytest.mark.parametrize("share", SHARES)
async def test_every_comparison_of_every_entity_answers_whatever_it_is_given(
    house: House, share: int
) -> None:
    granted = set()
    tried = set()
    ways_to = await ways_to_entities(house)
    for name, ways in islice(ways_to.items(), 0, None, share):
        for way in ways:
            by_scalar: dict[str, list[str]] = {}
            for field, scalar in compared(house.schema.entities[name]):
                coordinate = f"{name}.{field}"
                if way.grants.of(coordinate):
                    granted.add(coordinate)
                if way.grants.of(coordinate) and coordinate not in tried:
                    by_scalar.setdefault(scalar, []).append(field)
            for scalar, fields in by_scalar.items():
                await compare(house, way, scalar, fields)
                tried.update(f"{name}.{field}" for field in fields)
    assert tried == granted
    if share == 1:
        assert {coordinate.partition(".")[0] for coordinate in tried} >= {*ways_to}
    assert {entity.name for entity in house.schema.entities.values() if entity.root} <= {*ways_to}


async def compare(house: House, way: Way, scalar: str, fields: list[str]) -> None:
    """Compare these fields, which have one scalar, with everything there is to compare with."""
    tests = ", ".join(f"{operator}: $v" for operator in OPERATORS.get(scalar, ORDERED))
    document = way.document(f"$v: {scalar}!", ", ".join(f"{f}: {{ {tests} }}" for f in fields))
    if scalar != "ID":
        # Otherwise the others would try nothing.
        assert isinstance(await answered(house, way.user, document, v=PLAIN[scalar]), dict)
    for value in EDGES[scalar]:
        await answered(house, way.user, document, v=value)
    if scalar == "Boolean":
        return
    listed = ", ".join(f"{field}: {{ in: $v }}" for field in fields)
    document = way.document(f"$v: [{scalar}!]", listed)
    assert await answered(house, way.user, document, v=[]) == {way.root: {"totalCount": 0}}
    for values in ([None], None, [[]], {}, [PLAIN[scalar]] * 501):
        found = await answered(house, way.user, document, v=values)
        assert isinstance(found, list), (document, values)


def shown(schema: Schema, grants: Grants, kind: Any, but: str = "") -> str:
    """A selection of everything granted of a root's type, of entities of their ids."""
    kind = get_named_type(kind)
    if not isinstance(kind, GraphQLObjectType):
        return "{ __typename }" if kind.name == "Node" or isinstance(kind, GraphQLUnionType) else ""
    if kind.name in schema.entities:
        return "{ __typename }" if grants.of(f"{kind.name}.id") is None else "{ id }"
    told = [
        f"{name} {shown(schema, grants, field.type, but)}"
        for name, field in kind.fields.items()
        if name != but
        and (kind.name in schema.structure or grants.of(f"{kind.name}.{name}") is not None)
    ]
    return f"{{ {' '.join(told)} }}"


def plain(kind: Any) -> Any:
    """A value that an input type takes."""
    match kind:
        case GraphQLNonNull():
            return plain(kind.of_type)
        case GraphQLList():
            return [plain(kind.of_type)]
        case GraphQLEnumType():
            return next(iter(kind.values))
        case _:
            return PLAIN[kind.name]


def edges_of(kind: Any) -> Iterator[Any]:
    """Values at and beyond the ends of an input type; of an input, one field at a time."""
    match kind:
        case GraphQLNonNull():
            yield from edges_of(kind.of_type)
        case GraphQLList():
            yield from ([], [None], [[]], "x", None)
            found = [*edges_of(kind.of_type)]
            yield from ([each] for each in found)
            yield found[:1] * 501
        case GraphQLEnumType():
            yield from ("NO_SUCH_WORD", HALF, 1, None)
        case GraphQLInputObjectType():
            yield from ({}, [], "x", None, {HALF: 1})
            # Conditions on entities hold each other; they are walked above.
            if "and" not in kind.fields:
                for name, field in kind.fields.items():
                    yield from ({name: each} for each in edges_of(field.type))
        case _:
            yield from (*EDGES[kind.name], None, [], {})


def asked(schema: Schema, grants: Grants, root: str, given: Mapping[str, Any]) -> Any:
    """An operation of one root with these arguments and plain ones where it requires more."""
    field = schema.graphql.query_type.fields[root]  # type: ignore[union-attr]
    values = {
        name: plain(argument.type)
        for name, argument in field.args.items()
        if is_required_argument(argument)
    } | given
    definitions = ", ".join(f"${name}: {field.args[name].type}" for name in values)
    passed = ", ".join(f"{name}: ${name}" for name in values)
    is_list = get_named_type(field.type).name.endswith("Connection")
    told = "{ nodes { __typename } }" if is_list else shown(schema, grants, field.type, "previous")
    return f"query({definitions}) {{ {root}({passed}) {told} }}", values


@pytest.mark.parametrize("share", SHARES)
async def test_every_argument_of_every_root_answers_whatever_it_is_given(
    house: House, share: int
) -> None:
    schema = house.schema
    tried = set()
    for user in USERS.values():
        grants = await house.grants(user)
        for root, field in schema.graphql.query_type.fields.items():  # type: ignore[union-attr]
            # Figures are made in another way where small ones are hidden.
            is_other = root in schema.catalogue.roots and user == USERS["analyst"]
            if grants.of(f"Query.{root}") is None or (root in tried and not is_other):
                continue
            tried.add(root)
            for name, argument in field.args.items():
                for edge in islice(edges_of(argument.type), 0, None, share):
                    document, values = asked(schema, grants, root, {name: edge})
                    await answered(house, user, document, **values)
    assert tried == set(schema.graphql.query_type.fields)  # type: ignore[union-attr]


DAYS = ("0001-01-01", "0001-01-02", "2015-02-01", "9999-12-31")


@pytest.mark.parametrize("root", ["metrics", "spending", "unitCosts"])
@pytest.mark.parametrize("user", ["bureau.officer", "bureau.auditor", "bureau.analyst"])
async def test_figures_of_a_period_that_begins_or_ends_where_days_do_are_told(
    house: House, root: str, user: str
) -> None:
    schema, grants = house.schema, await house.grants(user)
    if grants.of(f"Query.{root}") is None:
        return
    for start in DAYS:
        for end in DAYS:
            document, values = asked(schema, grants, root, {"where": {"from": start, "until": end}})
            await answered(house, user, document, **values)
            if root == "metrics":
                with_previous = document.replace(" value ", " value previous ", 1)
                await answered(house, user, with_previous, **values)


KEYS: list[Any] = [
    *(None, True, 0, -1, 2**63 - 1, 2**63, -(2**63) - 1, 1e308, float("inf"), [], {}, "", "x"),
    *("\x00", HALF, "infinity", "0001-01-01", "9999-12-31", "10000-01-01", "2015-11-02T09:00:00"),
    *("0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "9999-12-31T23:59:59Z"),
    str(UUID(int=0)),
]


async def sealed(house: House, user: str, signature: str, *keys: Any) -> str:
    """A cursor of ours with any content, as an earlier version may have made it."""
    principal = await house.principal(user)
    return house.cursors.seal(json.dumps(keys).encode(), signature, principal)


def cursor(signature: str, *keys: Any) -> str:
    return urlsafe_b64encode(json.dumps([signature, *keys]).encode()).decode().rstrip("=")


async def test_every_cursor_answers_whatever_it_holds(house: House) -> None:
    row_id = str(UUID(int=1))
    for name, ways in (await ways_to_entities(house)).items():
        entity = house.schema.entities[name]
        # One order of each scalar: all of one are compared alike.
        tried: set[Kind] = set()
        for order, field in entity.orders.items():
            grant = f"{name}.{field}"
            way = next((way for way in ways if not way.path and way.grants.of(grant)), None)
            declared = entity.fields[field]
            assert isinstance(declared, Value)
            if way is None or declared.kind in tried:
                continue
            tried.add(declared.kind)
            order_of = f"{name},{field} ASC".encode()
            signature = "o" + blake2s(order_of, digest_size=16).hexdigest()
            arguments = f"after: $c, orderBy: [{{ field: {order} }}]"
            document = (
                f"query($c: String) {{ {way.root}({arguments}) {{ nodes {{ __typename }} }} }}"
            )
            found = [
                await answered(house, way.user, document, c=given)
                for key in KEYS
                if (given := await sealed(house, way.user, signature, key, row_id))
            ]
            assert any(isinstance(each, dict) for each in found), document
            # The row's id is never null.
            nowhere = await sealed(house, way.user, signature, KEYS[-1], None)
            assert isinstance(await answered(house, way.user, document, c=nowhere), list)


@pytest.mark.parametrize(
    "found",
    [
        *("", "x", "é", HALF, "\x00", "bnVsbA", "W10", "e30", "WyJ4Il0", "//79", "W" * 20_000),
        *(cursor("o00000000", 1, 2), cursor(HALF), cursor("x", *[1] * 50), "WwWwWwWw" * 600),
    ],
)
async def test_a_text_that_is_no_cursor_is_said_to_be_none(house: House, found: str) -> None:
    document = "query($c: String) { areas(after: $c) { nodes { id } } }"
    (sentence,) = await answered(house, "bureau.officer", document, c=found)
    assert sentence.startswith("A cursor is not one of this list")


@pytest.mark.parametrize(
    ("condition", "is_everything"),
    [
        ('{ gte: "0001-01-01" }', True),
        ('{ gt: "0001-01-01" }', True),
        ('{ lt: "0001-01-01" }', False),
        ('{ lte: "9999-12-31" }', True),
        ('{ lt: "9999-12-31" }', True),
        ('{ gte: "9999-12-31" }', False),
        ('{ in: ["0001-01-01", "9999-12-31"] }', False),
    ],
)
async def test_every_day_lies_between_the_first_and_the_last(
    house: House, condition: str, *, is_everything: bool
) -> None:
    document = (
        f"{{ all: serviceRecords {{ totalCount }} some: serviceRecords("
        f"where: {{ servedOn: {condition} }}) {{ totalCount }} }}"
    )
    found = await house.data("shouqianshou.director", document)
    assert found["all"]["totalCount"] > 0
    expected = found["all"]["totalCount"] if is_everything else 0
    assert found["some"]["totalCount"] == expected


async def test_the_first_and_the_last_day_reach_the_database_as_themselves(house: House) -> None:
    principal = await house.principal("shouqianshou.director")
    days = [date.min, date(2000, 1, 1), date.max]
    async with house.database.read(principal.context) as transaction:
        (row,) = await transaction.connection.fetch(
            "SELECT $1::date[] AS days, $1::date[]::text AS told, $2::date - 1 AS before,"
            " 'infinity'::date AS never",
            days,
            date.max,
        )
    assert row["days"] == days
    assert row["told"] == "{0001-01-01,2000-01-01,9999-12-31}"
    assert row["before"] == date(9999, 12, 30)
    assert row["never"] == date.max


@pytest.mark.parametrize(
    "instant",
    [
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        "9999-12-31T24:00:00Z",
        "2015-11-02T09:00:00",
    ],
)
@pytest.mark.parametrize("is_literal", [True, False])
async def test_an_instant_that_no_machine_agrees_on_is_refused_with_its_place(
    house: House, instant: str, *, is_literal: bool
) -> None:
    question = "auditTrail(where: { occurredAt: { gt: %s } }) { totalCount } }"
    if is_literal:
        document, variables = "{ " + question % f'"{instant}"', {}
    else:
        document, variables = "query($t: DateTime!) { " + question % "$t", {"t": instant}
    (sentence,) = await answered(house, "bureau.auditor", document, **variables)
    assert "A DateTime has an offset from UTC" in sentence
    assert is_literal or "'$t'" in sentence


@pytest.mark.parametrize(
    "text", [r"\u0000", r"\u{0}", r"\uD842", r"\uD842x", r"\u{110000}", HALF, "\x00", "\x7f"]
)
@pytest.mark.parametrize("quotes", ['"', '"""'])
async def test_a_text_in_a_document_is_held_to_the_same(
    house: House, text: str, quotes: str
) -> None:
    where = f"where: {{ name: {{ contains: {quotes}{text}{quotes} }} }}"
    await answered(house, "bureau.officer", f"{{ areas({where}) {{ totalCount }} }}")


@pytest.mark.parametrize(
    ("document", "variable"),
    [
        ("query($v: Boolean = true) { viewer @skip(if: $v) { name } }", "v"),
        ("query($v: Boolean = true) { viewer { name @include(if: $v) } }", "v"),
        ("query($v: Boolean = true) { __schema @skip(if: $v) { description } }", "v"),
        ("query($v: Int = 2015) { festivals(year: $v) { heldOn } }", "v"),
        ('query($v: String = "x") { areas(where: { name: { in: [$v] } }) { totalCount } }', "v"),
        ('query($v: ID = "x") { nodes(ids: [$v]) { id } }', "v"),
        ("query($v: AreaOrderField = NAME) { areas(orderBy: { field: $v }) { totalCount } }", "v"),
        (
            "query($v: Measure = HOME_HELP) { metrics(measures: [$v]) { rows { __typename } } }",
            "v",
        ),
        ('query($v: String = "x") { __type(name: $v) { name } }', "v"),
    ],
)
async def test_null_for_a_variable_that_stands_where_something_must_is_refused_by_its_name(
    house: House, document: str, variable: str
) -> None:
    found = await answered(house, "bureau.officer", document, **{variable: None})
    assert isinstance(found, list), found
    assert f"'${variable}'" in found[0]
