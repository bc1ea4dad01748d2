"""What one value of an input's field must be: the rules, each with its sentence and its faults."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from citywide.errors import Fault, Path
from citywide.rules.texts import phone_faults, text_faults

# Nobody who is served was born earlier, and no agreement lasts until later; with days that lie
# within, periods and due dates can be reckoned without leaving the calendar.
EARLIEST_DAY = date(1850, 1, 1)
LATEST_DAY = date(2199, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one value of a field must be.

    `sentence` and `constraint` (the arguments of the schema's directive) tell it to callers.
    """

    sentence: str
    constraint: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def faults(self, path: Path, value: Any, *, today: date) -> Iterator[Fault]:
        """What is wrong with a value that is neither null nor left out."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Rule):
    """A text of at most `longest` characters; `lines` may break."""

    longest: int
    lines: bool

    def faults(self, path: Path, value: Any, *, today: date) -> Iterator[Fault]:  # noqa: ARG002
        """See `Rule`."""
        yield from text_faults(path, value, longest=self.longest, lines=self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone(Rule):
    """Digits and separators."""

    def faults(self, path: Path, value: Any, *, today: date) -> Iterator[Fault]:  # noqa: ARG002
        """See `Rule`."""
        yield from phone_faults(path, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Formed(Rule):
    """A short text that `pattern` describes from its first to its last character."""

    pattern: re.Pattern[str]

    def faults(self, path: Path, value: Any, *, today: date) -> Iterator[Fault]:  # noqa: ARG002
        """See `Rule`."""
        if not self.pattern.fullmatch(value):
            yield Fault(path, self.sentence, "FORMAT", {"pattern": self.constraint["pattern"]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Rule):
    """A number from `least` to `most`."""

    least: int
    most: int
    message: str
    # How callers see a limit, where that is not the number as it is kept.
    shown: Callable[[int], str] = str

    def faults(self, path: Path, value: Any, *, today: date) -> Iterator[Fault]:  # noqa: ARG002
        """See `Rule`."""
        if not self.least <= value <= self.most:
            limits = {"min": self.shown(self.least), "max": self.shown(self.most)}
            yield Fault(path, self.message, "OUT_OF_RANGE", limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Rule):
    """A day of the calendar that is kept; one that is past is not after today."""

    is_past: bool

    def faults(self, path: Path, value: Any, *, today: date) -> Iterator[Fault]:
        """See `Rule`."""
        if self.is_past and value > today:
            message = f"{value} lies in the future; today is {today}."
            yield Fault(path, message, "FUTURE", {"today": str(today)})
        elif not EARLIEST_DAY <= value <= LATEST_DAY:
            message = f"A day lies between {EARLIEST_DAY} and {LATEST_DAY}."
            limits = {"min": str(EARLIEST_DAY), "max": str(LATEST_DAY)}
            yield Fault(path, message, "OUT_OF_RANGE", limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Rule):
    """What a list as a whole must be."""

    least: int
    most: int
    is_distinct: bool

    def faults(self, path: Path, value: Any, *, today: date) -> Iterator[Fault]:  # noqa: ARG002
        """See `Rule`."""
        if len(value) > self.most:
            message = f"At most {self.most} fit into this list."
            yield Fault(path, message, "TOO_MANY", {"maxItems": str(self.most)})
        elif len(value) < self.least:
            message = f"This list has at least {self.least}."
            yield Fault(path, message, "TOO_FEW", {"minItems": str(self.least)})
        if self.is_distinct and len(set(value)) < len(value):
            yield Fault(path, "Someone or something is listed twice.", "LISTED_TWICE")
