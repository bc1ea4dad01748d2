"""Citizens' identity numbers as GB 11643 defines them, and the older ones of fifteen digits.

Eighteen characters: the area where the number was issued (6), the birth date (8), a sequence
that is odd for men (3) and a check character. Fifteen: area (6), birth date with two digits for
the year (6), sequence (3), nothing to check by. The area says nothing about where a person lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from citywide.beneficiaries.words import Gender

LENGTH = 18
OLD_LENGTH = 15
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# Indexed by the weighted sum modulo 11.
CHECK_CHARACTERS = "10X98765432"
# Numbers of fifteen digits were last issued in 1999, to people born in this century.
OLD_CENTURY = "19"
_DIGITS = frozenset("0123456789")


class IdNumberError(ValueError):
    """Not an identity number; the message is a sentence that does not repeat it."""


@dataclass(frozen=True, slots=True)
class IdNumber:
    """What an identity number says about its holder."""

    text: str
    born_on: date
    gender: Gender

    @property
    def long_text(self) -> str:
        """The number of eighteen characters: a person's old number and new one are one number."""
        if len(self.text) == LENGTH:
            return self.text
        digits = self.text[:6] + OLD_CENTURY + self.text[6:]
        return digits + check_character(digits)


def parse_id_number(text: str) -> IdNumber:
    """The number in its canonical form, with X in upper case; raises `IdNumberError`."""
    canonical = text.upper()
    match len(canonical):
        case 18:
            digits, birth, sequence = canonical[:17], canonical[6:14], canonical[14:17]
        case 15:
            digits, birth, sequence = (canonical, OLD_CENTURY + canonical[6:12], canonical[12:])
        case length:
            message = f"An identity number has 18 characters, an old one 15; this has {length}."
            raise IdNumberError(message)
    if not _DIGITS.issuperset(digits):
        message = "An identity number has digits only, besides a last X."
        raise IdNumberError(message)
    if len(canonical) == LENGTH and canonical[-1] != check_character(digits):
        message = "The identity number's check character does not fit: a digit is mistyped."
        raise IdNumberError(message)
    try:
        born_on = date(int(birth[:4]), int(birth[4:6]), int(birth[6:]))
    except ValueError:
        message = "The identity number contains no calendar date of birth."
        raise IdNumberError(message) from None
    return IdNumber(canonical, born_on, Gender.MALE if int(sequence) % 2 else Gender.FEMALE)


def check_character(digits: str) -> str:
    """The eighteenth character for the first seventeen digits (ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return CHECK_CHARACTERS[total % 11]
