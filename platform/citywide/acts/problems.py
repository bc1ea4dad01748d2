"""What can be wrong with an act, as data: the members of every mutation's result union.

A use case raises `ProblemError` with one of these, or `InvalidError` for input that breaks rules;
nothing it wrote stays. Unexpected failures are errors instead.
"""

from __future__ import annotations

import strawberry

from citywide.errors import InvalidError


@strawberry.interface(description="Why nothing was done.")
class Problem:
    code: str = strawberry.field(description="What is wrong, for programs; never renamed.")
    message: str = strawberry.field(description="What is wrong and what to do, for people.")
    path: list[str] = strawberry.field(
        description="The input field it is about, from the outside in; empty: the whole."
    )


@strawberry.type(description="A rule that the input breaks.")
class InputFault:
    path: list[str] = strawberry.field(description="The field, from the outside in.")
    message: str = strawberry.field(description="The rule, and what to do.")


@strawberry.type(description="The input breaks rules of the field; every one is named.")
class InputProblem(Problem):
    faults: list[InputFault] = strawberry.field(description="Every broken rule.")


@strawberry.type(description="What is there does not allow this step.")
class StateProblem(Problem):
    pass


@strawberry.type(description="The row lies outside of what you may change.")
class AccessProblem(Problem):
    pass


@strawberry.type(description="The row was changed since you read it: read it again.")
class StaleVersionProblem(Problem):
    current_version: int = strawberry.field(description="The version it has now.")


@strawberry.type(description="The idempotency key was used for something else.")
class IdempotencyProblem(Problem):
    pass


# Every mutation can end in one of these.
COMMON = (InputProblem, StateProblem, AccessProblem, StaleVersionProblem, IdempotencyProblem)


class ProblemError(Exception):
    """An act cannot be done; `problem` is the answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def invalid(error: InvalidError) -> InputProblem:
    """The broken rules, in the schema's words for the fields."""
    faults = [
        InputFault(path=[_word(step) for step in fault.path], message=fault.message)
        for fault in error.faults
    ]
    first = faults[0]
    return InputProblem(code="INVALID_INPUT", message=first.message, path=first.path, faults=faults)


def wrong_state(message: str, *path: str) -> ProblemError:
    """A step that the row's state does not allow."""
    return ProblemError(StateProblem(code="WRONG_STATE", message=message, path=list(path)))


def not_yours(message: str, *path: str) -> ProblemError:
    """A row outside of the caller's caseload, or of what their role may decide."""
    return ProblemError(AccessProblem(code="NOT_YOURS", message=message, path=list(path)))


def _word(step: str | int) -> str:
    if isinstance(step, int):
        return str(step)
    head, *rest = step.split("_")
    return head + "".join(part.capitalize() for part in rest)
