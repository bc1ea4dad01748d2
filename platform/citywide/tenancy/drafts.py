"""What every draft of a use case is held to: clean text of bounded length, days that can be."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from citywide.errors import Fault, InvalidError

# File, record and volunteer numbers: printed on a label.
NUMBER_LENGTH = 40
# The longest personal names on Chinese identity cards have fewer characters than this.
NAME_LENGTH = 60
# One line of a list.
TITLE_LENGTH = 120
# A postal address in one line.
ADDRESS_LENGTH = 200
# About a printed page: a note is what a worker writes after a service, not a report.
NOTE_LENGTH = 2_000
# An international number with its separators.
PHONE_LENGTH = 24
_PHONE_SIGNS = frozenset("0123456789+- ()")
# Control characters and separators of lines corrupt exports; invisible and direction-changing
# ones (Cf) make two names look alike; a surrogate alone is no text. Private and unassigned code
# points stay: rare characters of names are written with them until a standard has them.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

_ONE_DAY = timedelta(days=1)

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open days; None is open."""

    start: date | None
    end: date | None

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


def refuse(faults: Iterable[Fault]) -> None:
    """Raise `InvalidError` with every fault there is."""
    found = tuple(faults)
    if found:
        raise InvalidError(found)


def text_faults(path: Path, text: str, *, longest: int, lines: bool = False) -> Iterator[Fault]:
    """Not blank, no blank ends, at most `longest` characters, printable; `lines` may break."""
    if not text or text != text.strip():
        yield Fault(path, "This must not be blank, nor begin or end with a blank.")
    if len(text) > longest:
        yield Fault(path, f"This has {len(text)} characters; at most {longest} are kept.")
    elif any(
        unicodedata.category(sign) in _REFUSED_CATEGORIES and not (lines and sign == "\n")
        for sign in text
    ):
        yield Fault(path, "This contains control or invisible characters.")


def optional_text_faults(
    path: Path, text: str | None, *, longest: int, lines: bool = False
) -> Iterator[Fault]:
    """As `text_faults`, or nothing at all."""
    if text is not None:
        yield from text_faults(path, text, longest=longest, lines=lines)


def phone_faults(path: Path, phone: str | None) -> Iterator[Fault]:
    """Digits and separators."""
    yield from optional_text_faults(path, phone, longest=PHONE_LENGTH)
    if phone and not _PHONE_SIGNS.issuperset(phone):
        yield Fault(path, "A phone number has digits, blanks and the signs + - ( ) only.")


def past_faults(path: Path, day: date | None, *, today: date) -> Iterator[Fault]:
    """What is recorded has happened."""
    if day is not None and day > today:
        yield Fault(path, f"{day} lies in the future; today is {today}.")


def period_faults(path: Path, start: date, end: date | None) -> Iterator[Fault]:
    """The end, when there is one, is the first day that no longer counts."""
    if end is not None and end <= start:
        yield Fault((*path, "valid_until"), f"The end {end} must come after the start {start}.")


def choice_faults(path: Path, value: str, choices: Collection[str]) -> Iterator[Fault]:
    """One of a closed list."""
    if value not in choices:
        yield Fault(path, f"This must be one of {', '.join(sorted(choices))}.")


def taken_faults(
    field: str, keys: Sequence[Hashable], taken: Collection[Hashable], message: str
) -> Iterator[Fault]:
    """No draft has the key of another one in the batch, nor one that is on record already."""
    seen = set(taken)
    for place, key in enumerate(keys):
        if key in seen:
            yield Fault((place, field), message)
        seen.add(key)


def overlap_faults(
    keys: Sequence[Hashable],
    spans: Sequence[Span],
    held: Iterable[tuple[Hashable, Span]],
    message: str,
) -> Iterator[Fault]:
    """Periods of equal keys share no day, neither in the batch nor with those `held` already."""
    seen: dict[Hashable, list[Span]] = {}
    for key, span in held:
        seen.setdefault(key, []).append(span)
    for place, (key, span) in enumerate(zip(keys, spans, strict=True)):
        others = seen.setdefault(key, [])
        if any(span.overlaps(other) for other in others):
            yield Fault((place, "valid_from"), message)
        others.append(span)
