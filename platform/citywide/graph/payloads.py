"""What is read of one known row: a mutation's success, and the event that a subscriber is sent.

Both are planned before anything happens and bound to the row afterwards. Like any other read they
show what the reader may see of it, which may be nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql.execution.values import VariableValues
from sqlalchemy import DateTime, Select, Text, Uuid, and_, cast, or_, select, true
from sqlalchemy.sql import ColumnElement, FromClause
from strawberry.utils.str_converters import to_snake_case

from citywide.authz.grants import Grants
from citywide.db.session import Audience
from citywide.db.tables import is_tenant_table
from citywide.graph.access import Access
from citywide.graph.address import first_of
from citywide.graph.admit import Admitted
from citywide.graph.compile import Planner, plan_of, refuse_forbidden
from citywide.graph.declare import Entity
from citywide.graph.mutate import Mutation
from citywide.graph.place import Place
from citywide.graph.plan import Plan
from citywide.graph.schema import Schema
from citywide.graph.selection import Group, Selections
from citywide.graph.sql import JsonObject, exists_about, text_constant
from citywide.graph.topics import Topic
from citywide.graph.values import PAYLOAD, Binds, Ref


@dataclass(frozen=True, slots=True)
class Step:
    """One root field of a mutation operation, and the plan of its payload.

    `success` is what is selected of the success type.
    """

    group: Group
    mutation: Mutation
    plan: Plan
    success: tuple[Group, ...]

    @property
    def reads_row(self) -> bool:
        """Whether the row is asked for, and so has to be read."""
        return any(child.name != "__typename" for child in self.success)

    @property
    def without_row(self) -> dict[str, str | None]:
        """The success as far as it can be told when the row cannot be read."""
        name = _success_type(self.mutation)
        return {child.key: name if child.name == "__typename" else None for child in self.success}


@dataclass(frozen=True, slots=True)
class Watch:
    """A planned subscription: its topic, its arguments, and the plan of one event.

    The plan has no row where the reader may not see the event's row.
    """

    topic: Topic
    arguments: Mapping[str, Any]
    plan: Plan


def compile_payloads(
    schema: Schema,
    admitted: Admitted,
    variables: VariableValues,
    grants: Grants,
    audience: Audience,
    *,
    notes_reads: bool,
) -> list[Step | Group]:
    """What to run of a mutation operation, in order, and the plan of each one's payload.

    A group is a `__typename`, of which nothing has to be run. All are authorised before the first
    one runs: raises `RefusalError` as `compile_operation`.
    """
    selections = Selections(schema.graphql, admitted.fragments, variables)
    forbidden: set[str] = set()
    steps: list[Step | Group] = []
    for group in selections.collect("Mutation", [admitted.operation.selection_set]):
        if group.name == "__typename":
            steps.append(group)
            continue
        access = Access(schema.entities, grants, audience, Binds())
        planner = Planner(schema, access, selections, notes_reads=notes_reads)
        mutation = schema.catalogue.mutations[group.name]
        success = tuple(selections.children(group, _success_type(mutation)))
        answer = select(cast(_payload(planner, group, mutation, success), Text))
        forbidden |= access.forbidden
        plan = plan_of(planner, answer, (mutation.coordinate,), (group.key,))
        steps.append(Step(group, mutation, plan, success))
    refuse_forbidden(forbidden)
    return steps


def compile_event(
    schema: Schema,
    admitted: Admitted,
    variables: VariableValues,
    grants: Grants,
    audience: Audience,
    *,
    notes_reads: bool,
) -> Watch:
    """A subscription's plan; raises `RefusalError` as `compile_operation`."""
    selections = Selections(schema.graphql, admitted.fragments, variables)
    # Validation has seen to it that there is exactly one, and no introspection.
    [group] = selections.collect("Subscription", [admitted.operation.selection_set])
    access = Access(schema.entities, grants, audience, Binds())
    planner = Planner(schema, access, selections, notes_reads=notes_reads)
    topic = schema.catalogue.topics[group.name]
    answer = _event(planner, group, topic)
    refuse_forbidden(access.forbidden)
    plan = plan_of(planner, answer, (topic.coordinate,), (group.key,))
    return Watch(topic, selections.arguments("Subscription", group), plan)


def problem_answer(selections: Selections, group: Group, problem: Any) -> dict[str, Any]:
    """What is selected of a problem, or of a part of one."""
    name = type(problem).__name__
    found: dict[str, Any] = {}
    for child in selections.children(group, name):
        if child.name == "__typename":
            found[child.key] = name
            continue
        value = getattr(problem, to_snake_case(child.name))
        if child.selections:
            value = [problem_answer(selections, child, each) for each in value]
        found[child.key] = value
    return found


def _success_type(mutation: Mutation) -> str:
    return f"{mutation.type_prefix}Success"


def _payload(
    planner: Planner, group: Group, mutation: Mutation, success: Sequence[Group]
) -> ColumnElement[Any]:
    """A mutation's success, read at the address that `PAYLOAD` binds once it is done."""
    planner.access.grant(mutation.coordinate)
    entity = planner.schema.entities[mutation.gives]
    pairs: list[tuple[str, ColumnElement[Any]]] = []
    for child in success:
        if child.name == "__typename":
            pairs.append((child.key, text_constant(_success_type(mutation))))
            continue
        pairs.append((child.key, _row(planner, group, child, entity)))
    return JsonObject(pairs)


def _event(planner: Planner, group: Group, topic: Topic) -> Select[Any]:
    """An event's JSON in one row, or no row where its row is not for the reader to see."""
    access, binds = planner.access, planner.access.binds
    access.grant(topic.coordinate)
    pairs: list[tuple[str, ColumnElement[Any]]] = []
    for child in planner.selections.children(group, topic.event_type):
        match child.name:
            case "__typename":
                made: ColumnElement[Any] = text_constant(topic.event_type)
            case "eventId":
                made = cast(binds.value(Ref((PAYLOAD, "event_id")), Text()), Text)
            case "occurredAt":
                kind = DateTime(timezone=True)
                made = cast(binds.value(Ref((PAYLOAD, "occurred_at")), kind), kind)
            case _:
                place = Place(planner, child, {}, (group.key, child.key), ())
                possible = [
                    entity
                    for entity in map(planner.schema.entities.__getitem__, topic.gives)
                    if not topic.is_open or planner.is_possible(entity, place)
                ]
                made = first_of([_row(planner, group, child, entity) for entity in possible])
        pairs.append((child.key, made))
    seen = []
    for name in topic.gives:
        entity = planner.schema.entities[name]
        if topic.is_open and access.row_scope(entity) is None:
            continue
        row = access.reference(entity.table)
        seen.append(exists_about(None, row, _conditions(planner, entity, row)))
    answer = JsonObject([(group.key, JsonObject(pairs))])
    return select(cast(answer, Text)).where(or_(*seen) if seen else ~true())


def _row(planner: Planner, group: Group, child: Group, entity: Entity) -> ColumnElement[Any]:
    row = planner.access.reference(entity.table)
    place = Place(planner, child, {}, (group.key, child.key), ())
    conditions = _conditions(planner, entity, row)
    return planner.object(entity, row, place, [and_(true(), *conditions)]).scalar_subquery()


def _conditions(planner: Planner, entity: Entity, row: FromClause) -> list[ColumnElement[bool]]:
    """The row that `PAYLOAD` binds, if it exists for the reader."""
    binds = planner.access.binds
    conditions = [
        row.c.id == binds.value(Ref((PAYLOAD, "row_id")), Uuid()),
        *planner.access.visible(entity, row),
    ]
    if is_tenant_table(entity.table):
        tenant_id = binds.value(Ref((PAYLOAD, "tenant_id")), Uuid())
        conditions.append(row.c.tenant_id == tenant_id)
    return conditions
