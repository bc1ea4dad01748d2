"""Instruments and needs assessments in the schema."""

from typing import Any

from sqlalchemy import FromClause, select
from sqlalchemy.sql import ColumnElement

from citywide.assessments.models import (
    ASSESSMENT,
    ASSESSMENT_ANSWER,
    INSTRUMENT,
    INSTRUMENT_BAND,
    INSTRUMENT_OPTION,
    INSTRUMENT_QUESTION,
)
from citywide.assessments.words import AssessmentStatus
from citywide.beneficiaries.graph import OF_BENEFICIARY
from citywide.graph.declare import (
    Kind,
    Value,
    column,
    entity,
    few,
    hidden,
    one,
    through,
)
from citywide.graph.topics import announce_approval


def change_of_score(row: FromClause) -> ColumnElement[Any]:
    """Points against the approved assessment before, of the same version of the instrument."""
    before = ASSESSMENT.alias()
    same = ("tenant_id", "beneficiary_id", "instrument", "instrument_version")
    return (
        select(row.c.score - before.c.score)
        .where(
            *(before.c[name] == row.c[name] for name in same),
            before.c.status == AssessmentStatus.APPROVED,
            before.c.assessed_on < row.c.assessed_on,
        )
        .order_by(before.c.assessed_on.desc())
        .limit(1)
        .correlate(row)
        .scalar_subquery()
    )


@entity(
    INSTRUMENT,
    tag="inst",
    root="instruments",
    root_description="The forms that needs are assessed with.",
)
class Instrument:
    """One version of a form that needs are assessed with (评估工具)."""

    slug = column("Its short name, the same in every version.")
    name = column("Its name.")
    version = column("Its version; a change makes a new one.")
    provenance = column("Whose wording it is.")
    valid_from = column("First day.")
    valid_until = column("First day on which it is no longer used; null while it is.")
    questions = few(
        "InstrumentQuestion", "Its questions.", {"instrument_id": "id"}, order=("position",)
    )
    bands = few(
        "InstrumentBand", "What its scores mean.", {"instrument_id": "id"}, order=("from_score",)
    )


@entity(INSTRUMENT_QUESTION, tag="ques")
class InstrumentQuestion:
    """A question of an instrument; every one is answered with one of its options."""

    position = column("Its place in the form, from 1.")
    code = column("Its code in the form.")
    text = column("The question.")
    instrument = one("Instrument", "The form.", {"id": "instrument_id"})
    options = few(
        "InstrumentOption", "The possible answers.", {"question_id": "id"}, order=("position",)
    )


@entity(INSTRUMENT_OPTION, tag="opti")
class InstrumentOption:
    """A possible answer, with its points."""

    position = column("Its place among the answers, from 1.")
    label = column("The answer.")
    score = column("Points, 0 for no need; the highest of all questions together are 100.")
    question = one("InstrumentQuestion", "The question.", {"id": "question_id"})


@entity(INSTRUMENT_BAND, tag="band")
class InstrumentBand:
    """What a score of an instrument means, up to the next band."""

    band = column("The band.")
    from_score = column("The lowest score of it, in points.")
    advice = column("What usually follows.")
    instrument = one("Instrument", "The form.", {"id": "instrument_id"})


@entity(
    ASSESSMENT,
    tag="asse",
    root="assessments",
    root_description="Needs assessments of beneficiaries.",
    caseload=OF_BENEFICIARY,
)
class Assessment:
    """An instrument filled in for one beneficiary (需求评估); the answers make the score."""

    instrument = column("The instrument's name.")
    instrument_version = column("The instrument's version.")
    assessed_on = column("The day of the assessment.")
    score = column("Points, 0 (no need) to 100; null while a question is open.", mask=hidden)
    band = column("What the score means.", mask=hidden)
    change = Value(
        description=(
            "Points more or less than in the approved assessment before, with the same version "
            "of the instrument; null when there is none. More points are more need."
        ),
        expression=change_of_score,
        kind=Kind.INT,
        nullable=True,
        mask=hidden,
        comparable=False,
    )
    summary = column("The assessor's summary.", mask=hidden)
    source = column("Where the score comes from.")
    status = column("How far it has come.")
    submitted_on = column("The day it was last submitted; null for a form on paper.")
    decided_on = column("The day it was last approved or returned; null for a form on paper.")
    return_reason = column("What is to be mended, when it was returned.", mask=hidden)
    version = column("Counts the changes; send it with a change.")
    form = one(
        "Instrument",
        "The instrument with its questions; null for a form on paper.",
        {"id": "instrument_id"},
        nullable=True,
    )
    answers = few(
        "AssessmentAnswer", "What was answered.", {"assessment_id": "id"}, order=("question_id",)
    )
    beneficiary = one("Beneficiary", "The assessed person.", {"id": "beneficiary_id"})
    assessor = one("Member", "Who assessed.", {"id": "assessor_id"})
    author = one("Member", "Who wrote it down.", {"id": "author_id"}, nullable=True)
    decided_by = one(
        "Member", "Who approved or returned it.", {"id": "decided_by_id"}, nullable=True
    )


@entity(ASSESSMENT_ANSWER, tag="answ", caseload=through("Assessment", {"id": "assessment_id"}))
class AssessmentAnswer:
    """The answer to one question."""

    note = column("What was said beyond the answer.")
    question = one("InstrumentQuestion", "The question.", {"id": "question_id"})
    option = one(
        "InstrumentOption",
        "The answer; null while the question is open again.",
        {"id": "option_id"},
        nullable=True,
    )
    assessment = one("Assessment", "The assessment.", {"id": "assessment_id"})


announce_approval("Assessment")
