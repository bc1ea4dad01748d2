"""The course of how an agreement is judged."""

from citywide.evaluation.models import SCORECARD
from citywide.evaluation.words import ScorecardStage
from citywide.rules.course import Allows, Course, Step


class ScorecardCourse(
    Course, table=SCORECARD, states=ScorecardStage, column="stage", noun="The scorecard"
):  # fmt: skip
    """A card: the agency tells of its own work, others rate it, the bureau grades and decides."""

    evaluate_yourself = Step(
        ScorecardStage.OPEN, ScorecardStage.SELF_EVALUATED, to=ScorecardStage.SELF_EVALUATED
    )
    grade = Step(ScorecardStage.SELF_EVALUATED, ScorecardStage.GRADED, to=ScorecardStage.GRADED)
    freeze = Step(ScorecardStage.GRADED, to=ScorecardStage.FROZEN)
    rate = Allows(ScorecardStage.SELF_EVALUATED)
