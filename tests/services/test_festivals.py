"""The festivals' days against the printed calendars of 2014 to 2026."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.services.festivals import FESTIVALS, FIRST_YEAR, LAST_YEAR

YEARS = range(2014, 2027)
# Month and day of each year, 2014 first.
KNOWN = {
    "春节": "0131 0219 0208 0128 0216 0205 0125 0212 0201 0122 0210 0129 0217",
    "元宵": "0214 0305 0222 0211 0302 0219 0208 0226 0215 0205 0224 0212 0303",
    "端午": "0602 0620 0609 0530 0618 0607 0625 0614 0603 0622 0610 0531 0619",
    "中秋": "0908 0927 0915 1004 0924 0913 1001 0921 0910 0929 0917 1006 0925",
    "重阳": "1002 1021 1009 1028 1017 1007 1025 1014 1004 1023 1011 1029 1018",
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_lunar_festival_is_on_the_day_of_the_printed_calendar(name: str) -> None:
    found = [f"{FESTIVALS[name].held_on(year):%m%d}" for year in YEARS]
    assert found == KNOWN[name].split()


@pytest.mark.parametrize(
    ("name", "month", "day"), [("建军节", 8, 1), ("烈士纪念日", 9, 30), ("国庆", 10, 1)]
)
def test_a_solar_festival_is_on_the_same_day_every_year(name: str, month: int, day: int) -> None:
    assert {FESTIVALS[name].held_on(year) for year in YEARS} == {
        date(year, month, day) for year in YEARS
    }


@given(st.integers(FIRST_YEAR, LAST_YEAR))
def test_the_festivals_of_a_year_follow_each_other(year: int) -> None:
    new_year = FESTIVALS["春节"].held_on(year)
    assert date(year, 1, 21) <= new_year <= date(year, 2, 21)
    assert FESTIVALS["元宵"].held_on(year) - new_year == timedelta(days=14)
    names = ["春节", "元宵", "端午", "中秋", "重阳"]
    days = [FESTIVALS[name].held_on(year) for name in names]
    assert days == sorted(days)
