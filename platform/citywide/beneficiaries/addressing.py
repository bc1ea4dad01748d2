"""Where somebody lives, in whole or in parts: a street with a door, a building with a room."""

from __future__ import annotations

import re
from collections.abc import Iterator

from citywide.beneficiaries.folding import Signs, counted
from citywide.beneficiaries.numbering import numeral

# A house in a lane, as in 范例巷45号; what is shorter is the name of a place.
SHORTEST_ADDRESS = 5
# A street of one character beside its kind is a word as often as a street.
SHORTEST_STREET = 3
# A number up to this before 号 is a day of the month as well.
LAST_DAY = 31

_NUMBER = r"[\d十百]{1,6}"
_UNIT = "号楼|号院|号|弄|幢|栋|座|单元|室|组"
_NUMERAL = re.compile(rf"{_NUMBER}(?={_UNIT}|楼|层)")
_DOOR = re.compile(rf"(?P<number>[a-z]?{_NUMBER}[a-z]?)(?P<unit>{_UNIT})(?![文令公机线])")
_STREETS = (
    "路", "街", "巷", "弄", "胡同", "大道", "小区", "新村", "花园", "公寓", "苑", "村", "社区",
    "镇", "乡", "街道",
)  # fmt: skip
_STREET = re.compile(r"[^\W\d]{2,8}?(?:路|街|巷|弄|胡同|大道|小区|新村|花园|公寓|苑)")
# What an address begins with: what many have in common.
_PLACES = re.compile("街道|社区|[省市县镇乡村]")


def counted_doors(signs: Signs) -> Signs:
    """With 45号 for 四十五号; `signs` are those with digits for spoken ones."""
    text: list[str] = []
    places: list[int] = []
    done = 0
    for found in _NUMERAL.finditer(signs.text):
        start, end = found.span()
        text.append(signs.text[done:start])
        places += signs.places[done:start]
        number = _counted(found[0])
        text.append(number)
        places += [*([signs.places[start]] * (len(number) - 1)), signs.places[end - 1]]
        done = end
    text.append(signs.text[done:])
    places += signs.places[done:]
    return Signs("".join(text), tuple(places))


def _counted(text: str) -> str:
    # Leading zeros of a room stay: what has no unit inside is as it is written.
    return text if text.isdigit() else str(numeral(text))


def doors(signs: Signs) -> Iterator[tuple[int, int]]:
    """Where a street with a door stands, or a building with a room, whoever's it is."""
    before: re.Match[str] | None = None
    for found in _DOOR.finditer(signs.text):
        start, end = found.span()
        street = next((each for each in _STREETS if signs.text.endswith(each, 0, start)), None)
        is_in_building = before is not None and before.end() == start and found["unit"] != "组"
        if street is not None and start > len(street):
            yield max(start - len(street) - 2, 0), end
        elif is_in_building and before is not None:
            yield before.start(), end
        before = found


def known_address(signs: Signs, address: str) -> Iterator[tuple[int, int, bool]]:
    """Where an address stands, and whether it is more than a part of it."""
    known = _spelt(address)
    tail = _PLACES.split(known)[-1]
    for whole in {known, tail}:
        if len(whole) >= SHORTEST_ADDRESS:
            yield from ((*span, True) for span in _all(signs.text, whole))
    streets = {found[0] for found in _STREET.finditer(tail)}
    for street in streets:
        if len(street) >= SHORTEST_STREET:
            yield from ((*span, False) for span in _all(signs.text, street))
    for found in _DOOR.finditer(known):
        is_day = (
            found["unit"] == "号" and found["number"].isdigit() and int(found["number"]) <= LAST_DAY
        )
        if not is_day and found["unit"] != "组":
            yield from ((*span, False) for span in _all(signs.text, found[0]))


def _spelt(address: str) -> str:
    plain = counted(address)
    return counted_doors(Signs(plain, tuple(range(len(plain))))).text


def _all(text: str, part: str) -> Iterator[tuple[int, int]]:
    """Every place of a part; of one that begins with a digit, where no digit stands before."""
    start = text.find(part)
    while start >= 0:
        if not (part[0].isdigit() and start and text[start - 1].isdigit()):
            yield start, start + len(part)
        start = text.find(part, start + 1)
