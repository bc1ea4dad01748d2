"""Use cases on two files about one person: continue one in the other, and undo that exactly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import update

from citywide.acts.act import Act
from citywide.acts.problems import stale, wrong_state
from citywide.beneficiaries.files import FileCourse, find_file
from citywide.beneficiaries.merging import Link, links, movable
from citywide.beneficiaries.models import BENEFICIARY, FILE_MERGE, FILE_MOVE
from citywide.beneficiaries.words import ClosingReason, FileStage
from citywide.db.rows import among, returned
from citywide.db.session import Change
from citywide.db.tables import METADATA, RowTable
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import draft, id_of, paragraph, version

_ONE_DAY = timedelta(days=1)


@draft
class MergeDraft:
    """Two files about one person: one of them is continued in the other."""

    survivor_id: UUID = id_of("Beneficiary", "The file that goes on.")
    survivor_version: int = version("The version of it that you read.")
    merged_id: UUID = id_of("Beneficiary", "The file that ends.")
    merged_version: int = version("The version of it that you read.")
    reason: str = paragraph("How it is known that both are about one person.")


@mutation(gives="FileMerge")
async def merge_beneficiaries(act: Act, draft: MergeDraft) -> UUID:
    """Continue one file in another: both are about one person. splitBeneficiary undoes it."""
    if draft.survivor_id == draft.merged_id:
        refuse([Fault(("merged_id",), "A file is not merged with itself.")])
    survivor = await find_file(act, draft.survivor_id, "survivor_id")
    merged = await find_file(act, draft.merged_id, "merged_id")
    for name, file in (("survivor_version", survivor), ("merged_version", merged)):
        if file["version"] != getattr(draft, name):
            raise stale(file["version"], name)
    await act.take(
        FileCourse.merge,
        merged,
        None,
        "merged_id",
        merged_into_id=survivor["id"],
        closing_reason=ClosingReason.MERGED,
        closed_on=merged["closed_on"] or max(act.today, merged["opened_on"] + _ONE_DAY),
    )
    merge_id = await act.insert(
        FILE_MERGE,
        draft,
        merged_on=act.today,
        merge_reason=draft.reason,
        merged_by_id=act.member_id,
        earlier_closed_on=merged["closed_on"],
        earlier_closing_reason=merged["closing_reason"],
    )
    for link in links(METADATA, BENEFICIARY):
        going = await _rows_of(act, link, merged["id"])
        moved = movable(link, going, await _rows_of(act, link, survivor["id"]) if going else ())
        await _move(act, link, moved, merged["id"], survivor["id"])
        moves = {"merge_id": merge_id, "table_name": link.table, "column_name": link.column}
        await act.insert_all(FILE_MOVE, [{**moves, "row_id": row_id} for row_id in moved])
    return merge_id


@draft
class Split:
    """A merge was a mistake: each file gets back what was its own."""

    merge_id: UUID = id_of("FileMerge", "The merge to undo.")
    version: int = version("The version of it that you read.")
    reason: str = paragraph("How it is known that they are two persons.")


@mutation(gives="FileMerge")
async def split_beneficiary(act: Act, draft: Split) -> UUID:
    """Undo a merge: every row that went over goes back, and what came later stays."""
    merge = await act.find(FILE_MERGE, draft.merge_id, "merge_id")
    if merge["split_on"] is not None:
        raise wrong_state(f"This merge was undone on {merge['split_on']}.", "merge_id")
    # A survivor that was merged itself has passed the rows on: the later merge is undone first.
    survivor = await find_file(act, merge["survivor_id"], "merge_id")
    merged = await act.find(BENEFICIARY, merge["merged_id"], "merge_id", anybodys=True)
    act.persons.add(merged["id"])
    said: dict[str, Any] = {"split_reason": draft.reason, "split_by_id": act.member_id}
    await act.update(FILE_MERGE, merge, draft, split_on=act.today, **said)
    await act.take(
        FileCourse.split,
        merged,
        None,
        "merge_id",
        to=FileStage.OPEN if merge["earlier_closed_on"] is None else FileStage.CLOSED,
        merged_into_id=None,
        closed_on=merge["earlier_closed_on"],
        closing_reason=merge["earlier_closing_reason"],
    )
    moves = await act.rows(FILE_MOVE, merge_id=merge["id"])
    for link in links(METADATA, BENEFICIARY):
        went = [
            move["row_id"]
            for move in moves
            if (move["table_name"], move["column_name"]) == (link.table, link.column)
        ]
        await _move(act, link, went, survivor["id"], merged["id"])
    return merge["id"]


async def _rows_of(act: Act, link: Link, person_id: UUID) -> list[Any]:
    table = cast(RowTable[Any], METADATA.tables[link.table])
    return await act.rows(table, **{link.column: person_id})


async def _move(act: Act, link: Link, ids: Sequence[UUID], from_id: UUID, to_id: UUID) -> None:
    """Make rows of one person those of another, as far as they are still the one's."""
    if not ids:
        return
    table = METADATA.tables[link.table]
    values: dict[str, object] = {link.column: to_id}
    if "version" in table.c:
        values["version"] = table.c.version + 1
    done = await act.transaction.rows(
        update(table)
        .where(act.owns(table), among(table.c.id, ids), table.c[link.column] == from_id)
        .values(values)
        .returning(*returned(table))
    )
    for row in done:
        act.transaction.wrote(act.tenant_id, table.name, row)
    act.transaction.changes += [
        Change(link.table, row["id"], {link.column: from_id}, {link.column: to_id}) for row in done
    ]
