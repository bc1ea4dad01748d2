"""What can be wrong with a new file beyond broken rules: the person may have one already."""

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
