"""Half-open periods of days, and the rules about them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from citywide.errors import Fault, Path

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open days; None is open."""

    start: date | None
    end: date | None

    @classmethod
    def of(
        cls, row: Mapping[str, Any] | Any, start: str = "valid_from", end: str = "valid_until"
    ) -> Self:
        """The period that two columns of a row, or two fields of a draft, say."""
        if hasattr(row, start):
            return cls(getattr(row, start), getattr(row, end))
        return cls(row[start], row[end])

    def covers(self, day: date) -> bool:
        """Whether `day` lies within."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    def overlaps(self, other: Span) -> bool:
        """Whether some day lies within both."""
        return (self.start is None or other.end is None or self.start < other.end) and (
            other.start is None or self.end is None or other.start < self.end
        )


def ended(span: Span, today: date, taken: Collection[date | None] = ()) -> Span:
    """`span` so that it is over today and has at least one day, as every period has.

    One that began today or later has had no day to itself: it is moved before today, to a first
    day that is not `taken` by another period of the same kind.
    """
    if span.end is not None and span.end <= today:
        return span
    if span.start is None or span.start < today:
        return Span(span.start, today)
    start = today - _ONE_DAY
    while start in taken:
        start -= _ONE_DAY
    return Span(start, today)


def period_faults(path: Path, start: date, end: date | None) -> Iterator[Fault]:
    """The end, when there is one, is the first day that no longer counts."""
    if end is not None and end <= start:
        message = f"The end {end} must come after the start {start}."
        yield Fault((*path, "valid_until"), message, "PERIOD", {"start": str(start)})
