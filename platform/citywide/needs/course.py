"""The course of a need: a question that goes to a department, and its answer to the door.

A need is withdrawn at any time before its answer was delivered. Whoever asks on after a delivered
answer raises a next need that is linked to the first.
"""

from citywide.needs.models import NEED
from citywide.needs.words import NeedStatus
from citywide.rules.course import Allows, Course, Step


class NeedCourse(Course, table=NEED, states=NeedStatus, noun="The need"):
    """Raised and referred by the agency, answered by a department, brought back by the agency."""

    refer = Step(NeedStatus.RAISED, NeedStatus.RETURNED, to=NeedStatus.REFERRED)
    # The verb `return` is a word of Python.
    send_back = Step(NeedStatus.REFERRED, to=NeedStatus.RETURNED)
    answer = Step(NeedStatus.REFERRED, to=NeedStatus.ANSWERED)
    print = Step(NeedStatus.ANSWERED, to=NeedStatus.PRINTED)
    deliver = Step(NeedStatus.PRINTED, to=NeedStatus.DELIVERED)
    rate = Step(NeedStatus.DELIVERED, to=NeedStatus.RATED)
    close = Step(NeedStatus.DELIVERED, NeedStatus.RATED, to=NeedStatus.CLOSED)
    withdraw = Step(
        NeedStatus.RAISED,
        NeedStatus.REFERRED,
        NeedStatus.RETURNED,
        NeedStatus.ANSWERED,
        NeedStatus.PRINTED,
        to=NeedStatus.WITHDRAWN,
    )
    follow_up = Allows(
        NeedStatus.DELIVERED,
        NeedStatus.RATED,
        NeedStatus.CLOSED,
        advice="A next question can follow when its answer was delivered.",
    )


# Nothing comes after these.
ENDED = frozenset(status for status in NeedStatus if not NeedCourse.possible(status))
