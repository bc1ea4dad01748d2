r"""Whom an answer tells about: a hidden member in the JSON of each row, and its way out again.

The planner puts it into the rows of every entity that is a person or hangs on one (`About`),
when something is read that tells about them. It is `"\u0002" : "tenant:person,person"`, the
tenant left out where it can only be the caller's own. The engine takes it out of the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, cast, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql import ColumnElement, FromClause

from citywide.authz.principal import Principal
from citywide.db.session import Audience
from citywide.graph.access import Access
from citywide.graph.declare import About

# It is never a row's first member: there is at least the one that tells.
_MEMBER = re.compile(rb', "\\u0002" : (?:null|"([0-9a-f:,-]*)")')


def told_by(about: About | None, fields: frozenset[str]) -> frozenset[str]:
    """Those of the selected `fields` that tell about a person."""
    if about is None:
        return frozenset()
    told = fields - {"__typename"}
    return told if about.fields is None else told & about.fields


def subjects(access: Access, about: About, row: FromClause) -> ColumnElement[Any]:
    """The persons that `row` tells about, as text; null when there is none."""
    if about.target is None:
        persons: ColumnElement[Any] = cast(_named(about, row), Text)
    else:
        table = access.entities[about.target].table
        other = table.alias()
        target = access.entities[about.target]
        conditions = [*access.wall(table, other), *access.joined(target, other, about.on, row)]
        name = cast(_named(about, other), Text)
        in_order: Any = aggregate_order_by(literal_column("','"), name)
        listed = func.string_agg(name, in_order)
        found = select(listed).select_from(other).where(and_(true(), *conditions))
        persons = found.correlate(row).scalar_subquery()
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
    told = {tenant_id: frozenset(persons) for tenant_id, persons in found.items() if persons}
    return _MEMBER.sub(b"", data), told


def _named(about: About, row: FromClause) -> ColumnElement[Any]:
    columns = [row.c[name] for name in about.columns]
    return columns[0] if len(columns) == 1 else func.coalesce(*columns)
