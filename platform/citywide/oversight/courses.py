"""The course of what somebody should look at."""

from citywide.oversight.models import FINDING
from citywide.oversight.words import FindingStatus
from citywide.rules.course import Course, Step

_WAITING = (FindingStatus.OPEN, FindingStatus.ANSWERED)
_OVER = (FindingStatus.ANSWERED, FindingStatus.CLOSED, FindingStatus.SETTLED)


class FindingCourse(Course, table=FINDING, states=FindingStatus, noun="The finding"):
    """A finding: the agency answers, the bureau closes, and inspections see what became of it."""

    answer = Step(*_WAITING, to=FindingStatus.ANSWERED)
    close = Step(*_WAITING, to=FindingStatus.CLOSED, not_by=("answered_by",))
    settle_by_inspection = Step(*_WAITING, to=FindingStatus.SETTLED)
    reopen_by_inspection = Step(*_OVER, to=FindingStatus.OPEN)
