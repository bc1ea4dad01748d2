"""A person's file: found by who may work on it, its stages, and the days on which it is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from citywide.acts.workspace import Workspace
from citywide.beneficiaries.models import BENEFICIARY, BeneficiaryRow
from citywide.beneficiaries.words import FileStage
from citywide.errors import Fault
from citywide.rules.course import Allows, Course, Row, Step
from citywide.rules.fields import draft, id_of, version
from citywide.rules.periods import Span
from citywide.rules.words import Words


class FileCourse(Course, table=BENEFICIARY, states=FileStage, noun="The file"):
    """A person's file; one that is merged is continued in another, until they are split."""

    close = Step(FileStage.OPEN, to=FileStage.CLOSED)
    reopen = Step(FileStage.CLOSED, to=FileStage.OPEN)
    merge = Step(FileStage.OPEN, FileStage.CLOSED, to=FileStage.MERGED)
    split = Step(FileStage.MERGED, leads=(FileStage.OPEN, FileStage.CLOSED))
    hand_it_over = Allows(FileStage.OPEN)
    work_on_it = Allows(FileStage.OPEN, FileStage.CLOSED)

    @classmethod
    def state_of(cls, row: Row) -> Words:
        """Its days and the file that it is continued in say the stage."""
        if row["merged_into_id"] is not None:
            return FileStage.MERGED
        return FileStage.OPEN if row["closed_on"] is None else FileStage.CLOSED

    @classmethod
    def values_of(cls, state: Words, row: Row) -> dict[str, Any]:  # noqa: ARG003 -- the course's signature
        """Of several columns, which differ from step to step: the use cases write them."""
        return {}


@draft
class FileChange:
    """A change of a file that somebody has read."""

    beneficiary_id: UUID = id_of("Beneficiary", "Whose file.")
    version: int = version("The version of it that you read.")


async def find_file(
    work: Workspace, beneficiary_id: UUID, field: str = "beneficiary_id"
) -> BeneficiaryRow:
    """A file that the actor keeps, or may answer for, and that was not merged into another."""
    file = await work.find(BENEFICIARY, beneficiary_id, field)
    work.check(FileCourse.work_on_it, file, field)
    work.persons.add(file["id"])
    return file


def open_span(file: BeneficiaryRow) -> Span:
    """On which days a file is open; one that was merged into another takes no record at all."""
    return Span(file["opened_on"], file["opened_on" if file["merged_into_id"] else "closed_on"])


def open_faults(file: BeneficiaryRow, day: date, *path: str | int) -> Iterator[Fault]:
    """What is about a person happens while their file is open; `path` is where the day stands."""
    if not open_span(file).covers(day):
        yield Fault(path, f"The person's file is not open on {day}.", "FILE_NOT_OPEN")
