"""What can be wrong with an act, as data: the members of every mutation's result union.

A use case raises `ProblemError` with one of these, or `InvalidError` for input that breaks rules;
nothing it wrote stays. Unexpected failures are errors instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from citywide.errors import InvalidError


@strawberry.interface(description="Why nothing was done.")
class Problem:
    code: str = strawberry.field(description="What is wrong, for programs; never renamed.")
    message: str = strawberry.field(description="What is wrong and what to do, for people.")
    path: list[str] = strawberry.field(
        description="The input field it is about, from the outside in; empty: the whole."
    )


@strawberry.type(description="What a fault's sentence says in figures: a limit, a day.")
class FaultParameter:
    name: str = strawberry.field(
        description="What it is, as in @constraint: maxLength, min, today."
    )
    value: str = strawberry.field(description="Its value; days as 2015-11-11.")


@strawberry.type(description="A rule that the input breaks.")
class InputFault:
    code: str = strawberry.field(
        description="Which rule, for programs; RULE where only the message says it."
    )
    path: list[str] = strawberry.field(description="The field, from the outside in.")
    message: str = strawberry.field(description="The rule, and what to do.")
    parameters: list[FaultParameter] = strawberry.field(description="The rule's figures.")


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


# Every mutation can end in one of these, and one whose input has a version in a stale one as well.
COMMON = (InputProblem, StateProblem, AccessProblem, IdempotencyProblem)


class ProblemError(Exception):
    """An act cannot be done; `problem` is the answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def invalid(error: InvalidError) -> InputProblem:
    """The broken rules, in the schema's words for the fields."""
    faults = [
        InputFault(
            code=fault.code,
            path=schema_path(fault.path),
            message=fault.message,
            parameters=[FaultParameter(name=n, value=v) for n, v in fault.parameters.items()],
        )
        for fault in error.faults
    ]
    first = faults[0]
    return InputProblem(code="INVALID_INPUT", message=first.message, path=first.path, faults=faults)


def wrong_state(message: str, *path: str) -> ProblemError:
    """A step that the row's state does not allow."""
    return ProblemError(StateProblem(code="WRONG_STATE", message=message, path=schema_path(path)))


def not_yours(message: str, *path: str) -> ProblemError:
    """A row outside of the caller's caseload, or of what their role may decide."""
    return ProblemError(AccessProblem(code="NOT_YOURS", message=message, path=schema_path(path)))


def stale(current: int, field: str = "version") -> ProblemError:
    """A row that was changed since the caller read it, of which `field` says the version."""
    message = f"Somebody changed this meanwhile (it is at version {current}): read it again."
    return ProblemError(
        StaleVersionProblem(
            code="STALE_VERSION",
            message=message,
            path=schema_path([field]),
            current_version=current,
        )
    )


def schema_path(path: Sequence[str | int]) -> list[str]:
    """A path in the schema's spelling; the only place where the code's becomes that."""
    return [_word(step) for step in path]


def _word(step: str | int) -> str:
    if isinstance(step, int):
        return str(step)
    head, *rest = step.split("_")
    return head + "".join(part.capitalize() for part in rest)
