"""Rules that rooms which are not yet rewritten call one by one."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from datetime import date

from citywide.errors import Fault, Path
from citywide.rules import texts
from citywide.rules.periods import Span
from citywide.rules.texts import text_faults


def optional_text_faults(
    path: Path, text: str | None, *, longest: int, lines: bool = False
) -> Iterator[Fault]:
    """As `text_faults`, or nothing at all."""
    if text is not None:
        yield from text_faults(path, text, longest=longest, lines=lines)


def phone_faults(path: Path, phone: str | None) -> Iterator[Fault]:
    """Digits and separators."""
    if phone is not None:
        yield from texts.phone_faults(path, phone)


def past_faults(path: Path, day: date | None, *, today: date) -> Iterator[Fault]:
    """What is recorded has happened."""
    if day is not None and day > today:
        yield Fault(path, f"{day} lies in the future; today is {today}.")


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
