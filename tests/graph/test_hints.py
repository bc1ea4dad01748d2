"""What is wrong with an operation is told without a name that the caller may not see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    parse,
    validate,
)

from citywide.authz.policy import Policy
from citywide.graph import admit
from citywide.graph.admit import InvalidDocumentError
from citywide.graph.operation import Operation
from citywide.graph.schema import Schema
from citywide.graph.visible import errors_as_seen, visible_schema
from walls.house import House

INVENTED = "Zzyzx"
Composite = (GraphQLObjectType, GraphQLInterfaceType)
# A place is a definition with one hidden name in it, and something that is wrong beside it, so that
# the whole schema refuses it as well. The definition's own number makes its name.
Place = tuple[str, str]


def places(whole: GraphQLSchema, seen: GraphQLSchema) -> Iterator[Place]:
    """Everywhere that a name which `seen` has not can stand."""
    for hidden in sorted(set(whole.type_map) - set(seen.type_map)):
        yield hidden, "query Q%d($v: {name}) { viewer { ... on {name} { nothing } } }"
    for kind in seen.type_map.values():
        full = whole.type_map[kind.name]
        if isinstance(kind, Composite) and isinstance(full, Composite):
            yield from places_of_fields(full, kind)
        elif isinstance(kind, GraphQLInputObjectType) and isinstance(full, GraphQLInputObjectType):
            for field in sorted(set(full.fields) - set(kind.fields)):
                yield field, f"query Q%d($v: {kind.name} = {{ {{name}}: 1 }}) {{ nothing }}"
        elif isinstance(kind, GraphQLEnumType) and isinstance(full, GraphQLEnumType):
            for value in sorted(set(full.values) - set(kind.values)):
                yield value, f"query Q%d($v: {kind.name} = {{name}}) {{ nothing }}"


def places_of_fields(full: Any, kind: Any) -> Iterator[Place]:
    """Hidden fields of a type that is seen, and hidden arguments of fields that are."""
    for field in sorted(set(full.fields) - set(kind.fields)):
        selected = "a: {name} b: {name} { nothing } c: {name}(nothing: 1) { id }"
        yield field, f"fragment F%d on {kind.name} {{ {selected} }}"
    for field, seen in sorted(kind.fields.items()):
        for argument in sorted(set(full.fields[field].args) - set(seen.args)):
            yield argument, f"fragment F%d on {kind.name} {{ {field}({{name}}: {{n: 1}}) }}"


def document_of(found: list[Place], name: str | None = None) -> str:
    """All places in one document, with their own hidden name or another."""
    return "\n".join(
        text.replace("{name}", name or hidden).replace("%d", str(number))
        for number, (hidden, text) in enumerate(found)
    )


def without(names: set[str], errors: Iterable[GraphQLError]) -> list[str]:
    """The sentences, with the names in question taken out."""
    word = re.compile(rf"\b({'|'.join(sorted(names | {INVENTED}))})\b")
    return [word.sub("…", error.message) for error in errors]


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every error of a document is told, in full."""
    monkeypatch.setattr(admit, "ERRORS", 1_000_000)
    monkeypatch.setattr(admit, "MESSAGE_LENGTH", 1_000_000)


@pytest.mark.usefixtures("complete")
def test_a_hidden_name_is_told_like_one_that_was_invented(
    published: Schema, shipped: Policy
) -> None:
    whole = published.graphql
    for role in sorted(shipped.roles):
        _, seen = visible_schema(published, shipped.grants(frozenset({role})))
        found = list(places(whole, seen))
        assert len(found) > 100
        names = {name for name, _ in found}
        # Some at a time: validation compares definitions with each other.
        for start in range(0, len(found), 50):
            part = found[start : start + 50]
            hidden, invented = (document_of(part, name) for name in (None, INVENTED))
            told = [
                without(names, errors_as_seen(seen, Operation(document, None, {}), []))
                for document in (hidden, invented)
            ]
            assert told[0] == told[1], role
            assert len(told[0]) >= len(part)


@pytest.mark.usefixtures("complete")
def test_over_the_whole_schema_they_would_be_told_apart(published: Schema, shipped: Policy) -> None:
    whole = published.graphql
    _, seen = visible_schema(published, shipped.grants(frozenset({"analyst"})))
    found = list(places(whole, seen))[:100]
    names = {name for name, _ in found}
    told = [
        without(names, validate(whole, parse(document_of(found, name)), max_errors=10_000))
        for name in (None, INVENTED)
    ]
    assert told[0] != told[1]


@pytest.mark.parametrize(
    ("document", "variables", "sentence"),
    [
        ("{ viewer { id } } fragment F on Voucher { total { x } }", {}, "Unknown type 'Voucher'"),
        ("query ($v: VoucherFilter) { viewer { id } }", {"v": 1}, "Unknown type 'VoucherFilter'"),
        (
            "query ($w: BeneficiaryFilter) { beneficiaries(where: $w) { totalCount } }",
            {"w": {"phone": 1, "nothing": 2}},
            "",
        ),
        ("query ($d: Date!) { viewer { id } }", {}, "never used"),
    ],
)
async def test_the_engine_tells_a_worker_what_a_worker_may_see(
    planned: House, document: str, variables: dict[str, object], sentence: str
) -> None:
    principal = await planned.principal("shouqianshou.worker1")
    with pytest.raises(InvalidDocumentError) as refused:
        await planned.engine.answer(Operation(document, None, variables, "why"), principal)
    said = [error.message for error in refused.value.errors]
    assert any(sentence in each for each in said), said
    _, seen = planned.engine._visible.seen(planned.engine.policy.grants(principal.roles))
    hidden = set(planned.schema.graphql.type_map) - set(seen.type_map)
    typed = set(document.replace("(", " ").replace(")", " ").split())
    assert not [each for each in said for word in hidden - typed if f"'{word}'" in each]


async def test_a_value_that_is_no_day_is_told_as_such(planned: House) -> None:
    document = "query ($d: Date) { beneficiaries(where: { bornOn: { eq: $d } }) { totalCount } }"
    principal = await planned.principal("shouqianshou.worker1")
    with pytest.raises(InvalidDocumentError) as refused:
        await planned.engine.answer(Operation(document, None, {"d": "soon"}, "why"), principal)
    assert "'soon'" in refused.value.errors[0].message
