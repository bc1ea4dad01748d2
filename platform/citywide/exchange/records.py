"""Cells of a CSV row as the values that drafts are made of; the first bad cell ends the row."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from graphql import GraphQLError

from citywide.graph.scalars import parse_money
from citywide.rules.words import Words
from citywide.tenancy.reading import Problem, TableRow

D = TypeVar("D")
W = TypeVar("W", bound=Words)
# The longest number that a machine word holds whatever its digits.
MOST_DIGITS = 9
_FIGURE = re.compile(rf"-?[0-9]{{1,{MOST_DIGITS}}}(\.[0-9]{{1,3}})?")


class CellError(Exception):
    """A cell says nothing usable; the message is a sentence.

    It names the column and quotes no value: cells may tell about persons, and a log keeps this.
    """


@dataclass(frozen=True, slots=True)
class Cells:
    """One row's cells."""

    row: TableRow

    def optional(self, column: str) -> str | None:
        """The text, or None for a blank cell."""
        return self.row.cells[column]

    def text(self, column: str) -> str:
        """The text of a cell that must not be blank."""
        value = self.row.cells[column]
        if value is None:
            message = f"{column} must not be blank."
            raise CellError(message)
        return value

    def optional_day(self, column: str) -> date | None:
        """The day, or None for a blank cell."""
        value = self.row.cells[column]
        try:
            return None if value is None else date.fromisoformat(value)
        except ValueError:
            message = f"{column}: this is not a day like 2015-11-11."
            raise CellError(message) from None

    def day(self, column: str) -> date:
        """The day in a cell that must not be blank."""
        day = self.optional_day(column)
        if day is None:
            message = f"{column} must not be blank."
            raise CellError(message)
        return day

    def number(self, column: str) -> int:
        """A whole number; scores, versions and minutes are small."""
        value = self.text(column)
        if not (value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS):
            message = f"{column}: this is not a whole number."
            raise CellError(message)
        return int(value)

    def word(self, column: str, words: type[W]) -> W:
        """One of a closed set of words."""
        value = self.text(column)
        if value not in words.__members__:
            message = f"{column}: this must be one of {', '.join(words.__members__)}."
            raise CellError(message)
        return words[value]

    def optional_word(self, column: str, words: type[W]) -> W | None:
        """One of a closed set of words, or None for a blank cell."""
        return None if self.optional(column) is None else self.word(column, words)

    def optional_thousandths(self, column: str) -> int | None:
        """A figure with up to three decimals, in thousandths; None for a blank cell."""
        value = self.row.cells[column]
        if value is None:
            return None
        if _FIGURE.fullmatch(value) is None:
            message = f"{column}: this is not a figure like 12 or -3.5."
            raise CellError(message)
        return int(1_000 * Decimal(value))

    def money(self, column: str) -> int:
        """An amount in yuan, as fen."""
        value = self.text(column)
        try:
            return parse_money(value)
        except GraphQLError:
            message = f"{column}: this is not an amount like 1234.50."
            raise CellError(message) from None

    def known(self, columns: str, known: Mapping[Hashable, UUID], noun: str) -> UUID:
        """The id of what the cells of `columns` (separated by blanks) name together."""
        names = tuple(self.text(column) for column in columns.split())
        key: Hashable = names if len(names) > 1 else names[0]
        if key not in known:
            message = f"{columns}: this agency has no {noun} {' '.join(names)}."
            raise CellError(message)
        return known[key]


def drafts_of(
    rows: list[TableRow], build: Callable[[Cells], D], *, file: str, problems: list[Problem]
) -> list[D]:
    """A draft for each good row, a problem for each bad one."""
    drafts = []
    for row in rows:
        try:
            drafts.append(build(Cells(row)))
        except CellError as error:
            problems.append(Problem(file, row.line, str(error)))
    return drafts
