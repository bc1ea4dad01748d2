"""Whether two files may be about one person: a pure comparison of names and dates of birth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from citywide.beneficiaries.words import LikenessBasis


@dataclass(frozen=True, slots=True)
class Identity:
    """What of a person's identity is compared."""

    name: str
    born_on: date


def likeness(one: Identity, other: Identity) -> LikenessBasis | None:
    """What makes two files alike, or None.

    Narrow on purpose: equal names and births, or one of them equal and the other a slip of the
    pen away. A wider net would offer half the village, and would tell more about others' files.
    """
    is_same_name, is_same_birth = one.name == other.name, one.born_on == other.born_on
    if is_same_name and is_same_birth:
        return LikenessBasis.NAME_AND_BIRTH
    if is_same_name and _is_slip_of_day(one.born_on, other.born_on):
        return LikenessBasis.NAME
    if is_same_birth and _is_slip_of_name(one.name, other.name):
        return LikenessBasis.BIRTH
    return None


def _is_slip_of_day(one: date, other: date) -> bool:
    """One digit mistyped, or month and day in the wrong order."""
    if (one.year, one.month, one.day) == (other.year, other.day, other.month):
        return True
    return _differences(f"{one:%Y%m%d}", f"{other:%Y%m%d}") == 1


def _is_slip_of_name(one: str, other: str) -> bool:
    """One character of the same name written differently; a surname alone is no name."""
    return len(one) == len(other) > 1 and one[0] == other[0] and _differences(one, other) == 1


def _differences(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))
