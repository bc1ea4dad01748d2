"""What the mutations on assessments ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from citywide.graph.mutate import UNSET, Unset, asked

_ASSESSMENT = asked("Which one.", of="Assessment")
_VERSION = asked("The version of it that you read.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to one question; null takes it back."""

    question_id: Annotated[UUID, asked("The question.", of="InstrumentQuestion")]
    option_id: Annotated[UUID | None, asked("The chosen answer.", of="InstrumentOption")]
    note: Annotated[str | None, asked("What was said beyond it.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAssessment:
    """A new assessment; questions may stay open until it is submitted."""

    beneficiary_id: Annotated[UUID, asked("Who is assessed.", of="Beneficiary")]
    instrument_id: Annotated[UUID, asked("The form.", of="Instrument")]
    assessed_on: Annotated[date, asked("The day of the assessment.")]
    assessor_id: Annotated[UUID | None, asked("Who assessed; left out: you.", of="Member")] = None
    answers: Annotated[tuple[Answer, ...], asked("The answers so far.")] = ()
    summary: Annotated[str | None, asked("What it comes to, in your words.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAssessment:
    """Changes to a draft, or to what was returned; what is left out stays."""

    assessment_id: Annotated[UUID, _ASSESSMENT]
    version: Annotated[int, _VERSION]
    assessed_on: Annotated[date | Unset, asked("The day of the assessment.")] = UNSET
    answers: Annotated[tuple[Answer, ...], asked("The answers to write.")] = ()
    summary: Annotated[str | Unset | None, asked("What it comes to.")] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideAssessment:
    """A step of an assessment."""

    assessment_id: Annotated[UUID, _ASSESSMENT]
    version: Annotated[int, _VERSION]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAssessment:
    """What is to be mended before an assessment can be approved."""

    assessment_id: Annotated[UUID, _ASSESSMENT]
    version: Annotated[int, _VERSION]
    reason: Annotated[str, asked("What is to be mended.")]
