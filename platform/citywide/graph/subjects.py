r"""Whom an answer tells about: a hidden member in the JSON of each row, and its way out again.

The planner puts it into the rows of every entity that names persons (`About`), or whose caseload is
that of a row that does, when something is read that tells about them. It is
`"\u0002" : "tenant:person,person"`, the tenant left out where it can only be the caller's own.

What is looked at and not shown says so likewise: after a count that filters by something about
persons stands `"#…"`, with the persons where it counted few; at the end of a list whose rows show
nobody, `"@…"` with those of its page; in a row of figures `"=…"`, the smallest. The runner takes
all of it out of the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql import ColumnElement, FromClause

from citywide.authz.principal import Principal
from citywide.db.session import Audience
from citywide.graph.access import Access
from citywide.graph.declare import About, Entity, Join
from citywide.graph.sql import SUBJECTS
from citywide.graph.telling import hook, leads_to_a_person
from citywide.ids import uuid_of

# A count of fewer rows says who they are to somebody who knows one of them already: it is as good
# as a list. As many as a figure has to be about before analysts are told it.
FEW_ROWS_COUNTED = 5

# It is never an object's first member: there is at least the one that tells.
_MEMBER = re.compile(rb', "\\u0002" : (?:null|"([#@=]?)([0-9a-f:;,-]*)")')
_COUNTED = re.compile(rb'([0-9]+), "\\u0002" : "#')
_FIGURES = re.compile(rb'"\\u0002" : "=([0-9]+)"')
_COUNT_MARK = rb'"\u0002" : "#'
_FIGURE_MARK = rb'"\u0002" : "='
_OTHER_WAYS = (b"#", b"@")
_COUNT: ColumnElement[Any] = literal_column("'#'")
_FIGURE: ColumnElement[Any] = literal_column("'='")
_PAGE: ColumnElement[Any] = literal_column("'@'")
_SEMICOLON: ColumnElement[Any] = literal_column("';'")
_COMMA: ColumnElement[Any] = literal_column("','")


def subjects(access: Access, entity: Entity, row: FromClause) -> ColumnElement[Any]:
    """The persons that `row` tells about, as text; null or empty when there is none."""
    persons = _persons(access, entity, row)
    if access.audience is Audience.AGENCY:
        return persons
    return cast(row.c.tenant_id, Text).op("||")(literal_column("':'")).op("||")(persons)


def few_subjects(rows: Select[Any]) -> ColumnElement[Any]:
    """The persons of all `rows`, where these are few: a count of them names them as a list would.

    `rows` has one column, `about`, of `subjects`; it is looked at no further than it matters.
    """
    found = rows.limit(FEW_ROWS_COUNTED).subquery()
    listed = func.string_agg(found.c.about, _SEMICOLON)
    some = case((func.count() < literal_column(str(FEW_ROWS_COUNTED)), listed))
    return select(some).select_from(found).scalar_subquery()


def counted(persons: ColumnElement[Any] | None) -> ColumnElement[Any]:
    """The hidden member after a count: the persons that it names, if any."""
    return func.concat(_COUNT) if persons is None else func.concat(_COUNT, persons)


def paged(persons: ColumnElement[Any], condition: ColumnElement[bool] | None) -> ColumnElement[Any]:
    """The hidden member after a page of rows that show nobody, but tell how they compare."""
    listed: Any = func.string_agg(persons, _SEMICOLON)
    return func.concat(_PAGE, listed if condition is None else listed.filter(condition))


def smallest(figures: Sequence[ColumnElement[Any]]) -> list[tuple[str, ColumnElement[Any]]]:
    """The hidden member of a row of figures that count persons: the smallest of them."""
    few = func.least(*figures) if len(figures) > 1 else figures[0]
    return [(SUBJECTS, func.concat(_FIGURE, cast(few, BigInteger)))]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it goes out, and what it tells about persons.

    `persons` are by their tenants; `counts` says how many rows each count, figure and page had
    that looked at persons and showed none; `shows_persons` is whether a row told about one.
    """

    data: bytes
    persons: Mapping[UUID, frozenset[UUID]]
    counts: tuple[int, ...]
    shows_persons: bool


def told(data: bytes, principal: Principal, *, is_probing: bool) -> Told:
    """The answer without its hidden members, and what these say."""
    members = _MEMBER.findall(data)
    counts: list[int] = []
    # Looking for a number before each member is slow, and most answers have none.
    if is_probing and _COUNT_MARK in data:
        counts += map(int, _COUNTED.findall(data))
    if is_probing and _FIGURE_MARK in data:
        counts += map(int, _FIGURES.findall(data))
    shown = {text for way, text in members if not way}
    pages = [text for way, text in members if way == b"@"]
    counts += [sum(map(bool, text.split(b";"))) for text in pages]
    persons = _by_tenant(shown)
    shows_persons = bool(persons)
    for tenant, those in _by_tenant({text for way, text in members if way in _OTHER_WAYS}).items():
        persons.setdefault(tenant, set()).update(those)
    by_tenant = {
        uuid_of(tenant) if tenant else principal.tenant_id: frozenset(map(uuid_of, those))
        for tenant, those in persons.items()
    }
    return Told(_MEMBER.sub(b"", data), by_tenant, tuple(counts), shows_persons)


def _by_tenant(texts: AbstractSet[bytes]) -> dict[str, set[str]]:
    """The persons of members by their tenants, as they are written; "" is the caller's own."""
    found: dict[str, set[str]] = {}
    for each in b";".join(texts).decode().split(";"):
        tenant, _, persons = each.rpartition(":")
        if persons:
            found.setdefault(tenant, set()).update(filter(None, persons.split(",")))
    return found


def _persons(access: Access, entity: Entity, row: FromClause) -> ColumnElement[Any]:
    """Those named by the row itself or by rows that join it, and those of the row it hangs on."""
    found: list[ColumnElement[Any]] = []
    about = entity.about
    if about is not None and about.target is None:
        found.append(_named(about, row))
    elif about is not None and about.target is not None:
        target = access.entities[about.target]
        found.append(_joined(access, target, about.on, row, lambda other: _listed(about, other)))
    above = hook(access.entities, entity)
    if above is not None and leads_to_a_person(access.entities, above[0]):
        upper, on = above
        found.append(_joined(access, upper, on, row, lambda other: _persons(access, upper, other)))
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
