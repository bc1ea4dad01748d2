"""Whatever touches a person is noted and needs a purpose: every coordinate, by every way.

Coordinates and ways are walked from the declared entities, so that what is added later is tried.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from citywide.authz.grants import Grants
from citywide.domain import CATALOGUE
from citywide.errors import Code, RefusalError
from citywide.evaluation.measures import MEASURES, SPLITS
from citywide.events.event import Event, Place
from citywide.graph.declare import Entity, Localised, Many, One, Sealed, Value, hidden
from citywide.graph.operation import Operation
from citywide.graph.telling import telling_fields
from citywide.ids import new_id
from services.visits import a_service
from walls.house import PURPOSE, House

ENTITIES = CATALOGUE.entities
# One whose roles read without a purpose, two whose do not.
FREE = "shouqianshou.director"
ASKED_WHY = ("bureau.officer", "bureau.auditor")
USERS = (FREE, *ASKED_WHY)


@dataclass(frozen=True, slots=True)
class Touch:
    """An operation that touches a coordinate about persons."""

    coordinate: str
    document: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What one user may touch, and how they get there."""

    grants: Grants

    def coordinates(self) -> Iterator[tuple[Entity, str]]:
        """Every coordinate that tells this user about a person."""
        for entity in ENTITIES.values():
            fields = frozenset({"id", *entity.fields})
            for name in sorted(telling_fields(ENTITIES, entity, fields)):
                if self.shows(entity, name):
                    yield entity, name

    def shows(self, entity: Entity, name: str) -> bool:
        grant = self.grants.of(f"{entity.name}.{name}")
        mask = getattr(entity.fields.get(name), "mask", None)
        return grant is not None and not (mask is hidden and grant.clear is None)

    def has_list(self, entity: Entity) -> bool:
        return entity.root is not None and self.grants.of(f"Query.{entity.root}") is not None

    def lists(self) -> Iterator[Entity]:
        return (entity for entity in ENTITIES.values() if self.has_list(entity))

    def onward(self, start: Entity) -> dict[str, tuple[str, ...]]:
        """The shortest way of edges from an entity to each other, as a filter goes it."""
        found: dict[str, tuple[str, ...]] = {start.name: ()}
        for name, path in (waiting := [*found.items()]):
            for step, declared in ENTITIES[name].fields.items():
                is_edge = isinstance(declared, One | Many)
                if not is_edge or self.grants.of(f"{name}.{step}") is None:
                    continue
                target = declared.target
                if target not in found and self.grants.of(f"{target}.id") is not None:
                    found[target] = (*path, step)
                    waiting.append((target, found[target]))
        return found


def condition(entity: Entity, name: str) -> str | None:
    """A condition on a field, for which it does not matter what is there."""
    declared = entity.fields.get(name)
    match declared:
        case None:
            return "id: { in: [] }"
        case Value(comparable=True):
            return f"{name}: {{ isNull: true }}"
        case One() | Many():
            return f"{name}: {{}}"
    return None


def below(path: Sequence[str], inner: str) -> str:
    for step in reversed(path):
        inner = f"{step}: {{ {inner} }}"
    return inner


def ordered(entity: Entity, name: str) -> str | None:
    key = next((key for key, field in entity.orders.items() if field == name), None)
    return None if key is None else f"orderBy: [{{ field: {key} }}]"


def shown(sight: Sight) -> Iterator[Touch]:
    for entity, name in sight.coordinates():
        if not sight.has_list(entity):
            continue
        match entity.fields.get(name):
            case None | Value() | Sealed() | Localised():
                inner = name
            case Many():
                inner = f"{name} {{ totalCount }}"
            case _:
                inner = f"{name} {{ __typename }}"
        yield Touch(
            f"{entity.name}.{name}", f"{{ {entity.root}(first: 5) {{ nodes {{ {inner} }} }} }}"
        )


def filtered(sight: Sight, selection: str) -> Iterator[Touch]:
    """By the list's own filter, or by that of a list from which edges lead there."""
    ways: dict[str, tuple[str, tuple[str, ...]]] = {}
    for start in sight.lists():
        for target, path in sight.onward(start).items():
            if target not in ways or len(path) < len(ways[target][1]):
                ways[target] = str(start.root), path
    for entity, name in sight.coordinates():
        if entity.name in ways and (tested := condition(entity, name)):
            root, path = ways[entity.name]
            yield Touch(
                f"{entity.name}.{name}",
                f"{{ {root}(where: {{ {below(path, tested)} }}) {{ {selection} }} }}",
            )


def in_order(sight: Sight) -> Iterator[Touch]:
    for entity, name in sight.coordinates():
        if sight.has_list(entity) and (order := ordered(entity, name)):
            yield Touch(
                f"{entity.name}.{name}",
                f"{{ {entity.root}(first: 5, {order}) {{ edges {{ cursor }} }} }}",
            )


def nested(sight: Sight) -> Iterator[Touch]:
    """In the filter and in the order of a list inside of another list's rows."""
    inside: dict[str, tuple[str, str]] = {}
    for start in sight.lists():
        for step, declared in start.fields.items():
            if isinstance(declared, Many) and sight.shows(start, step):
                inside.setdefault(declared.target, (str(start.root), step))
    for entity, name in sight.coordinates():
        if entity.name not in inside:
            continue
        root, step = inside[entity.name]
        asked = [
            f"(where: {{ {tested} }}) {{ totalCount }}"
            for tested in [condition(entity, name)]
            if tested
        ]
        if order := ordered(entity, name):
            asked.append(f"(first: 2, {order}) {{ edges {{ cursor }} }}")
        for each in asked:
            document = f"{{ {root}(first: 2) {{ nodes {{ {step}{each} }} }} }}"
            yield Touch(f"{entity.name}.{name}", document)


def of_a_row(sight: Sight, start: str, frame: str) -> Iterator[Touch]:
    """In what is selected of one known row, whose edges lead there."""
    steps = [
        (step, ENTITIES[declared.target])
        for step, declared in ENTITIES[start].fields.items()
        if isinstance(declared, Many) and sight.shows(ENTITIES[start], step)
    ]
    seen: set[str] = set()
    for step, target in steps:
        ways = sight.onward(target)
        for entity, name in sight.coordinates():
            coordinate = f"{entity.name}.{name}"
            if coordinate in seen or entity.name not in ways:
                continue
            if tested := condition(entity, name):
                seen.add(coordinate)
                where = below(ways[entity.name], tested)
                yield Touch(coordinate, frame % f"{step}(where: {{ {where} }}) {{ totalCount }}")


def figures(sight: Sight) -> Iterator[Touch]:
    """Measures about persons, split by what is a person's own."""
    grant = sight.grants.of("MetricValue.value")
    if grant is None or grant.clear is None:
        # What is published tells about nobody.
        return
    for measure, measured in MEASURES.items():
        if not measured.is_about_persons or sight.grants.of(f"Measure.{measure}") is None:
            continue
        for dimension in sorted(SPLITS[measure] & {"AREA", "SEGMENT"}):
            if sight.grants.of(f"Dimension.{dimension}") is not None:
                document = (
                    f"{{ metrics(measures: [{measure}], by: [{dimension}])"
                    " { rows { values { value } } } }"
                )
                yield Touch(f"Measure.{measure}", document)
                yield Touch(f"Dimension.{dimension}", document)


WAYS: Mapping[str, Callable[[Sight], Iterator[Touch]]] = {
    "shown": shown,
    "filtered": lambda sight: filtered(sight, "nodes { __typename }"),
    "filtered and asked for more": lambda sight: filtered(sight, "pageInfo { hasNextPage }"),
    "filtered and counted": lambda sight: filtered(sight, "totalCount"),
    "ordered": in_order,
    "nested": nested,
    "computed": figures,
}
# Fewer than there are for any of these users.
LEAST = {
    "shown": 20,
    "filtered": 40,
    "filtered and asked for more": 40,
    "filtered and counted": 40,
    "ordered": 10,
    "nested": 20,
    "computed": 10,
}


async def tried(house: House, user: str, touch: Touch, answer: Any, **variables: Any) -> bool:
    """Whether there was something to touch; and then it is noted, and needs a purpose."""
    principal = await house.principal(user)
    house.reads.noted.clear()
    if user in ASKED_WHY:
        with pytest.raises(RefusalError) as refused:
            await answer(Operation(touch.document, None, variables), principal)
        assert refused.value.code is Code.BAD_USER_INPUT, touch
        assert "Citywide-Purpose" in refused.value.message
        assert touch.coordinate in refused.value.extensions["coordinates"], touch
        assert house.reads.noted == []
    body = await answer(Operation(touch.document, None, variables, PURPOSE), principal)
    assert b"\\u0002" not in body
    assert b"\\u0003" not in body
    data = json.loads(body)
    assert "errors" not in data, data
    if not house.reads.noted:
        # A list that shows nobody tells about nobody.
        return False
    [read] = house.reads.noted
    assert touch.coordinate in {*read.coordinates, *read.probed}, touch
    assert read.purpose == PURPOSE
    return True


# Each takes some hundredths of a second: the suite takes every seventh.
SHARES = [pytest.param(7, id="a seventh"), pytest.param(1, id="all", marks=pytest.mark.long)]


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("way", WAYS)
async def test_every_coordinate_about_persons_is_noted_and_needs_a_purpose(
    planned: House, way: str, user: str, share: int
) -> None:
    touches = [*WAYS[way](Sight(await planned.grants(user)))]
    assert len(touches) >= LEAST[way], "a way that nothing goes is no test"
    tried_of_it = touches[::share]
    found = [await tried(planned, user, each, planned.engine.answer) for each in tried_of_it]
    assert any(found)
    # What filters, orders and counts touch is noted whatever is found.
    assert all(found) or way == "shown"


@pytest.mark.parametrize("share", SHARES)
async def test_what_a_mutations_payload_touches_is_noted(pilot: House, share: int) -> None:
    frame = (
        "mutation ($input: RecordServiceInput!) { recordService(input: $input) {"
        " ... on RecordServiceSuccess { serviceRecord { %s } } } }"
    )
    given = {**await a_service(pilot, FREE), "number": "T-1", "idempotencyKey": "one key"}
    touches = [*of_a_row(Sight(await pilot.grants(FREE)), "ServiceRecord", frame)]
    assert len(touches) > 100
    # Done once, for its key; told each time.
    for each in touches[::share]:
        assert await tried(pilot, FREE, each, pilot.engine.answer, input=given)


@pytest.mark.parametrize("share", SHARES)
async def test_what_a_subscription_touches_is_noted(planned: House, share: int) -> None:
    row = await planned.owner.fetchrow(
        "SELECT tenant_id, id FROM service_record WHERE status = 'CURRENT' AND tenant_id ="
        " (SELECT tenant_id FROM tenant WHERE slug = 'shouqianshou') LIMIT 1"
    )
    frame = "subscription { serviceRecorded { serviceRecord { %s } } }"

    async def answer(operation: Operation, principal: Any) -> bytes:
        await planned.engine.subscribed(operation, principal)
        place, topic = Place(1, new_id()), "serviceRecorded"
        event = Event(place, row["tenant_id"], topic, row["id"], datetime.now(UTC))
        told = await planned.engine.event_answer(operation, principal, event)
        assert told is not None
        return told

    touches = [*of_a_row(Sight(await planned.grants(FREE)), "ServiceRecord", frame)]
    assert len(touches) > 100
    for each in touches[::share]:
        assert await tried(planned, FREE, each, answer)
