"""`unitCosts` in the schema: what was spent over what was delivered, beside the median."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import strawberry
from sqlalchemy import (
    BigInteger,
    Double,
    FromClause,
    Numeric,
    and_,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.sql import ColumnElement

from citywide.budgets.models import BUDGET_LINE, EXPENSE
from citywide.errors import Code, RefusalError
from citywide.graph.declare import CATALOGUE, Kind, Root
from citywide.graph.planning import (
    Chosen,
    Group,
    JsonObject,
    Place,
    constant,
    inside,
    json_list,
    keys_of_a_row,
    opaque_id,
    printed,
    selected,
    text_constant,
)
from citywide.oversight.cells import is_owed, labelled
from citywide.oversight.graph import UnitCostFilter, UnitCostTable
from citywide.oversight.words import CostDimension, CostUnit
from citywide.services.models import ATTENDANCE, SERVICE_RECORD

Sql = ColumnElement[Any]
# The kind of service that a unit counts; None: any.
_KINDS: Mapping[str, str] = {
    CostUnit.HOME_HELP: "HOME_HELP",
    CostUnit.CASE_COUNSELLING: "CASE_SESSION",
    CostUnit.GROUP_ACTIVITY: "GROUP_SESSION",
}
# Units that are services; all others are about the persons who attend them.
_SERVICES = frozenset({CostUnit.SERVICE, CostUnit.GROUP_ACTIVITY})


class UnitCosts:
    """Compiles one `unitCosts` field."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.access = place.access
        self.per: Sequence[str] = tuple(dict.fromkeys(place.arguments["per"]))
        self.by: Sequence[str] = tuple(dict.fromkeys(place.arguments.get("by") or ()))
        if not self.per:
            raise RefusalError(Code.BAD_USER_INPUT, "unitCosts needs at least one unit.")
        self.chosen = Chosen.of(self.access, place.arguments.get("where"), "unitCosts")
        self.cells = self._cells()

    def json(self) -> Sql:
        """The answer as the operation selects it."""
        made = {"rows": self._rows}
        return JsonObject(selected(self.place, self.place.group, "UnitCostTable", made))

    # -- counting -----------------------------------------------------------------------------

    def _cells(self) -> FromClause:
        """One row a cell: `k0 …` and `l0 …` its keys, the money, and for each unit its figures."""
        spent = self._spent(self.by, of_chosen=True)
        source: FromClause = spent
        columns: list[Sql] = [spent.c.spent]
        conditions: list[ColumnElement[bool]] = []
        for number, unit in enumerate(self.per):
            counted = self._counted(unit, self.by, of_chosen=True)
            source = source.outerjoin(counted, _same(spent, counted, self.by))
            median = self._median(unit)
            source = source.outerjoin(median, _same(spent, median, self.by))
            quantity = func.coalesce(counted.c.quantity, 0)
            columns += [quantity.label(f"q{number}"), median.c.median.label(f"m{number}")]
        for number, name in enumerate(self.by):
            if name == "CATEGORY":
                columns += [
                    spent.c.category.label(f"k{number}"),
                    spent.c.category.label(f"l{number}"),
                ]
                continue
            entity = self.access.entities[name.capitalize()]
            row = entity.table.alias()
            own = [spent.c.tenant_id == row.c.tenant_id]
            if name == "PROJECT":
                own.append(spent.c.project_id == row.c.id)
            source = source.join(row, and_(*own))
            conditions += self.access.wall(entity.table, row)
            columns += [opaque_id(entity, row).label(f"k{number}"), row.c.name.label(f"l{number}")]
        return (
            select(*columns).select_from(source).where(and_(true(), *conditions)).subquery("cell")
        )

    def _spent(self, by: Sequence[str], *, of_chosen: bool) -> FromClause:
        voucher, line = EXPENSE.alias(), BUDGET_LINE.alias()
        keys = _keys(line, by)
        conditions = [
            is_owed(voucher),
            *self.chosen.walls((EXPENSE, voucher), (BUDGET_LINE, line)),
            *self.chosen.period(voucher.c.spent_on),
            *self.chosen.words("categories", line.c.category),
        ]
        if of_chosen:
            conditions += self.chosen.ids("agencies", "Agency", line.c.tenant_id)
        total = cast(func.coalesce(func.sum(voucher.c.amount_fen), 0), BigInteger)
        return (
            select(*keys, total.label("spent"))
            .select_from(voucher.join(line, inside(voucher, "budget_line_id", line)))
            .where(*conditions)
            .group_by(*keys)
            .subquery()
        )

    def _counted(self, unit: str, by: Sequence[str], *, of_chosen: bool) -> FromClause:
        """How many units were delivered; what a category pays for is not told apart."""
        record = SERVICE_RECORD.alias()
        source: FromClause = record
        keys = _keys(record, [name for name in by if name != "CATEGORY"])
        conditions = [
            record.c.status == literal_column("'CURRENT'"),
            *self.access.wall(SERVICE_RECORD, record),
            *self.chosen.period(record.c.served_on),
        ]
        quantity: Sql = func.count()
        if unit in _KINDS:
            conditions.append(record.c.kind == _KINDS[unit])
        if unit not in _SERVICES:
            served = ATTENDANCE.alias()
            source = record.join(served, inside(served, "service_record_id", record))
            conditions += [served.c.role == "BENEFICIARY", *self.access.wall(ATTENDANCE, served)]
            if unit == CostUnit.PERSON:
                person = tuple_(served.c.tenant_id, served.c.beneficiary_id)
                quantity = func.count(person.distinct())
        if of_chosen:
            conditions += self.chosen.ids("agencies", "Agency", record.c.tenant_id)
        found = select(*keys, quantity.label("quantity")).select_from(source)
        return found.where(*conditions).group_by(*keys).subquery()

    def _median(self, unit: str) -> FromClause:
        """The median of the agencies' costs of a unit, for each category where split by it."""
        by = ["AGENCY", *(name for name in self.by if name == "CATEGORY")]
        spent = self._spent(by, of_chosen=False)
        counted = self._counted(unit, by, of_chosen=False)
        cost = cast(spent.c.spent, Double) / counted.c.quantity
        middle = func.percentile_cont(literal_column("0.5")).within_group(cost)
        keys = [spent.c.category] if "CATEGORY" in by else []
        return (
            select(*keys, cast(middle, Numeric).label("median"))
            .select_from(spent.join(counted, _same(spent, counted, ["AGENCY"])))
            .where(counted.c.quantity > literal_column("0"))
            .group_by(*keys)
            .subquery()
        )

    # -- selecting ----------------------------------------------------------------------------

    def _rows(self, group: Group) -> Sql:
        made: dict[str, Callable[[Group], Sql]] = {"keys": self._keys, "costs": self._costs}
        row = JsonObject(selected(self.place, group, "UnitCostRow", made))
        order = [self.cells.c[f"{what}{n}"] for n in range(len(self.by)) for what in "lk"]
        listed = json_list(row, order or [literal(1)])
        return select(listed).select_from(self.cells).scalar_subquery()

    def _keys(self, group: Group) -> Sql:
        keys = labelled(self.cells, self.by)
        return keys_of_a_row(self.place, group, "CostKey", keys)

    def _costs(self, group: Group) -> Sql:
        costs = []
        spent = self.cells.c.spent
        for number, unit in enumerate(self.per):
            quantity = self.cells.c[f"q{number}"]
            cost = cast(spent, Numeric) / cast(func.nullif(quantity, 0), Numeric)
            values = {
                "unit": text_constant(unit),
                "spent": printed(Kind.MONEY, spent),
                "quantity": quantity,
                "cost": printed(Kind.MONEY, cost),
                "median": printed(Kind.MONEY, self.cells.c[f"m{number}"]),
            }
            made = {field: constant(value) for field, value in values.items()}
            costs.append(JsonObject(selected(self.place, group, "UnitCost", made)))
        return func.json_build_array(*costs)


# The columns of each key; a project is one of a tenant.
_COLUMNS = {
    "AGENCY": ("tenant_id",),
    "PROJECT": ("tenant_id", "project_id"),
    "CATEGORY": ("category",),
}


def _keys(row: FromClause, by: Sequence[str]) -> list[Sql]:
    """What to group by; `row` has all columns but those of keys that it does not know."""
    names = dict.fromkeys(column for name in by for column in _COLUMNS[name])
    return [row.c[name] for name in names]


def _same(one: FromClause, other: FromClause, by: Sequence[str]) -> ColumnElement[bool]:
    """The cells of both are of the same keys, of those that both have."""
    names = {column for name in by for column in _COLUMNS[name] if column in other.c}
    return and_(true(), *(one.c[name] == other.c[name] for name in sorted(names)))


CATALOGUE.roots["unitCosts"] = Root(
    description="What a person, a person-time or a service cost, beside the agencies' median.",
    returns=UnitCostTable,
    arguments={
        "per": (list[CostUnit], "What to divide the money by.", strawberry.UNSET),
        "by": (list[CostDimension] | None, "What to split by; nothing: one row.", strawberry.UNSET),
        "where": (UnitCostFilter | None, "Which money and services.", strawberry.UNSET),
    },
    compile=lambda place: UnitCosts(place).json(),
    guarded={"per": CostUnit, "by": CostDimension},
)
