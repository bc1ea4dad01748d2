"""What the use cases on one file share: find it, hold it to the caseload, look for its like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import strawberry
from asyncpg import Record
from sqlalchemy import or_, select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, of_tenant, rows_with
from citywide.acts.problems import ProblemError, wrong_state
from citywide.beneficiaries.drafts import NO_BENEFICIARY
from citywide.beneficiaries.likeness import Basis, Identity, likeness
from citywide.beneficiaries.models import BENEFICIARY, LIKENESS
from citywide.beneficiaries.problems import (
    DuplicateProblem,
    NearDuplicate,
    NearDuplicateProblem,
)
from citywide.errors import Fault, InvalidError
from citywide.ids import NodeId, new_id

# Namesakes born on the same day: more than a handful are looked up by hand.
MOST_NEAR_DUPLICATES = 10


async def file_at_hand(act: Act, beneficiary_id: UUID, field: str = "beneficiary_id") -> Record:
    """A file that the actor keeps, or may answer for, and that was not merged into another."""
    file = await act.find(BENEFICIARY, beneficiary_id, field, NO_BENEFICIARY)
    act.check_worker(file["worker_id"], _word(field))
    if file["merged_into_id"] is not None:
        message = "This file was merged into another: work on that one, or split them."
        raise wrong_state(message, _word(field))
    act.persons.add(beneficiary_id)
    return file


async def open_file_at_hand(act: Act, beneficiary_id: UUID) -> Record:
    """The same, of a file that is open today."""
    file = await file_at_hand(act, beneficiary_id)
    if is_closed(file, act.desk.today):
        raise wrong_state("This file is closed: reopen it first.", "beneficiaryId")
    return file


def is_closed(file: Record, day: date) -> bool:
    """Whether the file is closed on the day."""
    return file["closed_on"] is not None and file["closed_on"] <= day


async def refuse_duplicate(act: Act, digest: bytes, *, but: UUID | None = None) -> None:
    """Raise `DuplicateProblem` when another file of the agency has the identity number."""
    found = await rows_with(
        act.transaction, desk=act.desk, column=BENEFICIARY.c.id_number_digest, values=[digest]
    )
    for row in found:
        if row["id"] != but:
            message = (
                f"File {row['file_number']} is about the holder of this identity number already."
            )
            raise ProblemError(
                DuplicateProblem(
                    code="DUPLICATE",
                    message=message,
                    path=["idNumber"],
                    existing_id=_outside(act, row["id"]),
                    file_number=row["file_number"],
                )
            )


async def near_duplicates(act: Act, identity: Identity, *, but: UUID) -> list[tuple[Basis, Record]]:
    """The agency's files that may be about the same person, by number."""
    alike = or_(BENEFICIARY.c.name == identity.name, BENEFICIARY.c.born_on == identity.born_on)
    statement = select(BENEFICIARY).where(
        alike, BENEFICIARY.c.id != but, BENEFICIARY.c.merged_into_id.is_(None)
    )
    rows = await act.transaction.rows(of_tenant(statement, BENEFICIARY, desk=act.desk))
    found = []
    for row in sorted(rows, key=lambda each: each["file_number"]):
        basis = likeness(identity, Identity(row["name"], row["born_on"]))
        if basis is not None:
            found.append((basis, row))
    return found[:MOST_NEAR_DUPLICATES]


def offer(act: Act, found: Sequence[tuple[Basis, Record]]) -> ProblemError:
    """The near-duplicates as a problem."""
    message = f"{len(found)} file(s) may be about the same person: look at them first."
    listed = [
        NearDuplicate(existing_id=_outside(act, row["id"]), file_number=row["file_number"])
        for _, row in found
    ]
    return ProblemError(
        NearDuplicateProblem(
            code="NEAR_DUPLICATE", message=message, path=["name"], near_duplicates=listed
        )
    )


async def note_likenesses(
    act: Act, beneficiary_id: UUID, found: Sequence[tuple[Basis, Record]]
) -> None:
    """Keep what was acknowledged, so that somebody can look at it again."""
    noted = await rows_with(
        act.transaction, desk=act.desk, column=LIKENESS.c.beneficiary_id, values=[beneficiary_id]
    )
    known = {row["other_id"] for row in noted}
    rows = [
        act.desk.owned(
            id=new_id(),
            beneficiary_id=beneficiary_id,
            other_id=row["id"],
            basis=basis,
            noted_on=act.desk.today,
        )
        for basis, row in found
        if row["id"] not in known
    ]
    await insert_rows(act.transaction, table=LIKENESS, rows=rows)


def one_of_a_batch(error: InvalidError) -> InvalidError:
    """The faults of a batch of one without the draft's place in it, which is not the caller's."""
    return InvalidError(Fault(fault.path[1:], fault.message) for fault in error.faults)


def _outside(act: Act, row_id: UUID) -> strawberry.ID:
    return strawberry.ID(NodeId("bene", act.desk.tenant_id, row_id).encode())


def _word(field: str) -> str:
    head, *rest = field.split("_")
    return head + "".join(part.capitalize() for part in rest)
