"""Instruments as use cases see them: a form with its points, and how it names its questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from citywide.acts.workspace import Workspace
from citywide.assessments.models import (
    INSTRUMENT,
    INSTRUMENT_BAND,
    INSTRUMENT_OPTION,
    INSTRUMENT_QUESTION,
    InstrumentRow,
)
from citywide.assessments.scoring import Band, Form


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument, what its answers are worth, and the codes of its questions."""

    row: InstrumentRow
    form: Form
    codes: Mapping[UUID, str]


async def find_instrument(work: Workspace, instrument_id: UUID, field: str) -> Instrument:
    """The instrument with its questions in their order, their options and its bands."""
    row = await work.find(INSTRUMENT, instrument_id, field)
    questions = await work.rows(INSTRUMENT_QUESTION, instrument_id=row["id"])
    questions.sort(key=lambda question: question["position"])
    points: dict[UUID, dict[UUID, int]] = {question["id"]: {} for question in questions}
    for option in await work.rows(INSTRUMENT_OPTION, question_id=points.keys()):
        points[option["question_id"]][option["id"]] = option["score"]
    bands = [
        Band(band["band"], band["from_score"])
        for band in await work.rows(INSTRUMENT_BAND, instrument_id=row["id"])
    ]
    codes = {question["id"]: question["code"] for question in questions}
    return Instrument(row, Form(points, bands), codes)
