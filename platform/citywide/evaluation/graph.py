"""`metrics` in the schema: measures × dimensions over the facts, in the one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import strawberry
from sqlalchemy import (
    ARRAY,
    Date,
    FromClause,
    Text,
    Uuid,
    and_,
    any_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql import ColumnElement

from citywide.errors import Code, RefusalError
from citywide.evaluation.measures import SPLITS, UNITS, Dimension, Fact, Unit, fact_of
from citywide.graph.declare import CATALOGUE, Kind, Root
from citywide.graph.filters import converter, each
from citywide.graph.place import Place
from citywide.graph.selection import Group
from citywide.graph.sql import JsonObject, json_list, opaque_id, text_constant
from citywide.projects.graph import Measure
from citywide.services.graph import ServiceKind

# A cell about fewer persons tells who they are to somebody who knows the community.
SMALLEST_CELL = 5

_KIND_LABELS = {
    "VISIT": "走访",
    "HOME_HELP": "上门帮扶",
    "CASE_SESSION": "个案辅导",
    "GROUP_SESSION": "小组活动",
}


@strawberry.type(description="One dimension's value in a row.")
class MetricKey:
    dimension: Dimension = strawberry.field(description="What the row was split by.")
    value: str | None = strawberry.field(
        description="The id, kind or month; null where the facts have none, as an unsegmented file."
    )
    label: str | None = strawberry.field(description="Its name.")


@strawberry.type(description="One figure in a row.")
class MetricValue:
    measure: Measure = strawberry.field(description="What was counted.")
    unit: Unit = strawberry.field(description="In which unit.")
    value: int | None = strawberry.field(
        description="The figure; masked: null where it is about fewer than five persons."
    )


@strawberry.type(description="The figures of one combination of dimension values.")
class MetricRow:
    keys: list[MetricKey] = strawberry.field(description="In the order of `by`.")
    values: list[MetricValue] = strawberry.field(description="In the order of `measures`.")


@strawberry.type(description="Figures computed from records.")
class MetricTable:
    rows: list[MetricRow] = strawberry.field(
        description="One row without `by`; else one for each combination that occurs, by label."
    )


@strawberry.input(description="Which facts are counted; all that is given must hold.")
class MetricFilter:
    agencies: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only these agencies."
    )
    projects: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only these projects."
    )
    kinds: list[ServiceKind] | None = strawberry.field(
        default=strawberry.UNSET, description="Only services of these kinds."
    )
    from_: date | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="From this day on."
    )
    until: date | None = strawberry.field(default=strawberry.UNSET, description="Before this day.")


class Table:
    """Compiles one `metrics` field."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.access = place.planner.access
        self.measures: Sequence[str] = place.arguments["measures"]
        self.by: Sequence[str] = tuple(dict.fromkeys(place.arguments.get("by") or ()))
        self.where: Mapping[str, Any] = place.arguments.get("where") or {}
        self._refuse_nonsense()
        self.counted = self._counted()
        self.joined, self.keys = self._labelled()

    def json(self) -> ColumnElement[Any]:
        """The answer as the operation selects it."""
        chosen = self._children(self.place.group, "MetricTable")
        return JsonObject([(group.key, self._rows(group)) for group in chosen])

    def _refuse_nonsense(self) -> None:
        if not self.measures:
            raise RefusalError(Code.BAD_USER_INPUT, "metrics needs at least one measure.")
        for name, value in self.where.items():
            if value is None:
                message = f"{name} is null in the filter of metrics; leave it out instead."
                raise RefusalError(Code.BAD_USER_INPUT, message)
        needed = {*self.by, *({"PROJECT"} & self._filtered()), *({"KIND"} & self._filtered())}
        for measure in self.measures:
            for dimension in sorted(needed - SPLITS[measure]):
                possible = ", ".join(sorted(SPLITS[measure]))
                message = (
                    f"{measure} cannot be split or filtered by {dimension}; it can by {possible}."
                )
                raise RefusalError(Code.BAD_USER_INPUT, message)

    def _filtered(self) -> set[str]:
        names = {"projects": "PROJECT", "kinds": "KIND"}
        return {dimension for name, dimension in names.items() if name in self.where}

    # -- counting -----------------------------------------------------------------------------

    def _counted(self) -> FromClause:
        """One row a cell: `k0 …` the keys, `v0 …` the figures of the distinct measures."""
        parts = [self._part(number, measure) for number, measure in enumerate(self._distinct())]
        together: Any = union_all(*parts)
        every = together.subquery()
        keys = [every.c[f"k{number}"] for number in range(len(self.by))]
        figures = [
            func.coalesce(func.max(every.c.v).filter(every.c.m == number), 0).label(f"v{number}")
            for number in range(len(parts))
        ]
        persons = [
            func.coalesce(func.max(every.c.n).filter(every.c.m == number), 0).label(f"n{number}")
            for number in range(len(parts))
        ]
        return select(*keys, *figures, *persons).group_by(*keys).subquery()

    def _distinct(self) -> list[str]:
        return list(dict.fromkeys(self.measures))

    def _part(self, number: int, measure: str) -> Any:
        by_project = "PROJECT" in self.by or "projects" in self.where
        fact = fact_of(
            measure,
            by_project=by_project,
            by_segment="SEGMENT" in self.by,
            has_persons=self._is_suppressed(),
        )
        keys = [fact.keys[name].label(f"k{place}") for place, name in enumerate(self.by)]
        conditions = [*fact.conditions, *self._period(fact), *self._chosen(fact)]
        for table in fact.tables:
            conditions += self.access.wall(_original(table), table)
        persons: ColumnElement[int] = literal(0)
        if self._is_suppressed() and fact.persons is not None:
            persons = func.count(fact.persons.distinct())
        found = select(literal(number).label("m"), *keys, fact.count.label("v"), persons.label("n"))
        return found.select_from(fact.source).where(and_(*conditions)).group_by(*keys)

    def _is_suppressed(self) -> bool:
        grant = self.access.grants.of("MetricValue.value")
        return grant is not None and grant.clear is None

    def _period(self, fact: Fact) -> list[ColumnElement[bool]]:
        """Facts within `from` and `until`; a file counts while it is open, today by default."""

        def day(name: str) -> ColumnElement[Any] | None:
            value = self.where.get(name)
            convert = converter(Kind.DATE, "", "")
            return None if value is None else self.access.binds.value(value, Date(), convert)

        first, last = day("from"), day("until")
        found = []
        if fact.last_day is None:
            if first is not None:
                found.append(fact.first_day >= first)
            if last is not None:
                found.append(fact.first_day < last)
            return found
        today = self.access.binds.principal("today", Date())
        found.append(fact.first_day <= today if last is None else fact.first_day < last)
        since = today if first is None else first
        return [*found, or_(fact.last_day.is_(None), fact.last_day > since)]

    def _chosen(self, fact: Fact) -> list[ColumnElement[bool]]:
        found = []
        for name, key, type_name in (
            ("agencies", "AGENCY", "Agency"),
            ("projects", "PROJECT", "Project"),
        ):
            if name in self.where:
                tag = self.access.entities[type_name].tag
                listed = self.access.binds.value(
                    self.where[name], ARRAY(Uuid()), each(converter(Kind.ID, tag, type_name))
                )
                found.append(fact.keys[key] == any_(listed))
        if "kinds" in self.where:
            listed = self.access.binds.value(self.where["kinds"], ARRAY(Text()))
            found.append(fact.keys["KIND"] == any_(listed))
        return found

    # -- labelling ----------------------------------------------------------------------------

    def _labelled(self) -> tuple[FromClause, list[tuple[ColumnElement[Any], ColumnElement[Any]]]]:
        """The cells joined to the names of their keys; each key's value and label."""
        joined = self.counted
        found: list[tuple[ColumnElement[Any], ColumnElement[Any]]] = []
        for number, name in enumerate(self.by):
            key = self.counted.c[f"k{number}"]
            if name == "KIND":
                found.append((key, case(_KIND_LABELS, value=key)))
                continue
            if name == "MONTH":
                found.append((key, key))
                continue
            entity = self.access.entities[name.capitalize()]
            row = entity.table.alias()
            conditions = [row.c.id == key, *self.access.wall(entity.table, row)]
            joined = joined.outerjoin(row, and_(true(), *conditions))
            value = case((row.c.id.is_not(None), opaque_id(entity, row)), else_=null())
            found.append((value, row.c.name))
        return joined, found

    # -- selecting ----------------------------------------------------------------------------

    def _children(self, group: Group, type_name: str) -> list[Group]:
        """The selected fields of one of our types, each asked of the grants."""
        found = self.place.planner.selections.children(group, type_name)
        for child in found:
            if child.name != "__typename":
                self.access.grant(f"{type_name}.{child.name}")
        return found

    def _rows(self, group: Group) -> ColumnElement[Any]:
        if group.name == "__typename":
            return text_constant("MetricTable")
        row = JsonObject([(g.key, self._row(g)) for g in self._children(group, "MetricRow")])
        order = [term for value, label in self.keys for term in (label, value)]
        listed = json_list(row, order or [literal(1)])
        return select(listed).select_from(self.joined).scalar_subquery()

    def _row(self, group: Group) -> ColumnElement[Any]:
        match group.name:
            case "keys":
                chosen = self._children(group, "MetricKey")
                return func.json_build_array(*(self._key(n, chosen) for n in range(len(self.by))))
            case "values":
                chosen = self._children(group, "MetricValue")
                path = (*self.place.path, group.key)
                return func.json_build_array(*(self._value(m, chosen, path) for m in self.measures))
            case _:
                return text_constant("MetricRow")

    def _key(self, number: int, chosen: list[Group]) -> ColumnElement[Any]:
        value, label = self.keys[number]
        fields = {
            "dimension": text_constant(self.by[number]),
            "value": value,
            "label": label,
            "__typename": text_constant("MetricKey"),
        }
        return JsonObject([(child.key, fields[child.name]) for child in chosen])

    def _value(
        self, measure: str, chosen: list[Group], path: tuple[str, ...]
    ) -> ColumnElement[Any]:
        number = self._distinct().index(measure)
        figure: ColumnElement[Any] = self.counted.c[f"v{number}"]
        if self._is_suppressed():
            persons = self.counted.c[f"n{number}"]
            figure = case((persons.between(1, SMALLEST_CELL - 1), null()), else_=figure)
        fields = {
            "measure": text_constant(measure),
            "unit": text_constant(UNITS[measure].name),
            "value": figure,
            "__typename": text_constant("MetricValue"),
        }
        for child in chosen:
            if child.name == "value" and self._is_suppressed():
                reason = f"null where it is about fewer than {SMALLEST_CELL} persons"
                self.access.mask_noted((*path, child.key), "MetricValue.value", reason)
        return JsonObject([(child.key, fields[child.name]) for child in chosen])


def _original(table: FromClause) -> Any:
    return getattr(table, "element", table)


CATALOGUE.roots["metrics"] = Root(
    description="Figures computed from records, split as you like; units are never mixed.",
    returns=MetricTable,
    arguments={
        "measures": (list[Measure], "What to count.", strawberry.UNSET),
        "by": (list[Dimension] | None, "What to split by; nothing: one row.", strawberry.UNSET),
        "where": (MetricFilter | None, "Which facts count.", strawberry.UNSET),
    },
    compile=lambda place: Table(place).json(),
    guarded={"measures": Measure, "by": Dimension},
    maskable=frozenset({"MetricValue.value"}),
)
