"""What can be wrong with a step of a case."""

from __future__ import annotations

import strawberry

from citywide.acts.problems import Problem


@strawberry.type(description="The case is not at a stage that allows this step.")
class CaseStageProblem(Problem):
    stage: str = strawberry.field(description="The stage it is at.")
    awaiting: str | None = strawberry.field(description="What waits for approval, if anything.")
    possible_steps: list[str] = strawberry.field(description="The steps that it allows now.")
