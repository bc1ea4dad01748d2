"""The courses of a service record and of a series of group sessions."""

from citywide.rules.course import Allows, Course, Step
from citywide.services.models import GROUP_SERIES, SERVICE_RECORD
from citywide.services.words import GroupStageName, RecordStage


class RecordCourse(
    Course,
    table=SERVICE_RECORD,
    states=RecordStage,
    begins=(RecordStage.CURRENT, RecordStage.SUPERSEDED),
    noun="The record",
):
    """A delivered service; what it said before a correction is written down as superseded."""

    cancel = Step(RecordStage.CURRENT, to=RecordStage.CANCELLED)
    correct = Allows(RecordStage.CURRENT)


class SeriesCourse(
    Course, table=GROUP_SERIES, states=GroupStageName, column="stage", noun="The series"
):
    """A group per MZ/T 095-2017: one stage after the other, none skipped, none again."""

    form = Step(GroupStageName.PREPARATION, to=GroupStageName.FORMATION)
    settle = Step(GroupStageName.FORMATION, to=GroupStageName.TRANSITION)
    mature = Step(GroupStageName.TRANSITION, to=GroupStageName.MATURITY)
    close = Step(GroupStageName.MATURITY, to=GroupStageName.CLOSING)


# By the stage that each leads to.
STEP_INTO = {step.to: step for step in SeriesCourse.steps()}
