r"""Whom an answer tells about: a hidden member in the JSON of each row, and its way out again.

The planner puts it into the rows of every entity that names persons (`About`), or whose caseload is
that of a row that does, when something is read that tells about them. It is
`"\u0002" : "tenant:person,person"`, the tenant left out where it can only be the caller's own. The
runner takes it out of the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, cast, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql import ColumnElement, FromClause

from citywide.authz.principal import Principal
from citywide.db.session import Audience
from citywide.graph.access import Access
from citywide.graph.declare import About, Entity, Join, Through

# It is never a row's first member: there is at least the one that tells.
_MEMBER = re.compile(rb', "\\u0002" : (?:null|"([0-9a-f:,-]*)")')
_COMMA: ColumnElement[Any] = literal_column("','")


def telling_fields(
    entities: Mapping[str, Entity], entity: Entity, fields: frozenset[str]
) -> frozenset[str]:
    """Those of the selected `fields` of an entity that tell about a person."""
    about = entity.about
    if about is None and not _leads_to_a_person(entities, entity):
        return frozenset()
    telling = fields - {"__typename"}
    return telling if about is None or about.fields is None else telling & about.fields


def subjects(access: Access, entity: Entity, row: FromClause) -> ColumnElement[Any]:
    """The persons that `row` tells about, as text; null or empty when there is none."""
    persons = _persons(access, entity, row)
    if access.audience is Audience.AGENCY:
        return persons
    return cast(row.c.tenant_id, Text).op("||")(literal_column("':'")).op("||")(persons)


def without_subjects(
    data: bytes, principal: Principal
) -> tuple[bytes, Mapping[UUID, frozenset[UUID]]]:
    """The answer as it goes out, and the persons it tells about by their tenants."""
    found: dict[UUID, set[UUID]] = {}
    for member in set(_MEMBER.findall(data)):
        tenant, _, persons = member.decode().rpartition(":")
        tenant_id = UUID(tenant) if tenant else principal.tenant_id
        found.setdefault(tenant_id, set()).update(map(UUID, filter(None, persons.split(","))))
    named = {tenant_id: frozenset(persons) for tenant_id, persons in found.items() if persons}
    return _MEMBER.sub(b"", data), named


def _next(entities: Mapping[str, Entity], entity: Entity) -> tuple[Entity, Join] | None:
    """The row that this one hangs on, where it does not name whom it is about itself."""
    about = entity.about
    if about is not None and (
        about.target is not None or {"id", "beneficiary_id"} & {*about.columns}
    ):
        return None
    if not isinstance(entity.caseload, Through):
        return None
    return entities[entity.caseload.target], entity.caseload.on


def _leads_to_a_person(entities: Mapping[str, Entity], entity: Entity) -> bool:
    if entity.about is not None:
        return True
    above = _next(entities, entity)
    return above is not None and _leads_to_a_person(entities, above[0])


def _persons(access: Access, entity: Entity, row: FromClause) -> ColumnElement[Any]:
    """Those named by the row itself or by rows that join it, and those of the row it hangs on."""
    found: list[ColumnElement[Any]] = []
    about = entity.about
    if about is not None and about.target is None:
        found.append(_named(about, row))
    elif about is not None and about.target is not None:
        target = access.entities[about.target]
        found.append(_joined(access, target, about.on, row, lambda other: _listed(about, other)))
    above = _next(access.entities, entity)
    if above is not None and _leads_to_a_person(access.entities, above[0]):
        hook, on = above
        found.append(_joined(access, hook, on, row, lambda other: _persons(access, hook, other)))
    return found[0] if len(found) == 1 else func.concat_ws(_COMMA, *found)


def _joined(
    access: Access,
    target: Entity,
    on: Join,
    row: FromClause,
    wanted: Callable[[FromClause], ColumnElement[Any]],
) -> ColumnElement[Any]:
    other = access.reference(target.table)
    conditions = [*access.wall(target.table, other), *access.joined(target, other, on, row)]
    found = select(wanted(other)).select_from(other).where(and_(true(), *conditions))
    return found.correlate(row).scalar_subquery()


def _listed(about: About, row: FromClause) -> ColumnElement[Any]:
    name = _named(about, row)
    in_order: Any = aggregate_order_by(_COMMA, name)
    return func.string_agg(name, in_order)


def _named(about: About, row: FromClause) -> ColumnElement[Any]:
    columns = [row.c[name] for name in about.columns]
    return cast(columns[0] if len(columns) == 1 else func.coalesce(*columns), Text)
