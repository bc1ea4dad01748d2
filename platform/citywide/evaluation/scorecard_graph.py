"""Indicators and scorecards in the schema."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, FromClause, and_, cast, func, literal_column, select
from sqlalchemy.sql import ColumnElement

from citywide.evaluation.actual import current, difference, frozen
from citywide.evaluation.models import (
    INDICATOR,
    INDICATOR_ANCHOR,
    SCORECARD,
    SCORECARD_FIGURE,
    SCORECARD_RATING,
)
from citywide.evaluation.words import Measure
from citywide.graph.declare import Kind, Value, column, entity, few, one


def _of_ratings(aggregate: Any) -> Any:
    """An aggregate over what the raters gave a line."""

    def expression(row: FromClause) -> ColumnElement[Any]:
        rating = SCORECARD_RATING.alias()
        is_its = and_(rating.c.tenant_id == row.c.tenant_id, rating.c.figure_id == row.c.id)
        found = select(aggregate(rating.c.points)).where(is_its)
        return cast(found.correlate(row).scalar_subquery(), BigInteger)

    return expression


def _computed(description: str, expression: Any) -> Any:
    return Value(
        description=description,
        expression=expression,
        kind=Kind.INT,
        nullable=True,
        comparable=False,
    )


@entity(
    INDICATOR,
    tag="indi",
    root="indicators",
    root_description="What agreements are judged by.",
)
class Indicator:
    """What an agreement is judged by (指标): a measure with a target, or a scale with anchors."""

    name = column("Its name.")
    aspect = column("What of the work it is about.")
    weight = column("How much it weighs within its aspect.")
    measure = column("What is counted; null: it is rated.", enum=Measure)
    direction = column("Which way the figure is better.")
    baseline_thousandths = column("What earns nothing, in thousandths of the measure's unit.")
    target_thousandths = column("What earns all points, in thousandths of the unit.")
    version = column("Counts its changes; send it back when you change it.")
    agency = one("Agency", "The agency.", {"id": "tenant_id"})
    agreement = one("Agreement", "The agreement.", {"id": "agreement_id"})
    project = one("Project", "Only this project; null: all.", {"id": "project_id"}, nullable=True)
    area = one("Area", "Only this community; null: all.", {"id": "area_id"}, nullable=True)
    anchors = few(
        "IndicatorAnchor", "The scale of a rated one.", {"indicator_id": "id"}, order=("points",)
    )


@entity(INDICATOR_ANCHOR, tag="anch")
class IndicatorAnchor:
    """What a number of points means on a scale."""

    points = column("The points, 0 to 100.")
    meaning = column("What earns them.")


@entity(
    SCORECARD,
    tag="scor",
    root="scorecards",
    root_description="How agreements were judged, period by period.",
)
class Scorecard:
    """How an agreement was judged for a period (绩效评价表)."""

    valid_from = column("First day that counts.")
    valid_until = column("First day that does not.")
    stage = column("How far it is.")
    opened_on = column("The day it was opened.")
    self_evaluation = column("What the agency says of its own work.")
    self_evidence = column("What shows it, and where that is kept.")
    score_hundredths = column("The score in hundredths of a point, up to 10 000.")
    grade = column("What the score means.")
    graded_on = column("The day it was graded.")
    consequence = column("What follows.")
    rectify_by = column("By when it must be put right.")
    consequence_reason = column("Why that follows.")
    frozen_on = column("The day since which nothing changes.")
    version = column("Counts its changes; send it back when you change it.")
    agency = one("Agency", "The agency.", {"id": "tenant_id"})
    agreement = one("Agreement", "The agreement.", {"id": "agreement_id"})
    figures = few("ScorecardFigure", "Its lines.", {"scorecard_id": "id"}, order=("aspect", "name"))


@entity(SCORECARD_FIGURE, tag="sfig")
class ScorecardFigure:
    """A line of a scorecard: an indicator as it was when the card was opened, and its figure."""

    name = column("The indicator's name.")
    aspect = column("What of the work it is about.")
    weight = column("How much it weighs within its aspect.")
    measure = column("What is counted; null: it is rated.", enum=Measure)
    direction = column("Which way the figure is better.")
    baseline_thousandths = column("What earns nothing, in thousandths of the measure's unit.")
    target_thousandths = column("What earns all points, in thousandths of the unit.")
    numerator = column("What was counted when it was last computed.")
    denominator = column("What that is divided by; null for a count.")
    frozen = _computed("The figure that was kept, in thousandths of the unit.", frozen)
    current = _computed("The figure as the records are now, in thousandths of the unit.", current)
    difference = _computed(
        "What records that were changed since make: current less frozen.", difference
    )
    points_hundredths = column("What it earned, in hundredths of 100 points.")
    spread = _computed(
        "Between the most and the least that raters gave, in points.",
        _of_ratings(lambda points: func.max(points) - func.min(points)),
    )
    deviation_hundredths = _computed(
        "The standard deviation of what raters gave, in hundredths of a point.",
        _of_ratings(lambda points: func.round(func.stddev_pop(points) * literal_column("100"))),
    )
    operation = column("The operation that tells the same figure.")
    variables = column("Its variables, as JSON.")
    indicator = one("Indicator", "The indicator as it is now.", {"id": "indicator_id"})
    ratings = few(
        "ScorecardRating",
        "What the raters gave.",
        {"figure_id": "id"},
        order=("rater_kind", "rater"),
    )


@entity(SCORECARD_RATING, tag="srat")
class ScorecardRating:
    """One rater's points for a rated indicator."""

    rater_kind = column("As what they rate.")
    rater = column("Who rates.")
    points = column("The points of one of the scale's anchors.")
    weight = column("How much raters of this kind weighed.")
    reason = column("What they found.")
    rated_on = column("The day.")
