"""What every text that somebody types is held to: not blank, of bounded length, printable."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from citywide.errors import Fault, Path

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


def text_faults(path: Path, text: str, *, longest: int, lines: bool = False) -> Iterator[Fault]:
    """Not blank, no blank ends, at most `longest` characters, printable; `lines` may break."""
    if not text or text != text.strip():
        message = "This must not be blank, nor begin or end with a blank."
        yield Fault(path, message, "BLANK")
    if len(text) > longest:
        message = f"This has {len(text)} characters; at most {longest} are kept."
        yield Fault(path, message, "TOO_LONG", {"maxLength": str(longest)})
    elif not is_printable(text, lines=lines):
        yield Fault(path, "This contains control or invisible characters.", "UNPRINTABLE")


def is_printable(text: str, *, lines: bool = False) -> bool:
    """Whether a text has no control, invisible or half characters; `lines` may break."""
    return not any(
        unicodedata.category(sign) in _REFUSED_CATEGORIES and not (lines and sign == "\n")
        for sign in text
    )


def phone_faults(path: Path, phone: str) -> Iterator[Fault]:
    """Digits and separators."""
    yield from text_faults(path, phone, longest=PHONE_LENGTH)
    if not _PHONE_SIGNS.issuperset(phone):
        message = "A phone number has digits, blanks and the signs + - ( ) only."
        yield Fault(path, message, "FORMAT")
