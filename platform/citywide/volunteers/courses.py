"""The courses of a volunteer on the roll, and of the hours that they gave."""

from __future__ import annotations

from citywide.acts.problems import AccessProblem, ProblemError, schema_path
from citywide.rules.course import Allows, Course, Row, Step
from citywide.volunteers.models import VOLUNTEER, VOLUNTEER_HOURS
from citywide.volunteers.words import HoursStatus, RollStatus


class VolunteerCourse(
    Course,
    table=VOLUNTEER,
    states=RollStatus,
    noun="The volunteer",
    days={RollStatus.OFF_ROLL: "left_on"},
):
    """On the agency's roll until they leave; their entry and hours stay on record."""

    leave = Step(RollStatus.ON_ROLL, to=RollStatus.OFF_ROLL, says="record that they leave")
    change_their_entry = Allows(RollStatus.ON_ROLL, advice="Their entry stays as it is.")


def _own_work(_message: str, _hours: Row, *path: str) -> ProblemError:
    message = "You recorded these hours: somebody else certifies or refuses them."
    problem = AccessProblem(code="NOT_YOURSELF", message=message, path=schema_path(path))
    return ProblemError(problem)


class HoursCourse(Course, table=VOLUNTEER_HOURS, states=HoursStatus, noun="The record of hours"):
    """Hours that one person records and another vouches for."""

    own_work = staticmethod(_own_work)

    certify = Step(HoursStatus.RECORDED, to=HoursStatus.CERTIFIED, not_by=("recorded_by",))
    refuse = Step(HoursStatus.RECORDED, to=HoursStatus.REFUSED, not_by=("recorded_by",))
