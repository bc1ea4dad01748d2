"""A person's file: found by who may work on it, its stages, and the days on which it is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from citywide.acts.workspace import Workspace
from citywide.beneficiaries.models import BENEFICIARY, BeneficiaryRow
from citywide.beneficiaries.words import FileStage
from citywide.errors import Fault
from citywide.rules.course import Allows, Course, Step
from citywide.rules.fields import draft, id_of, version
from citywide.rules.periods import Span


class FileCourse(
    Course,
    table=BENEFICIARY,
    states=FileStage,
    noun="The person's file",
    days={FileStage.MERGED: "merged_into_id", FileStage.CLOSED: "closed_on"},
):
    """A person's file; one that is merged is continued in another, until they are split."""

    close = Step(FileStage.OPEN, to=FileStage.CLOSED)
    reopen = Step(FileStage.CLOSED, to=FileStage.OPEN)
    merge = Step(FileStage.OPEN, FileStage.CLOSED, to=FileStage.MERGED)
    split = Step(FileStage.MERGED, leads=(FileStage.OPEN, FileStage.CLOSED))
    hand_it_over = Allows(FileStage.OPEN)
    begin_casework = Allows(FileStage.OPEN)
    work_on_it = Allows(FileStage.OPEN, FileStage.CLOSED, advice="Work on that one, or split them.")


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
