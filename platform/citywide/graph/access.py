"""The first wall, row scopes and masks: what the caller's grants make of every table and field.

Security depends on this module in three ways. Every table that a plan names goes through
`visible`, which carries the tenant predicate. Every field goes through `grant`, which collects
what is forbidden; a plan with anything forbidden is never run. And every value that is read,
filtered or ordered by goes through `value`, so that a filter cannot see beneath a mask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import sqlalchemy
from sqlalchemy import ARRAY, Table, Uuid, and_, any_, case, cast, column, false
from sqlalchemy.sql import ColumnElement, FromClause, TableClause

from citywide.authz.grants import Grant, Grants, Scope
from citywide.db.session import Audience
from citywide.db.tables import is_city_table, is_tenant_table
from citywide.errors import Code, RefusalError
from citywide.graph.cursors import Given
from citywide.graph.declare import Entity, Expression, Join, Named, Own, Through, Value, hidden
from citywide.graph.slices import give_way
from citywide.graph.sql import exists_about
from citywide.graph.telling import telling_fields
from citywide.graph.values import Binds

# PostgreSQL and SQLAlchemy plan each table reference anew; a real page's operation has some twenty.
TABLE_REFERENCES = 150

# What the walls of an audience hold. A scope from elsewhere, as of an agency's role held by a
# member of the bureau, would reach further than it says: it reaches nothing.
_SCOPES: Mapping[Audience, frozenset[Scope | None]] = {
    Audience.AGENCY: frozenset({Scope.CASELOAD, Scope.TENANT, None}),
    Audience.SUPERVISOR: frozenset({Scope.ASSIGNED, None}),
    Audience.BUREAU: frozenset({Scope.BUREAU, None}),
}

# Some four of each table: five megabytes (a thousand had eleven), which a plan would make again.
ALIASES_KEPT = 400

Conditions = list[ColumnElement[bool]]


@dataclass(slots=True)
class Access:
    """One plan's view of the grants; `has_predicates` is off only to test the other wall.

    `cursors` are those that lists are given, `gives_cursors` whether one answers with any;
    `probed` are the coordinates about persons that filters, orders, counts and figures look at,
    `countings` the places of the answer that tell how many rows that comes to.
    """

    entities: Mapping[str, Entity]
    grants: Grants
    audience: Audience
    binds: Binds
    has_predicates: bool = True
    references: int = 0
    aliases: Counter[Table] = field(default_factory=Counter)
    forbidden: set[str] = field(default_factory=set)
    masked: list[tuple[tuple[str, ...], str, str]] = field(default_factory=list)
    cursors: list[Given] = field(default_factory=list)
    gives_cursors: bool = False
    probed: list[str] = field(default_factory=list)
    countings: int = 0

    def grant(self, coordinate: str) -> Grant | None:
        """How far `coordinate` is readable; when it is not, the plan is refused later."""
        give_way()
        found = self._granted(coordinate)
        if found is None:
            self.forbidden.add(coordinate)
        return found

    def row_scope(self, entity: Entity) -> Scope | None:
        """The widest scope in which rows of `entity` exist for the caller."""
        found = self._granted(f"{entity.name}.id")
        return None if found is None else found.clear

    def reference(self, table: Table) -> FromClause:
        """The plan's next reference of a table, which other plans share: each has many columns."""
        self.aliases[table] += 1
        return _alias(table, self.aliases[table])

    def visible(self, entity: Entity, row: FromClause) -> Conditions:
        """Which rows of `entity` exist for the caller: wall, kind of row, row scope.

        An entity that the caller may not see at all has no rows, and makes the plan forbidden.
        """
        self.references += 1
        if self.references > TABLE_REFERENCES:
            message = f"The operation reaches into more than {TABLE_REFERENCES} lists and objects."
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        scope = self.row_scope(entity)
        if scope is None:
            self.forbidden.add(f"{entity.name}.id")
            return [false()]
        found = self.wall(entity.table, row)
        if entity.condition is not None:
            found.append(entity.condition(row))
        if scope is Scope.CASELOAD:
            found.append(self._caseload(entity, row))
        return found

    def joined(self, target: Entity, row: FromClause, on: Join, outer: FromClause) -> Conditions:
        """The join of an edge: `on`, inside one tenant."""
        found: Conditions = [row.c[theirs] == outer.c[ours] for theirs, ours in on.items()]
        # An agency's wall binds the tenant on both sides already.
        is_bound = self.audience is Audience.AGENCY or not is_tenant_table(target.table)
        if not is_bound and "tenant_id" in outer.c:
            found.append(row.c.tenant_id == outer.c.tenant_id)
        return found

    def clear(self, entity: Entity, row: FromClause, grant: Grant) -> ColumnElement[bool] | None:
        """Where a field is read as it is: None everywhere, else a condition."""
        if not self.is_masked(entity, grant):
            return None
        return false() if grant.clear is None else self._caseload(entity, row)

    def value(
        self, entity: Entity, coordinate: str, declared: Value, row: FromClause
    ) -> ColumnElement[Any]:
        """The value as the caller sees it, masks applied."""
        found = declared.expression(row)
        grant = self.grant(coordinate)
        if grant is None or declared.mask is None or not self.is_masked(entity, grant):
            return found
        mask = cast(declared.mask(row), found.type)
        clear = self.clear(entity, row, grant)
        return mask if clear is None or grant.clear is None else case((clear, found), else_=mask)

    def probe(self, entity: Entity, name: str) -> None:
        """A filter, an order or a count looks at this field: it may be one about a person."""
        telling = telling_fields(self.entities, entity, frozenset({name}))
        if telling and not self.is_hidden(entity, name):
            self.probed.append(f"{entity.name}.{name}")

    def is_hidden(self, entity: Entity, name: str) -> bool:
        """Whether the caller sees nothing but null of this field, whatever the row."""
        grant = self.grants.of(f"{entity.name}.{name}")
        mask = getattr(entity.fields.get(name), "mask", None)
        return mask is hidden and grant is not None and grant.clear is None

    def is_masked(self, entity: Entity, grant: Grant) -> bool:
        """Whether a field so granted is masked in some of the rows that the caller sees."""
        is_narrower = grant.clear is Scope.CASELOAD and self.row_scope(entity) is not Scope.CASELOAD
        return grant.clear is None or is_narrower

    def note_mask(self, entity: Entity, coordinate: str, path: tuple[str, ...]) -> None:
        """Tell the caller where the answer is masked, and why."""
        grant = self.grants.of(coordinate)
        if grant is None:
            return
        if grant.clear is None:
            self.mask_noted(path, coordinate, "your roles read it masked")
        elif self.is_masked(entity, grant):
            self.mask_noted(path, coordinate, "masked outside your caseload")

    def mask_noted(self, path: tuple[str, ...], coordinate: str, reason: str) -> None:
        """Put one masked place of the answer into `extensions.masked`, once."""
        if (path, coordinate, reason) not in self.masked:
            self.masked.append((path, coordinate, reason))

    def _granted(self, coordinate: str) -> Grant | None:
        found = self.grants.of(coordinate)
        if found is None or not {found.clear, found.masked} <= _SCOPES[self.audience]:
            return None
        return found

    def wall(self, table: Table, row: FromClause) -> Conditions:
        """The tenant's predicate, or the city's: it stands at every reference of a walled table."""
        if is_city_table(table) and self.has_predicates:
            return [row.c.bureau_id == self.binds.principal("bureau_id", Uuid())]
        if not is_tenant_table(table) or not self.has_predicates:
            return []
        match self.audience:
            case Audience.AGENCY:
                return [row.c.tenant_id == self.binds.principal("tenant_id", Uuid())]
            case Audience.BUREAU:
                return [row.c.bureau_id == self.binds.principal("bureau_id", Uuid())]
            case Audience.SUPERVISOR:
                tenants = self.binds.principal("tenants", ARRAY(Uuid()))
                return [row.c.tenant_id == any_(tenants)]
            case _:
                message = f"The {self.audience} audience has no reads."
                raise ValueError(message)

    def _caseload(self, entity: Entity, row: FromClause) -> ColumnElement[bool]:
        worker = self.binds.principal("member_id", Uuid())
        match entity.caseload:
            case Own(column):
                return and_(row.c[column] == worker)
            case Through(target, on):
                other = self.entities[target]
                return self._exists(other, on, row, lambda found: self._caseload(other, found))
            case Named(target, on, column):
                other = self.entities[target]
                return self._exists(other, on, row, lambda found: found.c[column] == worker)
            case None:
                message = f"{entity.name} has no caseload, but a policy grants it by caseload."
                raise ValueError(message)

    def _exists(
        self, target: Entity, on: Join, outer: FromClause, holds: Expression
    ) -> ColumnElement[bool]:
        row = self.reference(target.table)
        conditions = [
            *self.wall(target.table, row),
            *self.joined(target, row, on, outer),
            holds(row),
        ]
        return exists_about(outer, row, conditions)


@lru_cache(ALIASES_KEPT)
def _alias(table: Table, number: int) -> FromClause:
    del number
    return _plain(table).alias()


@cache
def _plain(table: Table) -> TableClause:
    """The table with columns that have no keys and defaults: each page copies all of them."""
    return sqlalchemy.table(table.name, *(column(each.name, each.type) for each in table.c))
