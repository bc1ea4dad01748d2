"""`metrics` in the schema: measures × dimensions over the facts, in the one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import strawberry
from sqlalchemy import (
    Float,
    FromClause,
    Numeric,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.sql import ColumnElement

from citywide.errors import Code, RefusalError
from citywide.evaluation.counting import Counting, Figure, Question, sub_query
from citywide.evaluation.facts import PERIODS
from citywide.evaluation.measures import MEASURES, SPLITS
from citywide.evaluation.published import SMALLEST_CELL, Publishing, possible_splits
from citywide.evaluation.words import PERSONAL, Dimension, Measure, Unit
from citywide.graph.declare import CATALOGUE, Root
from citywide.graph.planning import (
    Group,
    JsonObject,
    Place,
    json_list,
    keys_of_a_row,
    opaque_id,
    refuse_null,
    selected,
    text_constant,
)
from citywide.services.words import ServiceKind

# Of a ratio.
DECIMALS = 4

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
    value: float | None = strawberry.field(
        description=(
            "The figure; of a ratio to four places, null where there is nothing to divide by. "
            "Masked: figures about fewer than five persons are left out or rounded together to "
            "multiples of six; null where there is none but those."
        )
    )
    numerator: float | None = strawberry.field(
        description="What a ratio divides; of a count the count itself. Masked as `value`."
    )
    denominator: float | None = strawberry.field(
        description="What a ratio divides by; null for a count. Masked as `value`."
    )
    previous: float | None = strawberry.field(
        description=(
            "The value of the period before: as many months before `from`, where both days are "
            "the first of a month, else as many days. Masked as `value`."
        )
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
    areas: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only in these communities."
    )
    kinds: list[ServiceKind] | None = strawberry.field(
        default=strawberry.UNSET, description="Only services of these kinds."
    )
    from_: date | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="From this day on."
    )
    until: date | None = strawberry.field(default=strawberry.UNSET, description="Before this day.")


_HIDEABLE = ("value", "numerator", "denominator", "previous")


class Table:
    """Compiles one `metrics` field."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.access = place.access
        measures: Sequence[str] = place.arguments["measures"]
        # With a forbidden one the plan is refused and never run: it need not be counted, and what
        # cannot be split by it is not what the caller is told.
        forbidden = self.access.forbidden
        may_be = [m for m in measures if f"Measure.{m}" not in forbidden]
        is_moot = bool(measures) and not may_be
        self.measures = ["HOME_HELP"] if is_moot else may_be
        by = [] if is_moot else place.arguments.get("by") or ()
        self.question = Question(
            by=tuple(dict.fromkeys(d for d in by if f"Dimension.{d}" not in forbidden)),
            where={} if is_moot else place.arguments.get("where") or {},
        )
        self.by = self.question.by
        grants = [self.access.grants.of(f"MetricValue.{name}") for name in _HIDEABLE]
        self.is_suppressed = any(grant is not None and grant.clear is None for grant in grants)
        self._refuse_nonsense()
        periods = (False, True) if self._asks_before() else (False,)
        self.figures = [
            Figure(measure, is_before)
            for is_before in periods
            for measure in dict.fromkeys(self.measures)
        ]
        kind = Publishing if self.is_suppressed else Counting
        self.counting = kind(self.access, self.question)
        self.probing = self._probing()
        if self.probing:
            self.access.probed += [f"Measure.{measure}" for measure in self.probing]
            self.access.probed += [f"Dimension.{dimension}" for dimension in self.by]
        self.counted = self._counted()
        self.joined, self.keys = self._labelled()

    def json(self) -> ColumnElement[Any]:
        """The answer as the operation selects it."""
        made = {"rows": self._rows}
        return JsonObject(selected(self.place, self.place.group, "MetricTable", made))

    def _refuse_nonsense(self) -> None:
        if not self.measures:
            raise RefusalError(Code.BAD_USER_INPUT, "metrics needs at least one measure.")
        if len(self.measures) > len(MEASURES):
            message = f"There are {len(MEASURES)} measures: ask for each once."
            raise RefusalError(Code.BAD_USER_INPUT, message)
        refuse_null(self.question.where, "metrics")
        for measure in self.measures:
            splits = possible_splits(measure) if self.is_suppressed else SPLITS[measure]
            if not splits:
                message = f"{measure} is not told where small figures are hidden."
                raise RefusalError(Code.BAD_USER_INPUT, message)
            for dimension in sorted(self.question.dimensions - splits):
                possible = ", ".join(sorted(splits))
                message = (
                    f"{measure} cannot be split or filtered by {dimension}; it can by {possible}."
                )
                raise RefusalError(Code.BAD_USER_INPUT, message)

    def _probing(self) -> list[str]:
        """The measures that count persons by what is their own, as a list's filter does.

        An agency's figure of a month tells about nobody, and what is published about nobody either.
        """
        if self.is_suppressed or PERSONAL.isdisjoint(self.question.dimensions):
            return []
        return [measure for measure in self.measures if MEASURES[measure].is_about_persons]

    def _asks_before(self) -> bool:
        """Whether the period before is selected, which needs one that has both ends."""
        selections, groups = self.place.selections, [self.place.group]
        for type_name, name in (
            ("MetricTable", "rows"),
            ("MetricRow", "values"),
            ("MetricValue", "previous"),
        ):
            groups = [
                child
                for group in groups
                for child in selections.children(group, type_name)
                if child.name == name
            ]
        if groups and (
            not {"from", "until"} <= self.question.where.keys() or PERIODS.keys() & {*self.by}
        ):
            message = "previous needs from and until, and a split by no MONTH, QUARTER or YEAR."
            raise RefusalError(Code.BAD_USER_INPUT, message)
        return bool(groups)

    # -- counting -----------------------------------------------------------------------------

    def _counted(self) -> FromClause:
        """One row a cell: `k0 …` the keys, `a0 …` the numerators, `b0 …` the denominators."""
        parts = [sub_query(part, self.figures) for part in self.counting.parts(self.figures)]
        together: Any = union_all(*parts)
        every = together.subquery()
        keys = [every.c[f"k{place}"] for place in range(len(self.by))]
        sums = [func.max(c).label(c.name) for c in every.c if not c.name.startswith("k")]
        found = select(*keys, *sums).group_by(*keys)
        if self.is_suppressed and self.by:
            # A row of nothing that is told would tell that there is something.
            found = found.having(func.num_nonnulls(*(func.max(c) for c in self._told(every))) > 0)
        return found.subquery()

    def _told(self, every: Any) -> list[Any]:
        return [every.c[f"a{place}"] for place in range(len(self.figures))]

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
            if name in PERIODS:
                label = func.to_char(key, literal_column(f"'{PERIODS[name]}'"))
                found.append((label, label))
                continue
            entity = self.access.entities[name.capitalize()]
            row = entity.table.alias()
            conditions = [row.c.id == key, *self.access.wall(entity.table, row)]
            joined = joined.outerjoin(row, and_(true(), *conditions))
            value = case((row.c.id.is_not(None), opaque_id(entity, row)), else_=null())
            found.append((value, row.c.name))
        return joined, found

    # -- selecting ----------------------------------------------------------------------------

    def _rows(self, group: Group) -> ColumnElement[Any]:
        made = {"keys": self._keys, "values": self._values}
        pairs = selected(self.place, group, "MetricRow", made)
        pairs += self.place.noted([self._sums(Figure(name))[1] for name in self.probing])
        row = JsonObject(pairs)
        order = [term for value, label in self.keys for term in (label, value)]
        listed = json_list(row, order or [literal(1)])
        return select(listed).select_from(self.joined).scalar_subquery()

    def _keys(self, group: Group) -> ColumnElement[Any]:
        keys = dict(zip(self.by, self.keys, strict=True))
        return keys_of_a_row(self.place, group, "MetricKey", keys)

    def _values(self, group: Group) -> ColumnElement[Any]:
        return func.json_build_array(*(self._value(measure, group) for measure in self.measures))

    def _value(self, measure: str, group: Group) -> ColumnElement[Any]:
        value, numerator, denominator = self._sums(Figure(measure))
        fields = {
            "measure": text_constant(measure),
            "unit": text_constant(MEASURES[measure].unit.name),
            "value": value,
            "numerator": numerator,
            "denominator": denominator,
        }
        before = Figure(measure, is_before=True)
        if before in self.figures:
            fields["previous"] = self._sums(before)[0]

        def shown(child: Group) -> ColumnElement[Any]:
            if child.name in _HIDEABLE and self.is_suppressed:
                reason = f"null where it is about fewer than {SMALLEST_CELL} persons, or rounded"
                path = (*self.place.path, group.key, child.key)
                self.access.mask_noted(path, f"MetricValue.{child.name}", reason)
            return fields[child.name]

        made = dict.fromkeys(fields, shown)
        return JsonObject(selected(self.place, group, "MetricValue", made))

    def _sums(
        self, figure: Figure
    ) -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
        """Value, numerator and denominator; a count is its own numerator and has no other."""
        place = self.figures.index(figure)
        sum_of = self.counted.c
        numerator: ColumnElement[Any] = sum_of[f"a{place}"]
        if self.counting.is_whole:
            numerator = func.coalesce(numerator, literal_column("0"))
        if figure.measured.over is None:
            return numerator, numerator, null()
        denominator = func.coalesce(sum_of[f"b{place}"], literal_column("0"))
        share = func.round(
            cast(numerator, Numeric) / func.nullif(denominator, literal_column("0")),
            literal_column(str(DECIMALS)),
        )
        return cast(share, Float), numerator, denominator


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
    maskable=frozenset(f"MetricValue.{name}" for name in _HIDEABLE),
)
