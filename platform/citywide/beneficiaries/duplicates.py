"""One person, one file: the same identity number is refused, files that look alike are offered."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import strawberry
from sqlalchemy import or_, select

from citywide.acts.problems import ProblemError
from citywide.acts.workspace import Workspace
from citywide.beneficiaries.likeness import Identity, likeness
from citywide.beneficiaries.models import BENEFICIARY, LIKENESS, BeneficiaryRow
from citywide.beneficiaries.problems import (
    DuplicateProblem,
    NearDuplicate,
    NearDuplicateProblem,
)
from citywide.beneficiaries.words import LikenessBasis
from citywide.ids import NodeId

# Namesakes born on the same day: more than a handful are looked up by hand.
MOST_NEAR_DUPLICATES = 10

Likenesses = Sequence[tuple[LikenessBasis, BeneficiaryRow]]


async def refuse_duplicate(work: Workspace, digest: bytes, *, but: UUID | None = None) -> None:
    """Raise `DuplicateProblem` when another file of the agency has the identity number."""
    row = await work.row(BENEFICIARY, id_number_digest=digest)
    if row is None or row["id"] == but:
        return
    message = f"File {row['file_number']} is about the holder of this identity number already."
    problem = DuplicateProblem(
        code="DUPLICATE",
        message=message,
        path=["idNumber"],
        existing_id=_outside(row),
        file_number=row["file_number"],
    )
    raise ProblemError(problem)


async def near_duplicates(work: Workspace, identity: Identity, *, but: UUID) -> Likenesses:
    """The agency's files that may be about the same person, by number."""
    alike = or_(BENEFICIARY.c.name == identity.name, BENEFICIARY.c.born_on == identity.born_on)
    statement = (
        select(BENEFICIARY)
        .where(alike, BENEFICIARY.c.id != but, BENEFICIARY.c.merged_into_id.is_(None))
        .order_by(BENEFICIARY.c.file_number)
    )
    found = []
    for row in await work.select(statement, BENEFICIARY):
        basis = likeness(identity, Identity(row["name"], row["born_on"]))
        if basis is not None:
            found.append((basis, row))
    return found[:MOST_NEAR_DUPLICATES]


def offer(found: Likenesses) -> ProblemError:
    """The near-duplicates as a problem."""
    message = f"{len(found)} file(s) may be about the same person: look at them first."
    listed = [
        NearDuplicate(existing_id=_outside(row), file_number=row["file_number"]) for _, row in found
    ]
    return ProblemError(
        NearDuplicateProblem(
            code="NEAR_DUPLICATE", message=message, path=["name"], near_duplicates=listed
        )
    )


async def note_likenesses(work: Workspace, beneficiary_id: UUID, found: Likenesses) -> None:
    """Keep what was acknowledged, so that somebody can look at it again."""
    noted = await work.rows(LIKENESS, beneficiary_id=beneficiary_id)
    known = {row["other_id"] for row in noted}
    rows = [
        {
            "beneficiary_id": beneficiary_id,
            "other_id": row["id"],
            "basis": basis,
            "noted_on": work.today,
        }
        for basis, row in found
        if row["id"] not in known
    ]
    await work.insert_all(LIKENESS, rows)


def _outside(file: BeneficiaryRow) -> strawberry.ID:
    return strawberry.ID(NodeId("bene", file["tenant_id"], file["id"]).encode())
