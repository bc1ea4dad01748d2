"""Every mutation of the schema: decided for roles, done once for a key, refused when stale."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import asyncpg
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from graphql.utilities import coerce_input_value

from citywide.acts.perform import Request
from citywide.authz import reviewed
from citywide.db.tables import is_tenant_table
from citywide.domain import CATALOGUE
from citywide.graph.mutate import Mutation, Reading, schema_name
from citywide.graph.schema import Schema
from citywide.ids import NO_TENANT, NodeId, new_id
from citywide.rules.fields import InputField, input_fields
from citywide.settings import CHECKOUT
from contract.people import USERS
from walls.house import House

MUTATIONS = sorted(CATALOGUE.mutations)
WORDS = {"Date": "2015-11-09", "Money": "12.50", "DateTime": "2015-11-09T08:00:00Z"}


def test_every_mutation_of_the_schema_is_a_use_case_with_a_key(published: Schema) -> None:
    parent = published.graphql.mutation_type
    assert parent is not None
    assert sorted(parent.fields) == MUTATIONS
    for field in parent.fields.values():
        kind = get_named_type(field.args["input"].type)
        assert isinstance(kind, GraphQLInputObjectType)
        assert str(kind.fields["idempotencyKey"].type) == "String!"


def test_every_mutation_is_allowed_to_a_role_and_denied_to_another() -> None:
    table = (CHECKOUT / "policies" / reviewed.FILE).read_text(encoding="utf-8")
    words = {name: cells for name, *cells in (line.split() for line in table.splitlines())}
    for name in MUTATIONS:
        cells = words[CATALOGUE.mutations[name].coordinate]
        assert "·" in cells, f"{name} is executed by every role"
        assert {*cells} - {"·"}, f"{name} is executed by nobody"


def asker_of(house: House, users: dict[str, Any], mutation: Mutation) -> str:
    """Somebody of the pilot who may ask for a mutation."""
    for user, principal in users.items():
        if house.engine.policy.grants(principal.roles).of(mutation.coordinate) is not None:
            return user
    raise AssertionError(f"Nobody of the pilot may {mutation.name}.")


def made_up(house: House, tenant_id: Any, kind: Any, fields: tuple[InputField, ...]) -> Any:
    """An input of the right types, whose ids are of nothing."""
    named = {schema_name(field): field for field in fields}
    return {
        name: value_of(house, tenant_id, field.type, named[name])
        for name, field in kind.fields.items()
        if is_non_null_type(field.type) and name in named
    }


def value_of(house: House, tenant_id: Any, kind: Any, field: InputField) -> Any:
    if is_non_null_type(kind):
        kind = kind.of_type
    if is_list_type(kind):
        return [value_of(house, tenant_id, kind.of_type, field)]
    if field.about.entity is not None:
        entity = house.schema.entities[field.about.entity]
        home = tenant_id if is_tenant_table(entity.table) else NO_TENANT
        return NodeId(entity.tag, home, new_id()).encode()
    if field.nested is not None:
        return made_up(house, tenant_id, kind, input_fields(field.nested))
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    numbers: dict[str, Any] = {"Int": 1, "Float": 1.5, "Boolean": False}
    return {**WORDS, **numbers}.get(kind.name, "虚构")


KEY = """INSERT INTO idempotency_key (tenant_id, bureau_id, id, member_id, key, coordinate, digest,
    done_at, result_tenant_id, result_id) VALUES ($1, $2, $3, $4, $5, $6, $7, now(), $1, $8)"""


async def leave_key(pilot: House, principal: Any, request: Request) -> None:
    """The key of a request that was done before."""
    sealer = pilot.database.sealer
    await pilot.owner.execute(
        KEY,
        principal.tenant_id,
        principal.bureau_id,
        new_id(),
        principal.member_id,
        sealer.request_key(principal.tenant_id, request.key),
        request.coordinate,
        request.digest(sealer, principal.tenant_id),
        new_id(),
    )


async def written(owner: asyncpg.Connection) -> list[int]:
    """How much every act leaves behind."""
    tables = ("audit_entry", "outbox", "idempotency_key")
    return [await owner.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


async def test_every_mutation_is_done_once_for_a_key_and_leaves_nothing_when_it_fails(
    pilot: House,
) -> None:
    users = {user: await pilot.principal(user) for user in USERS.values()}
    for name in MUTATIONS:
        mutation = CATALOGUE.mutations[name]
        user = asker_of(pilot, users, mutation)
        principal = users[user]
        kind = get_named_type(pilot.schema.graphql.mutation_type.fields[name].args["input"].type)  # type: ignore[union-attr]
        given = made_up(pilot, principal.tenant_id, kind, input_fields(mutation.takes))

        # Done before: the answer is that row, and nothing is done.
        coerced = coerce_input_value({**given, "idempotencyKey": "k"}, kind)
        reading = Reading(pilot.schema.entities, principal.tenant_id)
        asked = reading.read(mutation.takes, coerced)
        done = Request(mutation.coordinate, f"done {name}", asked, {})
        other = Request(mutation.coordinate, f"other {name}", None, {})
        for request in (done, other):
            await leave_key(pilot, principal, request)
        before = await written(pilot.owner)
        again = await pilot.act(user, name, key=done.key, **given)
        assert again["__typename"] == f"{mutation.type_prefix}Success", (name, again)
        reused = await pilot.act(user, name, key=other.key, **given)
        assert reused["__typename"] == "IdempotencyProblem", (name, reused)
        assert await written(pilot.owner) == before, name

        # Not done before: it fails and leaves nothing, or is done and is not done again.
        first = await pilot.act(user, name, key=f"new {name}", **given)
        after = await written(pilot.owner)
        if first["__typename"].endswith("Problem"):
            assert after == before, (name, first)
        else:
            assert (after[0], after[2]) == (before[0] + 1, before[2] + 1), name
            assert await pilot.act(user, name, key=f"new {name}", **given) == first
            assert await written(pilot.owner) == after, name


def versions(takes: type) -> list[str]:
    """The fields that say which version of a row the caller has seen."""
    return [field.name for field in input_fields(takes) if field.name == "version"]


def is_checked(function: FunctionType, version: str) -> bool:
    """Whether what `version` names in a function's source comes to where staleness is noticed."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    owner = version.rpartition(".")[0]
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        for place, argument in arguments(call):
            text = ast.unparse(argument)
            # They compare a version, or that of the draft that they are given.
            verbs = ("take", "update", "check_version")
            is_noticing = name in {f"{it}.{verb}" for it in ("act", "work") for verb in verbs}
            if is_noticing and (text == owner or (text == version and not name.endswith("take"))):
                return True
            callee = function.__globals__.get(name.partition(".")[0])
            if isinstance(callee, ModuleType):
                callee = getattr(callee, name.partition(".")[2], None)
            if text not in (version, owner) or not isinstance(callee, FunctionType):
                continue
            if not callee.__module__.startswith("citywide."):
                continue
            passed = (
                place if isinstance(place, str) else [*inspect.signature(callee).parameters][place]
            )
            below = passed if text == version else f"{passed}.{version.rpartition('.')[2]}"
            if is_checked(callee, below):
                return True
    return False


def arguments(call: ast.Call) -> Iterator[tuple[int | str, ast.expr]]:
    yield from enumerate(call.args)
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, keyword.value


@pytest.mark.parametrize(
    "name", [name for name in MUTATIONS if versions(CATALOGUE.mutations[name].takes)]
)
def test_a_version_that_a_mutation_takes_is_compared_with_the_row_s(name: str) -> None:
    mutation = CATALOGUE.mutations[name]
    use_case: Any = mutation.use_case
    [_, draft] = inspect.signature(use_case).parameters
    for field in versions(mutation.takes):
        assert is_checked(use_case, f"{draft}.{field}"), field
