"""What can be wrong beyond broken rules: a person may have a file already, a text reveals one."""

from __future__ import annotations

import strawberry

from citywide.acts.problems import Problem


@strawberry.type(description="The agency keeps a file on the holder of this ID number already.")
class DuplicateProblem(Problem):
    existing_id: strawberry.ID = strawberry.field(description="The file's id.")
    file_number: str = strawberry.field(description="The file's number.")


@strawberry.type(description="A file that may be about the same person.")
class NearDuplicate:
    existing_id: strawberry.ID = strawberry.field(description="The file's id.")
    file_number: str = strawberry.field(description="The file's number.")


@strawberry.type(
    description="Files that may be about the same person: look at them, or ask who keeps them. "
    "Send `acknowledgeNearDuplicates: true` when they are about somebody else."
)
class NearDuplicateProblem(Problem):
    near_duplicates: list[NearDuplicate] = strawberry.field(description="The files, by number.")


@strawberry.type(description="Words of a text that give somebody away.")
class RevealingFinding:
    path: list[str] = strawberry.field(description="The input field, from the outside in.")
    kind: str = strawberry.field(description="How: a word of RevealingKind.")
    is_confirmable: bool = strawberry.field(
        description="Whether `confirmedHarmless` can name its kind; false: it has to go."
    )
    quote: str | None = strawberry.field(
        description="The words, as you wrote them; null: you may not know whom they are about."
    )
    start: int | None = strawberry.field(
        description="Before how many characters (Unicode code points) they begin; null with quote."
    )
    message: str = strawberry.field(description="What it is, for people.")


@strawberry.type(
    description="The text gives somebody away whom its readers must not recognise: word it anew, or"
    " confirm what is harmless."
)
class RevealingProblem(Problem):
    findings: list[RevealingFinding] = strawberry.field(
        description="What was found, first things first."
    )
