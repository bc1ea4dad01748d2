"""Indicators of agreements, and scorecards with their figures and ratings.

Figures are kept in thousandths of the measure's unit, points in hundredths: under row-level
security only whole numbers use an index, and sums of them are exact.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from citywide.db.tables import (
    TenantRow,
    Version,
    catalogue_reference,
    period,
    reference,
    tenant_table,
)
from citywide.evaluation.words import (
    Aspect,
    Consequence,
    IndicatorDirection,
    RaterKind,
    ScorecardStage,
)
from citywide.projects.words import Grade

_BUREAU = ("bureau",)
_BOTH = ("agency", "bureau")


class IndicatorRow(TenantRow):
    """What an agreement is judged by; a qualitative one has no measure but a scale of anchors."""

    agreement_id: UUID
    name: str
    aspect: Aspect
    weight: int
    measure: str | None
    # One project or one community only; NULL: all of the agreement's agency.
    project_id: UUID | None
    area_id: UUID | None
    direction: IndicatorDirection | None
    baseline_thousandths: int | None
    target_thousandths: int | None
    version: Version


INDICATOR = tenant_table(
    "indicator",
    IndicatorRow,
    UniqueConstraint("tenant_id", "agreement_id", "name"),
    reference("agreement_id", "agreement"),
    reference("project_id", "project"),
    CheckConstraint("weight BETWEEN 1 AND 100", name="weight"),
    CheckConstraint(
        "(measure IS NULL) = (direction IS NULL)"
        " AND (measure IS NULL) = (baseline_thousandths IS NULL)"
        " AND (measure IS NULL) = (target_thousandths IS NULL)",
        name="measure",
    ),
    catalogue_reference("area_id", "area"),
    writers=_BUREAU,
)


class IndicatorAnchorRow(TenantRow):
    """What a number of points means on the scale of a qualitative indicator."""

    indicator_id: UUID
    points: int
    meaning: str


INDICATOR_ANCHOR = tenant_table(
    "indicator_anchor",
    IndicatorAnchorRow,
    UniqueConstraint("tenant_id", "indicator_id", "points"),
    reference("indicator_id", "indicator"),
    CheckConstraint("points BETWEEN 0 AND 100", name="points"),
    writers=_BUREAU,
    is_append_only=True,
)


class ScorecardRow(TenantRow):
    agreement_id: UUID
    valid_from: date
    valid_until: date
    stage: ScorecardStage
    opened_on: date
    self_evaluation: str | None
    self_evidence: str | None
    score_hundredths: int | None
    grade: Grade | None
    graded_on: date | None
    consequence: Consequence | None
    rectify_by: date | None
    consequence_reason: str | None
    frozen_on: date | None
    version: Version


SCORECARD = tenant_table(
    "scorecard",
    ScorecardRow,
    UniqueConstraint("tenant_id", "agreement_id", "valid_from"),
    reference("agreement_id", "agreement"),
    period(),
    CheckConstraint("(grade IS NULL) = (score_hundredths IS NULL)", name="scored"),
    CheckConstraint(
        "(consequence IS NULL) = (consequence_reason IS NULL)"
        " AND (consequence IS NULL) = (frozen_on IS NULL)"
        " AND coalesce(consequence = 'RECTIFY', false) = (rectify_by IS NOT NULL)",
        name="decided",
    ),
    writers=_BOTH,
)


class ScorecardFigureRow(TenantRow):
    """What an indicator came to: a copy of it as it then was, and the sums that its measure had."""

    scorecard_id: UUID
    indicator_id: UUID
    valid_from: date
    valid_until: date
    name: str
    aspect: Aspect
    weight: int
    measure: str | None
    project_id: UUID | None
    area_id: UUID | None
    direction: IndicatorDirection | None
    baseline_thousandths: int | None
    target_thousandths: int | None
    numerator: int | None
    denominator: int | None
    points_hundredths: int | None
    # The operation that tells the same figure, and its variables as JSON.
    operation: str | None
    variables: str | None
    version: Version


SCORECARD_FIGURE = tenant_table(
    "scorecard_figure",
    ScorecardFigureRow,
    UniqueConstraint("tenant_id", "scorecard_id", "indicator_id"),
    reference("scorecard_id", "scorecard"),
    reference("indicator_id", "indicator"),
    CheckConstraint("(measure IS NULL) = (operation IS NULL)", name="operation"),
    catalogue_reference("area_id", "area"),
    writers=_BUREAU,
)


class ScorecardRatingRow(TenantRow):
    """One rater's points for a qualitative indicator; raters are no members, so they are named."""

    scorecard_id: UUID
    figure_id: UUID
    rater_kind: RaterKind
    rater: str
    points: int
    # Of its kind, as it was published then.
    weight: int
    reason: str
    rated_on: date


SCORECARD_RATING = tenant_table(
    "scorecard_rating",
    ScorecardRatingRow,
    UniqueConstraint("tenant_id", "figure_id", "rater_kind", "rater"),
    Index(None, "tenant_id", "scorecard_id"),
    reference("scorecard_id", "scorecard"),
    reference("figure_id", "scorecard_figure"),
    CheckConstraint("points BETWEEN 0 AND 100", name="points"),
    writers=_BUREAU,
    is_append_only=True,
)
