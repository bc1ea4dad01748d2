"""The business day of a bureau: the day that everything is judged by, and recorded on."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

# China has kept one clock, without summer time, since 1992; every city's day begins with it.
CITY_CLOCK = timezone(timedelta(hours=8))


def business_day(replay_date: date | None) -> date:
    """The past day that a bureau is shown on, or today's in its city."""
    return replay_date or datetime.now(CITY_CLOCK).date()
