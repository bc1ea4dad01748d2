"""What can be wrong with a change of members, beside what can be wrong with any act."""

from __future__ import annotations

import strawberry

from citywide.acts.problems import AccessProblem, Problem, ProblemError


@strawberry.type(description="The agency would be left without a director.")
class LastDirectorProblem(Problem):
    pass


def last_director(*path: str) -> ProblemError:
    """Nobody else directs the agency for as long."""
    message = "Nobody else is director for as long: make another active member director first."
    return ProblemError(LastDirectorProblem(code="LAST_DIRECTOR", message=message, path=list(path)))


def not_yourself(message: str, *path: str) -> ProblemError:
    """What nobody does for themselves."""
    return ProblemError(AccessProblem(code="NOT_YOURSELF", message=message, path=list(path)))
