"""Indicators of agreements, and scorecards with their figures and ratings.

Figures are kept in thousandths of the measure's unit, points in hundredths: under row-level
security only whole numbers use an index, and sums of them are exact.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
)

from citywide.db.tables import one_of, period, reference, tenant_table
from citywide.evaluation.grading import Aspect, Consequence, Direction, RaterKind, Stage
from citywide.projects.grades import Grade

_BUREAU = ("bureau",)
_BOTH = ("agency", "bureau")


def _version() -> Column[int]:
    return Column("version", BigInteger, nullable=False, server_default="1")


# What an agreement is judged by; a qualitative one has no measure but a scale of anchors.
INDICATOR = tenant_table(
    "indicator",
    Column("agreement_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("aspect", Text, nullable=False),
    Column("weight", BigInteger, nullable=False),
    Column("measure", Text),
    # One project or one community only; NULL: all of the agreement's agency.
    Column("project_id", Uuid),
    Column("area_id", Uuid, ForeignKey("area.id")),
    Column("direction", Text),
    Column("baseline_thousandths", BigInteger),
    Column("target_thousandths", BigInteger),
    _version(),
    UniqueConstraint("tenant_id", "agreement_id", "name"),
    reference("agreement_id", "agreement"),
    reference("project_id", "project"),
    one_of("aspect", *Aspect),
    one_of("direction", *Direction),
    CheckConstraint("weight BETWEEN 1 AND 100", name="weight"),
    CheckConstraint(
        "(measure IS NULL) = (direction IS NULL)"
        " AND (measure IS NULL) = (baseline_thousandths IS NULL)"
        " AND (measure IS NULL) = (target_thousandths IS NULL)",
        name="measure",
    ),
    writers=_BUREAU,
)

# What a number of points means on the scale of a qualitative indicator.
INDICATOR_ANCHOR = tenant_table(
    "indicator_anchor",
    Column("indicator_id", Uuid, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("meaning", Text, nullable=False),
    UniqueConstraint("tenant_id", "indicator_id", "points"),
    reference("indicator_id", "indicator"),
    CheckConstraint("points BETWEEN 0 AND 100", name="points"),
    writers=_BUREAU,
    is_append_only=True,
)

SCORECARD = tenant_table(
    "scorecard",
    Column("agreement_id", Uuid, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("stage", Text, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("self_evaluation", Text),
    Column("self_evidence", Text),
    Column("score_hundredths", BigInteger),
    Column("grade", Text),
    Column("graded_on", Date),
    Column("consequence", Text),
    Column("rectify_by", Date),
    Column("consequence_reason", Text),
    Column("frozen_on", Date),
    _version(),
    UniqueConstraint("tenant_id", "agreement_id", "valid_from"),
    reference("agreement_id", "agreement"),
    one_of("stage", *Stage),
    one_of("grade", *Grade),
    one_of("consequence", *Consequence),
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

# What an indicator came to: a copy of it as it then was, and the sums that its measure had.
SCORECARD_FIGURE = tenant_table(
    "scorecard_figure",
    Column("scorecard_id", Uuid, nullable=False),
    Column("indicator_id", Uuid, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("name", Text, nullable=False),
    Column("aspect", Text, nullable=False),
    Column("weight", BigInteger, nullable=False),
    Column("measure", Text),
    Column("project_id", Uuid),
    Column("area_id", Uuid, ForeignKey("area.id")),
    Column("direction", Text),
    Column("baseline_thousandths", BigInteger),
    Column("target_thousandths", BigInteger),
    Column("numerator", BigInteger),
    Column("denominator", BigInteger),
    Column("points_hundredths", BigInteger),
    # The operation that tells the same figure, and its variables as JSON.
    Column("operation", Text),
    Column("variables", Text),
    _version(),
    UniqueConstraint("tenant_id", "scorecard_id", "indicator_id"),
    reference("scorecard_id", "scorecard"),
    reference("indicator_id", "indicator"),
    one_of("aspect", *Aspect),
    one_of("direction", *Direction),
    CheckConstraint("(measure IS NULL) = (operation IS NULL)", name="operation"),
    writers=_BUREAU,
)

# One rater's points for a qualitative indicator; raters are no members, so they are named.
SCORECARD_RATING = tenant_table(
    "scorecard_rating",
    Column("scorecard_id", Uuid, nullable=False),
    Column("figure_id", Uuid, nullable=False),
    Column("rater_kind", Text, nullable=False),
    Column("rater", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    # Of its kind, as it was published then.
    Column("weight", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rated_on", Date, nullable=False),
    UniqueConstraint("tenant_id", "figure_id", "rater_kind", "rater"),
    Index(None, "tenant_id", "scorecard_id"),
    reference("scorecard_id", "scorecard"),
    reference("figure_id", "scorecard_figure"),
    one_of("rater_kind", *RaterKind),
    CheckConstraint("points BETWEEN 0 AND 100", name="points"),
    writers=_BUREAU,
    is_append_only=True,
)
