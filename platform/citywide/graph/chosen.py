"""The `where` of a root that compiles itself, as predicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Date, Table, Text, Uuid, any_
from sqlalchemy.sql import ColumnElement, FromClause

from citywide.errors import Code, RefusalError
from citywide.graph.access import Access
from citywide.graph.declare import Kind
from citywide.graph.filters import converter, each, listed


@dataclass(frozen=True, slots=True)
class Chosen:
    """One `where` of a root: what of it is given, as values of the statement."""

    access: Access
    where: Mapping[str, Any]

    @classmethod
    def of(cls, access: Access, where: Mapping[str, Any] | None, root: str) -> Chosen:
        """The filter of `root`; null says nothing and is refused."""
        refuse_null(where or {}, root)
        return cls(access, where or {})

    def ids(
        self,
        name: str,
        type_name: str,
        column: ColumnElement[Any],
        tenant_id: ColumnElement[Any] | None = None,
    ) -> Sequence[ColumnElement[bool]]:
        """`column` is one of the ids given as `name`, of rows of the tenant in `tenant_id`."""
        if name not in self.where:
            return ()
        entity = self.access.entities[type_name]
        if tenant_id is not None:
            return (listed(self.access, entity, self.where[name], tenant_id, column),)
        convert = each(converter(Kind.ID, entity.tag, type_name))
        return (column == any_(self.access.binds.value(self.where[name], ARRAY(Uuid()), convert)),)

    def words(self, name: str, column: ColumnElement[Any]) -> Sequence[ColumnElement[bool]]:
        """`column` is one of the words of an enum given as `name`."""
        if name not in self.where:
            return ()
        return (column == any_(self.access.binds.value(self.where[name], ARRAY(Text()))),)

    def day(self, name: str) -> ColumnElement[Any] | None:
        """The day given as `name`."""
        if name not in self.where:
            return None
        return self.access.binds.value(self.where[name], Date(), converter(Kind.DATE, "", ""))

    def period(self, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """A day within `from` and `until`."""
        found = []
        first, end = self.day("from"), self.day("until")
        if first is not None:
            found.append(column >= first)
        if end is not None:
            found.append(column < end)
        return found

    def walls(self, *tables: tuple[Table, FromClause]) -> list[ColumnElement[bool]]:
        """The wall at each of these references."""
        return [each for table, row in tables for each in self.access.wall(table, row)]


def refuse_null(where: Mapping[str, Any], root: str) -> None:
    """Refuse a filter of `root` in which something is null."""
    for name, value in where.items():
        if value is None:
            message = f"{name} is null in the filter of {root}; leave it out instead."
            raise RefusalError(Code.BAD_USER_INPUT, message)
