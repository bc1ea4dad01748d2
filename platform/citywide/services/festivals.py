"""The festivals on which persons are visited, and the day of each in a year.

The list is `festivals.csv` beside this module: another festival is another line. A lunar one is
given by its month and day in the Chinese calendar, and `lunar-python` knows which day that is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from lunar_python import Lunar

from citywide.errors import Fault

# Before these nobody had a computer for this work; after them the calendar has not been published.
FIRST_YEAR, LAST_YEAR = 1980, 2100
CALENDARS = ("LUNAR", "SOLAR")
# A festival's name is a few characters; this leaves room for any.
FESTIVAL_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Festival:
    """A festival: its names, and its month and day in one of the two calendars."""

    name: str
    label_en: str
    calendar: str
    month: int
    day: int

    def held_on(self, year: int) -> date:
        """Its day in `year` of its own calendar; a lunar year begins with 春节."""
        assert FIRST_YEAR <= year <= LAST_YEAR, year
        if self.calendar == "SOLAR":
            return date(year, self.month, self.day)
        solar = Lunar.fromYmd(year, self.month, self.day).getSolar()
        return date(solar.getYear(), solar.getMonth(), solar.getDay())


def _read() -> Mapping[str, Festival]:
    text = files(__package__).joinpath("festivals.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        assert row["calendar"] in CALENDARS, row
        assert len(row["name"]) <= FESTIVAL_LENGTH, row
        found[row["name"]] = Festival(
            row["name"], row["label_en"], row["calendar"], int(row["month"]), int(row["day"])
        )
    return found


# By their Chinese names, which is what records hold.
FESTIVALS = _read()


def festival_faults(name: str) -> Iterator[Fault]:
    """A festival of the list: a campaign finds its visits by this name."""
    if name not in FESTIVALS:
        yield Fault(("festival",), f"This must be one of {'、'.join(FESTIVALS)}.")
