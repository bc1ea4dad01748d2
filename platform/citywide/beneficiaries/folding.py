"""A text as it is compared: without what hides a name or a number in it.

Width, case, circles and accents go, and so do blanks, signs and invisible marks between letters.
Every sign left knows where in the text it was written, so that a finding can be quoted.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# As numbers are read out and as cheques have them; 幺 is how soldiers say one.
_SPOKEN = dict(
    zip("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "00123456789" + "1123456789", strict=True)
)
# The characters of this many texts that are written with common ones only.
REMEMBERED_SIGNS = 20_000


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs in a row, and the place of each in the text that was written."""

    text: str
    places: tuple[int, ...]

    def quoted(self, start: int, end: int) -> tuple[int, int]:
        """From where to where it was written what stands from `start` to `end` here."""
        return self.places[start], self.places[end - 1] + 1


@dataclass(frozen=True, slots=True)
class Written:
    """One text in three forms.

    `letters` has letters and digits alone; `counted` the same with digits for spoken ones, as
    1380 for 一三八〇; `spaced` as `counted`, with everything that stands between.
    """

    letters: Signs
    counted: Signs
    spaced: Signs


def written(text: str) -> Written:
    """The forms of a text."""
    letters: list[tuple[str, int]] = []
    spaced: list[tuple[str, int]] = []
    for place, sign in enumerate(text):
        for each in _plain(sign):
            is_letter = unicodedata.category(each)[0] in "LN"
            if is_letter:
                letters.append((each, place))
            spaced.append((_SPOKEN.get(each, each), place))
    counted = [(_SPOKEN.get(each, each), place) for each, place in letters]
    return Written(_signs(letters), _signs(counted), _signs(spaced))


def folded(text: str) -> str:
    """The letters and digits of a text alone."""
    return "".join(
        each for sign in text for each in _plain(sign) if unicodedata.category(each)[0] in "LN"
    )


def counted(text: str) -> str:
    """The same, with digits for spoken ones."""
    return "".join(_SPOKEN.get(each, each) for each in folded(text))


def _signs(found: list[tuple[str, int]]) -> Signs:
    return Signs("".join(each for each, _ in found), tuple(place for _, place in found))


@lru_cache(REMEMBERED_SIGNS)
def _plain(sign: str) -> str:
    """What one character is without its shape; nothing of a mark or of what nobody sees."""
    found = []
    for each in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", sign).casefold()):
        digit = unicodedata.digit(each, None)
        category = unicodedata.category(each)
        if digit is not None:
            found.append(str(digit))
        elif category[0] != "M" and category != "Cf":
            found.append(each)
    return "".join(found)
