"""Score and band from the answers: a pure function, and the only way to either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from citywide.assessments.words import NeedBand

# The sum of every question's highest option: scores of all instruments read as parts of 100.
HIGHEST_SCORE = 100


@dataclass(frozen=True, slots=True)
class Band:
    """A word for every score from `from_score` on."""

    word: NeedBand
    from_score: int


@dataclass(frozen=True, slots=True)
class Form:
    """An instrument as scoring sees it: each question's options with their points."""

    questions: Mapping[UUID, Mapping[UUID, int]]
    bands: Sequence[Band]


@dataclass(frozen=True, slots=True)
class Result:
    """What the answers come to."""

    score: int
    band: NeedBand


def result(form: Form, answers: Mapping[UUID, UUID | None]) -> Result | None:
    """The result of a form with an answer to every question; None while one is open."""
    if open_questions(form, answers):
        return None
    score = sum(
        options[option]
        for question, options in form.questions.items()
        if (option := answers[question]) is not None
    )
    reached = [band for band in form.bands if band.from_score <= score]
    return Result(score, max(reached, key=lambda band: band.from_score).word)


def open_questions(form: Form, answers: Mapping[UUID, UUID | None]) -> list[UUID]:
    """The questions without an answer, in the form's order."""
    return [question for question in form.questions if answers.get(question) is None]
