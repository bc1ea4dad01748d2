"""Where use cases read and write: one tenant's rows in one transaction, on one business day."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Select, Table, select
from sqlalchemy.sql import ColumnElement

from citywide.acts.problems import ProblemError, stale, wrong_state
from citywide.db.rows import change_row, insert_rows, matching, owned
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Context, Transaction
from citywide.db.tables import RowTable, entity_of, is_city_table, is_tenant_table
from citywide.errors import Fault, InvalidError
from citywide.ids import NodeId, new_id
from citywide.rules.course import Allows, Step
from citywide.rules.fields import UNSET

R = TypeVar("R", bound=Mapping[str, object])

# What a row has by itself, whatever a draft calls its fields.
_GIVEN = frozenset({"id", "tenant_id", "bureau_id", "version"})


class Workspace:
    """One tenant of one bureau in one transaction; `today` may be a replayed day.

    Every statement that it makes has the tenant's predicate (the first wall), and every row that
    it writes names its tenant and bureau. A use case that an import performs gets a workspace, one
    that a member performs an `Act`, which is a workspace too.
    """

    def __init__(
        self,
        transaction: Transaction,
        *,
        tenant_id: UUID,
        bureau_id: UUID,
        today: date,
        sealer: Sealer,
    ) -> None:
        """Work in `transaction`, whose context must be the tenant's or its bureau's."""
        self.transaction = transaction
        self.tenant_id = tenant_id
        self.bureau_id = bureau_id
        self.today = today
        self.sealer = sealer
        # Persons that the work is about, for the audit trail.
        self.persons: set[UUID] = set()

    @property
    def context(self) -> Context:
        """The context of a transaction that works here."""
        return Context(Audience.AGENCY, tenant_id=self.tenant_id, bureau_id=self.bureau_id)

    # -- reading -------------------------------------------------------------------------------

    async def find(
        self, table: RowTable[R], row_id: UUID | NodeId, field: str, *, lock: bool = False
    ) -> R:
        """The row with this id; `InvalidError` about the draft's `field` when it is not there.

        A `NodeId` leads to its own tenant: the work goes on there, as far as row-level security
        lets the actor see it. `lock` makes others wait for the row until the end.
        """
        if isinstance(row_id, NodeId):
            self.move_to(row_id.tenant_id)
            row_id = row_id.row_id
        found = await (self._locked(table, row_id) if lock else self.rows(table, id=row_id))
        if not found:
            raise InvalidError([nothing(table, field)])
        if isinstance(found[0].get("beneficiary_id"), UUID):
            self.persons.add(cast(UUID, found[0]["beneficiary_id"]))
        return found[0]

    async def rows(self, table: RowTable[R], **same: Any) -> list[R]:
        """The rows whose columns equal the given values; a collection means any of them."""
        found = await matching(self.transaction, table, self._walls(table), same)
        return cast(list[R], found)

    async def row(self, table: RowTable[R], **same: Any) -> R | None:
        """The row whose columns equal the given values, which are a key of it."""
        found = await self.rows(table, **same)
        return found[0] if found else None

    async def by_id(self, table: RowTable[R], ids: Collection[UUID]) -> dict[UUID, R]:
        """The rows with these ids; what is not this tenant's is not there."""
        return {cast(UUID, row["id"]): row for row in await self.rows(table, id=ids)}

    async def select(self, statement: Select[Any], *tables: Table) -> list[Any]:
        """The rows of a statement, with the first wall around each of `tables`."""
        return await self.transaction.rows(statement.where(*map(self.owns, tables)))

    def owns(self, table: Table) -> ColumnElement[bool]:
        """The first wall, for statements of a use case's own: the tenant's rows, or the city's."""
        return owned(table, **self._walls(table))

    # -- writing -------------------------------------------------------------------------------

    def move_to(self, tenant_id: UUID) -> None:
        """Work in another tenant from now on; row-level security says whether that is allowed."""
        self.tenant_id = tenant_id

    async def insert(self, table: RowTable[R], draft: object = None, /, **columns: Any) -> UUID:
        """Write a row: what `draft` calls as a column is called, and `columns`; its id."""
        [row_id] = await self.insert_all(table, [values_of(table, draft, columns)])
        return row_id

    async def insert_all(
        self, table: RowTable[Any], rows: Sequence[Mapping[str, Any]]
    ) -> list[UUID]:
        """Write rows that have the same columns; their ids, in order."""
        given = self._walls(table)
        whole = [{**given, "id": new_id(), **row} for row in rows]
        return await insert_rows(self.transaction, table=table, rows=whole)

    async def update(
        self, table: RowTable[R], row: R, draft: object = None, /, **columns: Any
    ) -> None:
        """Change a row that was read here: what `draft` calls as a column is called, and `columns`.

        The version that was read, and the one that `draft` says its author had seen, must be the
        row's: an update in between is a `StaleVersionProblem`.
        """
        if draft is not None:
            self.check_version(row, draft)
        version = cast(int, row["version"]) if "version" in table.c else None
        values = values_of(table, draft, columns)
        row_id = cast(UUID, row["id"])
        done = await change_row(
            self.transaction, table, self._walls(table), row_id, values, version=version
        )
        if not done:
            [now] = await self.rows(table, id=row_id)
            raise stale(cast(int, now["version"]))

    def check_version(self, row: Mapping[str, object], draft: object) -> None:
        """Refuse to decide on a row that was changed since the author of `draft` read it."""
        seen = getattr(draft, "version", None)
        if seen is not None and row["version"] != seen:
            raise stale(cast(int, row["version"]))

    def check(self, what: Step | Allows, row: Mapping[str, Any], *path: str) -> None:
        """Refuse what the row's stage does not allow: the only question about it."""
        course = what.course
        refusal = course.refusal(course.state_of(row), what)
        if refusal is not None:
            raise (course.problem or _wrong_state)(refusal, row, *path)

    # ------------------------------------------------------------------------------------------

    def _walls(self, table: Table) -> dict[str, UUID]:
        """The columns that say whose a row is."""
        if is_tenant_table(table):
            return {"tenant_id": self.tenant_id, "bureau_id": self.bureau_id}
        return {"bureau_id": self.bureau_id} if is_city_table(table) else {}

    async def _locked(self, table: RowTable[R], row_id: UUID) -> list[R]:
        statement = select(table).where(table.c.id == row_id).with_for_update()
        return cast(list[R], await self.select(statement, table))


def _wrong_state(message: str, _: Mapping[str, Any], *path: str) -> ProblemError:
    return wrong_state(message, *path)


def nothing(table: Table, *path: str | int) -> Fault:
    """An id of nothing: the same sentence for another type's id and for another tenant's."""
    return Fault(path, f"There is no {entity_of(table)} with this id.", "NOT_FOUND")


def values_of(table: Table, draft: object, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row, of the draft's fields with the same names and of `columns`.

    An amount of money stands in the column that says its unit: `amount` in `amount_fen`. What the
    draft leaves as it is is left out. Raises `KeyError` for a column that the table has not.
    """
    found: dict[str, Any] = {}
    if draft is not None:
        for column, field in _shared(table, cast(Hashable, type(draft))):
            value = getattr(draft, field)
            if value is not UNSET:
                found[column] = value
    for name in columns:
        _ = table.c[name]
    return {**found, **columns}


@cache
def _shared(table: Table, takes: Hashable) -> tuple[tuple[str, str], ...]:
    """The columns of a table that a draft has a field for, each with the field."""
    named = ((f"{each.name}_fen", each.name) for each in fields(cast(Any, takes)))
    pairs = ((fen if fen in table.c else name, name) for fen, name in named)
    return tuple((column, name) for column, name in pairs if column in {*table.c.keys()} - _GIVEN)
