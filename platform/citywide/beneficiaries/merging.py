"""Which rows go over when one file is continued in another: pure rules over rows and keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import MetaData, Table, UniqueConstraint

from citywide.db.tables import APPEND_ONLY_KEY, WRITERS_KEY
from citywide.rules.periods import Span

# What is about a file, not about the person: it stays where it was written.
OF_FILES = frozenset(
    {"beneficiary", "worker_term", "classification", "likeness", "file_merge", "file_move"}
)

# The first day of what a row says, and the first day on which it no longer holds. Of two consents
# to one purpose that share a day the survivor's own counts, whether it stands or was withdrawn.
PERIODS = (("valid_from", "valid_until"), ("given_on", "withdrawn_on"))

# A row as a mapping, or as the database's driver gives it.
Row = Mapping[str, Any] | Record


@dataclass(frozen=True, slots=True)
class Link:
    """A column that names a person, and what keeps two of its table's rows apart.

    `keys` are the other columns of each unique key that the person is part of. Where a key
    contains the first day of the row's `period`, rows that are equal in the rest of it may not
    share a day.
    """

    table: str
    column: str
    keys: tuple[tuple[str, ...], ...]
    period: tuple[str, str] | None


def links(metadata: MetaData, person: Table) -> Iterator[Link]:
    """Every column that names a person in a row which an agency may change, of any domain."""
    for table in metadata.sorted_tables:
        if table.name in OF_FILES or not _is_changeable(table):
            continue
        for key in table.foreign_key_constraints:
            if key.referred_table is person:
                [column] = [each.name for each in key.columns if each.name != "tenant_id"]
                yield Link(
                    table.name,
                    column,
                    tuple(_keys(table, column)),
                    next((each for each in PERIODS if {*each} <= {*table.c.keys()}), None),
                )


def _is_changeable(table: Table) -> bool:
    writers = table.info.get(WRITERS_KEY)
    return not table.info.get(APPEND_ONLY_KEY) and (writers is None or "agency" in writers)


def _keys(table: Table, column: str) -> Iterator[tuple[str, ...]]:
    unique = [
        each.columns.keys() for each in table.constraints if isinstance(each, UniqueConstraint)
    ]
    indexes = [index.columns.keys() for index in table.indexes if index.unique]
    for names in [*unique, *indexes]:
        if column in names:
            yield tuple(sorted(set(names) - {"tenant_id", column}))


def movable(link: Link, going: Iterable[Row], staying: Sequence[Row]) -> list[UUID]:
    """The rows of `going` that can become those of the person who has `staying` already.

    A row that says the same as one that is there stays behind: it is seen with the merged file,
    and is not counted twice.
    """
    held = list(staying)
    moved: list[UUID] = []
    for row in going:
        if not any(_is_in_the_way(link, row, other) for other in held):
            held.append(row)
            moved.append(row["id"])
    return moved


def _is_in_the_way(link: Link, row: Row, other: Row) -> bool:
    return any(_is_same(link, key, row, other) for key in link.keys)


def _is_same(link: Link, key: tuple[str, ...], row: Row, other: Row) -> bool:
    if link.period is not None and link.period[0] in key:
        start, end = link.period
        rest = [name for name in key if name != start]
        spans = [Span(each[start], each[end]) for each in (row, other)]
        return all(row[name] == other[name] for name in rest) and spans[0].overlaps(spans[1])
    # NULL equals nothing, in a unique key either.
    return all(row[name] is not None and row[name] == other[name] for name in key)
