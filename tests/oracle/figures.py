"""`metrics` counted naively: one loop over all facts a measure, one dictionary a cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from citywide.ids import NodeId
from oracle.facts import Counted, Facts, in_time
from oracle.sight import Sight, outside_id

UNITS: Mapping[str, str] = {
    "BENEFICIARIES_ON_FILE": "PERSONS",
    "PERSONS_SERVED": "PERSONS",
    "SOCIAL_WORKER_TURNOUTS": "PERSON_TIMES",
    "VOLUNTEER_TURNOUTS": "PERSON_TIMES",
    "VOLUNTEER_MINUTES": "MINUTES",
    "SERVICES": "OCCURRENCES",
    "CASE_COUNSELLING": "PERSON_TIMES",
    "GROUP_ACTIVITIES": "OCCURRENCES",
    "HOME_HELP": "PERSON_TIMES",
    "NEEDS_RAISED": "OCCURRENCES",
    "NEEDS_ANSWERED": "OCCURRENCES",
    "NEEDS_ANSWERED_ON_TIME": "SHARE",
    "DAYS_TO_ANSWER": "DAYS",
    "SATISFACTION": "POINTS",
    "ASSESSMENTS": "OCCURRENCES",
    "SCORE_CHANGE": "POINTS",
    "CASES_OPENED": "OCCURRENCES",
    "CASES_CLOSED": "OCCURRENCES",
    "MONEY_COMMITTED": "FEN",
    "MONEY_SPENT": "FEN",
}
_TIME = {"MONTH", "QUARTER", "YEAR"}
_OF_RECORDS = frozenset({"AGENCY", "PROJECT", "AREA", "KIND", *_TIME})
_OF_FILES = frozenset({"AGENCY", "AREA", "SEGMENT", *_TIME})
_OF_MONEY = frozenset({"AGENCY", "PROJECT", *_TIME})
SPLITS: Mapping[str, frozenset[str]] = {
    "BENEFICIARIES_ON_FILE": frozenset({"AGENCY", "AREA", "SEGMENT", "PROJECT"}),
    "PERSONS_SERVED": _OF_RECORDS | {"SEGMENT"},
    "SOCIAL_WORKER_TURNOUTS": _OF_RECORDS,
    "VOLUNTEER_TURNOUTS": _OF_RECORDS,
    "VOLUNTEER_MINUTES": frozenset({"AGENCY", *_TIME}),
    "SERVICES": _OF_RECORDS,
    "CASE_COUNSELLING": _OF_RECORDS | {"SEGMENT"},
    "GROUP_ACTIVITIES": _OF_RECORDS,
    "HOME_HELP": _OF_RECORDS | {"SEGMENT"},
    "NEEDS_RAISED": _OF_FILES | {"DEPARTMENT"},
    "NEEDS_ANSWERED": _OF_FILES | {"DEPARTMENT"},
    "NEEDS_ANSWERED_ON_TIME": _OF_FILES | {"DEPARTMENT"},
    "DAYS_TO_ANSWER": _OF_FILES | {"DEPARTMENT"},
    "SATISFACTION": _OF_FILES | {"DEPARTMENT"},
    "ASSESSMENTS": _OF_FILES,
    "SCORE_CHANGE": _OF_FILES,
    "CASES_OPENED": _OF_FILES,
    "CASES_CLOSED": _OF_FILES,
    "MONEY_COMMITTED": _OF_MONEY,
    "MONEY_SPENT": _OF_MONEY,
}
# What is told where small cells are hidden, and what that can be split by.
PUBLISHED: Mapping[str, frozenset[str]] = {
    name: SPLITS[name] - {"SEGMENT"} - ({"PROJECT"} if name == "BENEFICIARIES_ON_FILE" else set())
    for name in (
        "BENEFICIARIES_ON_FILE",
        "SOCIAL_WORKER_TURNOUTS",
        "VOLUNTEER_TURNOUTS",
        "VOLUNTEER_MINUTES",
        "SERVICES",
        "CASE_COUNSELLING",
        "GROUP_ACTIVITIES",
        "HOME_HELP",
        "NEEDS_RAISED",
        "ASSESSMENTS",
        "CASES_OPENED",
    )
}
_RATIOS = {"NEEDS_ANSWERED_ON_TIME", "DAYS_TO_ANSWER", "SATISFACTION", "SCORE_CHANGE"}
_KINDS = {
    "VISIT": "走访",
    "HOME_HELP": "上门帮扶",
    "CASE_SESSION": "个案辅导",
    "GROUP_SESSION": "小组活动",
}
_FEWEST_PERSONS = 5

Key = tuple[Any, ...]


@dataclass
class Cell:
    """What is counted in one cell, each thing once, and the persons that it is about."""

    counted: dict[UUID, int] = field(default_factory=dict)
    persons: set[UUID] = field(default_factory=set)

    def add(self, each: Counted) -> None:
        self.counted[each.what] = each.amount
        self.persons |= each.persons

    @property
    def total(self) -> int:
        return sum(self.counted.values())


def is_suppressed(grants: Any) -> bool:
    """Whether figures are masked for these grants."""
    grant = grants.of("MetricValue.value")
    return grant is not None and grant.clear is None


def day_before(first: date, last: date) -> date:
    """Where the period before begins."""
    if first.day == last.day == 1:
        months = (last.year - first.year) * 12 + last.month - first.month
        day = first
        for _ in range(months):
            day = (day - timedelta(1)).replace(day=1)
        return day
    return first - (last - first)


class Figures:
    """One `metrics` field as one principal sees it."""

    def __init__(
        self, sight: Sight, arguments: Mapping[str, Any], *, has_previous: bool = False
    ) -> None:
        self.sight = sight
        self.measures: Sequence[str] = arguments["measures"]
        self.by: Sequence[str] = list(dict.fromkeys(arguments.get("by") or ()))
        self.where: Mapping[str, Any] = arguments.get("where") or {}
        self.is_suppressed = is_suppressed(sight.grants)
        self.periods = [self.where]
        if has_previous:
            first, last = self.where["from"], self.where["until"]
            self.periods.append({**self.where, "from": day_before(first, last), "until": first})

    def table(self) -> Mapping[str, Any]:
        """The answer, as graphql-core is to pick from it."""
        figured = self._published if self.is_suppressed else self._exact
        found = [
            {measure: figured(measure, where) for measure in dict.fromkeys(self.measures)}
            for where in self.periods
        ]
        keys: set[Key] = {key for every in found for cells in every.values() for key in cells}
        if not self.by:
            keys = {()}
        rows = []
        for key in keys:
            labelled = [self._labelled(*each) for each in zip(self.by, key, strict=True)]
            values = []
            for measure in self.measures:
                now, *before = (every[measure].get(key, self._nothing(measure)) for every in found)
                values.append(
                    {
                        "measure": measure,
                        "unit": UNITS[measure],
                        "value": _quotient(*now),
                        "numerator": now[0],
                        "denominator": now[1],
                        "previous": _quotient(*before[0]) if before else None,
                    }
                )
            rows.append({"keys": labelled, "values": values})
        rows.sort(key=_in_order)
        return {"rows": rows}

    def _nothing(self, measure: str) -> tuple[int | None, int | None]:
        is_hidden = self.is_suppressed and not self._is_whole()
        return (None if is_hidden else 0), (0 if measure in _RATIOS else None)

    def _labelled(self, dimension: str, value: Any) -> Mapping[str, Any]:
        entity = self.sight.entities.get(dimension.capitalize())
        if value is None:
            return {"dimension": dimension, "value": None, "label": None}
        if entity is None:
            return {"dimension": dimension, "value": value, "label": _KINDS.get(value, value)}
        [row] = self.sight.world.where(entity.table.name, {"id": value})
        label = row["name"]
        return {"dimension": dimension, "value": outside_id(entity, row), "label": label}

    def facts(self, measure: str, *, by_project: bool = False) -> Iterator[Counted]:
        """Everything that the measure counts within the principal's walls."""
        return Facts(self.sight.world, self.sight.is_inside).of(measure, by_project=by_project)

    # As it is.

    def _exact(
        self, measure: str, where: Mapping[str, Any]
    ) -> Mapping[Key, tuple[int | None, int | None]]:
        cells: dict[Key, Cell] = defaultdict(Cell)
        by_project = "PROJECT" in self.by or "projects" in where
        for each in self.facts(measure, by_project=by_project):
            if self._is_chosen(each.split, where) and self._is_in(each, where):
                cells[tuple(each.split[name] for name in self.by)].add(each)
        found: dict[Key, tuple[int | None, int | None]] = {}
        for key, cell in cells.items():
            over = None
            if measure in _RATIOS:
                over = len(cell.persons) if measure == "SCORE_CHANGE" else len(cell.counted)
            found[key] = cell.total, over
        return found

    def _is_chosen(self, split: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
        for name, dimension in (
            ("agencies", "AGENCY"),
            ("projects", "PROJECT"),
            ("areas", "AREA"),
        ):
            if name in where and split[dimension] not in map(_row_id, where[name]):
                return False
        return "kinds" not in where or split["KIND"] in where["kinds"]

    def _is_in(self, each: Counted, where: Mapping[str, Any]) -> bool:
        today = self.sight.principal.today
        first, last = where.get("from"), where.get("until")
        if "MONTH" in each.split:
            return (first is None or first <= each.first) and (last is None or each.first < last)
        is_opened = each.first <= today if last is None else each.first < last
        return is_opened and (each.last is None or each.last > (first or today))

    # As it is published.

    def _is_whole(self) -> bool:
        return {*self.by} <= {"AGENCY"} and not {*self.where} - {"agencies"}

    def _published(
        self, measure: str, where: Mapping[str, Any]
    ) -> Mapping[Key, tuple[int | None, int | None]]:
        sums: dict[Key, int] = defaultdict(int)
        large: set[Key] = set()
        carriers: dict[Key, int] = defaultdict(int)
        names, cells = published_cells(self, measure)
        for base, (is_small, published) in cells.items():
            month, *rest = base
            split = dict(zip(names, rest, strict=False)) | in_time(month)
            if not self._is_chosen(split, where) or not _is_told(month, rest[len(names) :], where):
                continue
            key = tuple(split[name] for name in self.by)
            sums[key] += published
            if not is_small:
                large.add(key)
            elif published:
                carriers[key] += 1
        return {
            key: (each, None)
            for key, each in sums.items()
            if self._is_whole() or key in large or carriers[key] > 1
        }


def base_cells(figures: Figures, measure: str) -> tuple[Sequence[str], Mapping[Key, Cell]]:
    """What the measure counts, as fine as it is ever told; month first in a cell's key."""
    today = figures.sight.principal.today
    names = sorted(PUBLISHED[measure] - _TIME)
    cells: dict[Key, Cell] = defaultdict(Cell)
    for each in figures.facts(measure):
        key: Key = (each.first.replace(day=1), *(each.split[name] for name in names))
        if "MONTH" not in each.split:
            if each.first > today:
                continue
            last = None if each.last is None else (each.last - timedelta(1)).replace(day=1)
            key = (*key, last, each.last is None or each.last > today)
        cells[key].add(each)
    return names, cells


def grids(names: Sequence[str], cells: Mapping[Key, Cell]) -> Sequence[Mapping[Key, Cell]]:
    """The cells of each agency and kind, rounded together; without those about few persons."""
    places = [1 + names.index(name) for name in ("AGENCY", "KIND") if name in names]
    found: dict[Key, dict[Key, Cell]] = defaultdict(dict)
    for key, cell in cells.items():
        found[tuple(key[place] for place in places)][key] = cell
    whole = [
        (mine, set().union(*(cell.persons for cell in mine.values()))) for mine in found.values()
    ]
    return [mine for mine, persons in whole if not 0 < len(persons) < _FEWEST_PERSONS]


def published_cells(
    figures: Figures, measure: str
) -> tuple[Sequence[str], Mapping[Key, tuple[bool, int]]]:
    """Of each base cell whether it is small, and what is told of it."""
    names, cells = base_cells(figures, measure)
    is_bounded = UNITS[measure] == "PERSONS"
    found: dict[Key, tuple[bool, int]] = {}
    for mine in grids(names, cells):
        found |= rounded(mine, is_bounded=is_bounded)
    return names, found


def in_order(cells: Mapping[Key, Cell]) -> tuple[list[Key], list[Key]]:
    """The small cells in the order of the rounding, and the others."""
    order = sorted(cells, key=lambda key: [(each is None, each) for each in key])
    small = [key for key in order if 0 < len(cells[key].persons) < _FEWEST_PERSONS]
    return small, [key for key in order if key not in small]


def rounded(
    cells: Mapping[Key, Cell], *, is_bounded: bool = False
) -> Mapping[Key, tuple[bool, int]]:
    """One grid's cells: the large ones as they are, the small ones in sixes."""
    small, large = in_order(cells)
    found = {key: (False, cells[key].total) for key in large}
    carrier = max(large, key=lambda key: cells[key].total, default=None)
    if carrier is not None and cells[carrier].total < 2:
        carrier = None
    beyond = sum(cells[key].total - 1 for key in small)
    reached = 2 if is_bounded or carrier is not None else (5 - beyond % 6) // 2
    for place, key in enumerate(small):
        before = reached // 6 + place // 6
        reached += cells[key].total - 1
        found[key] = True, 6 * (reached // 6 + (place + 1) // 6 - before)
    if carrier is None and not is_bounded and len(small) > 1 and beyond >= 6:
        carrier = small[-1]
    if carrier is not None:
        is_small, told = found[carrier]
        left = sum(cells[key].total for key in small) - sum(found[key][1] for key in small)
        found[carrier] = is_small, told + left
    return found


def _is_told(month: date, ending: Sequence[Any], where: Mapping[str, Any]) -> bool:
    """Whether a base cell is in the period; `ending` is the last month of files, if still open."""
    first, last = where.get("from"), where.get("until")
    if last is not None and month >= last:
        return False
    if not ending:
        return first is None or month >= first
    last_month, is_open = ending
    return bool(is_open) if first is None else last_month is None or last_month >= first


def _quotient(numerator: int | None, denominator: int | None) -> float | None:
    if denominator is None or numerator is None:
        return numerator
    if denominator == 0:
        return None
    # To four places, halves away from zero, as PostgreSQL rounds a numeric.
    scaled, sign = 10_000 * abs(numerator), 1 if numerator >= 0 else -1
    return sign * ((2 * scaled + denominator) // (2 * denominator)) / 10_000


def _in_order(row: Mapping[str, Any]) -> list[tuple[bool, Any]]:
    terms = [key[name] for key in row["keys"] for name in ("label", "value")]
    return [(term is None, term) for term in terms]


def _row_id(text: str) -> UUID | None:
    node = NodeId.decode(text)
    return None if node is None else node.row_id
