"""A report before it has a form: sections of tables and charts, the same for paper and workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

# What a cell holds: a text, a count or a day as it is, an amount in fen, a share of one, or points.
# None is a figure that is withheld or does not exist.
Cell = str | int | float | None
WITHHELD = "—"


class Kind(Enum):
    """How a column's cells are written and aligned."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, what its cells are, and whether these are whole sentences."""

    heading: str
    kind: Kind = Kind.COUNT
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of bars side by side: one group for each row, one bar for each of `columns`.

    `columns` are places in the section's table, whose first column labels the groups; of its rows
    the first `groups` are drawn, so that a total does not dwarf what it is made of.
    """

    title: str
    columns: Sequence[int]
    unit: str
    groups: int


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what to know about the figures below it, a table, and pictures of it."""

    heading: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    remarks: Sequence[str] = ()
    charts: Sequence[Bars] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What one file says."""

    title: str
    subtitle: str
    printed_for: str
    remarks: Sequence[str]
    sections: Sequence[Section] = field(default_factory=tuple)


def written(cell: Cell, kind: Kind) -> str:
    """The cell as it is printed; amounts in yuan and points with two places, shares in percent."""
    if cell is None:
        return WITHHELD
    match kind:
        case Kind.MONEY:
            return f"{int(cell) / 100:,.2f}"
        case Kind.SHARE:
            return f"{float(cell):.0%}"
        case Kind.POINTS:
            return f"{float(cell):.2f}"
        case Kind.COUNT if not isinstance(cell, str):
            return f"{cell:,.0f}" if cell == int(cell) else f"{cell:,.1f}"
        case _:
            return str(cell)
