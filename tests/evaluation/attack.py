"""An attacker: questions that overlap, and what follows from all of their answers together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hypothesis import strategies as st

from oracle import figures
from oracle.facts import in_time
from oracle.figures import Cell, Figures, Key, base_cells, published_cells
from oracle.sight import Sight, outside_id
from oracle.world import World
from walls.house import House

ANALYST = "bureau.analyst"
MONTHS = [date(2014, 12, 1), *(date(2015, month, 1) for month in range(1, 12))]
TYPES = {"agencies": "AGENCY", "projects": "PROJECT", "areas": "AREA", "kinds": "KIND"}
# Which cells are added up, and what they come to.
Fact = tuple[frozenset[Key], int]
Bounds = dict[Key, tuple[int, int]]
NO_BOUND = 10**9
_FEW = 12


# -- what several values are possible for ----------------------------------------------------


def possible(
    sums: Sequence[tuple[int, int]], least: int, most: int = NO_BOUND
) -> list[frozenset[int]]:
    """Of each cell all values it can have, from what is known of the sums up to each; exact.

    `sums` begins with that of no cell. A value stays if some path through all sums takes it.
    """
    ways: list[set[int]] = [set(range(sums[0][0], sums[0][1] + 1))]
    for low, high in sums[1:]:
        ways.append(
            {b for b in range(low, high + 1) if any(least <= b - a <= most for a in ways[-1])}
        )
    for place in range(len(ways) - 2, -1, -1):
        after = ways[place + 1]
        ways[place] = {a for a in ways[place] if any(least <= b - a <= most for b in after)}
    return [
        frozenset(b - a for a in ways[n] for b in ways[n + 1] if least <= b - a <= most)
        for n in range(len(sums) - 1)
    ]


def left_open(
    cells: Mapping[Key, Cell], told: Mapping[Key, tuple[bool, int]], *, is_bounded: bool = False
) -> Mapping[Key, frozenset[int]]:
    """All values of each small cell of a grid, to one who knows everything but these values.

    The attacker knows every published cell, the rule, the order, which cells there are and which
    are small, and whether their sum is told; so that each holds at least one.
    """
    small, large = figures.in_order(cells)
    if not small:
        return {}
    each_beyond = [told[key][1] for key in small]
    has_large = any(cells[key].total > 1 for key in large)
    whole = sum(each_beyond)
    beyond = sum(cells[key].total - 1 for key in small)
    is_sum_told = not has_large and not is_bounded and len(small) > 1 and beyond >= 6
    most = 4 if is_bounded else NO_BOUND
    worlds: list[tuple[int, int | None]] = []
    if has_large or is_bounded:
        worlds.append((2, None))
    elif is_sum_told:
        worlds.append(((5 - (whole - len(small)) % 6) // 2, whole - len(small)))
    else:
        sixes = whole - 6 * (len(small) // 6)
        worlds += [((5 - left) // 2, sixes + left) for left in range(6)]
    found: dict[Key, set[int]] = {key: set() for key in small}
    for start, end in worlds:
        sums, reached = [(0, 0)], 0
        for place, each in enumerate(each_beyond, 1):
            reached += each
            low = reached - 6 * (place // 6) - start
            sums.append((low + place, low + 5 + place))
        if end is not None:
            sums[-1] = (end + len(small), end + len(small))
        for key, values in zip(small, possible(sums, 1, most), strict=True):
            found[key] |= values
    return {key: frozenset(values) for key, values in found.items()}


# -- what answers give away ------------------------------------------------------------------


def determined(facts: Iterable[Fact], least: int) -> Mapping[Key, int]:
    """The cells whose value follows from the sums, each being at least `least`.

    Sums of parts are taken from sums of wholes until nothing new comes, and every sum bounds each
    of its cells by what the others must and may have.
    """
    known = {cells: value for cells, value in facts if cells}
    wholes = dict(known)
    for _ in range(2):
        # Only what is left of few cells helps to know one of them.
        parts = {
            big - part: wholes[big] - known[part]
            for big in wholes
            for part in known
            if 0 < len(big) - len(part) <= _FEW and part < big
        }
        wholes = {cells: value for cells, value in parts.items() if cells not in known}
        known |= wholes
    bounds: Bounds = {key: (least, NO_BOUND) for cells in known for key in cells}
    is_new = True
    while is_new:
        is_new = False
        for cells, value in known.items():
            lows = sum(bounds[key][0] for key in cells)
            highs = sum(bounds[key][1] for key in cells)
            for key in cells:
                low, high = bounds[key]
                closer = max(low, value - highs + high), min(high, value - lows + low)
                if closer != (low, high):
                    bounds[key] = closer
                    lows, highs = lows - low + closer[0], highs - high + closer[1]
                    is_new = True
    return {key: low for key, (low, high) in bounds.items() if low == high}


# -- questions -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """One `metrics` field about one measure."""

    measure: str
    by: tuple[str, ...]
    where: Mapping[str, Any]

    @property
    def text(self) -> str:
        given = []
        for name, value in self.where.items():
            match value:
                case date():
                    given.append(f'{name}: "{value}"')
                case _ if name == "kinds":
                    given.append(f"{name}: [{', '.join(value)}]")
                case _:
                    given.append(f"{name}: {json.dumps(value)}")
        where = f", where: {{ {', '.join(given)} }}" if given else ""
        return (
            f"metrics(measures: {self.measure}, by: [{', '.join(self.by)}]{where})"
            " { rows { keys { value } values { value } } }"
        )


class Truth:
    """All rows of a database, and what one who knows them all knows of each figure."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self._cells: dict[str, tuple[Sequence[str], Mapping[Key, Cell]]] = {}
        self._told: dict[str, Mapping[Key, tuple[bool, int]]] = {}

    @classmethod
    async def read(cls, house: House) -> Truth:
        principal, grants = await house.principal(ANALYST), await house.grants(ANALYST)
        world = await World.read(house.url)
        return cls(Sight(world, house.schema.entities, grants, principal))

    @property
    def measures(self) -> list[str]:
        """What an analyst may ask for and of which there is anything."""
        return [
            name
            for name in sorted(figures.PUBLISHED)
            if self.sight.grants.of(f"Measure.{name}") is not None and self.cells(name)
        ]

    def names(self, measure: str) -> Sequence[str]:
        return self._read(measure)[0]

    def cells(self, measure: str) -> Mapping[Key, Cell]:
        return self._read(measure)[1]

    def told(self, measure: str) -> Mapping[Key, tuple[bool, int]]:
        """Of each published cell whether it is small, and what it is told as."""
        if measure not in self._told:
            self._told[measure] = published_cells(self._figures(measure), measure)[1]
        return self._told[measure]

    def small(self, measure: str) -> Mapping[Key, int]:
        """What an attacker is after."""
        found = self.cells(measure).items()
        return {key: cell.total for key, cell in found if 0 < len(cell.persons) < 5}

    def rows(self, question: Question) -> Mapping[tuple[Any, ...], frozenset[Key]]:
        """The base cells behind each row of an answer, by the values of its keys."""
        found: dict[tuple[Any, ...], set[Key]] = {}
        names = self.names(question.measure)
        for key in self.cells(question.measure):
            split = dict(zip(names, key[1:], strict=False)) | in_time(key[0])
            if self._is_asked(key, split, question):
                shown = tuple(self.outside(name, split[name]) for name in question.by)
                found.setdefault(shown, set()).add(key)
        return {shown: frozenset(keys) for shown, keys in found.items()}

    def outside(self, dimension: str, value: Any) -> Any:
        """A key as answers have it."""
        entity = self.sight.entities.get(dimension.capitalize())
        if entity is None or value is None:
            return value
        [row] = self.sight.world.where(entity.table.name, {"id": value})
        return outside_id(entity, row)

    def values(self, measure: str, dimension: str) -> list[Any]:
        """Every value of a dimension, as answers have it."""
        place = 1 + self.names(measure).index(dimension)
        return sorted({self.outside(dimension, key[place]) for key in self.cells(measure)})

    def _is_asked(self, key: Key, split: Mapping[str, Any], question: Question) -> bool:
        for name, dimension in TYPES.items():
            if name in question.where:
                shown = self.outside(dimension, split[dimension])
                if shown not in question.where[name]:
                    return False
        return figures._is_told(
            key[0], key[1 + len(self.names(question.measure)) :], question.where
        )

    def _figures(self, measure: str) -> Figures:
        return Figures(self.sight, {"measures": [measure]})

    def _read(self, measure: str) -> tuple[Sequence[str], Mapping[Key, Cell]]:
        if measure not in self._cells:
            self._cells[measure] = base_cells(self._figures(measure), measure)
        return self._cells[measure]


Draw = Callable[[st.SearchStrategy[Any]], Any]


def overlapping(draw: Draw, truth: Truth) -> list[Question]:
    """One question of several measures, and those beside it whose answers overlap with its own.

    By both dimensions, by either, and in total; with all filters, and without each; of the
    period, and of those that begin or end a month sooner or later.
    """
    measures = draw(st.lists(st.sampled_from(truth.measures), min_size=1, max_size=3))
    measures = sorted({*measures})
    splits = sorted(frozenset.intersection(*(figures.PUBLISHED[each] for each in measures)))
    by = draw(st.lists(st.sampled_from(splits), min_size=1, max_size=2, unique=True))
    where: dict[str, Any] = {}
    for name, dimension in TYPES.items():
        if dimension in splits and draw(st.integers(0, 3)) == 0:
            values = truth.values(measures[0], dimension)
            some = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)
            where[name] = tuple(draw(some))
    periods: list[Mapping[str, Any]] = [{}]
    first, until = sorted(draw(st.lists(st.sampled_from(range(12)), min_size=2, max_size=2)))
    if first < until:
        moved = ((first, until), (first - 1, until), (first + 1, until), (first, until - 1))
        periods = [
            {"from": MONTHS[one], "until": MONTHS[two]} for one, two in moved if 0 <= one < two
        ]
        periods.append({"from": MONTHS[first]})
    filters = [where, *({k: v for k, v in where.items() if k != name} for name in where)]
    splits_asked = {(), *((each,) for each in by), tuple(by)}
    return [
        Question(measure, each, {**chosen, **period})
        for measure in measures
        for each in sorted(splits_asked)
        for chosen, period in [
            *((chosen, periods[0]) for chosen in filters),
            *((where, period) for period in periods[1:]),
        ]
    ]


async def ask(
    house: House, user: str, questions: Sequence[Question]
) -> list[Mapping[tuple[Any, ...], int | None]]:
    """The answers: the value of each row by its keys; a few questions an operation."""
    found: list[Mapping[tuple[Any, ...], int | None]] = []
    for start in range(0, len(questions), 8):
        some = questions[start : start + 8]
        document = "{ " + " ".join(f"q{n}: {each.text}" for n, each in enumerate(some)) + " }"
        answer = await house.data(user, document)
        found += [
            {
                tuple(key["value"] for key in row["keys"]): row["values"][0]["value"]
                for row in answer[f"q{n}"]["rows"]
            }
            for n in range(len(some))
        ]
    return found
