"""The course of a need: which step may follow which, and how long each took.

    raised → referred → answered → printed → delivered → rated → closed
               ↕ returned for clarification          ↘ closed unrated

A need is withdrawn at any time before its answer was delivered. Whoever asks on after a delivered
answer raises a next need that is linked to the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum


class Status(StrEnum):
    """Where a need stands."""

    RAISED = "RAISED"
    REFERRED = "REFERRED"
    RETURNED = "RETURNED"
    ANSWERED = "ANSWERED"
    PRINTED = "PRINTED"
    DELIVERED = "DELIVERED"
    RATED = "RATED"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"


class Channel(StrEnum):
    """How a question was put."""

    VISIT = "VISIT"
    PHONE = "PHONE"
    OFFICE = "OFFICE"


class Action(StrEnum):
    """What can be done with a need; the words stand in sentences."""

    REFER = "refer"
    RETURN = "return"
    ANSWER = "answer"
    PRINT = "print"
    DELIVER = "deliver"
    RATE = "rate"
    CLOSE = "close"
    WITHDRAW = "withdraw"


STEPS: Mapping[Status, Mapping[Action, Status]] = {
    Status.RAISED: {Action.REFER: Status.REFERRED, Action.WITHDRAW: Status.WITHDRAWN},
    Status.REFERRED: {
        Action.ANSWER: Status.ANSWERED,
        Action.RETURN: Status.RETURNED,
        Action.WITHDRAW: Status.WITHDRAWN,
    },
    Status.RETURNED: {Action.REFER: Status.REFERRED, Action.WITHDRAW: Status.WITHDRAWN},
    Status.ANSWERED: {Action.PRINT: Status.PRINTED, Action.WITHDRAW: Status.WITHDRAWN},
    Status.PRINTED: {Action.DELIVER: Status.DELIVERED, Action.WITHDRAW: Status.WITHDRAWN},
    Status.DELIVERED: {Action.RATE: Status.RATED, Action.CLOSE: Status.CLOSED},
    Status.RATED: {Action.CLOSE: Status.CLOSED},
    Status.CLOSED: {},
    Status.WITHDRAWN: {},
}
# Nothing comes after these.
ENDED = frozenset(status for status, steps in STEPS.items() if not steps)
# The answer has reached the person: only now there is something to ask on about.
REACHED = frozenset({Status.DELIVERED, Status.RATED, Status.CLOSED})


class StepError(Exception):
    """A step that the course does not have; the message says which it has."""


class DayError(StepError):
    """A step on a day before the one on which the current status was entered."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in one status, in days: entered, and left again unless it is the current one."""

    status: Status
    entered_on: date
    left_on: date | None = None


def next_status(status: Status, action: Action) -> Status:
    """Where `action` leads from `status`; raises `StepError`."""
    possible = STEPS[status]
    if action in possible:
        return possible[action]
    stands = f"The need is {status.lower()}"
    if not possible:
        raise StepError(f"{stands}: its course has ended, and no step is left.")
    listed = ", ".join(possible)
    raise StepError(f"{stands}: you cannot {action} it now. Possible steps: {listed}.")


def moved(stays: Sequence[Stay], action: Action, day: date) -> tuple[Stay, ...]:
    """The course with one more step, taken on `day`.

    Raises `StepError` for a step that the course does not have, and `DayError`.
    """
    *earlier, current = stays
    status = next_status(current.status, action)
    if day < current.entered_on:
        raise DayError(
            f"The need is {current.status.lower()} since {current.entered_on}: "
            f"the next step cannot lie before that, on {day}."
        )
    return (*earlier, replace(current, left_on=day), Stay(status, day))


def begun(day: date) -> tuple[Stay, ...]:
    """The course of a need that was raised on `day`."""
    return (Stay(Status.RAISED, day),)


def due_date(referred_on: date, days_to_answer: int) -> date:
    """The last day on which an answer is in time: calendar days after the referral."""
    return referred_on + timedelta(days=days_to_answer)
